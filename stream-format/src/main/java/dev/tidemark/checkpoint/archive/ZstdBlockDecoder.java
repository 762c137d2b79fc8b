// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import dev.tidemark.stream.StreamException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/// Reads zstd frames, one a block.
final class ZstdBlockDecoder implements BlockDecoder {
  private final int blockContent;
  private final Slab plain;
  private final ZstdDecompressCtx context = new ZstdDecompressCtx();
  private int length;

  ZstdBlockDecoder(int blockContent) {
    this.blockContent = blockContent;
    this.plain = Slab.allocate(blockContent);
    NativeMemory.closeWith(this, context);
  }

  @Override
  public void decode(Slab encoded, int pieceLength, long fileOffset) throws StreamException {
    if (ZstdFrameDescriptor.frameLength(encoded.segment(), pieceLength, blockContent)
        != pieceLength) {
      throw BlockReader.wrongSize(fileOffset);
    }
    try {
      length =
          context.decompressDirectByteBuffer(
              plain.buffer(), 0, blockContent, encoded.buffer(), 0, pieceLength);
    } catch (ZstdException e) {
      throw e.getErrorCode() == Zstd.errChecksumWrong()
          ? BlockReader.wrongChecksum(fileOffset)
          : BlockReader.undecodable(fileOffset);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public MemorySegment content() {
    return plain.segment();
  }

  @Override
  public int start() {
    return 0;
  }

  @Override
  public int length() {
    return length;
  }
}
