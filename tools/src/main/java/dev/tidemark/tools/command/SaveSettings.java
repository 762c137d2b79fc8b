// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.archive.ArchiveOptions;
import dev.tidemark.checkpoint.archive.Compression;
import dev.tidemark.saver.SaveListener;
import dev.tidemark.saver.SaveMethod;
import dev.tidemark.saver.SaveOptions;
import dev.tidemark.tools.report.UsageException;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of a save that say how the VM is saved.
final class SaveSettings {
  @Option(
      names = "--method",
      paramLabel = "M",
      description = "precopy: the guest runs on (the default); stop-copy: it stands meanwhile.")
  private String method = "precopy";

  @Option(
      names = "--max-pause",
      paramLabel = "D",
      converter = Converters.Time.class,
      description = "How long the guest may stand, such as 10ms (the default).")
  private @Nullable Duration maxPause;

  @Option(
      names = "--max-time",
      paramLabel = "D",
      converter = Converters.Time.class,
      description =
          "How long the save may go on after its first pass until it ends whatever the pause; by"
              + " default as long as that pass took.")
  private @Nullable Duration maxTime;

  @Option(
      names = "--disks",
      paramLabel = "CHOICE",
      description = "none: leave writable disks out, knowingly.")
  private @Nullable String disks;

  @Option(names = "--compress", paramLabel = "C", description = "lz4 (the default), zstd or none.")
  private String compress = "lz4";

  @Option(
      names = "--buffer",
      paramLabel = "SIZE",
      converter = Converters.Size.class,
      description = "Memory for pages that were sent again, such as 256M (the default).")
  private @Nullable Long buffer;

  @Option(
      names = "--limit-rate",
      paramLabel = "SIZE",
      converter = Converters.Size.class,
      description = "Most bytes a second to take from QEMU while the guest runs.")
  private @Nullable Long limitRate;

  SaveOptions options(SaveListener listener) throws UsageException {
    SaveOptions.Builder builder =
        SaveOptions.builder()
            .method(method(method))
            .disksNone(disksNone())
            .archive(ArchiveOptions.DEFAULT.withCompression(compression(compress)))
            .listener(listener);
    if (maxPause != null) {
      builder.maxPause(maxPause);
    }
    if (maxTime != null) {
      builder.maxTime(maxTime);
    }
    if (buffer != null) {
      builder.bufferBytes(buffer);
    }
    if (limitRate != null) {
      builder.receiveBytesPerSecond(limitRate);
    }
    try {
      return builder.build();
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  private static SaveMethod method(String name) throws UsageException {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "precopy" -> SaveMethod.PRECOPY;
      case "stop-copy" -> SaveMethod.STOP_COPY;
      case "background", "savevm", "auto" -> throw notYet("--method", name, "precopy, stop-copy");
      default -> throw unknown("--method", name, "precopy, stop-copy");
    };
  }

  private static Compression compression(String name) throws UsageException {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "lz4" -> Compression.LZ4;
      case "none" -> Compression.NONE;
      case "zstd" -> Compression.ZSTD;
      default -> throw unknown("--compress", name, "lz4, zstd, none");
    };
  }

  private boolean disksNone() throws UsageException {
    if (disks == null) {
      return false;
    }
    return switch (disks.toLowerCase(Locale.ROOT)) {
      case "none" -> true;
      case "snapshot" -> throw notYet("--disks", disks, "none");
      default -> throw unknown("--disks", disks, "none");
    };
  }

  static UsageException notYet(String option, String value, String choices) {
    return new UsageException(
        option + ": '" + value + "' is not supported yet; there is: " + choices);
  }

  static UsageException unknown(String option, String value, String choices) {
    return new UsageException(option + ": no such choice: '" + value + "'; there is: " + choices);
  }
}
