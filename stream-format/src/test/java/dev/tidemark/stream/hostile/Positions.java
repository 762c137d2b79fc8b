// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamElement.VmDescription;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.multifd.MultifdChannelReader;
import dev.tidemark.stream.multifd.MultifdPacket;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.ram.RamRecordVisitor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.stream.IntStream;

/// Where to damage a good stream: all bytes of its structure, and every so many of what it carries
/// (page contents, bodies of device sections, vmdesc).
final class Positions {
  private static final int SMALL = 256;

  private Positions() {}

  /// All positions of short bytes.
  static int[] all(byte[] bytes) {
    return IntStream.range(0, bytes.length).toArray();
  }

  /// Positions in the connections of a multifd migration, as [MultifdSubject#framed] puts them.
  ///
  /// @param stride how many bytes of a payload one position stands for
  static int[] inConnections(byte[] framed, int stride) throws IOException {
    BitSet carried = new BitSet(framed.length);
    int mainAt = MultifdSubject.mainAt(framed);
    ByteBuffer lengths = ByteBuffer.wrap(framed);
    MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
    for (int at = 4; at < mainAt; at += lengths.getInt(at - 4) + 4) {
      Input channel = new Input(framed, at, lengths.getInt(at - 4));
      try (MultifdChannelReader in = MultifdChannelReader.open(settings, channel.source())) {
        for (MultifdPacket packet = in.next(); packet != null; packet = in.next()) {
          if (packet instanceof RamPacket ram) {
            // Of the offsets a few are structure enough.
            int offsets = at + (int) packet.streamOffset() + 320;
            int end = offsets + 8 * (524288 / in.targetPageSize()) + ram.header().nextPacketSize();
            carried.set(Math.min(offsets + 64, end), end);
          }
        }
      }
    }
    // Main streams are damaged by themselves: here what the channels need of them.
    carried.set(Math.min(mainAt + SMALL * 8, framed.length), framed.length);
    return positions(framed, carried, stride);
  }

  private static int[] positions(byte[] bytes, BitSet carried, int stride) {
    return IntStream.range(0, bytes.length)
        .filter(i -> !carried.get(i) || i % stride == 0)
        .toArray();
  }

  /// Positions in a migration stream.
  ///
  /// @param stride how many bytes of carried content one position stands for
  static int[] inStream(byte[] bytes, int stride) throws IOException {
    BitSet carried = new BitSet(bytes.length);
    Input input = new Input(bytes, 0, bytes.length);
    try (StreamReader in = MigrationStream.of(TargetPageSize.detect()).read(input.source())) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        int at = (int) e.streamOffset();
        switch (e) {
          case RamSection ram -> {
            ram.blockList().forEach(entry -> region(entry, carried));
            ram.pages().forEachRecord(new Contents(in, carried));
          }
          case DeviceSection device -> {
            int body = at + 14 + device.header().idstr().length();
            carried.set(body, body + device.body().length);
          }
          case DeviceStateTail tail -> carried.set(at + 1, at + tail.sectionsLength());
          case VmDescription vmdesc -> carried.set(at + 5, at + 5 + vmdesc.json().length());
          case IterableSection section -> large(at, section.body().length, carried);
          case PackagedStream packaged ->
              large((int) packaged.contentOffset(), packaged.bytes().length, carried);
          case StreamElement.FileHeader _,
              StreamElement.Configuration _,
              StreamElement.Command _,
              StreamElement.EndOfFile _ -> {}
        }
      }
    }
    return positions(bytes, carried, stride);
  }

  /// What is opaque here, but has a structure: all of it where it is small.
  private static void large(int at, int length, BitSet carried) {
    if (length > SMALL) {
      carried.set(at + SMALL, at + length);
    }
  }

  /// Bitmap and pages of a block of a mapped-ram stream.
  private static void region(RamBlockEntry entry, BitSet carried) {
    entry
        .mappedRam()
        .ifPresent(
            place -> {
              int end = (int) (place.pagesOffset() + entry.block().usedLength());
              carried.set((int) Math.min(place.bitmapOffset() + SMALL, place.pagesOffset()), end);
            });
  }

  /// Positions behind RAM: in device sections and vmdesc.
  ///
  /// @param stride how many bytes one position stands for
  static int[] inDevices(byte[] bytes, int stride) throws IOException {
    Input input = new Input(bytes, 0, bytes.length);
    int start = bytes.length;
    try (StreamReader in =
        MigrationStream.of(TargetPageSize.detect()).withDeviceTail().read(input.source())) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof DeviceStateTail tail) {
          start = (int) tail.streamOffset();
        }
      }
    }
    return IntStream.range(start, bytes.length).filter(i -> i % stride == 0).toArray();
  }

  private record Contents(StreamReader in, BitSet carried) implements RamRecordVisitor {
    private void set(long windowOffset, int length) {
      int at = (int) in.streamOffsetOf(windowOffset);
      carried.set(at, at + length);
    }

    @Override
    public void page(RamBlock block, long at, boolean continued, MemorySegment in, long inAt) {
      set(inAt, this.in.targetPageSize());
    }

    @Override
    public void zeroPage(RamBlock block, long at, boolean continued, byte fill) {}

    @Override
    public void xbzrlePage(
        RamBlock block, long at, boolean continued, MemorySegment in, long inAt, int length) {
      set(inAt, length);
    }

    @Override
    public void compressedPage(
        RamBlock block, long at, boolean continued, MemorySegment in, long inAt, int length) {
      set(inAt, length);
    }

    @Override
    public void multifdFlush() {}
  }
}
