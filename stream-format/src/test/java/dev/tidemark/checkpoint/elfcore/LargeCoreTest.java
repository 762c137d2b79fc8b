// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.elfcore;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// 16 GiB, mostly zero, become an ELF core and a raw file in a heap of 96 MiB.
class LargeCoreTest {
  private static final long GIB = 1L << 30;

  @TempDir Path folder;

  @Test
  void sixteenGibibytesNeedLittleMemory() throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    Process child =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx96m",
                    "-XX:+UseSerialGC",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    LargeCoreMain.class.getName(),
                    folder.toString()))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = child.waitFor(3, TimeUnit.MINUTES);
    if (!ended) {
      child.destroyForcibly().waitFor();
    }
    assertThat(ended).isTrue();
    assertThat(child.exitValue()).as(Files.readString(output)).isZero();
    // 2 GiB stand below 4 GiB, so the last GiB begins at 17 GiB.
    Path raw = folder.resolve("raw");
    assertThat(Files.size(raw)).isEqualTo(18 * GIB);
    assertThat(word(raw, 17 * GIB)).isEqualTo(0x01020304);
    Path core = folder.resolve("core");
    assertThat(word(core, Files.size(core) - GIB)).isEqualTo(0x01020304);
  }

  private static int word(Path file, long position) throws IOException {
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer word = ByteBuffer.allocate(4);
      in.read(word, position);
      return word.getInt(0);
    }
  }
}
