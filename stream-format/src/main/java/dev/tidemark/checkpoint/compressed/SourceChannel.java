// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import dev.tidemark.checkpoint.ByteSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/// A source read front to back. Closing it leaves the source open.
final class SourceChannel implements ReadableByteChannel {
  private final ByteSource source;
  private long position;

  SourceChannel(ByteSource source, long start) {
    this.source = source;
    this.position = start;
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    int got = source.read(position, target);
    position += got;
    return got == 0 ? -1 : got;
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {
    // The source's owner closes it.
  }
}
