// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.PieceChannel;
import dev.tidemark.stream.fixture.RecordStream;
import dev.tidemark.stream.fixture.RecordStream.Mix;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Streams whose pages do not stand in them as they are, read at random.
class PageSpoolTest {
  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(256 << 10);

  private static final RamBlock BLOCK = new RamBlock(0, "pc.ram", 64 << 20);

  @TempDir Path folder;

  @Property(tries = 40)
  void openedStreamHoldsTheNewestPages(@ForAll @IntRange(max = 1 << 20) int seed)
      throws IOException {
    int pageSize = 4096 << (seed % 3 * 2);
    RecordStream stream = new RecordStream(pageSize, 9, 120, Mix.ALL, seed);
    try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(stream.bytes()))) {
      assertThat(checkpoint).isInstanceOf(StreamCheckpoint.class);
      assertHolds(checkpoint, stream.image());
      assertThat(checkpoint.deviceState().sections()).isNotEmpty();
    }
  }

  @Property(tries = 40)
  void pipedStreamHoldsTheNewestPages(@ForAll @IntRange(max = 1 << 20) int seed)
      throws IOException {
    RecordStream stream = new RecordStream(4096, 9, 120, Mix.ALL, seed);
    Path tmp = Path.of(System.getProperty("java.io.tmpdir"));
    try (StreamCheckpointStream in =
            StreamCheckpointStream.open(SETTINGS, PieceChannel.ofSize(stream.bytes(), 777));
        Checkpoint checkpoint = PageSpool.checkpoint(in, CheckpointFormat.STREAM, tmp)) {
      assertHolds(checkpoint, stream.image());
      assertThat(checkpoint.configuration().machineType()).isEqualTo("pc-i440fx-10.0");
      assertThat(checkpoint.deviceState().vmdesc()).isPresent();
      assertThat(checkpoint.format()).isEqualTo(CheckpointFormat.STREAM);
    }
  }

  /// By page, and in one pass that gives each page once and in order.
  private static void assertHolds(Checkpoint checkpoint, Map<String, byte[]> image)
      throws IOException {
    int pageSize = checkpoint.targetPageSize();
    for (RamBlock block : checkpoint.ramBlocks()) {
      for (long at = 0; at < block.usedLength(); at += pageSize) {
        byte[] wanted = image.get(StreamSpec.key(block.idstr(), at));
        byte[] page = new byte[pageSize];
        PageKind kind = checkpoint.readPage(block, at, MemorySegment.ofArray(page));
        assertThat(kind == PageKind.MISSING).isEqualTo(wanted == null);
        assertThat(kind).isEqualTo(checkpoint.pageKind(block, at));
        assertThat(page).isEqualTo(wanted == null ? new byte[pageSize] : wanted);
      }
    }
    Map<String, byte[]> visited = new TreeMap<>();
    long[] last = {-1};
    try (CheckpointStream pass = checkpoint.stream()) {
      assertThat(pass.eachPageOnce()).isTrue();
      pass.forEachPage(
          new PageVisitor() {
            @Override
            public void page(RamBlock block, long at, MemorySegment window, long windowOffset) {
              put(block, at, window.asSlice(windowOffset, pageSize).toArray(ValueLayout.JAVA_BYTE));
            }

            @Override
            public void zeroPage(RamBlock block, long at) {
              put(block, at, new byte[pageSize]);
            }

            private void put(RamBlock block, long at, byte[] page) {
              long place = ((long) block.index() << 40) + at;
              assertThat(place).isGreaterThan(last[0]);
              last[0] = place;
              visited.put(StreamSpec.key(block.idstr(), at), page);
            }
          });
    }
    assertThat(visited.keySet()).isEqualTo(image.keySet());
    image.forEach((key, page) -> assertThat(visited.get(key)).as(key).isEqualTo(page));
  }

  @Test
  void fileHasNoNameAndZeroPagesTakeNoRoom() throws IOException {
    Path dir = Files.createDirectory(folder.resolve("spool"));
    byte[] page = StreamSpec.content(300, 4096);
    try (PageSpool spool = PageSpool.create(dir, List.of(BLOCK), 4096)) {
      try (var names = Files.list(dir)) {
        assertThat(names).isEmpty();
      }
      for (long at = 0; at < BLOCK.usedLength(); at += 4096) {
        spool.zeroPage(BLOCK, at);
      }
      spool.page(BLOCK, 40 << 20, MemorySegment.ofArray(page), 0);
      Path open = openFile(dir);
      assertThat(Files.size(open)).isEqualTo((40 << 20) + 4096);
      assertThat((Integer) Files.getAttribute(open, "unix:nlink")).isZero();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(open)))
          .isEqualTo("rw-------");
      byte[] read = new byte[4096];
      assertThat(spool.readPage(BLOCK, 40 << 20, MemorySegment.ofArray(read)))
          .isEqualTo(PageKind.DATA);
      assertThat(read).isEqualTo(page);
      spool.zeroPage(BLOCK, 40 << 20);
      // {1 kept, 1 new}: upon zeroes, not upon what the file still has.
      spool.xbzrlePage(BLOCK, 40 << 20, MemorySegment.ofArray(new byte[] {1, 1, 9}), 0, 3);
      spool.readPage(BLOCK, 40 << 20, MemorySegment.ofArray(read));
      byte[] wanted = new byte[4096];
      wanted[1] = 9;
      assertThat(read).isEqualTo(wanted);
    }
  }

  /// The spool's file among this process's open ones.
  private static Path openFile(Path dir) throws IOException {
    try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
      for (Path descriptor : descriptors.toList()) {
        if (Files.isSymbolicLink(descriptor)
            && Files.readSymbolicLink(descriptor).toString().startsWith(dir + "/.tidemark-spool")) {
          return descriptor;
        }
      }
    }
    throw new AssertionError("no open spool");
  }

  @Test
  void placeIsCheckedFirst() throws IOException {
    assertThatThrownBy(() -> PageSpool.create(folder.resolve("none"), List.of(BLOCK), 4096))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("no such folder");
    Path file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> PageSpool.create(file, List.of(BLOCK), 4096))
        .isInstanceOf(FileSystemException.class);
    RamBlock huge = new RamBlock(0, "pc.ram", PageSpool.MAX_BYTES + 4096);
    assertThatThrownBy(() -> PageSpool.create(folder, List.of(huge), 4096))
        .isInstanceOf(StreamException.LimitExceeded.class);
    try (var names = Files.list(folder)) {
      assertThat(names).containsExactly(file);
    }
  }

  @Test
  void pagesOfAnotherMachineAreRefused() throws IOException {
    try (PageSpool spool = PageSpool.create(folder, List.of(BLOCK), 4096)) {
      assertThatThrownBy(() -> spool.zeroPage(BLOCK, BLOCK.usedLength()))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> spool.zeroPage(new RamBlock(1, "x", 4096), 0))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> spool.zeroPage(BLOCK, 5))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  /// A few records over terabytes of RAM must not cost gigabytes of table.
  @Test
  void scatteredPagesAreLimited() throws IOException {
    RamBlock huge = new RamBlock(0, "pc.ram", PageSpool.MAX_BYTES);
    try (PageSpool spool = PageSpool.create(folder, List.of(huge), 4096)) {
      assertThatThrownBy(
              () -> {
                for (long at = 0; at < huge.usedLength(); at += 16 << 20) {
                  spool.zeroPage(huge, at);
                }
              })
          .isInstanceOf(StreamException.LimitExceeded.class);
    }
  }

  @Test
  void closesTwice() throws IOException {
    PageSpool spool = PageSpool.create(folder, List.of(BLOCK), 4096);
    spool.close();
    spool.close();
  }
}
