// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.ByteSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// A source that outlives the checkpoint made of it.
record BorrowedSource(ByteSource source) implements ByteSource {
  @Override
  public long size() throws IOException {
    return source.size();
  }

  @Override
  public int read(long position, MemorySegment target) throws IOException {
    return source.read(position, target);
  }

  @Override
  public void close() {}
}
