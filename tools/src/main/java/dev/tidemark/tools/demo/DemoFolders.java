// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The folders of one demo; temporary ones are deleted on close.
final class DemoFolders implements AutoCloseable {
  private final Path temporary;
  private final Path home;

  private DemoFolders(Path temporary, Path home) {
    this.temporary = temporary;
    this.home = home;
  }

  static DemoFolders make(Optional<Path> keep) throws IOException {
    if (keep.isPresent()) {
      Files.createDirectories(keep.get());
    }
    // Private to this user: the checkpoint and the sockets give away the guest's memory.
    Path temporary = Files.createTempDirectory("tidemark-demo-");
    Files.createDirectory(temporary.resolve("source"));
    return new DemoFolders(temporary, keep.orElse(temporary).toAbsolutePath());
  }

  /// Where the guest's program and the checkpoint are.
  Path home() {
    return home;
  }

  /// Where the sockets of the VM that is saved are.
  Path source() {
    return temporary.resolve("source");
  }

  /// Where those of the restored one will be; does not exist.
  Path restored() {
    return temporary.resolve("restored");
  }

  /// The checkpoint's name, before anything is done for it.
  Path checkedTarget(String name) throws IOException {
    Path file = home.resolve(name);
    if (Files.exists(file)) {
      throw new FileAlreadyExistsException(file.toString());
    }
    return file;
  }

  @Override
  public void close() throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.walk(temporary)) {
      all = files.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : all) {
      Files.deleteIfExists(file);
    }
  }
}
