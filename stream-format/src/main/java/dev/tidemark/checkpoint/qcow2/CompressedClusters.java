// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.qcow2;

import static dev.tidemark.checkpoint.qcow2.Qcow2Descriptor.*;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.util.Optional;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// Compressed clusters, of which the last one is kept. `savevm` never makes any; other tools might.
///
/// May be used by several threads at once.
///
/// Format: `qcow2_parse_compressed_l2_entry` in `block/qcow2-cluster.c`, `block/qcow2-threads.c`.
final class CompressedClusters {
  private static final String CONTEXT = "compressed cluster";

  private final ImageBytes image;
  private final Qcow2Header header;
  private Optional<Cluster> last = Optional.empty();

  private record Cluster(long entry, byte[] bytes) {}

  CompressedClusters(ImageBytes image, Qcow2Header header) {
    this.image = image;
    this.header = header;
  }

  /// All bytes of a cluster; not to be changed.
  ///
  /// @param entry its L2 entry
  synchronized byte[] read(long entry) throws IOException {
    if (last.isEmpty() || last.get().entry() != entry) {
      last = Optional.of(new Cluster(entry, decompress(entry)));
    }
    return last.get().bytes();
  }

  private byte[] decompress(long entry) throws IOException {
    int offsetBits = 62 - (header.clusterBits() - 8);
    long offset = entry & (1L << offsetBits) - 1;
    long sectors = ((entry & L2_COMPRESSED - 1) >> offsetBits) + 1;
    int length = (int) (sectors * SECTOR - offset % SECTOR);
    if (offset >= image.size()) {
      throw new StreamException.Truncated("the image ends", image.size(), CONTEXT);
    }
    byte[] packed = image.readUpTo(offset, length, CONTEXT);
    byte[] cluster = new byte[header.clusterSize()];
    boolean whole = header.zstd() ? zstd(packed, cluster) : inflate(packed, cluster);
    if (!whole) {
      throw new StreamException.Malformed(
          "data that is not one " + (header.zstd() ? "zstd" : "deflate") + " cluster",
          offset,
          CONTEXT);
    }
    return cluster;
  }

  private static boolean inflate(byte[] packed, byte[] cluster) {
    try (Inflater inflater = new Inflater(true)) {
      inflater.setInput(packed);
      return inflater.inflate(cluster) == cluster.length;
    } catch (DataFormatException e) {
      return false;
    }
  }

  /// The length is that of whole sectors: behind the frame there is something else.
  private static boolean zstd(byte[] packed, byte[] cluster) {
    try (ZstdDecompressCtx context = new ZstdDecompressCtx()) {
      long frame = Zstd.findFrameCompressedSize(packed);
      return !Zstd.isError(frame)
          && context.decompressByteArray(cluster, 0, cluster.length, packed, 0, (int) frame)
              == cluster.length;
    } catch (ZstdException e) {
      return false;
    }
  }
}
