// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is no checkpoint, or a damaged one: a code, one line, never a stack trace.
class HostileFileTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"inspect", "verify", "restore"})
  void noFile(String command) {
    Path file = folder.resolve("none.tmk");
    assertThat(Cli.run(command, file).failed(1).err())
        .isEqualTo("tidemark: " + file + ": no such file\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"inspect", "verify", "restore"})
  void aFolder(String command) {
    assertThat(Cli.run(command, folder).failed(1).err())
        .isEqualTo(
            "tidemark: " + folder + ": is a folder; 'tidemark list' shows the checkpoints in it\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"inspect", "verify", "restore"})
  void anEmptyFile(String command) throws IOException {
    Cli cli = Cli.run(command, Files.createFile(folder.resolve("empty.tmk"))).failed(3);
    assertThat(cli.err()).contains("empty.tmk: empty file at offset 0x0 while reading file type;");
  }

  @ParameterizedTest
  @ValueSource(strings = {"inspect", "verify", "restore"})
  void aText(String command) throws IOException {
    Path file = Files.writeString(folder.resolve("notes.txt"), "Not a checkpoint.\n".repeat(100));
    assertThat(Cli.run(command, file).failed(4).err())
        .contains("notes.txt: not a checkpoint that Tidemark can read at offset 0x0");
  }

  @Test
  void anArchiveCutAtManyLengths() throws IOException {
    byte[] whole = Files.readAllBytes(SmallArchive.write(folder.resolve("whole.tmk")));
    for (int length = 0; length < whole.length; length += length < 64 ? 1 : 13) {
      Path cut = Files.write(folder.resolve("cut.tmk"), Arrays.copyOf(whole, length));
      for (String command : new String[] {"inspect", "verify"}) {
        Cli cli = Cli.run(command, cut);
        assertThat(cli.code()).as("%s of %d bytes: %s", command, length, cli.err()).isEqualTo(3);
        cli.failed(3);
      }
    }
  }

  @Test
  void aFlippedByteAnywhere() throws IOException {
    byte[] whole = Files.readAllBytes(SmallArchive.write(folder.resolve("whole.tmk")));
    Path file = folder.resolve("flipped.tmk");
    for (int at = 0; at < whole.length; at += at < 128 || at > whole.length - 128 ? 1 : 11) {
      byte[] flipped = whole.clone();
      flipped[at] ^= 0x10;
      Files.write(file, flipped);
      Cli verified = Cli.run("verify", file);
      assertThat(verified.code()).as("byte 0x%x: %s", at, verified.err()).isIn(3, 4, 5);
      verified.failed(verified.code());
      Cli inspected = Cli.run("inspect", file);
      assertThat(inspected.code()).as("byte 0x%x: %s", at, inspected.err()).isIn(0, 3, 4, 5);
      assertThat(inspected.err().lines().count()).isLessThanOrEqualTo(1);
    }
  }

  @Test
  void debugAddsTheStackTrace() {
    Cli cli = Cli.run("inspect", folder.resolve("none.tmk"), "--debug");
    assertThat(cli.code()).isEqualTo(1);
    assertThat(cli.err()).contains("no such file\n", "NoSuchFileException", "\tat ");
  }
}
