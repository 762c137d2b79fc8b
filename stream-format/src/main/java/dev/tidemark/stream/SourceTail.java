// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.checkpoint.ByteSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// A source from a position on, so that a stream which starts there starts at 0. With a negative
/// start it is bytes that stand further behind in a stream.
///
/// @param whole the source; closed with this
/// @param start where its first byte of interest is
record SourceTail(ByteSource whole, long start) implements ByteSource {
  @Override
  public long size() throws IOException {
    return Math.max(0, whole.size() - start);
  }

  @Override
  public int read(long position, MemorySegment target) throws IOException {
    return whole.read(start + position, target);
  }

  @Override
  public Optional<MemorySegment> memory() {
    return whole.memory().map(all -> all.asSlice(Math.min(start, all.byteSize())));
  }

  @Override
  public void close() throws IOException {
    whole.close();
  }
}
