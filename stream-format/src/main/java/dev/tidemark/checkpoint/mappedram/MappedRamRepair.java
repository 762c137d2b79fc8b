// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.RandomAccessTarget;
import dev.tidemark.stream.MappedRamDescriptor;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.MappedRam;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Makes the mapped-ram file of a background snapshot whole.
///
/// QEMU 9.0 to 10.0 take the capabilities `background-snapshot` and `mapped-ram` together, write
/// every page that is not zero to its place, and leave the bitmaps empty: they are written when RAM
/// ends, which a background snapshot never says. QEMU would load such a file as RAM of zeroes.
public final class MappedRamRepair {
  private static final String CONTEXT = "checkpoint";

  /// Bytes looked at in one go.
  private static final int WINDOW_BYTES = 1 << 20;

  /// What is looked at for zeroes outside the pages.
  private static final int UNIT = 4096;

  private MappedRamRepair() {}

  /// What a repair found.
  ///
  /// @param pages target pages of all RAM blocks
  /// @param stored how many of them are not zero, and now marked as stored
  /// @param bytes size of the repaired file
  public record Report(long pages, long stored, long bytes) {}

  /// Copies a file with its bitmaps rebuilt: the bit of each page that is not zero is set. All else
  /// is copied as it is; what is zero is left out.
  ///
  /// @param in the broken file; not closed
  /// @param out takes the repaired one; not committed
  /// @param progress told the bytes of the file that have been looked at
  /// @return what was found
  /// @throws StreamException.Unsupported if the file is no such file: it has nothing to repair
  /// @throws StreamException if the file is damaged elsewhere
  /// @throws IOException if one cannot be read or the other cannot be written
  public static Report repair(ByteSource in, RandomAccessTarget out, Progress progress)
      throws IOException {
    MappedRamFile file = MappedRamFile.read(MigrationStream.of(TargetPageSize.detect()), in, 0);
    if (file.ramEnded() || new StoredBits(file).anySet()) {
      throw new StreamException.Unsupported(
          "nothing to repair: "
              + (file.ramEnded() ? "RAM ends as it should" : "pages are marked as stored")
              + " in this mapped-ram file",
          file.ramOffset(),
          CONTEXT);
    }
    try (Arena arena = Arena.ofConfined();
        PageBits bits = new PageBits(file.entries(), file.pageSize())) {
      return new Copy(file, out, bits, arena.allocate(WINDOW_BYTES, 4096), progress).repair();
    }
  }

  /// One file on its way.
  private static final class Copy {
    private final MappedRamFile file;
    private final RandomAccessTarget out;
    private final PageBits bits;
    private final MemorySegment window;
    private final Progress progress;
    private final long size;
    private long stored;

    Copy(
        MappedRamFile file,
        RandomAccessTarget out,
        PageBits bits,
        MemorySegment window,
        Progress progress)
        throws IOException {
      this.file = file;
      this.out = out;
      this.bits = bits;
      this.window = window;
      this.progress = progress;
      this.size = file.source().size();
    }

    Report repair() throws IOException {
      long pages = 0;
      long at = 0;
      for (RamBlockEntry entry : file.entries()) {
        RamBlock block = entry.block();
        MappedRam place = file.place(block.index());
        copy(at, place.bitmapOffset());
        at =
            place.bitmapOffset()
                + MappedRamDescriptor.bitmapBytes(block.usedLength(), file.pageSize());
        copy(at, place.pagesOffset());
        copyPages(block, place.pagesOffset());
        at = place.pagesOffset() + block.usedLength();
        pages += block.usedLength() / file.pageSize();
      }
      copy(at, size);
      out.grow(size);
      bits.writeTo(out);
      progress.advanced(size, size);
      return new Report(pages, stored, size);
    }

    private void copy(long from, long end) throws IOException {
      for (long at = data(from, from, UNIT); at < end; at = data(from, at + WINDOW_BYTES, UNIT)) {
        int length = (int) Math.min(WINDOW_BYTES, end - at);
        load(at, length);
        for (int unit = 0; unit < length; unit += UNIT) {
          int bytes = Math.min(UNIT, length - unit);
          if (bytes < UNIT || !ZeroPages.isZero(window, unit, UNIT)) {
            out.write(at + unit, window.asSlice(unit, bytes));
          }
        }
      }
    }

    private void copyPages(RamBlock block, long pagesAt) throws IOException {
      int pageSize = file.pageSize();
      long end = pagesAt + block.usedLength();
      for (long at = data(pagesAt, pagesAt, pageSize);
          at < end;
          at = data(pagesAt, at + WINDOW_BYTES, pageSize)) {
        int length = (int) Math.min(WINDOW_BYTES, end - at);
        load(at, length);
        int run = 0;
        for (int page = 0; page < length; page += pageSize) {
          if (ZeroPages.isZero(window, page, pageSize)) {
            write(at, run, page);
            run = page + pageSize;
          } else {
            bits.set(block, (at - pagesAt + page) / pageSize);
            stored++;
          }
        }
        write(at, run, length);
      }
    }

    /// Where the unit starts in which the first byte from a position on is that is not in a hole.
    private long data(long base, long position, int unit) throws IOException {
      return base + (file.source().nextData(position) - base) / unit * unit;
    }

    private void write(long base, int from, int end) throws IOException {
      if (from < end) {
        out.write(base + from, window.asSlice(from, end - from));
      }
    }

    private void load(long at, int length) throws IOException {
      file.read(at, window.asSlice(0, length), "mapped-ram file");
      progress.advanced(at, size);
    }
  }
}
