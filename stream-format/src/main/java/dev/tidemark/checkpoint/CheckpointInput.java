// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import dev.tidemark.checkpoint.libvirt.LibvirtCheckpoint;
import dev.tidemark.checkpoint.libvirt.LibvirtCheckpointStream;
import dev.tidemark.checkpoint.libvirt.LibvirtHeader;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A checkpoint in a file, or one that comes through a pipe.
///
/// It is taken once, by one thread: as a [#stream], or as a [#checkpoint].
public final class CheckpointInput implements Closeable {
  private final CheckpointFormat format;
  private final OpenOptions options;
  private final Consumer<String> told;

  /// A file, or what of a pipe can only be read at random; null where a pipe is read in one pass.
  private @Nullable Checkpoint checkpoint;

  private @Nullable CheckpointStream stream;

  private CheckpointInput(
      CheckpointFormat format,
      OpenOptions options,
      Consumer<String> told,
      @Nullable Checkpoint checkpoint,
      @Nullable CheckpointStream stream) {
    this.format = format;
    this.options = options;
    this.told = told;
    this.checkpoint = checkpoint;
    this.stream = stream;
  }

  /// A checkpoint that is open.
  ///
  /// @param checkpoint closed with the result
  public static CheckpointInput of(Checkpoint checkpoint) {
    return new CheckpointInput(checkpoint.format(), OpenOptions.DEFAULT, _ -> {}, checkpoint, null);
  }

  /// A checkpoint that comes through a pipe.
  ///
  /// A format that is read front to back is read in one pass; of any other the bytes are kept in a
  /// temporary file first.
  ///
  /// @param pipe in blocking mode; closed with the result
  /// @param options how it is opened, and where pages or bytes are kept
  /// @param told is told, in words for a user, when something has to be kept
  /// @throws IOException if it cannot be read; then `pipe` is closed
  public static CheckpointInput of(
      ReadableByteChannel pipe, OpenOptions options, Consumer<String> told) throws IOException {
    try {
      PipedStart start = PipedStart.of(pipe);
      Optional<CheckpointStream> stream = start.stream();
      if (stream.isPresent()) {
        return new CheckpointInput(start.format(), options, told, null, stream.get());
      }
      told.accept("the input has to be read at random: keeping it in " + options.spoolFolder());
      Checkpoint kept = kept(start.channel(), options);
      return new CheckpointInput(start.format(), options, told, kept, null);
    } catch (IOException | RuntimeException | Error e) {
      pipe.close();
      throw e;
    }
  }

  private static Checkpoint kept(ReadableByteChannel pipe, OpenOptions options) throws IOException {
    ByteSource bytes = ByteSource.spooled(pipe, options.spoolFolder());
    try {
      return Checkpoint.open(bytes, options);
    } catch (IOException | RuntimeException | Error e) {
      bytes.close();
      throw e;
    }
  }

  /// What kind of file it is.
  public CheckpointFormat format() {
    return format;
  }

  /// Its pages and state in one pass. Those of a file come each once; a pipe's come as they are
  /// stored.
  ///
  /// @throws IOException if it cannot be read
  public CheckpointStream stream() throws IOException {
    if (checkpoint != null) {
      return checkpoint.stream();
    }
    if (stream == null) {
      throw new IllegalStateException("taken already");
    }
    return stream;
  }

  /// With random access. A pipe is read to its end first.
  ///
  /// @throws IOException if it cannot be read, or its pages cannot be kept
  public Checkpoint checkpoint() throws IOException {
    if (checkpoint != null) {
      return checkpoint;
    }
    told.accept("the pages are needed at random: keeping them in " + options.spoolFolder());
    Checkpoint spooled = PageSpool.checkpoint(stream(), format, options.spoolFolder());
    checkpoint = spooled;
    return spooled;
  }

  /// What was noted when the VM was saved; absent where the format holds none, and from a pipe.
  public Optional<Manifest> manifest() {
    return checkpoint == null ? Optional.empty() : checkpoint.manifest();
  }

  /// What stands before the stream where this is a libvirt save image, such as the domain's XML;
  /// absent where it is none.
  public Optional<LibvirtHeader> libvirtHeader() {
    if (checkpoint instanceof LibvirtCheckpoint image) {
      return Optional.of(image.header());
    }
    return stream instanceof LibvirtCheckpointStream image
        ? Optional.of(image.header())
        : Optional.empty();
  }

  @Override
  public void close() throws IOException {
    CheckpointStream open = stream;
    Checkpoint kept = checkpoint;
    stream = null;
    checkpoint = null;
    try {
      if (open != null) {
        open.close();
      }
    } finally {
      if (kept != null) {
        kept.close();
      }
    }
  }
}
