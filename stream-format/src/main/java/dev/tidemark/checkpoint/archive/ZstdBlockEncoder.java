// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import com.github.luben.zstd.ZstdCompressCtx;
import java.lang.ref.Reference;

/// Makes zstd frames, one a block. What does not compress is stored in the frame by zstd itself.
final class ZstdBlockEncoder implements BlockEncoder {
  private final ZstdCompressCtx context = new ZstdCompressCtx();

  ZstdBlockEncoder(int level) {
    context.setLevel(level).setContentSize(true).setChecksum(true).setDictID(false);
    NativeMemory.closeWith(this, context);
  }

  @Override
  public int encode(Slab plain, int length, Slab encoded) {
    int room = encoded.buffer().capacity();
    try {
      return context.compressDirectByteBuffer(
          encoded.buffer(), 0, room, plain.buffer(), HEAD, length);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public boolean isStored() {
    return false;
  }
}
