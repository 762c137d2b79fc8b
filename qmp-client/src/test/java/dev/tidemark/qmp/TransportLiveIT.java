// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.descriptor.SocketPair;
import dev.tidemark.qmp.fixture.Certificates;
import dev.tidemark.qmp.fixture.ConnectedSocket;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The ways to a real QEMU's monitor beyond a plain socket that listens.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TransportLiveIT {
  private static final String BINARIES = "dev.tidemark.qmp.fixture.LiveQemu#binaries";
  private static final QmpOptions PATIENT = QmpOptions.DEFAULT.withGreetingWait(LiveQemu.PATIENCE);

  @TempDir static Path certificates;
  @TempDir Path folder;

  @BeforeAll
  static void makeCertificates() throws Exception {
    Certificates.make(certificates);
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aMonitorWithTlsWantsTheRightCertificates(QemuBinary binary) throws Exception {
    int port = freePort();
    List<String> arguments = tlsMonitor("server", "host=127.0.0.1,server=on,wait=off", port);
    QmpOptions tls = PATIENT.withTls(TlsCredentials.client(certificates));
    QmpAddress address = QmpAddress.tcp("127.0.0.1", port);
    try (LiveQemu vm = LiveQemu.start(binary, arguments)) {
      try (QmpClient qmp = QmpClient.connect(address, tls)) {
        assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
        assertThat(qmp.schema().commands()).isNotEmpty(); // some hundred KB of records
        assertThat(qmp.isOutOfBand()).isTrue();
        assertThatExceptionOfType(QmpException.Unsupported.class)
            .isThrownBy(() -> qmp.getfd("x", 0));
      }
      TlsCredentials otherName =
          TlsCredentials.client(certificates).withPeerName("elsewhere.example");
      assertThatExceptionOfType(QmpException.ConnectFailed.class)
          .isThrownBy(() -> QmpClient.connect(address, PATIENT.withTls(otherName)))
          .withMessageContaining("elsewhere.example");
      Path strangers = Files.createDirectory(folder.resolve("strangers"));
      Files.copy(certificates.resolve("client-cert.pem"), strangers.resolve("ca-cert.pem"));
      assertThatExceptionOfType(QmpException.ConnectFailed.class)
          .isThrownBy(
              () -> QmpClient.connect(address, PATIENT.withTls(TlsCredentials.client(strangers))))
          .withMessageContaining("PKIX path");
      Path anonymous = Files.createDirectory(folder.resolve("anonymous"));
      Files.copy(certificates.resolve("ca-cert.pem"), anonymous.resolve("ca-cert.pem"));
      assertThatExceptionOfType(QmpException.ConnectFailed.class)
          .isThrownBy(
              () -> QmpClient.connect(address, PATIENT.withTls(TlsCredentials.client(anonymous))));
      assertThatExceptionOfType(QmpException.ConnectFailed.class)
          .isThrownBy(
              () ->
                  QmpClient.connect(
                      address, QmpOptions.DEFAULT.withGreetingWait(Duration.ofMillis(500))))
          .withMessageContaining("or the monitor wants TLS");
      try (QmpClient qmp = QmpClient.connect(address, tls).reconnect()) {
        assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
      }
      assertThat(vm.client().execute(new QueryStatus()).running()).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  @SuppressWarnings("try") // that the client outlives its listener is what is tested
  void aQemuThatConnectsIsAccepted(QemuBinary binary) throws Exception {
    QmpAddress address = QmpAddress.unix(folder.resolve("q"));
    try (QmpListener listener = QmpListener.bind(address)) {
      List<String> arguments = List.of("-m", "64", "-qmp", address + ",server=off");
      try (LiveQemu vm = LiveQemu.start(binary, arguments);
          QmpClient qmp = listener.accept(LiveQemu.PATIENCE);
          SocketPair pair = SocketPair.open()) {
        assertThat(qmp.version()).isEqualTo(vm.client().version());
        assertThat(qmp.peerPid()).contains(vm.process().pid());
        listener.close(); // the client lives on
        assertThat(folder.resolve("q")).doesNotExist();
        qmp.getfd("out", pair.remote());
        pair.closeRemote();
        qmp.execute(new Migrate("fd:out"));
        assertThat(pair.local().read(ByteBuffer.allocate(4))).isPositive();
        assertThatExceptionOfType(QmpException.Unsupported.class).isThrownBy(qmp::reconnect);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aQemuThatConnectsOverTlsIsAccepted(QemuBinary binary) throws Exception {
    int port = freePort();
    QmpOptions tls = PATIENT.withTls(TlsCredentials.server(certificates));
    try (QmpListener listener = QmpListener.bind(QmpAddress.tcp("127.0.0.1", port), tls)) {
      List<String> arguments = tlsMonitor("client", "host=127.0.0.1,server=off", port);
      // QEMU waits for the handshake before it starts.
      Thread.Builder name = Thread.ofVirtual().name("accepts");
      var accepted = new java.util.concurrent.CompletableFuture<QmpClient>();
      name.start(
          () -> {
            try {
              accepted.complete(listener.accept(LiveQemu.PATIENCE));
            } catch (IOException | InterruptedException e) {
              accepted.completeExceptionally(e);
            }
          });
      try (LiveQemu vm = LiveQemu.start(binary, arguments);
          QmpClient qmp = accepted.get(60, TimeUnit.SECONDS)) {
        assertThat(qmp.version()).isEqualTo(vm.client().version());
      }
    }
  }

  @ParameterizedTest
  @MethodSource(BINARIES)
  void aConnectedDescriptorIsAMonitor(QemuBinary binary) throws Exception {
    try (LiveQemu vm = LiveQemu.start(binary, List.of("-m", "64"))) {
      vm.releaseMonitor();
      try (ConnectedSocket socket = ConnectedSocket.to(vm.qmpPath());
          QmpClient qmp = QmpClient.connect(QmpAddress.descriptor(socket.descriptor()));
          SocketPair pair = SocketPair.open()) {
        assertThat(qmp.execute(new QueryStatus()).running()).isTrue();
        assertThat(qmp.peerPid()).contains(vm.process().pid());
        qmp.getfd("some", pair.remote());
        assertThatExceptionOfType(QmpException.Unsupported.class).isThrownBy(qmp::reconnect);
      }
      assertThat(vm.client().execute(new QueryStatus()).running()).isTrue();
    }
  }

  private static List<String> tlsMonitor(String endpoint, String socket, int port) {
    return List.of(
        "-m",
        "64",
        "-object",
        "tls-creds-x509,id=tls,verify-peer=on,endpoint=" + endpoint + ",dir=" + certificates,
        "-chardev",
        "socket,id=qmp-tls,tls-creds=tls,port=" + port + "," + socket,
        "-mon",
        "chardev=qmp-tls,mode=control");
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
