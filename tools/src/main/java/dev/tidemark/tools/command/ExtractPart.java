// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.checkpoint.RandomAccessTarget;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What `extract` takes out: one of these.
final class ExtractPart {
  @Option(names = "--block", paramLabel = "NAME", description = "A RAM block, such as pc.ram.")
  private @Nullable String block;

  @Option(names = "--blocks", description = "Every RAM block, each as a file of its own.")
  private boolean blocks;

  @Option(
      names = "--physical",
      paramLabel = "START+LEN",
      description = "A range of guest-physical memory, such as 0x100000+4K.")
  private @Nullable String physical;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description = "The bytes of a device section, such as cpu/0.")
  private @Nullable String device;

  boolean isFolder() {
    return blocks;
  }

  /// To where bytes only follow each other.
  void write(Extraction from, MemoryMapMixin map, CheckpointTarget out)
      throws IOException, UsageException {
    if (block != null) {
      from.block(block, out);
    } else if (physical != null) {
      range(from, physical, map, out);
    } else if (device != null) {
      from.device(device, out);
    }
  }

  /// To a file, which can have holes.
  void writeFile(Extraction from, MemoryMapMixin map, RandomAccessTarget out)
      throws IOException, UsageException {
    if (block != null) {
      from.sparseBlock(block, out);
    } else {
      write(from, map, out);
    }
  }

  private static void range(Extraction from, String text, MemoryMapMixin map, CheckpointTarget out)
      throws IOException, UsageException {
    int plus = text.indexOf('+');
    if (plus <= 0) {
      throw new UsageException("--physical: '" + text + "' is not START+LEN, as in 0x100000+4K");
    }
    long start = address(text.substring(0, plus));
    long length = address(text.substring(plus + 1));
    if (length <= 0 || start > Long.MAX_VALUE - length) {
      throw new UsageException("--physical: no such range: '" + text + "'");
    }
    from.physical(map.of(from.checkpoint()), start, length, out);
  }

  private static long address(String text) throws UsageException {
    try {
      return text.startsWith("0x") || text.startsWith("0X")
          ? Long.parseLong(text, 2, text.length(), 16)
          : Quantity.parseSize(text);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--physical: not a number of bytes: '" + text + "'");
    }
  }
}
