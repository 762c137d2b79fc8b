// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A file that appears under its name only when it is whole.
///
/// Bytes go to `.NAME.part-PID` in the same folder, mode 0600 from the start, since RAM holds
/// secrets. [#commit] makes them durable, gives them their name and makes the name durable. An
/// existing file is replaced only with `force`, which is asked when the target is made and again
/// when it is published. Part files of writers that are dead are removed when a target is made.
///
/// Used by one thread at a time, but for [#write]. A thread interrupted while it writes closes the
/// file.
public final class FileTarget implements RandomAccessTarget {
  /// Bytes are gathered into writes of this many.
  private static final int GATHER = 1 << 20;

  /// So many bytes of native memory are not gathered, but written from where they are.
  private static final int DIRECT = GATHER / 4;

  private final Path file;
  private final Path part;
  private final Options options;
  private final FileChannel channel;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment gathered = arena.allocate(GATHER, 64);
  private final ByteBuffer gatheredBuffer = gathered.asByteBuffer();

  private long fill;
  private volatile boolean durable;
  private volatile boolean failed;
  private boolean over;

  /// How a file is published.
  ///
  /// @param force whether an existing file is replaced
  /// @param keepPartial whether part files stay: those of dead writers, and this one if aborted
  public record Options(boolean force, boolean keepPartial) {
    /// Nothing is replaced, nothing is left behind.
    public static final Options DEFAULT = new Options(false, false);
  }

  private FileTarget(Path file, Path part, Options options, FileChannel channel) {
    this.file = file;
    this.part = part;
    this.options = options;
    this.channel = channel;
  }

