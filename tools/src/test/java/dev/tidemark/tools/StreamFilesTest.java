// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.fixture.Corpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Bare migration streams of real QEMU through the commands that read.
class StreamFilesTest {
  @TempDir Path folder;

  static List<String> names() {
    return Corpus.plain();
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyStreamIsInspectedAndVerified(String name) throws IOException {
    Path file = Files.write(folder.resolve(name), Corpus.bytes(name));
    assertThat(Cli.run("inspect", file).ok().out())
        .contains(
            ": QEMU migration stream, ", name.startsWith("virt") ? "mach-virt.ram" : "pc.ram");

    long pages = Corpus.entry(name).ramBytes() / Corpus.entry(name).targetPageSize();
    Cli verified = Cli.run("verify", file);
    assertThat(verified.code()).isZero();
    assertThat(verified.out()).contains(": ok: " + pages + " pages (");
    assertThat(verified.err())
        .isEqualTo(
            name.endsWith("no-vmdesc")
                ? "tidemark: warning: the stream has no vmdesc: that its end is missing could not be"
                    + " seen\n"
                : "");
  }

  @Test
  void aStreamCutAnywhereIsIncomplete() throws IOException {
    byte[] whole = Corpus.bytes("pc-10.0-stopped");
    for (int cut : new int[] {1, 4, 17, 1000, 100_000, whole.length - 5000, whole.length - 1}) {
      Path file = Files.write(folder.resolve("cut.bin"), Arrays.copyOf(whole, cut));
      Cli.run("inspect", file).failed(3);
      Cli.run("verify", file).failed(3);
    }
  }
}
