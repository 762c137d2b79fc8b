// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.restorer.preflight.PreflightRefused;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What does not need a QEMU.
class RestorerTest {
  @TempDir Path folder;

  private static Checkpoint with(Manifest.CommandLine line) {
    return CheckpointFixture.withCommandLine("pc-i440fx-10.0", 1 << 20, "10.0.2", List.of(), line);
  }

  @Test
  void removedSecretsAreRefusedByName() {
    Checkpoint checkpoint =
        with(
            new Manifest.CommandLine(
                "/bin/sh", List.of(), "/", List.of("secret sec0", "password")));
    assertThatThrownBy(() -> Restorer.of(checkpoint).launch())
        .isInstanceOf(PreflightRefused.class)
        .hasMessageContaining("(secret sec0, password)");
  }

  @Test
  void aCheckpointWithoutCommandLineAsksForOne() {
    Checkpoint checkpoint = CheckpointFixture.of("pc-i440fx-10.0", 1 << 20, "10.0.2", List.of());
    Checkpoint bare = ((ManifestCheckpoint) checkpoint).checkpoint();
    assertThatThrownBy(() -> Restorer.of(bare).launch())
        .isInstanceOf(PreflightRefused.class)
        .hasMessageContaining("-- QEMU-ARGUMENTS");
  }

  @Test
  void aRunFolderInUseIsNotTouched() throws IOException {
    Path other = Files.writeString(folder.resolve("qmp.sock"), "");
    Checkpoint checkpoint = with(new Manifest.CommandLine("/bin/sh", List.of(), "/", List.of()));
    RestoreOptions options = RestoreOptions.DEFAULT.withRunFolder(folder);
    assertThatThrownBy(() -> Restorer.of(checkpoint).options(options).launch())
        .isInstanceOf(PreflightRefused.class)
        .hasMessageContaining("not empty");
    assertThat(other).exists();
  }

  @Test
  void theRunFolderIsForItsOwnerAlone() throws IOException {
    RunFolders made = RunFolders.open(java.util.Optional.of(folder.resolve("new")));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made.path())))
        .isEqualTo("rwx------");
    made.remove();
    assertThat(made.path()).doesNotExist();
  }
}
