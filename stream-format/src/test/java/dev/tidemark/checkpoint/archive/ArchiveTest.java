// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static dev.tidemark.checkpoint.archive.Archives.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ArchiveTest {
  @ParameterizedTest
  @MethodSource("dev.tidemark.checkpoint.archive.Archives#options")
  void whatIsWrittenIsRead(ArchiveOptions options) throws IOException {
    byte[] file = Archives.small(options);
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(file))) {
      RamBlock ram = checkpoint.ramBlocks().get(0);
      RamBlock rom = checkpoint.ramBlocks().get(1);
      assertThat(ram).isEqualTo(new RamBlock(0, "pc.ram", 12L * PAGE));
      assertThat(checkpoint.configuration().machineType()).isEqualTo("pc");
      assertThat(checkpoint.manifest()).contains(Archives.MANIFEST);
      assertThat(checkpoint.deviceState().sections()).isEqualTo(Archives.DEVICES.sections());
      assertThat(checkpoint.deviceState().vmdesc()).isEqualTo(Archives.DEVICES.vmdesc());

      byte[] zero = new byte[PAGE];
      assertPage(checkpoint, ram, 0, PageKind.ZERO, zero);
      assertPage(checkpoint, ram, 1, PageKind.DATA, Archives.flatPage(2));
      assertPage(checkpoint, ram, 2, PageKind.ZERO, zero);
      assertPage(checkpoint, ram, 3, PageKind.DATA, Archives.randomPage(4));
      assertPage(checkpoint, ram, 4, PageKind.DATA, Archives.flatPage(5));
      assertPage(checkpoint, ram, 5, PageKind.MISSING, zero);
      assertPage(checkpoint, rom, 0, PageKind.MISSING, zero);
      assertPage(checkpoint, rom, 1, PageKind.DATA, Archives.flatPage(3));
      assertPage(checkpoint, rom, 3, PageKind.ZERO, zero);
    }
    ArchiveReport report = ArchiveVerifier.verify(ByteSource.of(file), Progress.NONE);
    assertThat(report.pages()).isEqualTo(new PageCounts(4, 3, 9));
    assertThat(report.summary().pageRecords()).isEqualTo(9);
    assertThat(report.summary().zeroRecords()).isEqualTo(4);
    assertThat(report.summary().fileBytes()).isEqualTo(file.length);
  }

  @Test
  void earlySectionsAreKept() throws IOException {
    byte[] early = {4, 0, 0, 0, 9};
    ArchivePrologue plain = Archives.prologue(false, new RamBlock(0, "pc.ram", PAGE));
    ArchivePrologue prologue =
        new ArchivePrologue(
            plain.configuration(),
            early,
            plain.ramBlocks(),
            PAGE,
            plain.ramSectionId(),
            plain.footers());
    DeviceState state =
        new DeviceState(early, List.of(), Archives.DEVICES.sections(), Archives.DEVICES.vmdesc());
    MemoryTarget target = new MemoryTarget();
    try (ArchiveWriter writer = ArchiveWriter.begin(target, ArchiveOptions.DEFAULT, prologue)) {
      writer.finish(state, Archives.MANIFEST);
    }
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(target.toByteArray()));
        CheckpointStream stream = checkpoint.stream()) {
      assertThat(stream.earlySections()).isEqualTo(early);
      assertThat(stream.footers()).isFalse();
      assertThat(checkpoint.deviceState().early()).isEqualTo(early);
    }
  }

  @Test
  void earlySectionsThatTurnUpLateAreRefused() throws IOException {
    ArchivePrologue prologue = Archives.prologue(true, new RamBlock(0, "pc.ram", PAGE));
    try (ArchiveWriter writer =
        ArchiveWriter.begin(new MemoryTarget(), ArchiveOptions.DEFAULT, prologue)) {
      DeviceState withEarly =
          new DeviceState(new byte[] {4}, List.of(), new byte[0], Optional.empty());
      assertThatThrownBy(() -> writer.finish(withEarly, Archives.MANIFEST))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private static void assertPage(
      Checkpoint checkpoint, RamBlock block, int page, PageKind kind, byte[] content)
      throws IOException {
    byte[] read = new byte[PAGE];
    long offset = (long) page * PAGE;
    assertThat(checkpoint.pageKind(block, offset)).isEqualTo(kind);
    assertThat(checkpoint.readPage(block, offset, MemorySegment.ofArray(read))).isEqualTo(kind);
    assertThat(read).isEqualTo(content);
  }
}
