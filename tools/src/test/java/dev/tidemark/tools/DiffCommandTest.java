// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.fixture.Corpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `diff` of pages: the exact text, exit codes, JSON.
class DiffCommandTest {
  @TempDir Path folder;

  private Path file = Path.of("");

  @BeforeEach
  void write() throws IOException {
    file = SmallArchive.write(folder.resolve("vm.tmk"));
  }

  @Test
  void aCheckpointIsLikeItself() {
    assertThat(Cli.run("diff", file, file).ok().out())
        .isEqualTo(
            """
            RAM blocks
              block   pages  equal  differing  only in first  only in second
              pc.ram      8      8          0              0               0
              pc.rom      2      2          0              0               0

            Device fields
              0 differences
            """);
    assertThat(Cli.run("diff", "--strict", "--json", file, file).ok().out())
        .contains("\"equal\" : true", "\"device_differences\" : 0");
  }

  @Test
  void blocksThatOnlyOneHasAreNamed() throws IOException {
    Path other = SmallArchive.write(folder.resolve("other.tmk"), "ram\u001b[31m");
    Cli diff = Cli.run("diff", file, other);
    assertThat(diff.code()).isEqualTo(1);
    assertThat(diff.err()).isEqualTo("tidemark: " + file + " and " + other + " differ\n");
    assertThat(diff.out())
        .isEqualTo(
            """
            RAM blocks
              block   pages  equal  differing  only in first  only in second
              pc.rom      2      2          0              0               0
              pc.ram: only in the first, 32.0 KiB
              ram?[31m: only in the second, 32.0 KiB

            Device fields
              0 differences
            """);
  }

  /// Two moments of a real guest.
  @Test
  void pagesAreListedByRange() throws IOException {
    Path busy = Files.write(folder.resolve("busy"), Corpus.bytes("pc-10.0-busy"));
    Path stopped = Files.write(folder.resolve("stopped"), Corpus.bytes("pc-10.0-stopped"));
    Cli diff = Cli.run("diff", busy, stopped);
    assertThat(diff.code()).isEqualTo(1);
    assertThat(diff.out())
        .contains(
            """
            RAM blocks
              block                  pages  equal  differing  only in first  only in second
              pc.ram                  4096   3969         13            114               0
            """)
        .endsWith("  49 differences in 8 devices; --devices lists them\n");
    assertThat(Cli.run("diff", "--pages", busy, stopped).out())
        .contains("\nPages\n  block       from        to  pages  difference\n")
        .containsPattern("\\n  pc\\.ram +0x20000 +0x90000 +112  only in first\\n");
    assertThat(Cli.run("diff", "--pages", "--devices", "--json", busy, stopped).out())
        .contains("\"equal\" : false", "\"difference\" : \"only_first\"", "\"path\" : \"cpu/0:");
  }

  @Test
  void aFileThatCannotBeReadIsNamed() throws IOException {
    Path none = folder.resolve("none");
    assertThat(Cli.run("diff", file, none).failed(1).err())
        .isEqualTo("tidemark: " + none + ": no such file\n");
    Path text = Files.writeString(folder.resolve("text"), "no checkpoint");
    assertThat(Cli.run("diff", file, text).failed(4).err()).startsWith("tidemark: " + text + ": ");
    assertThat(Cli.run("diff", text, file).failed(4).err()).startsWith("tidemark: " + text + ": ");
  }
}
