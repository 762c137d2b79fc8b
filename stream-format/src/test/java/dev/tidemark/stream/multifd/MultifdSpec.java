// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.RamSection.Phase;
import dev.tidemark.stream.StreamWriter;
import dev.tidemark.stream.StreamWriter.RamSectionWriter;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.ram.RamPages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/// A multifd migration to be written, and what must be read from it.
///
/// @param channels how many there are
/// @param perSection whether each end of a RAM section is a sync point, else FLUSH words are
/// @param pagesInSync whether an epoch's last packet is its SYNC, as before QEMU 9.0
/// @param blocks RAM blocks
/// @param epochs the pages of each; of several with one place in an epoch the first counts
record MultifdSpec(
    int pageSize,
    MultifdMethod method,
    int channels,
    boolean perSection,
    boolean pagesInSync,
    List<RamBlock> blocks,
    List<List<Page>> epochs) {
  static final UUID UUID_OF_VM = new UUID(0x0011223344556677L, 0x8899aabbccddeeffL);
  static final byte[] DEVICE = {1, 2, 3, 4};
  private static final SectionHeader RAM = SectionHeader.ram(2);
  private static final int PER_PACKET = 3;

  /// A page.
  ///
  /// @param block index of its block, taken modulo
  /// @param index of the page in the block, taken modulo
  /// @param seed of its content, 0 for a zero page
  /// @param channel which channel carries it, taken modulo; -1 for a ZERO word of the main stream
  record Page(int block, int index, int seed, int channel) {}

  static List<RamBlock> blocks(int pageSize, int... pages) {
    List<RamBlock> blocks = new ArrayList<>();
    for (int i = 0; i < pages.length; i++) {
      blocks.add(new RamBlock(i, i == 0 ? "pc.ram" : "block" + i, (long) pages[i] * pageSize));
    }
    return blocks;
  }

  private RamBlock blockOf(Page page) {
    return blocks.get(page.block % blocks.size());
  }

  private long offsetOf(Page page) {
    return page.index % (blockOf(page).usedLength() / pageSize) * pageSize;
  }

  private static String key(RamBlock block, long offset) {
    return block.idstr() + "+" + offset;
  }

  /// The pages of an epoch, each place once.
  private List<Page> distinct(List<Page> epoch) {
    Set<String> seen = new HashSet<>();
    return epoch.stream().filter(page -> seen.add(key(blockOf(page), offsetOf(page)))).toList();
  }

  /// The newest version of each page that there is.
  Map<String, byte[]> image() {
    Map<String, byte[]> image = new TreeMap<>();
    for (List<Page> epoch : epochs) {
      for (Page page : distinct(epoch)) {
        image.put(key(blockOf(page), offsetOf(page)), content(page));
      }
    }
    return image;
  }

  private byte[] content(Page page) {
    return isZero(page) ? new byte[pageSize] : StreamSpec.content(page.seed, pageSize);
  }

  private static boolean isZero(Page page) {
    return page.seed == 0 || page.channel < 0;
  }

  /// Whether all its pages in one stream look as if they were the main channel's alone.
  boolean lacksContent() {
    long all = blocks.stream().mapToLong(block -> block.usedLength() / pageSize).sum();
    List<Page> records = epochs.stream().flatMap(epoch -> distinct(epoch).stream()).toList();
    return records.size() < all && records.stream().allMatch(MultifdSpec::isZero);
  }

  /// The connections: the main stream first, then the channels by their ids.
  List<byte[]> encode() {
    try {
      List<byte[]> all = new ArrayList<>();
      all.add(encodeMain());
      for (int id = 0; id < channels; id++) {
        all.add(encodeChannel(id));
      }
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] encodeMain() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (StreamWriter main =
        MigrationStream.write(Channels.newChannel(out)).targetPageSize(pageSize)) {
      main.with(new StreamElement.FileHeader());
      List<RamBlockEntry> list = blocks.stream().map(RamBlockEntry::of).toList();
      end(main, main.beginRam(Phase.START, RAM, list));
      for (List<Page> epoch : epochs) {
        RamSectionWriter part = main.beginRam(Phase.PART, RAM, List.of());
        for (Page page : distinct(epoch)) {
          if (page.channel < 0) {
            part.zeroPage(blockOf(page), offsetOf(page));
          }
        }
        end(main, part);
        if (!perSection) {
          main.beginRam(Phase.PART, RAM, List.of()).end();
        }
      }
      end(main, main.beginRam(Phase.END, RAM, List.of()));
      main.with(
          new StreamElement.DeviceSection(0, new SectionHeader(7, "timer", 0, 1), DEVICE, true));
      main.with(new StreamElement.EndOfFile(0));
    }
    return out.toByteArray();
  }

  private void end(StreamWriter main, RamSectionWriter section) throws IOException {
    if (!perSection) {
      main.raw(MemorySegment.ofArray(ByteBuffer.allocate(8).putLong(0x200).array()));
    }
    section.end();
  }

  private byte[] encodeChannel(int id) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MultifdChannelWriter channel =
        new MultifdChannelWriter(Channels.newChannel(out), pageSize)) {
      channel.initial(new MultifdInitialPacket(UUID_OF_VM, id));
      channel.with(RamPacket.sync(0));
      for (List<Page> epoch : epochs) {
        List<List<Page>> packets = packets(epoch, id);
        for (int i = 0; i < packets.size(); i++) {
          boolean sync = pagesInSync && i == packets.size() - 1;
          channel.with(packet(packets.get(i), sync));
        }
        if (packets.isEmpty() || !pagesInSync) {
          channel.with(RamPacket.sync(1));
        }
      }
      channel.with(RamPacket.sync(2));
    }
    return out.toByteArray();
  }

  private List<List<Page>> packets(List<Page> epoch, int id) {
    List<List<Page>> packets = new ArrayList<>();
    for (Page page : distinct(epoch)) {
      if (page.channel >= 0 && page.channel % channels == id) {
        List<Page> last = packets.isEmpty() ? List.of() : packets.getLast();
        if (last.isEmpty()
            || last.size() == PER_PACKET
            || blockOf(last.getFirst()).index() != blockOf(page).index()) {
          packets.add(new ArrayList<>());
        }
        packets.getLast().add(page);
      }
    }
    return packets;
  }

  private RamPacket packet(List<Page> pages, boolean sync) {
    int zero = (int) pages.stream().filter(MultifdSpec::isZero).count();
    RamBlock block = blockOf(pages.getFirst());
    RamPacketHeader of =
        RamPacketHeader.of(method, pageSize, 5, block.idstr(), pages.size() - zero, zero);
    RamPacketHeader header =
        new RamPacketHeader(
            of.flags() | (sync ? 1 : 0),
            of.pagesAlloc(),
            of.normalPages(),
            of.nextPacketSize(),
            of.packetNumber(),
            of.zeroPages(),
            of.idstr(),
            of.unusedOffsets());
    RamPages visit =
        visitor -> {
          for (Page page : pages) {
            visitTo(visitor, page);
          }
        };
    return new RamPacket(0, header, visit);
  }

  private void visitTo(PageVisitor visitor, Page page) throws IOException {
    if (isZero(page)) {
      visitor.zeroPage(blockOf(page), offsetOf(page));
    } else {
      visitor.page(blockOf(page), offsetOf(page), MemorySegment.ofArray(content(page)), 0);
    }
  }

  /// Keeps the newest version of each page visited.
  static final class Image implements PageVisitor {
    final Map<String, byte[]> pages = new TreeMap<>();
    final int pageSize;
    long visits;
    long zeroes;

    Image(int pageSize) {
      this.pageSize = pageSize;
    }

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      visits++;
      byte[] page = window.asSlice(windowOffset, pageSize).toArray(ValueLayout.JAVA_BYTE);
      pages.put(key(block, pageOffset), page);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      visits++;
      zeroes++;
      pages.put(key(block, pageOffset), new byte[pageSize]);
    }
  }
}
