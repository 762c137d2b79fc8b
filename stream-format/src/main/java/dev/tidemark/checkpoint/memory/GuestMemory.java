// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.memory;

import dev.tidemark.checkpoint.Checkpoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// A checkpoint's RAM by guest-physical address.
///
/// ```java
/// try (Checkpoint checkpoint = Checkpoint.open(file)) {
///   GuestMemory memory = new GuestMemory(checkpoint, MemoryMap.of(checkpoint));
///   long read = memory.read(0x10_0000, MemorySegment.ofArray(new byte[4096]));
/// }
/// ```
///
/// May be used by several threads at once.
///
/// @param checkpoint open as long as this is used
/// @param map of that checkpoint
public record GuestMemory(Checkpoint checkpoint, MemoryMap map) {
  /// Reads bytes, across as many ranges as go on without a hole. What the checkpoint holds nothing
  /// for is zero.
  ///
  /// @param physical guest-physical address
  /// @param target takes the bytes, from its start
  /// @return how many were read: all of `target`, or fewer where a hole begins; 0 in a hole
  /// @throws IOException if the checkpoint cannot be read
  public long read(long physical, MemorySegment target) throws IOException {
    long done = 0;
    while (done < target.byteSize()) {
      long at = physical + done;
      Optional<MemoryRange> found = map.at(at);
      if (found.isEmpty()) {
        break;
      }
      MemoryRange range = found.get();
      long length = Math.min(range.end() - at, target.byteSize() - done);
      readBlock(range, at - range.start(), target.asSlice(done, length));
      done += length;
    }
    return done;
  }

  private void readBlock(MemoryRange range, long from, MemorySegment target) throws IOException {
    int pageSize = checkpoint.targetPageSize();
    MemorySegment part = MemorySegment.NULL;
    for (long done = 0; done < target.byteSize(); ) {
      long offset = range.blockOffset() + from + done;
      long inPage = offset % pageSize;
      long length = Math.min(pageSize - inPage, target.byteSize() - done);
      if (length == pageSize) {
        checkpoint.readPage(range.block(), offset, target.asSlice(done, length));
      } else {
        if (part.byteSize() == 0) {
          part = MemorySegment.ofArray(new byte[pageSize]);
        }
        checkpoint.readPage(range.block(), offset - inPage, part);
        MemorySegment.copy(part, inPage, target, done, length);
      }
      done += length;
    }
  }
}
