// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTargetTest {
  private static final FileTarget.Options FORCE = new FileTarget.Options(true, false);
  private static final FileTarget.Options KEEP = new FileTarget.Options(false, true);

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void nameFile() throws IOException {
    folder = folder.toRealPath();
    file = folder.resolve("vm.tmk");
  }

  private static MemorySegment bytes(String text) {
    return MemorySegment.ofArray(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void nothingHasTheFinalNameBeforeCommit() throws IOException {
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      target.append(bytes("hello "));
      target.sync();
      assertThat(names()).containsExactly(".vm.tmk.part-" + ProcessHandle.current().pid());
      target.append(bytes("world"));
      target.commit();
      assertThat(names()).containsExactly("vm.tmk");
      assertThat(file).hasContent("hello world");
    }
    assertThat(file).hasContent("hello world");
  }

  @Test
  void bytesAreWrittenAnywhereAndTheRestIsZero() throws IOException {
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT);
        Arena arena = Arena.ofConfined()) {
      target.write(8, bytes("later"));
      target.write(2, arena.allocateFrom("first"));
      target.grow(20);
      assertThatThrownBy(() -> target.grow(19)).isInstanceOf(IllegalArgumentException.class);
      target.commit();
    }
    assertThat(file).hasContent("\0\0first\0later" + "\0".repeat(7));
  }

  @Test
  void onlyTheOwnerMayReadItFromTheStart() throws IOException {
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target.part())))
          .isEqualTo("rw-------");
      target.commit();
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void closingWithoutCommitLeavesNothing() throws IOException {
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      target.append(bytes("half"));
    }
    assertThat(names()).isEmpty();
  }

  @Test
  void keptPartialStays() throws IOException {
    try (FileTarget target = FileTarget.create(file, KEEP)) {
      target.append(bytes("half"));
      target.sync();
    }
    assertThat(names()).containsExactly(".vm.tmk.part-" + ProcessHandle.current().pid());
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      target.commit();
    }
    assertThat(names()).containsExactly("vm.tmk");
  }

  @Test
  void existingFileIsRefusedWithoutForce() throws IOException {
    Files.writeString(file, "old");
    assertThatThrownBy(() -> FileTarget.create(file, FileTarget.Options.DEFAULT))
        .isInstanceOf(FileAlreadyExistsException.class)
        .hasMessage(file + ": file exists");
    try (FileTarget target = FileTarget.create(file, FORCE)) {
      target.append(bytes("new"));
      assertThat(file).hasContent("old");
      target.commit();
    }
    assertThat(file).hasContent("new");
    assertThat(names()).containsExactly("vm.tmk");
  }

  @Test
  void fileThatAppearedMeanwhileIsNotReplaced() throws IOException {
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      target.append(bytes("new"));
      Files.writeString(file, "other");
      assertThatThrownBy(target::commit).isInstanceOf(FileAlreadyExistsException.class);
    }
    assertThat(file).hasContent("other");
    assertThat(names()).containsExactly("vm.tmk");
  }

  @Test
  void leftOversOfDeadWritersAreRemovedAndThoseOfLiveOnesStay() throws IOException {
    long dead = deadPid();
    Process live = new ProcessBuilder("sleep", "60").start();
    try {
      Files.writeString(folder.resolve(".vm.tmk.part-" + dead), "x");
      Files.writeString(folder.resolve(".other.qcow.part-" + dead), "x");
      Files.writeString(folder.resolve(".vm.tmk.part-" + live.pid()), "x");
      Files.writeString(folder.resolve(".vm.tmk.part-x" + dead), "x");
      Files.writeString(folder.resolve("vm.tmk.part-" + dead), "x");
      Files.createDirectory(folder.resolve(".folder.part-" + dead));
      try (FileTarget target = FileTarget.create(file, KEEP)) {
        assertThat(names()).hasSize(7);
        target.commit();
      }
      Files.delete(file);
      try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
        target.commit();
      }
      assertThat(names())
          .containsExactlyInAnyOrder(
              ".vm.tmk.part-" + live.pid(),
              ".vm.tmk.part-x" + dead,
              "vm.tmk.part-" + dead,
              ".folder.part-" + dead,
              "vm.tmk");
    } finally {
      live.destroyForcibly();
    }
  }

  /// The id of a process that has ended.
  private static long deadPid() throws IOException {
    Process process = new ProcessBuilder("true").start();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    return process.pid();
  }

  @Test
  void twoWritersOfOneNameAreRefusedInOneProcess() throws IOException {
    Path detour = folder.resolve("." + "/vm.tmk");
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      assertThatThrownBy(() -> FileTarget.create(detour, FileTarget.Options.DEFAULT))
          .isInstanceOf(FileSystemException.class)
          .hasMessageContaining("already being written by this process");
      target.append(bytes("x"));
      target.commit();
    }
    assertThat(file).hasContent("x");
  }

  @Test
  void namesThatCannotBeAreRefusedInOneLine() throws IOException {
    Path link = folder.resolve("link.tmk");
    Files.createSymbolicLink(link, file);
    refused(link, FileSystemException.class, "is a symbolic link");
    refused(folder, FileSystemException.class, "not a regular file");
    refused(folder.resolve("none/vm.tmk"), NoSuchFileException.class, "no such folder");
    Files.writeString(folder.resolve("plain"), "x");
    refused(folder.resolve("plain/vm.tmk"), FileSystemException.class, "not a folder");
    refused(Path.of("/"), FileSystemException.class, "not the name of a file");
    assertThat(names()).containsExactly("link.tmk", "plain");
  }

  private static void refused(Path file, Class<? extends IOException> type, String what) {
    assertThatThrownBy(() -> FileTarget.create(file, FORCE))
        .isInstanceOf(type)
        .hasMessageContaining(what)
        .hasMessageNotContaining("\n");
  }

  @Test
  void writesOfAnySizeArriveInOrder() throws IOException {
    Random random = new Random(5);
    byte[] all = new byte[7 << 20];
    random.nextBytes(all);
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT);
        Arena arena = Arena.ofConfined()) {
      MemorySegment off = arena.allocate(all.length);
      MemorySegment.copy(MemorySegment.ofArray(all), 0, off, 0, all.length);
      int at = 0;
      for (int i = 0; at < all.length; i++) {
        int length = Math.min(random.nextInt(i % 3 == 0 ? 3 << 20 : 100_000), all.length - at);
        MemorySegment from = i % 2 == 0 ? off : MemorySegment.ofArray(all);
        target.append(from.asSlice(at, length));
        at += length;
      }
      target.commit();
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(all);
  }

  /// `/dev/full` answers every write with ENOSPC.
  @Test
  void fullDiskNamesTheFile() throws IOException {
    Path full = Path.of("/dev/full");
    Assumptions.assumeTrue(Files.isWritable(full), "no /dev/full here");
    try (FileTarget target = FileTarget.onto(file, full)) {
      target.append(bytes("x"));
      assertThatThrownBy(target::sync)
          .isInstanceOf(FileSystemException.class)
          .hasMessage(file + ": No space left on device");
      assertThatThrownBy(target::commit).isInstanceOf(IllegalStateException.class);
    }
    assertThat(names()).isEmpty();
  }
}
