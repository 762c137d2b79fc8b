// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.memory.MemoryMap;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// `--memory-map`.
final class MemoryMapMixin {
  /// A map of real QEMU has a few dozen lines.
  private static final long MOST_BYTES = 8 << 20;

  @Option(
      names = "--memory-map",
      paramLabel = "MAP",
      description =
          "Where RAM blocks stand in the guest's memory: a file of lines START BLOCK [OFFSET"
              + " [LENGTH]]. By default as the manifest says, else by the rules of the machine type.")
  private @Nullable Path file;

  /// The map of a checkpoint.
  MemoryMap of(Checkpoint checkpoint) throws IOException, UsageException {
    if (file != null) {
      if (Files.size(file) > MOST_BYTES) {
        throw new UsageException("--memory-map: " + file + " is too large to be a map");
      }
      return MemoryMap.parse(Files.readAllLines(file), checkpoint.ramBlocks());
    }
    MemoryMap map = MemoryMap.of(checkpoint);
    if (map.ranges().isEmpty()) {
      throw new UsageException(
          "where RAM stands in the memory of machine \""
              + checkpoint.configuration().machineType()
              + "\" is not known; say it with --memory-map, or take the blocks as they are");
    }
    return map;
  }
}
