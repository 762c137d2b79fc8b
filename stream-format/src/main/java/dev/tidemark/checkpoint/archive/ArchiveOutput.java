// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.CheckpointTarget;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.util.concurrent.atomic.AtomicLong;

/// Appends to the target, counts, and hashes: segments up to the end of the body, then one digest
/// over the sections.
final class ArchiveOutput implements Closeable {
  /// Blocks are gathered into appends of this many bytes.
  private static final int STAGED = 1 << 20;

  private final CheckpointTarget target;
  private final MemorySegment staged = Arena.ofAuto().allocate(STAGED, 4096);
  private final SegmentHasher segments = new SegmentHasher();
  private final MessageDigest sectionDigest = SegmentHasher.sha256();
  private final AtomicLong size = new AtomicLong();
  private int fill;

  ArchiveOutput(CheckpointTarget target) {
    this.target = target;
  }

  /// Bytes appended; may be asked from any thread.
  long size() {
    return size.get();
  }

  /// Appends a part of header or body, of which `length` bytes count.
  void body(MemorySegment bytes, int length) throws IOException {
    segments.update(bytes, length);
    append(bytes, length);
  }

  void body(byte[] bytes) throws IOException {
    body(Bytes.segment(bytes), bytes.length);
  }

  /// The digests of all segments; the body ends here.
  byte[] endBody() throws IOException {
    return segments.finish();
  }

  /// Appends a section's frame.
  void section(byte[] frame) throws IOException {
    sectionDigest.update(frame);
    append(Bytes.segment(frame), frame.length);
  }

  byte[] sectionDigest() {
    return sectionDigest.digest();
  }

  /// Appends the last frame, which no digest covers, and hands everything to the target.
  void last(byte[] frame) throws IOException {
    append(Bytes.segment(frame), frame.length);
    flush();
  }

  private void append(MemorySegment bytes, int length) throws IOException {
    int at = 0;
    while (at < length) {
      int n = Math.min(length - at, STAGED - fill);
      MemorySegment.copy(bytes, at, staged, fill, n);
      fill += n;
      at += n;
      if (fill == STAGED) {
        flush();
      }
    }
    size.addAndGet(length);
  }

  private void flush() throws IOException {
    target.append(fill == STAGED ? staged : staged.asSlice(0, fill));
    fill = 0;
  }

  @Override
  public void close() {
    segments.close();
  }
}
