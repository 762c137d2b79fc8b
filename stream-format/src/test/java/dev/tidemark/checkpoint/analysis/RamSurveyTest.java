// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.ram.RamBlock;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Pages counted by kind, on real streams.
class RamSurveyTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "pc-10.0-busy",
        "pc-10.0-mapped-ram-busy",
        "pc-10.0-postcopy",
        "pc-10.0-xbzrle",
        "pc-7.2-compress",
        "pc-10.0-virtio-mem",
        "pc-10.0-ignore-shared"
      })
  void runsSayTheSameAsPages(String name) throws Exception {
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(Corpus.bytes(name)))) {
      RamSurvey survey = RamSurvey.of(checkpoint);
      assertThat(survey.bytes()).isEqualTo(Corpus.entry(name).ramBytes());
      for (RamSurvey.Block block : survey.blocks()) {
        Map<PageKind, Long> counts = new EnumMap<>(PageKind.class);
        List<PageKind> kinds = new ArrayList<>();
        RamSurvey.forEachRun(
            checkpoint,
            block.block(),
            (of, start, end, kind) -> {
              assertThat(kinds.isEmpty() ? null : kinds.getLast()).isNotEqualTo(kind);
              kinds.add(kind);
              for (long at = start; at < end; at += checkpoint.targetPageSize()) {
                assertThat(checkpoint.pageKind(of, at)).isEqualTo(kind);
                counts.merge(kind, 1L, Long::sum);
              }
            });
        assertThat(block.data()).isEqualTo(counts.getOrDefault(PageKind.DATA, 0L));
        assertThat(block.zero()).isEqualTo(counts.getOrDefault(PageKind.ZERO, 0L));
        assertThat(block.missing()).isEqualTo(counts.getOrDefault(PageKind.MISSING, 0L));
      }
      assertThat(survey.data() + survey.zero() + survey.missing()).isEqualTo(survey.pages());
    }
  }

  /// A busy guest's pages came again; a stopped one's did not.
  @ParameterizedTest
  @CsvSource({
    "pc-10.0-busy,896",
    "pc-10.0-stopped,0",
    "pc-10.0-mapped-ram-busy,0",
    "pc-10.0-mapped-ram,0"
  })
  void recordsBeyondTheFirstAreCounted(String name, long resent) throws Exception {
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(Corpus.bytes(name)))) {
      RamSurvey survey = RamSurvey.of(checkpoint);
      assertThat(survey.resent()).hasValue(resent);
      assertThat(survey.blocks().stream().mapToLong(b -> b.resent().orElseThrow()).sum())
          .isEqualTo(resent);
    }
  }

  @Test
  void aFormatThatCountsNothingSaysSo() throws Exception {
    RamSurvey survey = RamSurvey.of(MemoryCheckpoint.of("ram", 3));
    assertThat(survey.resent()).isEmpty();
    assertThat(survey.blocks().getFirst().resent()).isEmpty();
    assertThat(survey.missing()).isEqualTo(3);
  }

  @Test
  void aHeatMapCountsEveryPageOnce() throws Exception {
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(Corpus.bytes("pc-10.0-busy")))) {
      List<HeatMap> maps = HeatMap.of(checkpoint, 64);
      RamSurvey survey = RamSurvey.of(checkpoint);
      assertThat(maps).hasSameSizeAs(survey.blocks());
      for (HeatMap map : maps) {
        RamSurvey.Block block = survey.blocks().get(map.block().index());
        assertThat(map.cells()).hasSizeLessThanOrEqualTo(64);
        assertThat(map.cells().stream().mapToLong(HeatMap.Cell::data).sum())
            .isEqualTo(block.data());
        assertThat(map.cells().stream().mapToLong(HeatMap.Cell::zero).sum())
            .isEqualTo(block.zero());
        assertThat(map.cells())
            .allSatisfy(cell -> assertThat(cell.entropy().isPresent()).isEqualTo(cell.data() > 0));
      }
    }
  }

  @Test
  void aCellHasTheEntropyOfItsPages() throws Exception {
    byte[] all = new byte[MemoryCheckpoint.PAGE];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    byte[] halves = new byte[MemoryCheckpoint.PAGE];
    java.util.Arrays.fill(halves, 0, halves.length / 2, (byte) 7);
    MemoryCheckpoint checkpoint = MemoryCheckpoint.of("ram", 8).put("ram", 1, all);
    checkpoint.put("ram", 4, halves).put("ram", 5, halves).put("ram", 7, all);
    HeatMap map = HeatMap.of(checkpoint, 2).getFirst();
    assertThat(map.pagesPerCell()).isEqualTo(4);
    assertThat(map.cells().get(0).entropy()).hasValue(8);
    assertThat(String.format(Locale.ROOT, "%.3f", map.cells().get(1).entropy().orElseThrow()))
        .isEqualTo("3.333");
    assertThat(map.cells().get(1).missing()).isEqualTo(1);
  }

  @Test
  void manyBlocksHaveFewCellsEach() throws Exception {
    MemoryCheckpoint checkpoint = new MemoryCheckpoint();
    for (int i = 0; i < 5000; i++) {
      checkpoint.with("ram" + i, 100);
    }
    assertThat(HeatMap.of(checkpoint, 2048).stream().mapToLong(m -> m.cells().size()).sum())
        .isLessThanOrEqualTo(1 << 16);
  }

  @ParameterizedTest
  @CsvSource({
    "pc-i440fx-10.0,10.0",
    "virt-7.2,7.2",
    "s390-ccw-virtio-10.0,10.0",
    "pc-q35-9.2.1,9.2"
  })
  void aVersionedMachineTellsTheOldestQemu(String machine, String version) {
    assertThat(QemuVersions.atLeast(machine)).hasValue(version);
  }

  @ParameterizedTest
  @ValueSource(strings = {"microvm", "isapc", "pc-q35-rhel9.2.0", "pc-i440fx-jammy", "", "-1"})
  void otherMachinesTellNone(String machine) {
    assertThat(QemuVersions.atLeast(machine)).isEmpty();
  }

  @Test
  void blocksOfAnotherCheckpointAreRefused() throws Exception {
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(Corpus.bytes("pc-10.0-busy")))) {
      RamBlock foreign = new RamBlock(0, "other", 4096);
      org.assertj.core.api.Assertions.assertThatThrownBy(
              () -> checkpoint.endOfKind(foreign, 0, 4096))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
