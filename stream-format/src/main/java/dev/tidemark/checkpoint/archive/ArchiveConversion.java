// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.stream.DestinationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamRecords;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Writes any checkpoint as an archive, in one pass, through a [PagePipeline]: the caller's thread
/// reads, one thread a processor compresses, one writes.
///
/// Pages are stored as they come; of two versions of a page the later one counts. What stands
/// before
/// the pages is asked for when the first is visited: only then is it known whole.
public final class ArchiveConversion {
  /// Blocks on their way, for each compressor.
  private static final int BLOCKS_EACH = 8;

  /// Bytes of RAM between two calls of a progress listener.
  private static final long PROGRESS_STEP = 4 << 20;

  private ArchiveConversion() {}

  /// Writes a checkpoint. Closes neither; making what was written durable and visible is the
  /// caller's.
  ///
  /// All threads have ended when this returns or throws; what is thrown is what went wrong first.
  ///
  /// @param in read to its end
  /// @param out where the archive goes
  /// @param manifest what is noted beside the VM's state; absent where nothing is known
  /// @param options how it is written; blocks are of 256 KiB where a page does not fit smaller ones
  /// @param progress told the bytes of RAM visited, in the caller's thread; the total is 0 where
  ///     pages may come more than once
  /// @return bytes written
  /// @throws StreamException if the checkpoint cannot be read, or not be stored in an archive
  /// @throws IOException if one cannot be read or the other cannot be written
  public static long write(
      CheckpointStream in,
      CheckpointTarget out,
      Optional<Manifest> manifest,
      ArchiveOptions options,
      Progress progress)
      throws IOException {
    try (Copy copy = new Copy(in, out, options, progress)) {
      return copy.write(manifest);
    }
  }

  /// One checkpoint on its way.
  private static final class Copy implements PageVisitor, Closeable {
    private final CheckpointStream in;
    private final CheckpointTarget out;
    private final ArchiveOptions options;
    private final Progress progress;
    private final long pageSize;
    private final long total;

    private boolean footers;
    private byte[] early = {};
    private @Nullable ArchiveWriter writer;
    private @Nullable PagePipeline pipeline;
    private long done;
    private long next = PROGRESS_STEP;

    Copy(CheckpointStream in, CheckpointTarget out, ArchiveOptions options, Progress progress) {
      this.in = in;
      this.out = out;
      this.options = options;
      this.progress = progress;
      this.pageSize = in.targetPageSize();
      this.total =
          in.eachPageOnce() ? in.ramBlocks().stream().mapToLong(RamBlock::usedLength).sum() : 0;
    }

    long write(Optional<Manifest> manifest) throws IOException {
      try {
        in.forEachPage(this);
      } catch (IOException | RuntimeException e) {
        PagePipeline running = pipeline;
        if (running != null) {
          running.throwFailure();
        }
        throw e;
      }
      running().finish();
      DeviceState devices = in.deviceState();
      if (footers != in.footers() || !Arrays.equals(early, devices.early())) {
        throw new StreamException.Unsupported(
            "what stands before the pages is known only behind them", 0, "checkpoint");
      }
      ArchiveWriter archive = writer;
      if (archive == null) {
        throw new IllegalStateException("no archive was begun");
      }
      archive.finish(devices, manifest);
      progress.advanced(total == 0 ? done : total, total);
      return archive.fileBytes();
    }

    private PagePipeline running() throws IOException {
      PagePipeline running = pipeline;
      return running != null ? running : begin();
    }

    private PagePipeline begin() throws IOException {
      footers = in.footers();
      early = in.earlySections();
      MachineConfiguration machine = in.configuration().forDestination();
      ArchivePrologue prologue =
          new ArchivePrologue(
              machine.machineType().isEmpty()
                  ? Optional.empty()
                  : Optional.of(StreamElement.Configuration.of(machine).bytes()),
              early,
              in.ramBlocks(),
              in.targetPageSize(),
              DestinationStream.RAM_SECTION_ID,
              footers);
      check(prologue);
      ArchiveWriter archive = ArchiveWriter.begin(out, fitting(), prologue);
      writer = archive;
      int compressors = Runtime.getRuntime().availableProcessors();
      PagePipeline started =
          new PagePipeline(archive, BLOCKS_EACH * (compressors + 1), compressors, () -> {});
      pipeline = started;
      return started;
    }

    private static void check(ArchivePrologue prologue) throws StreamException {
      try {
        RamLayout layout = new RamLayout(prologue.ramBlocks(), prologue.targetPageSize());
        if (layout.blocks().isEmpty()) {
          throw new IllegalArgumentException("no RAM block");
        }
      } catch (IllegalArgumentException e) {
        throw new StreamException.Unsupported(
            "RAM that an archive cannot hold: " + e.getMessage(), 0, "checkpoint");
      }
    }

    private ArchiveOptions fitting() {
      return pageSize + RamRecords.SIZE_WORD + 256 > options.blockContent()
          ? options.withBlockContent(ArchiveOptions.BLOCK_256_KIB)
          : options;
    }

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
        throws IOException {
      running().page(block.index(), pageOffset, window, windowOffset);
      advance();
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) throws IOException {
      running().zeroPage(block.index(), pageOffset);
      advance();
    }

    private void advance() {
      done += pageSize;
      if (done >= next) {
        next = done + PROGRESS_STEP;
        progress.advanced(done, total);
      }
    }

    @Override
    public void close() {
      if (pipeline != null) {
        pipeline.close();
      }
      if (writer != null) {
        writer.close();
      }
    }
  }
}
