// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The files `.NAME.part-PID` in which checkpoints grow, and who may remove them.
///
/// One whose process lives is never touched. The writer also holds a lock on it, so that a live
/// writer whose process id is not visible here, such as one in another container, is known too.
final class PartFiles {
  private static final Pattern NAME = Pattern.compile("\\..+\\.part-([0-9]{1,10})");

  /// Part files of this process that are in use. A part file with this process's id that is not
  /// here is a dead writer's whose id has come round again, as in containers.
  private static final Set<Path> IN_USE = ConcurrentHashMap.newKeySet();

  private PartFiles() {}

  /// Removes what dead writers left in a folder.
  static void sweep(Path folder, boolean keep) throws IOException {
    if (keep) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, ".*.part-*")) {
      for (Path file : files) {
        Matcher matcher = NAME.matcher(file.getFileName().toString());
        if (matcher.matches() && isDead(file, Long.parseLong(matcher.group(1)))) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private static boolean isDead(Path file, long pid) {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    boolean alive =
        pid == ProcessHandle.current().pid()
            ? IN_USE.contains(file)
            : ProcessHandle.of(pid).isPresent();
    return !alive && !isLocked(file);
  }

  private static boolean isLocked(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      return channel.tryLock() == null;
    } catch (OverlappingFileLockException e) {
      return true;
    } catch (IOException e) {
      // Not ours to open, or locks do not work here: the process id has to do.
      return false;
    }
  }

  /// Locks a part file as long as its channel is open; file systems without locks do without.
  static void lock(FileChannel channel) {
    try {
      channel.tryLock();
    } catch (IOException | OverlappingFileLockException e) {
      // The process id has to do.
    }
  }

  /// The part file of this process for a name, marked as in use.
  static Path claim(Path folder, String name) throws IOException {
    Path part = folder.resolve("." + name + ".part-" + ProcessHandle.current().pid());
    if (!IN_USE.add(part)) {
      throw new FileSystemException(
          folder.resolve(name).toString(), null, "is already being written by this process");
    }
    return part;
  }

  static void release(Path part) {
    IN_USE.remove(part);
  }
}
