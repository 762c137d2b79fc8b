// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamElement.VmDescription;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.DeltaVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.stream.IntStream;

/// Where to damage a good stream: all bytes of its structure, and every so many of what it carries
/// (page contents, bodies of device sections, vmdesc).
final class Positions {
  private Positions() {}

  /// All positions of short bytes.
  static int[] all(byte[] bytes) {
    return IntStream.range(0, bytes.length).toArray();
  }

  /// Positions in a migration stream.
  ///
  /// @param stride how many bytes of carried content one position stands for
  static int[] inStream(byte[] bytes, int stride) throws IOException {
    BitSet carried = new BitSet(bytes.length);
    Input input = new Input(bytes, bytes.length);
    try (StreamReader in = MigrationStream.of(TargetPageSize.detect()).read(input.source())) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        int at = (int) e.streamOffset();
        switch (e) {
          case RamSection ram -> ram.pages().forEach(new Contents(in, carried));
          case DeviceSection device -> {
            int body = at + 14 + device.header().idstr().length();
            carried.set(body, body + device.body().length);
          }
          case DeviceStateTail tail -> carried.set(at + 1, at + tail.sectionsLength());
          case VmDescription vmdesc -> carried.set(at + 5, at + 5 + vmdesc.json().length());
          case StreamElement.FileHeader _,
              StreamElement.Configuration _,
              StreamElement.Command _,
              StreamElement.IterableSection _,
              StreamElement.PackagedStream _,
              StreamElement.EndOfFile _ -> {}
        }
      }
    }
    return IntStream.range(0, bytes.length)
        .filter(i -> !carried.get(i) || i % stride == 0)
        .toArray();
  }

  /// Positions behind RAM: in device sections and vmdesc.
  ///
  /// @param stride how many bytes one position stands for
  static int[] inDevices(byte[] bytes, int stride) throws IOException {
    Input input = new Input(bytes, bytes.length);
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

  private record Contents(StreamReader in, BitSet carried) implements DeltaVisitor {
    private void set(long windowOffset, int length) {
      int at = (int) in.streamOffsetOf(windowOffset);
      carried.set(at, at + length);
    }

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      set(windowOffset, in.targetPageSize());
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {}

    @Override
    public void filledPage(
        RamBlock block, long pageOffset, byte fill, MemorySegment window, long windowOffset) {}

    @Override
    public void xbzrlePage(
        RamBlock block, long pageOffset, MemorySegment window, long windowOffset, int length) {
      set(windowOffset, length);
    }
  }
}
