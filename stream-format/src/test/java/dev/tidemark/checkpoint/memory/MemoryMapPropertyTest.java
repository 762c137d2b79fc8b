// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.raw.RawWriter;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;

class MemoryMapPropertyTest {
  private static final int PAGE = 256;

  /// Blocks of a few pages, half of them zero, each part of which may stand anywhere.
  private static MadeCheckpoint checkpoint(Random random) {
    MadeCheckpoint made =
        new MadeCheckpoint("x", PAGE, new DeviceState(new byte[0], Optional.empty()));
    int blocks = 1 + random.nextInt(4);
    for (int b = 0; b < blocks; b++) {
      byte[] content = new byte[PAGE * (1 + random.nextInt(12))];
      for (int p = 0; p < content.length; p += PAGE) {
        if (random.nextBoolean()) {
          for (int i = p; i < p + PAGE; i++) {
            content[i] = (byte) random.nextInt();
          }
        }
      }
      made.with("block" + b, content);
    }
    return made;
  }

  private static MemoryMap map(MadeCheckpoint made, Random random) throws StreamException {
    List<String> lines = new ArrayList<>();
    long total = made.ramBlocks().stream().mapToLong(RamBlock::usedLength).sum();
    long left = 2 * total;
    long at = random.nextInt(3 * PAGE);
    for (int i = 0; i < 1 + random.nextInt(8); i++) {
      RamBlock block = made.ramBlocks().get(random.nextInt(made.ramBlocks().size()));
      int aligned = random.nextBoolean() ? PAGE : 1;
      long offset = random.nextLong(block.usedLength()) / aligned * aligned;
      long length = 1 + random.nextLong(block.usedLength() - offset);
      if (length > left) {
        break;
      }
      left -= length;
      lines.add("%d %s %d %d".formatted(at, block.idstr(), offset, length));
      at += length + (random.nextBoolean() ? 0 : random.nextInt(3 * PAGE));
    }
    return MemoryMap.parse(lines, made.ramBlocks());
  }

  @Property(tries = 200)
  void guestMemoryIsWhatTheMapShows(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    MadeCheckpoint made = checkpoint(random);
    MemoryMap map = map(made, random);
    Map<Long, Byte> shown = MadeCheckpoint.shown(made, map);
    GuestMemory memory = new GuestMemory(made, map);
    for (int i = 0; i < 20; i++) {
      long at = random.nextLong(20 * PAGE);
      byte[] bytes = new byte[random.nextInt(4 * PAGE)];
      long read = memory.read(at, MemorySegment.ofArray(bytes));
      for (int k = 0; k < read; k++) {
        assertThat(bytes[k]).isEqualTo(shown.get(at + k));
      }
      assertThat(read == bytes.length || !shown.containsKey(at + read)).isTrue();
    }
  }

  @Property(tries = 60)
  void aPhysicalFileIsWhatTheMapShows(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    MadeCheckpoint made = checkpoint(random);
    MemoryMap map = map(made, random);
    Path folder = Files.createTempDirectory("tidemark-map");
    Path file = folder.resolve("raw");
    try {
      long size;
      List<Long> told = new ArrayList<>();
      try (FileTarget out = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
        size = RawWriter.physical(made, map, out, (done, _) -> told.add(done));
        out.commit();
      }
      byte[] bytes = Files.readAllBytes(file);
      assertThat(bytes).hasSize((int) size);
      byte[] expected = new byte[(int) size];
      MadeCheckpoint.shown(made, map).forEach((at, b) -> expected[at.intValue()] = b);
      assertThat(bytes).isEqualTo(expected);
      assertThat(told).isSorted().isNotEmpty();
      // Any block by itself.
      Files.delete(file);
      RamBlock block = made.ramBlocks().get(random.nextInt(made.ramBlocks().size()));
      try (FileTarget out = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
        RawWriter.block(made, block, out, Progress.NONE);
        out.commit();
      }
      byte[] content = new byte[(int) block.usedLength()];
      for (int at = 0; at < content.length; at += PAGE) {
        made.readPage(block, at, MemorySegment.ofArray(content).asSlice(at));
      }
      assertThat(Files.readAllBytes(file)).isEqualTo(content);
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }

  @Property(tries = 200)
  void aMapIsItsLines(@ForAll long seed) throws StreamException {
    Random random = new Random(seed);
    MadeCheckpoint made = checkpoint(random);
    MemoryMap map = map(made, random);
    MemoryMap again = MemoryMap.parse(map.lines(), made.ramBlocks());
    assertThat(again.ranges()).isEqualTo(map.ranges());
    long dumped = map.dumped().stream().mapToLong(MemoryRange::length).sum();
    assertThat(dumped).isEqualTo(map.ranges().stream().mapToLong(MemoryRange::length).sum());
  }

  @Property(tries = 1000)
  void anyLinesAreAMapOrAreRefused(
      @ForAll @Size(max = 4) List<@StringLength(max = 60) String> any,
      @ForAll @IntRange(max = 3) int form) {
    List<String> lines = new ArrayList<>(any);
    if (form > 1) {
      lines.add(0, " AS \"memory\", root: system");
      lines.replaceAll(line -> line.startsWith(" AS") ? line : "  0-fff (prio 0, ram): " + line);
    }
    List<RamBlock> blocks = List.of(new RamBlock(0, "a", 4096), new RamBlock(1, "p/b", 8192));
    try {
      MemoryMap map =
          form % 2 == 0 ? MemoryMap.ofMtree(lines, blocks) : MemoryMap.parse(lines, blocks);
      assertThat(map.ranges().size() + map.absent().size()).isLessThanOrEqualTo(lines.size());
    } catch (StreamException e) {
      long size = lines.stream().mapToLong(line -> line.length() + 1L).sum();
      assertThat(e.streamOffset()).isBetween(0L, size);
    }
  }
}
