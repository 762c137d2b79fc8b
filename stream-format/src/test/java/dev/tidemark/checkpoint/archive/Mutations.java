// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static org.assertj.core.api.Assertions.fail;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/// Damaged archives, and what reading them does.
final class Mutations {
  private Mutations() {}

  /// What verifying throws; null if nothing. Anything but our exceptions fails the test.
  static @Nullable StreamException verify(byte[] file) {
    return run(() -> ArchiveVerifier.verify(ByteSource.of(file), Progress.NONE), file.length);
  }

  /// What opening and reading everything throws; null if nothing.
  static @Nullable StreamException readAll(byte[] file) {
    return run(
        () -> {
          try (Checkpoint checkpoint = Checkpoint.open(ByteSource.of(file))) {
            readPages(checkpoint);
            try (CheckpointStream stream = checkpoint.stream()) {
              stream.forEachPage(new Ignore());
              stream.deviceState();
            }
          }
        },
        file.length);
  }

  /// The first pages of each RAM block: one of a mutated archive may be large.
  private static void readPages(Checkpoint checkpoint) throws IOException {
    MemorySegment page = MemorySegment.ofArray(new byte[checkpoint.targetPageSize()]);
    for (RamBlock block : checkpoint.ramBlocks()) {
      long end = Math.min(block.usedLength(), 32L * checkpoint.targetPageSize());
      for (long offset = 0; offset < end; offset += checkpoint.targetPageSize()) {
        try {
          checkpoint.readPage(block, offset, page);
        } catch (StreamException e) {
          // One bad page does not hide the others.
        }
      }
    }
  }

  private static final class Ignore implements PageVisitor {
    private long left = 1_000_000;

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      window.asSlice(windowOffset, 512);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) throws IOException {
      if (--left < 0) {
        throw new StreamException.LimitExceeded("enough pages", 0, "test");
      }
    }
  }

  @FunctionalInterface
  private interface Reading {
    void run() throws IOException;
  }

  private static @Nullable StreamException run(Reading reading, long size) {
    try {
      reading.run();
      return null;
    } catch (StreamException e) {
      if (e.streamOffset() < 0 || e.streamOffset() > size) {
        fail("offset outside of the file", e);
      }
      return e;
    } catch (IOException | RuntimeException | Error e) {
      return fail("not a StreamException", e);
    }
  }

  /// Puts all checksums over the sections right again, so that what is wrong lies deeper.
  static void reseal(byte[] file) {
    int trailer = file.length - TrailerDescriptor.SIZE;
    int bodyEnd = (int) Bytes.getLong(file, trailer + TrailerDescriptor.BODY_END_OFFSET);
    int at = bodyEnd;
    while (at < trailer) {
      int crc = at + 4 + Bytes.getInt(file, at + SectionDescriptor.FRAME_LENGTH_OFFSET);
      Bytes.putInt(file, crc, Bytes.crc(file, at, crc - at));
      at = crc + 4;
    }
    MessageDigest digest = SegmentHasher.sha256();
    digest.update(file, bodyEnd, trailer - bodyEnd);
    System.arraycopy(digest.digest(), 0, file, trailer + TrailerDescriptor.DIGEST_OFFSET, 32);
    int crc = trailer + TrailerDescriptor.CRC_OFFSET;
    Bytes.putInt(file, crc, Bytes.crc(file, trailer, TrailerDescriptor.CRC_OFFSET));
  }
}
