// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer;

import dev.tidemark.checkpoint.ByteSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/// A file's bytes, held in memory.
record MemorySource(MemorySegment bytes) implements ByteSource {
  static MemorySource of(Path file) throws IOException {
    return new MemorySource(MemorySegment.ofArray(Files.readAllBytes(file)));
  }

  @Override
  public long size() {
    return bytes.byteSize();
  }

  @Override
  public int read(long position, MemorySegment target) {
    long length = Math.clamp(size() - position, 0, target.byteSize());
    MemorySegment.copy(bytes, Math.min(position, size()), target, 0, length);
    return (int) length;
  }

  @Override
  public void close() {}
}
