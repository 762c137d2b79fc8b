// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.analysis;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// What a checkpoint's pages with content are like, measured on some that are spread evenly over
/// them. Sampled pages are compressed in blocks of 64 KiB, as in an archive; where not all are
/// sampled, those of a block are no neighbours, so that what repeats from page to page is not
/// seen.
///
/// @param sampled pages looked at
/// @param of pages with content; all were looked at if it is [#sampled]
/// @param entropy mean of the pages' entropies, 0 to 8 bits per byte
/// @param bytes size of the sampled pages
/// @param lz4Bytes size of their blocks, compressed by LZ4; one that does not compress is stored
/// @param zstdBytes the same by zstd, level 3
public record ContentSample(
    long sampled, long of, double entropy, long bytes, long lz4Bytes, long zstdBytes) {
  /// Pages that are enough to tell.
  public static final int PAGES = 1024;

  /// Measures.
  ///
  /// @param checkpoint stays open
  /// @param survey its pages, counted
  /// @param pages how many to look at, if there are as many
  /// @throws IOException if the checkpoint cannot be read
  public static ContentSample of(Checkpoint checkpoint, RamSurvey survey, int pages)
      throws IOException {
    long data = survey.data();
    if (data == 0 || pages == 0) {
      return new ContentSample(0, data, 0, 0, 0, 0);
    }
    Sampler sampler = new Sampler(checkpoint, data, (int) Math.min(pages, data));
    for (RamBlock block : checkpoint.ramBlocks()) {
      RamSurvey.forEachRun(checkpoint, block, sampler);
    }
    return sampler.result();
  }

  private static final class Sampler implements RamSurvey.RunVisitor {
    private final Checkpoint checkpoint;
    private final int pageSize;
    private final long data;
    private final int wanted;
    private final PageEntropy entropy;
    private final BlockSizes sizes = new BlockSizes();
    private final MemorySegment page;
    private double entropies;

    /// Pages with content passed so far.
    private long passed;

    private int taken;

    Sampler(Checkpoint checkpoint, long data, int wanted) {
      this.checkpoint = checkpoint;
      this.pageSize = checkpoint.targetPageSize();
      this.data = data;
      this.wanted = wanted;
      this.entropy = new PageEntropy(pageSize);
      this.page = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(pageSize));
    }

    @Override
    public void run(RamBlock block, long start, long end, PageKind kind) throws IOException {
      if (kind != PageKind.DATA) {
        return;
      }
      long pages = (end - start) / pageSize;
      for (long next = next(); taken < wanted && next < passed + pages; next = next()) {
        checkpoint.readPage(block, start + (next - passed) * pageSize, page);
        entropies += entropy.of(page);
        sizes.add(page);
        taken++;
      }
      passed += pages;
    }

    /// Number, among the pages with content, of the page to take next.
    private long next() {
      return (long) ((2.0 * taken + 1) * data / (2.0 * wanted));
    }

    ContentSample result() {
      sizes.finish();
      return new ContentSample(
          taken,
          data,
          entropies / Math.max(1, taken),
          (long) taken * pageSize,
          sizes.lz4(),
          sizes.zstd());
    }
  }
}
