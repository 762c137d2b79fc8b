// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.CheckpointTarget;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Keeps what is appended; refuses more than it has room for, as a full disk does.
final class MemoryTarget implements CheckpointTarget {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final long room;

  MemoryTarget() {
    this(Long.MAX_VALUE);
  }

  MemoryTarget(long room) {
    this.room = room;
  }

  byte[] toByteArray() {
    return bytes.toByteArray();
  }

  @Override
  public void append(MemorySegment segment) throws IOException {
    if (bytes.size() + segment.byteSize() > room) {
      throw new IOException("No space left on device");
    }
    bytes.writeBytes(segment.toArray(ValueLayout.JAVA_BYTE));
  }

  @Override
  public void sync() {}

  @Override
  public void commit() {}

  @Override
  public void abort() {}
}
