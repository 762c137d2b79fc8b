// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A few block readers shared by the threads that read pages at random. Whoever reads takes one
/// out and puts it back; the one that holds the wanted block is preferred.
final class BlockReaders {
  private final AtomicReferenceArray<@Nullable BlockReader> idle;
  private final Supplier<BlockReader> maker;

  /// @param most readers that are kept while idle
  BlockReaders(int most, Supplier<BlockReader> maker) {
    this.idle = new AtomicReferenceArray<>(most);
    this.maker = maker;
  }

  /// Takes a reader out, made anew if none is idle.
  BlockReader take(long block) {
    for (int i = 0; i < idle.length(); i++) {
      BlockReader reader = idle.get(i);
      if (reader != null && reader.block() == block && idle.compareAndSet(i, reader, null)) {
        return reader;
      }
    }
    for (int i = idle.length() - 1; i >= 0; i--) {
      BlockReader reader = idle.getAndSet(i, null);
      if (reader != null) {
        return reader;
      }
    }
    return maker.get();
  }

  /// Puts a reader back; one too many is left to the garbage collector.
  void give(BlockReader reader) {
    for (int i = 0; i < idle.length(); i++) {
      if (idle.compareAndSet(i, null, reader)) {
        return;
      }
    }
  }
}
