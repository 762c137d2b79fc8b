// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.fixture.Qcow2Corpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real qcow2 images through the commands that read.
class Qcow2FilesTest {
  private static final String BOTH = "\"first\" (id 1), \"second\" (id 3)";

  @TempDir Path folder;

  private Path image() throws IOException {
    return Files.write(folder.resolve("disk.qcow2"), Qcow2Corpus.image("pc-10.0"));
  }

  @Test
  void aSnapshotIsInspectedByNameOrId() throws IOException {
    Path file = image();
    for (String snapshot : new String[] {"second", "3"}) {
      assertThat(Cli.run("inspect", file, "--snapshot", snapshot).ok().out())
          .contains(": qcow2 internal snapshot, ", "pc-i440fx-10.0", "pc.ram");
    }
    assertThat(Cli.run("inspect", file, "--snapshot", "first", "--json").ok().out())
        .contains("\"qcow2\"", "\"ram_bytes\"");
    assertThat(Cli.run("inspect", file, "--snapshot", "first", "--devices").ok().out())
        .contains("cpu/0");
  }

  @Test
  void withoutANameTheNamesAreTold() throws IOException {
    Path file = image();
    assertThat(Cli.run("inspect", file).failed(5).err()).contains("--snapshot: " + BOTH);
    assertThat(Cli.run("inspect", file, "--snapshot", "x").failed(5).err())
        .contains("no snapshot \"x\"", "\"first\" (id 1), \"disk\" (id 2), \"second\" (id 3)");
    assertThat(Cli.run("inspect", file, "--snapshot", "disk").failed(5).err())
        .contains("of the disk alone");
  }

  @Test
  void disksWithoutVmStateAreNotListed() throws IOException {
    image();
    Files.write(folder.resolve("one.qcow2"), Qcow2Corpus.image("pc-10.0", 2));
    Files.write(folder.resolve("plain.qcow2"), Qcow2Corpus.image("pc-10.0", 0));
    assertThat(Cli.run("list", folder).ok().out())
        .contains("disk.qcow2")
        .containsPattern("pc-i440fx-10.0 .* complete +one.qcow2")
        .doesNotContain("plain.qcow2");
    assertThat(Cli.run("list", "--json", folder).ok().out()).contains(BOTH.replace("\"", "\\\""));
  }
}
