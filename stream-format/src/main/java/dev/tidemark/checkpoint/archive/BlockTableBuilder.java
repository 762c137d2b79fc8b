// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import java.util.ArrayList;
import java.util.List;

/// The table of archive blocks while an archive is written: coded as it grows.
final class BlockTableBuilder {
  private static final int FULL = PageIndexDescriptor.MAX_RAW - 16;

  private final List<byte[]> payloads = new ArrayList<>();
  private final ByteSink raw = new ByteSink();
  private long first;
  private long count;

  /// Notes the next block.
  ///
  /// @param number its size, as [BodyEncoding#tableNumber]
  void add(long number) {
    raw.varint(number);
    count++;
    if (raw.size() >= FULL) {
      closePart();
    }
  }

  long count() {
    return count;
  }

  private void closePart() {
    payloads.add(new PackedPart(first, count - first, 0, raw.array(), raw.size()).payload());
    raw.clear();
    first = count;
  }

  /// The payloads of all parts.
  List<byte[]> finish() {
    if (count > first) {
      closePart();
    }
    return payloads;
  }
}
