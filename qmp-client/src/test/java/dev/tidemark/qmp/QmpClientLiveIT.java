// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.qmp.command.Closefd;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.MigrateCancel;
import dev.tidemark.qmp.command.MigrateSetCapabilities;
import dev.tidemark.qmp.command.MigrationInfo;
import dev.tidemark.qmp.command.MigrationStatus;
import dev.tidemark.qmp.command.QueryMigrate;
import dev.tidemark.qmp.command.QueryQmpSchema;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.Quit;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.command.Stop;
import dev.tidemark.qmp.descriptor.SocketPair;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The client against real QEMUs.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class QmpClientLiveIT {
  private static final String BINARIES = "dev.tidemark.qmp.fixture.LiveQemu#binaries";
  private static final List<String> SMALL = List.of("-m", "64");

  @ParameterizedTest
  @MethodSource(BINARIES)
  void greetingNamesTheVersion(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL)) {
      assertThat(vm.client().version().number()).startsWith(binary.version());
      assertThat(vm.client().greeting().array("capabilities").strings()).contains("oob");
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void stopAndContAreSeenAsEventsWithTimes(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL)) {
      QmpClient qmp = vm.client();
      try (EventListener events = qmp.listen("STOP", "RESUME")) {
        Instant before = Instant.now();
        qmp.execute(new Stop());
        assertThat(qmp.execute(new QueryStatus()).status()).isEqualTo(RunState.Known.PAUSED);
        qmp.execute(new Cont());
        assertThat(qmp.execute(new QueryStatus()).running()).isTrue();

        Event stop = events.next(LiveQemu.PATIENCE).orElseThrow();
        Event resume = events.next(LiveQemu.PATIENCE).orElseThrow();
        assertThat(stop.name()).isEqualTo("STOP");
        assertThat(resume.name()).isEqualTo("RESUME");
        assertThat(stop.timestamp()).isBefore(resume.timestamp());
        assertThat(stop.timestamp()).isAfter(before.minusSeconds(1));
      }
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void migrationFlowsThroughAPassedDescriptor(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL);
        SocketPair pair = SocketPair.open(4 << 20)) {
      QmpClient qmp = vm.client();
      qmp.execute(new MigrateSetCapabilities(Map.of("events", true)));
      try (EventListener events = qmp.listen("MIGRATION")) {
        qmp.getfd("out", pair.remote());
        pair.closeRemote();
        qmp.execute(new Migrate("fd:out"));

        byte[] head = new byte[4];
        ByteBuffer into = ByteBuffer.wrap(head);
        while (into.hasRemaining()) {
          assertThat(pair.local().read(into)).isPositive();
        }
        assertThat(head).asString().isEqualTo("QEVM");
        assertThat(drain(pair)).isGreaterThan(100_000);

        MigrationStatus status = MigrationStatus.Known.NONE;
        while (!status.isOver()) {
          Event event = events.next(LiveQemu.PATIENCE).orElseThrow();
          status = MigrationStatus.of(event.data().string("status"));
        }
        assertThat(status).isEqualTo(MigrationStatus.Known.COMPLETED);
        MigrationInfo info = qmp.execute(new QueryMigrate());
        assertThat(info.ram().orElseThrow().total()).isGreaterThanOrEqualTo(64L << 20);
        assertThat(info.blockedReasons()).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void closingTheLocalEndFailsTheMigrationAndTheGuestRunsOn(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL);
        SocketPair pair = SocketPair.open()) {
      QmpClient qmp = vm.client();
      qmp.getfd("out", pair.remote());
      pair.closeRemote();
      qmp.execute(new Migrate("fd:out"));
      assertThat(pair.local().read(ByteBuffer.allocateDirect(64))).isPositive();
      pair.local().close();
      MigrationInfo info = qmp.execute(new QueryMigrate());
      while (!info.status().isOver()) {
        Thread.sleep(20);
        info = qmp.execute(new QueryMigrate());
      }
      assertThat(info.status()).isEqualTo(MigrationStatus.Known.FAILED);
      assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
      qmp.execute(new MigrateCancel());
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void manyDescriptorsArriveEachUnderItsName(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL);
        SocketPair pair = SocketPair.open()) {
      QmpClient qmp = vm.client();
      List<Thread> threads = new ArrayList<>();
      List<Throwable> failures = new CopyOnWriteArrayList<>();
      for (int i = 0; i < 16; i++) {
        String name = "fd-" + i;
        threads.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        qmp.execute(new QueryStatus());
                        qmp.getfd(name, pair.remote());
                        qmp.execute(new Closefd(name));
                      } catch (IOException | InterruptedException | RuntimeException e) {
                        failures.add(e);
                      }
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(failures).isEmpty();
      assertThatExceptionOfType(QmpException.CommandFailed.class)
          .isThrownBy(() -> qmp.execute(new Closefd("fd-0")));
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aDescriptorKeepsItsPlaceBehindAFullPipeline(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL);
        SocketPair pair = SocketPair.open()) {
      QmpClient qmp = vm.client();
      List<CompletableFuture<?>> before = new ArrayList<>();
      for (int i = 0; i < 5_000; i++) {
        before.add(qmp.submit(new QueryStatus()));
      }
      qmp.getfd("late", pair.remote());
      assertThat(before).allMatch(CompletableFuture::isDone);
      qmp.execute(new Closefd("late"));
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aMonitorOnTcpWorksButCarriesNoDescriptors(QemuBinary binary) throws Exception {
    int port = freePort();
    List<String> arguments =
        List.of("-m", "64", "-qmp", "tcp:127.0.0.1:" + port + ",server=on,wait=off");
    try (LiveQemu vm = LiveQemu.start(binary, arguments);
        QmpClient qmp = QmpClient.connect(QmpAddress.parse("tcp:127.0.0.1:" + port))) {
      assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
      assertThat(qmp.peerPid()).isEmpty();
      assertThatExceptionOfType(QmpException.Unsupported.class)
          .isThrownBy(() -> qmp.getfd("x", 0))
          .withMessageContaining("over TCP");
      assertThat(vm.client().execute(new QueryStatus()).running()).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aPrettyMonitorIsUnderstood(QemuBinary binary) throws Exception {
    List<String> arguments =
        List.of("-m", "64", "-qmp-pretty", "unix:{dir}/pretty,server=on,wait=off");
    try (LiveQemu vm = LiveQemu.start(binary, arguments);
        QmpClient qmp = QmpClient.connect(QmpAddress.unix(vm.folder().resolve("pretty")))) {
      assertThat(qmp.execute(new QueryQmpSchema()).size()).isGreaterThan(500);
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aHumanMonitorIsRefused(QemuBinary binary) throws Exception {
    List<String> arguments = List.of("-m", "64", "-monitor", "unix:{dir}/human,server=on,wait=off");
    try (LiveQemu vm = LiveQemu.start(binary, arguments)) {
      assertThatExceptionOfType(QmpException.ConnectFailed.class)
          .isThrownBy(() -> QmpClient.connect(QmpAddress.unix(vm.folder().resolve("human"))))
          .withMessageContaining("this is not QMP");
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void secondClientIsToldThatTheMonitorIsTaken(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL)) {
      assertThat(vm.client().isOpen()).isTrue();
      for (int i = 0; i < 4; i++) { // the later ones find the backlog filled by those before
        assertThatExceptionOfType(QmpException.ConnectFailed.class)
            .isThrownBy(
                () ->
                    QmpClient.connect(
                        vm.qmpAddress(),
                        QmpOptions.DEFAULT.withGreetingWait(Duration.ofMillis(500))))
            .withMessageContaining("another client holds this monitor")
            .withMessageContaining("-qmp")
            .matches(QmpException.ConnectFailed::isTaken);
      }
      vm.releaseMonitor();
      assertThat(vm.client().execute(new QueryStatus()).running()).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void vmKilledInTheMiddleOfACommandFailsTheCaller(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL)) {
      QmpClient qmp = vm.client();
      // A process that stands cannot answer, so the command is under way when it is killed.
      new ProcessBuilder("kill", "-STOP", Long.toString(vm.process().pid())).start().waitFor();
      var waiting = qmp.submit(new QueryStatus());
      Thread.sleep(100);
      assertThat(waiting).isNotDone();
      long start = System.nanoTime();
      vm.process().destroyForcibly();
      assertThat(waiting)
          .failsWithin(Duration.ofSeconds(30))
          .withThrowableThat()
          .havingCause()
          .isInstanceOf(QmpException.Disconnected.class);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      assertThat(qmp.isOpen()).isFalse();
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void theProcessBehindTheSocketIsSeen(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, List.of("-m", "64", "-name", "a b"))) {
      long pid = vm.client().peerPid().orElseThrow();
      assertThat(pid).isEqualTo(vm.process().pid());
      PeerProcess peer = PeerProcess.of(pid).orElseThrow();
      assertThat(peer.arguments()).containsSequence("-name", "a b").contains("-nodefaults");
      assertThat(peer.workingFolder()).isEqualTo(vm.folder().toRealPath());
      assertThat(peer.executable().getFileName()).hasToString("qemu-system-x86_64");
      assertThat(PeerProcess.of(ProcessHandle.current().pid())).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void quitIsAnsweredByTheEnd(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, SMALL)) {
      vm.client().execute(new Quit());
      assertThat(vm.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(vm.process().exitValue()).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void linuxGuestBootsAndCounts(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, LiveQemu.linux("{dir}/serial"))) {
      vm.awaitFile("serial", text -> text.contains("tidemark-linux ready"));
      vm.awaitFile("serial", text -> text.contains("count 5"));
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static long drain(SocketPair pair) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
    long total = 0;
    for (int n = 0; n >= 0; n = pair.local().read(buffer.clear())) {
      total += n;
    }
    return total;
  }
}
