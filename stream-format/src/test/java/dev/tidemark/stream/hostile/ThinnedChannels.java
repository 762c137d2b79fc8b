// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.multifd.MultifdChannelReader;
import dev.tidemark.stream.multifd.MultifdChannelWriter;
import dev.tidemark.stream.multifd.MultifdPacket;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import dev.tidemark.stream.multifd.RamPacketHeader;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.ram.RamRecord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;

/// A multifd channel with less of the same in it: all SYNC packets, and between two of them the
/// first two others, each with its first pages of both kinds. Payloads are compressed anew.
final class ThinnedChannels {
  private static final int PACKETS = 2;
  private static final int PAGES = 2;
  private static final int PAGE_SIZE = 4096;

  private ThinnedChannels() {}

  /// Thins all channels of a stream.
  ///
  /// @param main the main stream
  static List<byte[]> of(List<byte[]> channels, byte[] main) throws IOException {
    Input input = new Input(main, 0, main.length);
    List<RamBlock> blocks = List.of();
    try (StreamReader in = MigrationStream.of(TargetPageSize.detect()).read(input.source())) {
      while (blocks.isEmpty() && in.next() != null) {
        blocks = in.ramBlocks();
      }
    }
    List<byte[]> thinned = new ArrayList<>();
    for (byte[] channel : channels) {
      thinned.add(of(channel, blocks));
    }
    return thinned;
  }

  private static byte[] of(byte[] channel, List<RamBlock> blocks) throws IOException {
    MigrationStream settings = MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    MultifdChannelWriter writer = null;
    Input input = new Input(channel, 0, channel.length);
    try (MultifdChannelReader in = MultifdChannelReader.open(settings, input.source())) {
      int packets = 0;
      in.ramBlocks(PAGE_SIZE, blocks);
      for (MultifdPacket packet = in.next(); packet != null; packet = in.next()) {
        if (writer == null) {
          writer = new MultifdChannelWriter(Channels.newChannel(out), PAGE_SIZE).reencoding();
          writer.initial(in.initial());
        }
        if (packet instanceof RamPacket ram && pages(ram.header()) > 0) {
          packets++;
          if (packets <= PACKETS || ram.header().isSync()) {
            writer.with(few(ram));
          }
          packets = ram.header().isSync() ? 0 : packets;
        } else {
          packets = 0;
          writer.with(packet);
        }
      }
    }
    if (writer != null) {
      writer.close();
    }
    return out.toByteArray();
  }

  private static int pages(RamPacketHeader header) {
    return header.normalPages() + header.zeroPages();
  }

  private static RamPacket few(RamPacket packet) throws IOException {
    List<RamRecord> normal = new ArrayList<>();
    List<RamRecord> zero = new ArrayList<>();
    packet
        .pages()
        .forEach(
            new PageVisitor() {
              @Override
              public void page(RamBlock block, long at, MemorySegment window, long windowAt) {
                if (normal.size() < PAGES) {
                  byte[] content =
                      window.asSlice(windowAt, PAGE_SIZE).toArray(ValueLayout.JAVA_BYTE);
                  normal.add(new RamRecord.Page(block, at, false, content));
                }
              }

              @Override
              public void zeroPage(RamBlock block, long at) {
                if (zero.size() < PAGES) {
                  zero.add(new RamRecord.ZeroPage(block, at, false, (byte) 0));
                }
              }
            });
    RamPacketHeader of = packet.header();
    RamPacketHeader header =
        new RamPacketHeader(
            of.flags(),
            of.pagesAlloc(),
            normal.size(),
            of.nextPacketSize(),
            of.packetNumber(),
            zero.size(),
            of.idstr(),
            of.unusedOffsets());
    List<RamRecord> all = new ArrayList<>(normal);
    all.addAll(zero);
    return new RamPacket(0, header, RamPages.of(all, PAGE_SIZE));
  }
}
