// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.qmp.command.QueryName;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.QueryVersion;
import dev.tidemark.qmp.command.Quit;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.command.Stop;
import dev.tidemark.qmp.fixture.FakeQmpServer;
import dev.tidemark.qmp.json.JsonLimits;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The client against a scripted server that does what a QEMU would, and what none would.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class QmpClientTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final QmpOptions HASTY = QmpOptions.DEFAULT.withGreetingWait(SHORT);
  private static final JsonObject RUNNING = JsonObject.of("running", true, "status", "running");

  @Test
  void nativeEpollIsThere() {
    assertThat(Epoll.unavailabilityCause()).isNull();
    assertThat(Epoll.isAvailable()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void bothTransportsCall(boolean epoll) throws Exception {
    try (FakeQmpServer server = FakeQmpServer.answering(_ -> RUNNING);
        QmpClient qmp = QmpClient.connect(server.address(), QmpOptions.DEFAULT, epoll)) {
      assertThat(qmp.execute(new QueryStatus()).status()).isEqualTo(RunState.Known.RUNNING);
      assertThat(qmp.version().number()).isEqualTo("10.0.2");
      assertThat(qmp.peerPid().isPresent()).isEqualTo(epoll);
    }
  }

  @Test
  void withoutNativeEpollDescriptorsAreRefused() throws Exception {
    try (FakeQmpServer server = FakeQmpServer.answering(_ -> JsonObject.EMPTY);
        QmpClient qmp = QmpClient.connect(server.address(), QmpOptions.DEFAULT, false)) {
      assertThatExceptionOfType(QmpException.Unsupported.class)
          .isThrownBy(() -> qmp.getfd("x", 0))
          .withMessageContaining("native epoll");
    }
  }

  @Test
  void aClosedDescriptorIsTheCallersMistake() throws Exception {
    try (FakeQmpServer server = FakeQmpServer.answering(_ -> JsonObject.EMPTY);
        QmpClient qmp = QmpClient.connect(server.address())) {
      assertThatExceptionOfType(IllegalArgumentException.class)
          .isThrownBy(() -> qmp.getfd("x", 1_000_000));
    }
  }

  @Test
  void anErrorNamesCommandAndClass() throws Exception {
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          client.fail(client.receive(), "DeviceNotFound", "Device 'x' not found");
          client.receiveOrEnd();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address())) {
      assertThatExceptionOfType(QmpException.CommandFailed.class)
          .isThrownBy(() -> qmp.execute(new Raw("eject", JsonObject.of("id", "secret"))))
          .withMessage("eject: Device 'x' not found")
          .matches(e -> e.sent().equals("eject") && e.errorClass().equals("DeviceNotFound"));
      assertThat(qmp.isOpen()).isTrue();
    }
  }

  @Test
  void repliesFindTheirCommandsInAnyOrder() throws Exception {
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          List<JsonObject> commands = new ArrayList<>();
          for (int i = 0; i < 5; i++) {
            commands.add(client.receive());
          }
          for (JsonObject command : commands.reversed()) {
            client.reply(command, JsonValue.of(command.string("execute")));
          }
          client.receiveOrEnd();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address())) {
      List<CompletableFuture<JsonValue>> replies = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        replies.add(qmp.submit(new Raw("command-" + i)));
      }
      for (int i = 0; i < 5; i++) {
        assertThat(replies.get(i).get().asString()).isEqualTo("command-" + i);
      }
    }
  }

  @Test
  void tenThousandPipelinedCommandsKeepTheirOrder() throws Exception {
    List<Long> seen = Collections.synchronizedList(new ArrayList<>());
    try (FakeQmpServer server =
            FakeQmpServer.answering(
                command -> {
                  command.optObject("arguments").ifPresent(a -> seen.add(a.longValue("n")));
                  return JsonObject.EMPTY;
                });
        QmpClient qmp = QmpClient.connect(server.address())) {
      List<CompletableFuture<?>> replies = new ArrayList<>();
      for (long n = 0; n < 10_000; n++) {
        replies.add(qmp.submit(new Raw("x", JsonObject.of("n", n))));
      }
      CompletableFuture.allOf(replies.toArray(CompletableFuture[]::new)).get();
      assertThat(seen).hasSize(10_000).isSorted();
    }
  }

  @Test
  void virtualThreadsCallAtOnce() throws Exception {
    try (FakeQmpServer server =
            FakeQmpServer.answering(command -> JsonValue.of(command.string("execute")));
        QmpClient qmp = QmpClient.connect(server.address())) {
      List<String> answers = Collections.synchronizedList(new ArrayList<>());
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        Raw command = new Raw("c" + i);
        threads.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        answers.add(command.wireName() + "=" + qmp.execute(command).asString());
                      } catch (IOException | InterruptedException e) {
                        answers.add(e.toString());
                      }
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(answers).hasSize(200).allMatch(answer -> answer.matches("(c\\d+)=\\1"));
    }
  }

  @Test
  void aSilentMonitorIsTaken() throws Exception {
    try (FakeQmpServer server = FakeQmpServer.start(FakeQmpServer.Client::receiveOrEnd)) {
      long start = System.nanoTime();
      assertThatExceptionOfType(QmpException.ConnectFailed.class)
          .isThrownBy(() -> QmpClient.connect(server.address()))
          .withMessageContaining("another client holds this monitor")
          .withMessageContaining("-qmp")
          .matches(QmpException.ConnectFailed::isTaken);
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isBetween(Duration.ofMillis(1900), Duration.ofSeconds(10));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "QEMU 10.0.2 monitor - type 'help' for more information\r\n(qemu) ",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "{\"event\": \"STOP\"}\n",
        "{\"QMP\": {}}\n",
        "{\"QMP\": 7}\n",
        "{]\n",
        "\u0000\u0001\u0002",
        "{\"QMP\n",
        ""
      })
  void whatIsNotAGreetingIsRefused(String sent) throws Exception {
    FakeQmpServer.Script script = client -> client.send(sent);
    try (FakeQmpServer server = FakeQmpServer.start(script)) {
      assertThatExceptionOfType(QmpException.ConnectFailed.class)
          .isThrownBy(() -> QmpClient.connect(server.address(), HASTY.withGreetingWait(PATIENCE)))
          .matches(e -> !e.isTaken());
    }
  }

  @Test
  void aPathWithoutASocketIsSaid(@TempDir Path folder) throws Exception {
    assertThatExceptionOfType(QmpException.ConnectFailed.class)
        .isThrownBy(() -> QmpClient.connect(QmpAddress.unix(folder.resolve("none"))))
        .withMessageContaining("no such socket");
    Path file = Files.createFile(folder.resolve("file"));
    assertThatExceptionOfType(QmpException.ConnectFailed.class)
        .isThrownBy(() -> QmpClient.connect(QmpAddress.unix(file)))
        .withMessageContaining("nobody listens");
    assertThatExceptionOfType(QmpException.ConnectFailed.class)
        .isThrownBy(() -> QmpClient.connect(QmpAddress.unix(folder.resolve("x".repeat(120)))))
        .withMessageContaining("107 bytes");
    assertThatExceptionOfType(QmpException.ConnectFailed.class)
        .isThrownBy(() -> QmpClient.connect(QmpAddress.tcp("no-such-host.invalid", 1)));
  }

  @Test
  void aSilentPeerMeetsTheDeadlineAndItsLateReplyIsDropped() throws Exception {
    CountDownLatch late = new CountDownLatch(1);
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          JsonObject unanswered = client.receive();
          late.await();
          client.reply(unanswered, RUNNING);
          client.reply(client.receive(), RUNNING);
          client.receiveOrEnd();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address())) {
      assertThatExceptionOfType(QmpException.DeadlineExceeded.class)
          .isThrownBy(() -> qmp.execute(new QueryStatus(), SHORT))
          .withMessage("query-status: no answer within 300 ms");
      late.countDown();
      assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
    }
  }

  @Test
  void aDeadlineMayBeAsLongAsADurationCanBe() throws Exception {
    Duration forEver = Duration.ofSeconds(Long.MAX_VALUE);
    QmpOptions patient = QmpOptions.DEFAULT.withGreetingWait(forEver).withDeadline(forEver);
    try (FakeQmpServer server = FakeQmpServer.answering(_ -> RUNNING);
        QmpClient qmp = QmpClient.connect(server.address(), patient);
        EventListener events = qmp.listen()) {
      assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
      assertThat(events.poll()).isEmpty();
    }
  }

  @Test
  void anInterruptedCallerIsReleasedAndTheConnectionStands() throws Exception {
    CountDownLatch late = new CountDownLatch(1);
    CountDownLatch received = new CountDownLatch(1);
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          JsonObject unanswered = client.receive();
          received.countDown();
          late.await();
          client.reply(unanswered, RUNNING);
          client.reply(client.receive(), RUNNING);
          client.receiveOrEnd();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address())) {
      AtomicReference<Exception> thrown = new AtomicReference<>();
      Thread caller =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      qmp.execute(new QueryStatus());
                    } catch (IOException | InterruptedException e) {
                      thrown.set(e);
                    }
                  });
      received.await();
      caller.interrupt();
      caller.join();
      assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
      late.countDown();
      assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
    }
  }

  @Test
  void aReplyThatNoDecoderExpectsFailsTheCall() throws Exception {
    JsonObject farTooNew = JsonObject.of("major", 1L << 40, "minor", 0, "micro", 0);
    try (FakeQmpServer server = FakeQmpServer.answering(_ -> JsonObject.of("qemu", farTooNew));
        QmpClient qmp = QmpClient.connect(server.address())) {
      assertThatExceptionOfType(QmpException.ProtocolViolated.class)
          .isThrownBy(() -> qmp.execute(new QueryVersion()))
          .withMessageContaining("query-version: a reply of another form");
      assertThat(qmp.isOpen()).isTrue();
    }
  }

  @Test
  void aCallerIsReleasedThoughADependentHoldsTheReaderUp() throws Exception {
    Semaphore awaited = new Semaphore(0);
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch free = new CountDownLatch(1);
    try (FakeQmpServer server = FakeQmpServer.start(client -> answerEachAfter(awaited, client));
        QmpClient qmp = QmpClient.connect(server.address())) {
      CompletableFuture<Void> dependent =
          qmp.submit(new QueryStatus())
              .thenRun(
                  () -> {
                    held.countDown();
                    try {
                      free.await();
                    } catch (InterruptedException e) {
                      throw new IllegalStateException(e);
                    }
                  });
      awaited.release(9);
      held.await();
      assertThatExceptionOfType(QmpException.DeadlineExceeded.class)
          .isThrownBy(() -> qmp.execute(new QueryStatus(), SHORT));
      free.countDown();
      assertThat(dependent).succeedsWithin(PATIENCE);
      assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
    }
  }

  @Test
  void theReaderNeverWaitsForItself() throws Exception {
    Semaphore awaited = new Semaphore(0);
    try (FakeQmpServer server = FakeQmpServer.start(client -> answerEachAfter(awaited, client));
        QmpClient qmp = QmpClient.connect(server.address());
        EventListener events = qmp.listen()) {
      List<Callable<?>> blocking =
          List.of(() -> qmp.execute(new QueryStatus()), qmp::schema, () -> events.next(PATIENCE));
      for (Callable<?> call : blocking) {
        CompletableFuture<Object> dependent =
            qmp.submit(new QueryStatus()).thenApply(_ -> resultOf(call));
        awaited.release();
        assertThat(dependent.get(30, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class);
      }
    }
  }

  /// Answers once the test is ready for it: what depends on a future that is not complete yet runs
  /// on the reader thread.
  private static void answerEachAfter(Semaphore permit, FakeQmpServer.Client client)
      throws IOException, InterruptedException {
    client.greet();
    while (true) {
      JsonObject command = client.receive();
      permit.acquire();
      client.reply(command, RUNNING);
    }
  }

  private static Object resultOf(Callable<?> call) {
    try {
      return call.call();
    } catch (Exception e) {
      return e;
    }
  }

  @Test
  void aCommandThatQemuCannotReadFailsAlone() throws Exception {
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          client.receive();
          client.send(
              "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}\n");
          client.reply(client.receive(), RUNNING);
          client.receive();
          client.receive();
          client.send(
              "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}\n");
          client.receiveOrEnd();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address())) {
      assertThatExceptionOfType(QmpException.CommandFailed.class)
          .isThrownBy(() -> qmp.execute(new Raw("x", JsonObject.of("a", "\uffff"))))
          .withMessage("x: JSON parse error");
      assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
      // Of two nobody can tell which.
      var first = qmp.submit(new Raw("x"));
      var second = qmp.submit(new Raw("y"));
      for (CompletableFuture<?> waiting : List.of(first, second)) {
        assertThat(waiting)
            .failsWithin(PATIENCE)
            .withThrowableThat()
            .havingCause()
            .isInstanceOf(QmpException.ProtocolViolated.class)
            .withMessageContaining("JSON parse error");
      }
    }
  }

  /// An event loop that shuts down while a channel is on its way into it leaves the socket open.
  @Test
  void whoIsInterruptedWhileConnectingLeavesTheMonitorFree() throws Exception {
    try (FakeQmpServer server = FakeQmpServer.answering(_ -> RUNNING)) {
      for (int i = 0; i < 300; i++) {
        int micros = i * 10;
        Thread connecting = Thread.ofPlatform().start(() -> connectAndClose(server.address()));
        LockSupport.parkNanos(micros * 1000L);
        connecting.interrupt();
        connecting.join();
      }
      try (QmpClient qmp =
          QmpClient.connect(server.address(), QmpOptions.DEFAULT.withGreetingWait(PATIENCE))) {
        assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
      }
    }
  }

  private static void connectAndClose(QmpAddress address) {
    try {
      QmpClient.connect(address).close();
    } catch (IOException | InterruptedException _) {
      // What matters is what is left behind.
    }
  }

  @Test
  void aPeerThatClosesFailsAllWhoWait() throws Exception {
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          client.receive();
          client.receive();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address());
        EventListener events = qmp.listen()) {
      var first = qmp.submit(new QueryStatus());
      var second = qmp.submit(new Stop());
      for (CompletableFuture<?> waiting : List.of(first, second)) {
        assertThat(waiting)
            .failsWithin(PATIENCE)
            .withThrowableThat()
            .havingCause()
            .isInstanceOf(QmpException.Disconnected.class)
            .withMessageContaining("QEMU closed the connection");
      }
      assertThatExceptionOfType(QmpException.Disconnected.class)
          .isThrownBy(() -> events.next(PATIENCE));
      assertThatExceptionOfType(QmpException.Disconnected.class)
          .isThrownBy(() -> qmp.execute(new QueryStatus()))
          .matches(e -> e.sent().orElseThrow().equals("query-status"));
      assertThatExceptionOfType(QmpException.Disconnected.class)
          .isThrownBy(() -> qmp.listen().next(PATIENCE));
      assertThat(qmp.isOpen()).isFalse();
    }
  }

  @Test
  void whatQemuSaidLastIsHeardThoughItCanNoLongerBeWrittenTo() throws Exception {
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          JsonObject first = client.receive();
          client.receive();
          client.event("SHUTDOWN", JsonObject.EMPTY, 1, 1);
          client.reply(first, RUNNING);
        };
    for (int i = 0; i < 20; i++) {
      try (FakeQmpServer server = FakeQmpServer.start(script);
          QmpClient qmp = QmpClient.connect(server.address());
          EventListener events = qmp.listen("SHUTDOWN")) {
        var first = qmp.submit(new QueryStatus());
        Thread writer =
            Thread.ofPlatform()
                .start(
                    () -> {
                      while (qmp.isOpen()) {
                        var _ = qmp.submit(new QueryStatus());
                        LockSupport.parkNanos(20_000);
                      }
                    });
        assertThat(events.next(PATIENCE)).isPresent();
        assertThat(first).succeedsWithin(PATIENCE);
        writer.join();
      }
    }
  }

  @Test
  void quitIsAnsweredByTheEndOfTheConnection() throws Exception {
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          client.receive();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address())) {
      qmp.execute(new Quit());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "garbage\r\n",
        "{\"return\": {}, \"id\": 4711}\r\n",
        "{\"return\": {}}\r\n",
        "{\"return\": {}, \"id\": \"x\"}\r\n",
        "{\"return\": {}, \"id\": 1.5}\r\n",
        "{\"return\": {\"a\": 1, \"a\": 2}, \"id\": 2}\r\n",
        "{\"something\": 1}\r\n",
        "{\"event\": \"STOP\"}\r\n",
        "{\"event\": \"STOP\", \"timestamp\": {\"seconds\": \"x\", \"microseconds\": 1}}\r\n",
        "{\"return\": ]}",
        "{\"return\": nil}",
        "{\"return\r\n"
      })
  void whatBreaksTheProtocolIsToldAndEndsTheConnection(String sent) throws Exception {
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          client.receive();
          client.send(sent);
          client.receiveOrEnd();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address())) {
      assertThatExceptionOfType(QmpException.ProtocolViolated.class)
          .isThrownBy(() -> qmp.execute(new QueryStatus()))
          .matches(e -> !e.received().isEmpty());
      assertThat(qmp.isOpen()).isFalse();
    }
  }

  @Test
  void halfALineAndTheEndIsTold() throws Exception {
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          client.receive();
          client.send("{\"return\": {\"running\"");
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address())) {
      assertThatExceptionOfType(QmpException.Disconnected.class)
          .isThrownBy(() -> qmp.execute(new QueryStatus()))
          .withMessageContaining("in the middle of a message");
    }
  }

  @Test
  void aReplyOfAnotherFormFailsTheCommandAlone() throws Exception {
    try (FakeQmpServer server = FakeQmpServer.answering(_ -> JsonObject.of("running", "yes"));
        QmpClient qmp = QmpClient.connect(server.address())) {
      assertThatExceptionOfType(QmpException.ProtocolViolated.class)
          .isThrownBy(() -> qmp.execute(new QueryStatus()))
          .withMessageContaining("member \"running\": expected a JSON boolean, found string");
      assertThat(qmp.execute(new QueryName())).isEmpty();
    }
  }

  @Test
  void aMessageBeyondTheLimitIsRefused() throws Exception {
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          client.receive();
          byte[] chunk = new byte[1 << 20];
          java.util.Arrays.fill(chunk, (byte) 'x');
          client.send("{\"return\": \"");
          while (true) {
            client.send(chunk);
          }
        };
    QmpOptions small = QmpOptions.DEFAULT.withLimits(new JsonLimits(8 << 20, 256));
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address(), small)) {
      assertThatExceptionOfType(QmpException.ProtocolViolated.class)
          .isThrownBy(() -> qmp.execute(new Raw("query-qmp-schema")))
          .withMessageContaining("longer than 8388608 bytes");
    }
  }

  @Test
  void aHundredMegabytesWithoutALineEndAreRefused() throws Exception {
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          client.receive();
          byte[] chunk = new byte[1 << 20];
          java.util.Arrays.fill(chunk, (byte) 'x');
          client.send("{\"return\": \"");
          for (int i = 0; i < 100; i++) {
            client.send(chunk);
          }
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address())) {
      assertThatExceptionOfType(QmpException.ProtocolViolated.class)
          .isThrownBy(() -> qmp.execute(new Raw("query-qmp-schema"), PATIENCE))
          .withMessageContaining("longer than 67108864 bytes");
      assertThat(qmp.isOpen()).isFalse();
    }
  }

  @Test
  void aLargeReplyIsWhole() throws Exception {
    String large = "é\"\\\n".repeat(1 << 20);
    try (FakeQmpServer server = FakeQmpServer.answering(_ -> JsonValue.of(large));
        QmpClient qmp = QmpClient.connect(server.address())) {
      assertThat(qmp.execute(new Raw("x")).asString()).isEqualTo(large);
    }
  }

  @Test
  void aReplySplitAtEveryByteAndSpreadOverLinesIsUnderstood() throws Exception {
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          JsonObject command = client.receive();
          String pretty =
              """
              {
                  "return": {
                      "status": "running",
                      "running": true
                  },
                  "id": %s
              }
              """
                  .formatted(command.value("id"));
          for (int i = 0; i < pretty.length(); i++) {
            client.send(pretty.substring(i, i + 1));
          }
          client.receiveOrEnd();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address())) {
      assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
    }
  }

  @Test
  void eventsDuringACommandAreKeptWithTheirTimes() throws Exception {
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          JsonObject command = client.receive();
          client.event("STOP", JsonObject.EMPTY, 1_700_000_000, 123_456);
          client.event("OTHER", JsonObject.EMPTY, 1_700_000_000, 123_457);
          client.event("RESUME", JsonObject.of("n", 1), 1_700_000_001, 999_999);
          client.reply(command, RUNNING);
          client.receiveOrEnd();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address());
        EventListener some = qmp.listen("STOP", "RESUME");
        EventListener all = qmp.listen()) {
      qmp.execute(new QueryStatus());
      assertThat(some.poll().orElseThrow())
          .isEqualTo(
              new Event("STOP", JsonObject.EMPTY, Instant.parse("2023-11-14T22:13:20.123456Z")));
      assertThat(some.poll().orElseThrow().data().longValue("n")).isEqualTo(1);
      assertThat(some.poll()).isEmpty();
      assertThat(some.next(Duration.ofMillis(1))).isEmpty();
      assertThat(all.poll().orElseThrow().name()).isEqualTo("STOP");
      assertThat(all.poll().orElseThrow().name()).isEqualTo("OTHER");
    }
  }

  @Test
  void aFloodOfEventsIsBoundedToldAndBlocksNothing() throws Exception {
    int flood = 100_000;
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          for (int round = 0; round < 2; round++) {
            JsonObject command = client.receive();
            int count = round == 0 ? flood : 1;
            for (int i = 0; i < count; i++) {
              client.event("E", JsonObject.of("n", i), 1, 1);
            }
            client.reply(command, RUNNING);
          }
          client.receiveOrEnd();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp =
            QmpClient.connect(server.address(), QmpOptions.DEFAULT.withEventCapacity(1000));
        EventListener slow = qmp.listen("E")) {
      // The reply stands behind all events: that it comes shows that the reader has not waited.
      qmp.execute(new QueryStatus());
      for (int i = 0; i < 1000; i++) {
        assertThat(slow.poll().orElseThrow().data().longValue("n")).isEqualTo(i);
      }
      assertThatExceptionOfType(QmpException.EventsLost.class)
          .isThrownBy(slow::poll)
          .matches(e -> e.count() == flood - 1000);
      qmp.execute(new QueryStatus());
      assertThat(slow.poll().orElseThrow().data().longValue("n")).isZero();
      assertThat(slow.poll()).isEmpty();
    }
  }

  @Test
  void closingAListenerWakesItsReader() throws Exception {
    try (FakeQmpServer server = FakeQmpServer.answering(_ -> RUNNING);
        QmpClient qmp = QmpClient.connect(server.address())) {
      EventListener events = qmp.listen();
      AtomicReference<Exception> thrown = new AtomicReference<>();
      Thread reader =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      var _ = events.next(PATIENCE);
                    } catch (IOException | InterruptedException | IllegalStateException e) {
                      thrown.set(e);
                    }
                  });
      Thread.sleep(50);
      events.close();
      reader.join();
      assertThat(thrown.get()).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void closingTheClientFailsWhoWaitAndIsRepeatable() throws Exception {
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          client.receive();
          client.receiveOrEnd();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script)) {
      QmpClient qmp = QmpClient.connect(server.address());
      var waiting = qmp.submit(new QueryStatus());
      qmp.close();
      qmp.close();
      assertThat(waiting)
          .failsWithin(PATIENCE)
          .withThrowableThat()
          .havingCause()
          .isInstanceOf(QmpException.Disconnected.class)
          .withMessageContaining("this client is closed");
      assertThatExceptionOfType(QmpException.Disconnected.class)
          .isThrownBy(() -> qmp.execute(new QueryStatus()));
    }
  }

  @Test
  void aBlockingCallOnTheReaderThreadIsRefused() throws Exception {
    CountDownLatch attached = new CountDownLatch(1);
    FakeQmpServer.Script script =
        client -> {
          client.greet();
          JsonObject command = client.receive();
          attached.await(); // else the dependent might run on the test's own thread
          client.reply(command, RUNNING);
          client.receiveOrEnd();
        };
    try (FakeQmpServer server = FakeQmpServer.start(script);
        QmpClient qmp = QmpClient.connect(server.address())) {
      CompletableFuture<Throwable> thrown = new CompletableFuture<>();
      var first = qmp.submit(new Raw("x"));
      var _ =
          first.thenRun(
              () -> {
                try {
                  qmp.execute(new QueryStatus());
                  thrown.complete(new AssertionError("it went through"));
                } catch (IOException | InterruptedException | IllegalStateException e) {
                  thrown.complete(e);
                }
              });
      attached.countDown();
      assertThat(thrown.get(30, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class);
    }
  }
}