  /// Makes the part file; nothing is made if this throws.
  ///
  /// @param file the final name; not a symbolic link, in a folder that exists and can be written
  /// @param options how it is published
  /// @throws FileAlreadyExistsException if the file exists and `force` is off
  /// @throws IOException if the part file cannot be made
  public static FileTarget create(Path file, Options options) throws IOException {
    Path folder = checkedFolder(file, file.toAbsolutePath());
    String name = file.getFileName().toString();
    Path absolute = folder.resolve(name);
    checkFinal(absolute, options);
    PartFiles.sweep(folder, options.keepPartial());
    Path part = PartFiles.claim(folder, name);
    try {
      FileChannel channel =
          FileChannel.open(
              part,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      PartFiles.lock(channel);
      return new FileTarget(absolute, part, options, channel);
    } catch (FileAlreadyExistsException e) {
      PartFiles.release(part);
      throw new FileSystemException(
          file.toString(), null, "is being written by another process with this process's id");
    } catch (IOException | RuntimeException e) {
      PartFiles.release(part);
      throw e;
    }
  }

  /// A target that writes to a device, to be seen failing.
  static FileTarget onto(Path file, Path device) throws IOException {
    FileChannel channel = FileChannel.open(device, StandardOpenOption.WRITE);
    Path part = file.resolveSibling(".none.part-0");
    return new FileTarget(file, part, Options.DEFAULT, channel);
  }

  private static Path checkedFolder(Path file, Path absolute) throws IOException {
    Path folder = absolute.getParent();
    if (folder == null || absolute.getFileName() == null) {
      throw new FileSystemException(file.toString(), null, "not the name of a file");
    }
    if (!Files.exists(folder)) {
      throw new NoSuchFileException(folder.toString(), null, "no such folder");
    }
    if (!Files.isDirectory(folder)) {
      throw new FileSystemException(folder.toString(), null, "not a folder");
    }
    if (!Files.isWritable(folder)) {
      throw new FileSystemException(folder.toString(), null, "folder cannot be written");
    }
    // One spelling of the folder, so that part files in use are known by their path.
    return folder.toRealPath();
  }

  private static void checkFinal(Path file, Options options) throws IOException {
    if (Files.isSymbolicLink(file)) {
      throw new FileSystemException(
          file.toString(), null, "is a symbolic link; name the file itself");
    }
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new FileSystemException(file.toString(), null, "exists and is not a regular file");
      }
      if (!options.force()) {
        throw exists(file);
      }
    }
  }

  private static FileAlreadyExistsException exists(Path file) {
    return new FileAlreadyExistsException(file.toString(), null, "file exists");
  }

  /// The final name, absolute.
  public Path file() {
    return file;
  }

  /// The part file, absolute.
  public Path part() {
    return part;
  }

  @Override
  public void append(MemorySegment bytes) throws IOException {
    checkOpen();
    durable = false;
    long at = 0;
    long size = bytes.byteSize();
    while (at < size) {
      if (size - at >= DIRECT && bytes.isNative()) {
        flush();
        long length = Math.min(size - at, 1 << 30);
        writeFully(bytes.asSlice(at, length).asByteBuffer());
        at += length;
        continue;
      }
      long length = Math.min(size - at, GATHER - fill);
      MemorySegment.copy(bytes, at, gathered, fill, length);
      fill += length;
      at += length;
      if (fill == GATHER) {
        flush();
      }
    }
  }

  @Override
  public void write(long position, MemorySegment bytes) throws IOException {
    checkOpen();
    durable = false;
    try {
      for (long at = 0; at < bytes.byteSize(); ) {
        long length = Math.min(bytes.byteSize() - at, 1 << 30);
        ByteBuffer buffer = bytes.asSlice(at, length).asByteBuffer();
        while (buffer.hasRemaining()) {
          channel.write(buffer, position + at + buffer.position());
        }
        at += length;
      }
    } catch (IOException e) {
      failed = true;
      throw named(e);
    }
  }

  @Override
  public void grow(long size) throws IOException {
    checkOpen();
    durable = false;
    try {
      if (size < channel.size()) {
        throw new IllegalArgumentException(
            "size " + size + " of a target with " + channel.size() + " bytes");
      }
      if (size > channel.size()) {
        channel.write(ByteBuffer.allocate(1), size - 1);
      }
    } catch (IOException e) {
      failed = true;
      throw named(e);
    }
  }

  private void flush() throws IOException {
    gatheredBuffer.position(0).limit((int) fill);
    writeFully(gatheredBuffer);
    fill = 0;
  }

  private void writeFully(ByteBuffer buffer) throws IOException {
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } catch (IOException e) {
      failed = true;
      throw named(e);
    }
  }

  /// The exception with the file's name, which the system's message does not have.
  private IOException named(IOException e) {
    if (e instanceof FileSystemException) {
      return e;
    }
    FileSystemException named = new FileSystemException(file.toString(), null, reason(e));
    named.initCause(e);
    return named;
  }

  private static String reason(IOException e) {
    @Nullable String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }

  private void checkOpen() {
    if (over || failed) {
      throw new IllegalStateException(failed ? "an earlier write failed" : "target is closed");
    }
  }

  @Override
  public void sync() throws IOException {
    checkOpen();
    flush();
    try {
      channel.force(true);
    } catch (IOException e) {
      failed = true;
      throw named(e);
    }
    durable = true;
  }

  @Override
  public void commit() throws IOException {
    if (!durable) {
      sync();
    }
    checkOpen();
    checkFinal(file, options);
    if (options.force()) {
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } else {
      publishNew();
    }
    over = true;
    release();
    try (FileChannel folder = FileChannel.open(folder(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }

  private Path folder() {
    Path folder = file.getParent();
    return folder == null ? file : folder;
  }

  /// A rename would replace a file that has appeared since it was looked for; a link does not.
  private void publishNew() throws IOException {
    try {
      Files.createLink(file, part);
    } catch (FileAlreadyExistsException e) {
      throw exists(file);
    } catch (UnsupportedOperationException | FileSystemException e) {
      moveNew();
      return;
    }
    try {
      Files.delete(part);
    } catch (IOException e) {
      // The file is published; a second name of it that stays is removed by the next save.
    }
  }

  /// For file systems without hard links.
  private void moveNew() throws IOException {
    checkFinal(file, options);
    try {
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw new FileSystemException(file.toString(), null, "file system cannot rename atomically");
    }
  }

  @Override
  public void abort() throws IOException {
    if (over) {
      return;
    }
    over = true;
    try {
      if (!options.keepPartial()) {
        Files.deleteIfExists(part);
      }
    } finally {
      release();
    }
  }

  private void release() throws IOException {
    PartFiles.release(part);
    arena.close();
    channel.close();
  }
}
