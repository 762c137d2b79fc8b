// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.ram.MappedRam;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.ram.RamRecords;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Writes the block list of a `mapped-ram` stream with the bitmaps and pages between its entries.
///
/// Format: `mapped_ram_setup_ramblock` in `migration/ram.c`, QEMU 10.0.2.
final class MappedRamWriter {
  private static final MemorySegment ZEROES = Arena.ofAuto().allocate(1 << 18, 4096);

  private final StreamWriter out;
  private final int pageSize;

  MappedRamWriter(StreamWriter out, int pageSize) {
    this.out = out;
    this.pageSize = pageSize;
  }

  /// Copies the list of a stream that is read. Where the output stands in its file as the input
  /// did,
  /// all bytes are the same; else bitmaps and pages move, and the headers say so.
  void copy(RamSection section, MappedRegions from) throws IOException {
    sum(section.blockList());
    for (int i = 0; i < section.blockList().size(); i++) {
      RamBlockEntry entry = section.blockList().get(i);
      MappedRegions.Region region = from.regions().get(i);
      long headerEnd = position() + BlockListCodec.entryBytes(entry);
      if (headerEnd == from.fileOffset() + region.headerEnd()) {
        entry(entry, entry.mappedRam().orElseThrow());
        from.copyTo(out, region.headerEnd(), region.end());
      } else {
        MappedRam place = place(headerEnd, entry.block());
        entry(entry, place);
        from.copyTo(out, region.bitmap(), region.bitmap() + bitmapBytes(entry.block()));
        zeroes(place.pagesOffset() - position());
        from.copyTo(out, region.pages(), region.end());
      }
    }
  }

  /// Writes a list made by hand. Its pages are visited twice: for the bitmaps, and for themselves.
  void write(RamSection section) throws IOException {
    List<RamBlockEntry> list = section.blockList();
    Bitmaps bitmaps = new Bitmaps(list);
    section.pages().forEach(bitmaps);
    sum(list);
    Pages pages = new Pages(list, bitmaps);
    section.pages().forEach(pages);
    pages.end();
  }

  /// Writes a list without its bitmaps and pages.
  ///
  /// @return the list, with the places that were left out
  List<RamBlockEntry> skeleton(List<RamBlock> blocks, StreamWriter.Gap gap) throws IOException {
    long total = blocks.stream().mapToLong(RamBlock::usedLength).sum();
    out.small(new GrowingBytes(8).be64(total | RamRecords.MEM_SIZE));
    List<RamBlockEntry> placed = new ArrayList<>();
    for (RamBlock block : blocks) {
      RamBlockEntry entry = RamBlockEntry.of(block);
      MappedRam place = place(position() + BlockListCodec.entryBytes(entry), block);
      entry(entry, place);
      out.gap(place.pagesOffset() + block.usedLength() - position(), gap);
      placed.add(
          new RamBlockEntry(block, entry.hostPageSize(), entry.address(), Optional.of(place)));
    }
    return placed;
  }

  private void sum(List<RamBlockEntry> list) throws IOException {
    long total = 0;
    for (RamBlockEntry entry : list) {
      if (entry.mappedRam().isEmpty()) {
        throw new IllegalArgumentException(
            "RAM block \"" + entry.block().idstr() + "\" without a place among others with one");
      }
      total += entry.block().usedLength();
    }
    out.small(new GrowingBytes(8).be64(total | RamRecords.MEM_SIZE));
  }

  private void entry(RamBlockEntry entry, MappedRam place) throws IOException {
    GrowingBytes bytes = new GrowingBytes(64);
    BlockListCodec.writeEntry(bytes, entry);
    out.small(
        bytes
            .be32(MappedRamDescriptor.VERSION)
            .be64(pageSize)
            .be64(place.bitmapOffset())
            .be64(place.pagesOffset()));
  }

  private MappedRam place(long headerEnd, RamBlock block) {
    return MappedRamDescriptor.place(headerEnd, block.usedLength(), pageSize);
  }

  private long bitmapBytes(RamBlock block) {
    return MappedRamDescriptor.bitmapBytes(block.usedLength(), pageSize);
  }

  private long position() {
    return out.fileOffset() + out.bytesWritten();
  }

  private void zeroes(long count) throws IOException {
    for (long left = count; left > 0; ) {
      long piece = Math.min(left, ZEROES.byteSize());
      out.raw(ZEROES, 0, piece);
      left -= piece;
    }
  }

  /// Notes which pages are stored.
  private final class Bitmaps implements PageVisitor {
    private final Map<String, Integer> indexes = new HashMap<>();
    private final List<RamBlock> blocks = new ArrayList<>();
    private final List<byte[]> bits = new ArrayList<>();

    Bitmaps(List<RamBlockEntry> list) {
      for (RamBlockEntry entry : list) {
        indexes.put(entry.block().idstr(), blocks.size());
        blocks.add(entry.block());
        bits.add(new byte[Math.toIntExact(bitmapBytes(entry.block()))]);
      }
    }

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      int index = index(block, pageOffset);
      long page = pageOffset / pageSize;
      bits.get(index)[(int) (page / 8)] |= (byte) (1 << page % 8);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      index(block, pageOffset);
    }

    int index(RamBlock block, long pageOffset) {
      Integer index = indexes.get(block.idstr());
      if (index == null
          || pageOffset < 0
          || pageOffset >= blocks.get(index).usedLength()
          || pageOffset % pageSize != 0) {
        throw new IllegalArgumentException("page offset " + pageOffset + " of " + block);
      }
      return index;
    }

    boolean isSet(int index, long page) {
      return (bits.get(index)[(int) (page / 8)] >>> page % 8 & 1) != 0;
    }
  }

  /// Writes the entries and, as they come, the pages.
  private final class Pages implements PageVisitor {
    private final List<RamBlockEntry> list;
    private final Bitmaps bitmaps;
    private int current = -1;

    /// File offset of the current block's first page, and behind its last one.
    private long first;

    private long end;

    Pages(List<RamBlockEntry> list, Bitmaps bitmaps) {
      this.list = list;
      this.bitmaps = bitmaps;
    }

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
        throws IOException {
      int index = bitmaps.index(block, pageOffset);
      if (!bitmaps.isSet(index, pageOffset / pageSize)) {
        throw new IllegalStateException("pages that differ from one visit to the next");
      }
      while (current < index) {
        nextBlock();
      }
      long at = first + pageOffset;
      if (index != current || at < position()) {
        throw new IllegalStateException(
            "page offset " + pageOffset + " of " + block + " behind a later one");
      }
      zeroes(at - position());
      out.raw(window, windowOffset, pageSize);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      if (bitmaps.isSet(bitmaps.index(block, pageOffset), pageOffset / pageSize)) {
        throw new IllegalStateException("pages that differ from one visit to the next");
      }
    }

    void end() throws IOException {
      while (current < list.size() - 1) {
        nextBlock();
      }
      zeroes(end - position());
    }

    private void nextBlock() throws IOException {
      zeroes(end - position());
      current++;
      RamBlockEntry entry = list.get(current);
      MappedRam place = place(position() + BlockListCodec.entryBytes(entry), entry.block());
      entry(entry, place);
      out.raw(MemorySegment.ofArray(bitmaps.bits.get(current)));
      first = place.pagesOffset();
      end = first + entry.block().usedLength();
      zeroes(first - position());
    }
  }
}
