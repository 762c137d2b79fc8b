// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.tools.report.ProgressLine;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// A source that shows how far it has been read.
final class WatchedSource implements ByteSource {
  private final ByteSource source;
  private final ProgressLine line;

  WatchedSource(ByteSource source, ProgressLine line) {
    this.source = source;
    this.line = line;
  }

  @Override
  public long size() throws IOException {
    return source.size();
  }

  @Override
  public int read(long position, MemorySegment target) throws IOException {
    int count = source.read(position, target);
    line.show("verifying", position + count, source.size(), "");
    return count;
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
