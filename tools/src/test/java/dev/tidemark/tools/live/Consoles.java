// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.fixture.LiveQemu;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// Consoles of Linux guests, which print `count N` ten times a second.
final class Consoles {
  private static final Pattern COUNT = Pattern.compile("count (\\d+)\\r?\\n");
  private static final int POLL_MILLIS = 20;

  private Consoles() {}

  /// The first number in a console's text; -1 if there is none.
  static long firstCount(String text) {
    return COUNT.matcher(text).results().findFirst().map(Consoles::number).orElse(-1L);
  }

  /// The last number in a console's text; -1 if there is none.
  static long lastCount(String text) {
    return COUNT.matcher(text).results().map(Consoles::number).reduce(-1L, (_, last) -> last);
  }

  /// The last number in a console's file; -1 if there is none yet.
  static long lastCount(Path file) throws IOException {
    return Files.exists(file) ? lastCount(Files.readString(file, StandardCharsets.ISO_8859_1)) : -1;
  }

  private static long number(MatchResult match) {
    return Long.parseLong(match.group(1));
  }

  /// Waits until a console has counted so far.
  ///
  /// @return all of its text
  static String awaitCount(Path file, long count) throws Exception {
    long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
    while (lastCount(file) < count) {
      assertThat(System.nanoTime()).as("%s counts to %d", file, count).isLessThan(end);
      Thread.sleep(POLL_MILLIS);
    }
    return Files.readString(file, StandardCharsets.ISO_8859_1);
  }

  /// Has the guest's shell work something out.
  static void assertShellAnswers(Path socket) throws Exception {
    try (SocketChannel terminal = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      terminal.connect(UnixDomainSocketAddress.of(socket));
      terminal.write(ByteBuffer.wrap("echo a$((40+2))b\n".getBytes(StandardCharsets.US_ASCII)));
      terminal.configureBlocking(false);
      StringBuilder seen = new StringBuilder();
      ByteBuffer buffer = ByteBuffer.allocate(4096);
      long end = System.nanoTime() + LiveQemu.PATIENCE.toNanos();
      while (seen.indexOf("a42b") < 0) {
        assertThat(System.nanoTime()).as("an answer in %s", seen).isLessThan(end);
        terminal.read(buffer.clear());
        seen.append(StandardCharsets.ISO_8859_1.decode(buffer.flip()));
        Thread.sleep(POLL_MILLIS);
      }
    }
  }
}
