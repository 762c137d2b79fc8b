// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QmpAddressTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "unix:/run/a.qmp | unix:/run/a.qmp",
        "/run/a.qmp | unix:/run/a.qmp",
        "a.qmp | unix:a.qmp",
        "unix:/run/a,b,server=on,wait=off | unix:/run/a,b",
        "unix:/run/a,server,nowait | unix:/run/a",
        "tcp:localhost:4444 | tcp:localhost:4444",
        "tcp:127.0.0.1:4444,server=on,wait=off | tcp:127.0.0.1:4444",
        "tcp:[::1]:4444 | tcp:[::1]:4444"
      })
  void addressesAreReadAsUsersWriteThem(String text, String expected) {
    assertThat(QmpAddress.parse(text)).hasToString(expected);
    assertThat(QmpAddress.parse(expected)).isEqualTo(QmpAddress.parse(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "unix:", "tcp:host", "tcp::1", "tcp:host:0", "tcp:host:99999"})
  void whatIsNoAddressIsRefused(String text) {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> QmpAddress.parse(text));
  }

  @Test
  void unixAndTcpAreTold() {
    assertThat(QmpAddress.parse("/a")).isEqualTo(QmpAddress.unix(Path.of("/a")));
    assertThat(QmpAddress.parse("tcp:h:1")).isEqualTo(QmpAddress.tcp("h", 1));
  }

  @Test
  void aCommandLineIsCutAtItsNuls() {
    byte[] cmdline = "qemu\0-name\0\0x y\0".getBytes(StandardCharsets.UTF_8);
    assertThat(PeerProcess.split(cmdline)).containsExactly("qemu", "-name", "", "x y");
  }
}
