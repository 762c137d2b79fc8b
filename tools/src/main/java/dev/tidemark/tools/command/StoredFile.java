// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.qcow2.Qcow2Image;
import dev.tidemark.checkpoint.qcow2.Qcow2Snapshot;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A file of a folder that holds a checkpoint, or a part of one.
///
/// @param name its name in the folder
/// @param date when it was saved, else when the file was changed
/// @param bytes size of the file
/// @param state whether it can be read
/// @param problem why not; empty if it can
/// @param content what is in it; absent if it cannot be read
record StoredFile(
    String name, Instant date, long bytes, State state, String problem, Optional<Content> content) {
  private static final Pattern PART = Pattern.compile("\\.(.+)\\.part-([0-9]{1,10})");

  /// Whether a file can be read.
  enum State {
    COMPLETE,
    INCOMPLETE,
    DAMAGED,
    UNSUPPORTED,
    UNREADABLE;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// What is in a checkpoint.
  ///
  /// @param format kind of file
  /// @param machine machine type
  /// @param ramBytes used length of all RAM blocks
  /// @param disks the disks, where they were noted
  record Content(
      CheckpointFormat format,
      String machine,
      long ramBytes,
      Optional<List<Manifest.Disk>> disks) {}

  /// The checkpoints of a folder, oldest first.
  static List<StoredFile> in(Path folder) throws IOException {
    List<StoredFile> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, Files::isRegularFile)) {
      for (Path file : files) {
        look(file).ifPresent(found::add);
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    found.sort(Comparator.comparing(StoredFile::date).thenComparing(StoredFile::name));
    return found;
  }

  private static Optional<StoredFile> look(Path file) throws IOException {
    String name = String.valueOf(file.getFileName());
    Matcher part = PART.matcher(name);
    if (part.matches()) {
      boolean alive = ProcessHandle.of(Long.parseLong(part.group(2))).isPresent();
      String why = alive ? "being written by process " + part.group(2) : "its writer has died";
      return Optional.of(broken(file, name, State.INCOMPLETE, why));
    }
    try (ByteSource source = ByteSource.of(file)) {
      if (!isCheckpoint(source)) {
        return Optional.empty();
      }
      return Optional.of(read(file, name));
    } catch (StreamException.Truncated e) {
      return Optional.of(broken(file, name, State.INCOMPLETE, message(e)));
    } catch (StreamException.Malformed e) {
      return Optional.of(broken(file, name, State.DAMAGED, message(e)));
    } catch (StreamException e) {
      return Optional.of(broken(file, name, State.UNSUPPORTED, message(e)));
    } catch (IOException e) {
      return Optional.of(broken(file, name, State.UNREADABLE, message(e)));
    }
  }

  private static String message(IOException e) {
    return String.valueOf(e.getMessage());
  }

  private static boolean isCheckpoint(ByteSource source) throws IOException {
    try {
      return CheckpointFormat.of(source) != CheckpointFormat.QCOW2 || holdsVmState(source);
    } catch (StreamException e) {
      return false;
    }
  }

  /// An image without is a disk like any other.
  private static boolean holdsVmState(ByteSource source) throws IOException {
    return Qcow2Image.open(source).snapshots().stream().anyMatch(Qcow2Snapshot::hasVmState);
  }

  private static StoredFile read(Path file, String name) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      Optional<Manifest> manifest = checkpoint.manifest();
      Content content =
          new Content(
              checkpoint.format(),
              checkpoint.configuration().machineType(),
              checkpoint.ramBlocks().stream().mapToLong(RamBlock::usedLength).sum(),
              manifest.map(Manifest::disks));
      Instant date = manifest.map(Manifest::created).orElse(changed(file));
      return new StoredFile(name, date, Files.size(file), State.COMPLETE, "", Optional.of(content));
    }
  }

  private static StoredFile broken(Path file, String name, State state, String problem)
      throws IOException {
    return new StoredFile(name, changed(file), Files.size(file), state, problem, Optional.empty());
  }

  private static Instant changed(Path file) throws IOException {
    return Files.getLastModifiedTime(file).toInstant();
  }
}
