// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.stream.fixture.Corpus;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// All of a checkpoint, read.
class CheckpointCheckTest {
  private static CheckpointCheck check(String name) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(Corpus.bytes(name)))) {
      return CheckpointCheck.of(checkpoint, Progress.NONE);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pc-10.0-stopped",
        "pc-7.2-busy",
        "q35-10.0-file",
        "pc-10.0-mapped-ram",
        "pc-10.0-xbzrle"
      })
  void everyPageAndEverySectionIsRead(String name) throws IOException {
    CheckpointCheck check = check(name);
    assertThat(check.pagesRead()).isEqualTo(check.pages().data()).isPositive();
    assertThat(check.devices().hasVmdesc()).isTrue();
    assertThat(check.devices().sections()).isGreaterThan(20);
    assertThat(check.devices().restBytes()).isZero();
    assertThat(check.devices().runState()).isPresent();
  }

  @Test
  void withoutVmdescSectionsAreNotCounted() throws IOException {
    CheckpointCheck.Devices devices = check("pc-10.0-no-vmdesc").devices();
    assertThat(devices.hasVmdesc()).isFalse();
    assertThat(devices.sections()).isZero();
    assertThat(devices.bytes()).isGreaterThan(10_000);
    assertThat(devices.runState()).hasValue("paused");
  }

  @Test
  void anOldMachineHasNoRunState() throws IOException {
    assertThat(check("pc-7.2-machine-2.3").devices().runState()).isEmpty();
  }

  @Test
  void pagesThatCannotBeReadAreNoticed() throws IOException {
    byte[] bytes = Corpus.bytes("pc-10.0-mapped-ram");
    ByteSource medium =
        new ByteSource() {
          private boolean broken;
          private final ByteSource whole = ByteSource.of(bytes);

          @Override
          public long size() {
            return bytes.length;
          }

          @Override
          public int read(long position, MemorySegment target) throws IOException {
            if (broken) {
              throw new IOException("medium error");
            }
            return whole.read(position, target);
          }

          @Override
          public void close() {
            broken = true;
          }
        };
    try (Checkpoint checkpoint = Checkpoint.open(medium)) {
      medium.close();
      assertThatThrownBy(() -> CheckpointCheck.of(checkpoint, Progress.NONE))
          .isInstanceOf(IOException.class)
          .hasMessage("medium error");
      assertThat(CheckpointCheck.withoutPages(checkpoint).pagesRead()).isZero();
    }
  }
}
