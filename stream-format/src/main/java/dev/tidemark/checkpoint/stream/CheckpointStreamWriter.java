// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement.RamSection.Phase;
import dev.tidemark.stream.StreamWriter;
import dev.tidemark.stream.StreamWriter.RamSectionWriter;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// Writes a checkpoint as the migration stream that a destination QEMU takes, in its simplest form:
/// header, configuration, early device sections, RAM START, one PART with all pages, sections of
/// other iterable devices, RAM END, device sections, EOF, vmdesc. No commands. Footers and
/// configuration where the source had them.
///
/// Zero pages are written too, since a destination may have loaded content of its own into ROM.
public final class CheckpointStreamWriter {
  /// Bytes between two calls of a progress listener.
  private static final long PROGRESS_STEP = 1 << 20;

  private CheckpointStreamWriter() {}

  /// What to do beside copying.
  ///
  /// @param progress is told the bytes written so far, about every MiB and at the end; in the
  ///     writing thread
  /// @param runState the run state to put into `globalstate`; absent leaves it as it is
  public record Options(LongConsumer progress, Optional<String> runState) {
    /// No listener, run state as stored.
    public static final Options DEFAULT = new Options(_ -> {}, Optional.empty());

    /// The same with a listener.
    ///
    /// @param listener is told the bytes written so far
    public Options withProgress(LongConsumer listener) {
      return new Options(listener, runState);
    }

    /// The same with another run state.
    ///
    /// @param state such as `running` or `paused`
    public Options withRunState(String state) {
      return new Options(progress, Optional.of(state));
    }
  }

  /// Writes a checkpoint. Closes neither.
  ///
  /// @param in read to its end
  /// @param out in blocking mode
  /// @param options what to do beside
  /// @return bytes written
  /// @throws IOException if one cannot be read or the other cannot be written
  public static long write(CheckpointStream in, WritableByteChannel out, Options options)
      throws IOException {
    return new Copy(in, out, options).write();
  }

  /// One checkpoint on its way. What comes before the pages is written when the first is visited:
  /// only then is it known whole.
  private static final class Copy implements PageVisitor {
    private final CheckpointStream in;
    private final StreamWriter writer;
    private final DestinationStream frame;
    private final Options options;
    private @Nullable RamSectionWriter part;
    private long next = PROGRESS_STEP;

    // The writer is not closed: that would close the channel, which is the caller's.
    @SuppressWarnings("resource")
    Copy(CheckpointStream in, WritableByteChannel out, Options options) {
      this.in = in;
      this.writer = MigrationStream.write(out);
      this.frame = new DestinationStream(in, writer);
      this.options = options;
    }

    long write() throws IOException {
      frame.begin(false);
      in.forEachPage(this);
      part().end();
      frame.behindPages(options.runState());
      options.progress().accept(writer.bytesWritten());
      return writer.bytesWritten();
    }

    private RamSectionWriter part() throws IOException {
      RamSectionWriter begun = part;
      if (begun != null) {
        return begun;
      }
      frame.beforePages();
      List<RamBlockEntry> blockList = in.ramBlocks().stream().map(RamBlockEntry::of).toList();
      writer.beginRam(Phase.START, frame.ram(), blockList).end();
      begun = writer.beginRam(Phase.PART, frame.ram(), List.of());
      part = begun;
      return begun;
    }

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
        throws IOException {
      part().page(block, pageOffset, window, windowOffset);
      if (writer.bytesWritten() >= next) {
        next = writer.bytesWritten() + PROGRESS_STEP;
        options.progress().accept(writer.bytesWritten());
      }
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) throws IOException {
      part().zeroPage(block, pageOffset);
    }
  }
}
