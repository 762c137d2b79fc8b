// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.multifd.MultifdChannelReader;
import dev.tidemark.stream.multifd.MultifdMethod;
import dev.tidemark.stream.multifd.MultifdPacket;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import dev.tidemark.stream.multifd.RamPacketHeader;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.ram.RamRecordVisitor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/// Every byte of a thinned stream, but of what no reader looks into: of the content of a page that
/// is neither a delta nor compressed, of unused offsets and the padding of names in multifd
/// packets,
/// and of what lies between the regions of a mapped-ram file, that is the first and last bytes, and
/// every so many in between.
final class EveryByte {
  /// How many bytes of such content count as first, and as last.
  static final int EDGE = 16;

  /// How many bytes of page content one position stands for: a prime, so that places in the page
  /// change.
  static final int STRIDE = 509;

  /// The same of a mapped-ram file, most of which are holes.
  static final int STRIDE_OF_FILES = 32771;

  /// Of how many packets of a channel with the same flags and counts each byte of the header is
  /// damaged, and of how many each byte of what is compressed.
  private static final int PACKETS_ALIKE = 2;

  /// Where in a packet of pages the block's name is, and the offsets of its pages.
  private static final int OFFSETS = 320;

  private static final int IDSTR = 64;

  /// Of a packet, whose header has room for as many offsets.
  private static final int MOST_PAGES = 128;

  private EveryByte() {}

  /// All but those inside of content, of which every so many.
  static int[] positions(int from, byte[] bytes, BitSet inside, int stride) {
    return IntStream.range(from, bytes.length)
        .filter(i -> !inside.get(i) || i % stride == 0)
        .toArray();
  }

  /// Leaves out what lies between the edges.
  static void inside(BitSet inside, int from, int to) {
    if (to - from > 2 * EDGE) {
      inside.set(from + EDGE, to - EDGE);
    }
  }

  /// Of a migration stream.
  ///
  /// @param start where it starts in the bytes
  static int[] inStream(byte[] bytes, int start) throws IOException {
    BitSet inside = new BitSet(bytes.length);
    boolean mapped = false;
    Input input = new Input(bytes, 0, bytes.length);
    MigrationStream settings = MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);
    try (StreamReader in = settings.read(input.source(), start)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          boolean apart = ram.blockList().stream().anyMatch(b -> b.mappedRam().isPresent());
          for (RamBlockEntry entry : ram.blockList()) {
            region(entry, in.targetPageSize(), inside);
          }
          mapped |= apart;
          if (!mapped) {
            ram.pages().forEachRecord(new Contents(in, start, inside));
          }
        }
      }
    }
    return positions(start, bytes, inside, mapped ? STRIDE_OF_FILES : STRIDE);
  }

  /// What lies behind a bitmap, and a block's pages.
  private static void region(RamBlockEntry entry, int pageSize, BitSet inside) {
    entry
        .mappedRam()
        .ifPresent(
            place -> {
              int pages = (int) (entry.block().usedLength() / pageSize);
              int bitmapEnd = (int) place.bitmapOffset() + (pages + 7) / 8;
              int start = (int) place.pagesOffset();
              inside(inside, bitmapEnd, start);
              inside(inside, start, start + (int) entry.block().usedLength());
            });
  }

  /// Of the connections of a multifd migration, as [MultifdSubject#framed] puts them.
  static int[] inConnections(byte[] framed) throws IOException {
    BitSet inside = new BitSet(framed.length);
    int mainAt = MultifdSubject.mainAt(framed);
    ByteBuffer lengths = ByteBuffer.wrap(framed);
    MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
    for (int at = 4; at < mainAt; at += lengths.getInt(at - 4) + 4) {
      Input channel = new Input(framed, at, lengths.getInt(at - 4));
      Map<String, Integer> alike = new HashMap<>();
      try (MultifdChannelReader in = MultifdChannelReader.open(settings, channel.source())) {
        for (MultifdPacket packet = in.next(); packet != null; packet = in.next()) {
          if (packet instanceof RamPacket ram) {
            int start = at + (int) packet.streamOffset();
            packet(ram.header(), start, alike, inside);
          }
        }
      }
    }
    BitSet main = new BitSet();
    byte[] bytes = Arrays.copyOfRange(framed, mainAt, framed.length);
    IntStream.of(inStream(bytes, 0)).forEach(main::set);
    for (int i = main.nextClearBit(0); i < bytes.length; i = main.nextClearBit(i + 1)) {
      inside.set(mainAt + i);
    }
    return positions(0, framed, inside, STRIDE);
  }

  private static void packet(
      RamPacketHeader header, int start, Map<String, Integer> alike, BitSet inside) {
    int used = header.normalPages() + header.zeroPages();
    int payload = start + OFFSETS + 8 * MOST_PAGES;
    String like = header.flags() + " " + header.normalPages() + " " + header.zeroPages();
    if (alike.merge(like, 1, Integer::sum) > PACKETS_ALIKE) {
      inside(inside, start, payload);
    }
    inside(inside, start + IDSTR + header.idstr().length(), start + OFFSETS);
    inside(inside, start + OFFSETS + 8 * used, payload);
    int payloadEnd = payload + (header.normalPages() == 0 ? 0 : header.nextPacketSize());
    if (header.method() == MultifdMethod.NONE) {
      int page = header.normalPages() == 0 ? 0 : header.nextPacketSize() / header.normalPages();
      for (int i = 0; i < header.normalPages(); i++) {
        inside(inside, payload + i * page, payload + (i + 1) * page);
      }
    } else if (payloadEnd > payload && alike.merge("compressed", 1, Integer::sum) > PACKETS_ALIKE) {
      inside(inside, payload, payloadEnd);
    }
  }

  private record Contents(StreamReader in, int start, BitSet inside) implements RamRecordVisitor {
    @Override
    public void page(RamBlock block, long at, boolean continued, MemorySegment in, long inAt) {
      int from = start + (int) this.in.streamOffsetOf(inAt);
      EveryByte.inside(inside, from, from + this.in.targetPageSize());
    }

    @Override
    public void zeroPage(RamBlock block, long at, boolean continued, byte fill) {}

    @Override
    public void xbzrlePage(
        RamBlock block, long at, boolean continued, MemorySegment in, long inAt, int length) {}

    @Override
    public void compressedPage(
        RamBlock block, long at, boolean continued, MemorySegment in, long inAt, int length) {}

    @Override
    public void multifdFlush() {}
  }
}
