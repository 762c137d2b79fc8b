// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// Long-lived native memory, with the buffer view that libraries without segments take.
record Slab(MemorySegment segment, ByteBuffer buffer) {
  /// Memory that lives as long as it is reachable.
  static Slab allocate(long size) {
    MemorySegment segment = Arena.ofAuto().allocate(size, 64);
    return new Slab(segment, segment.asByteBuffer());
  }
}
