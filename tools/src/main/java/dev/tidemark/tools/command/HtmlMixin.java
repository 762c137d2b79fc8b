// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.TextTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of `inspect` that write a page.
final class HtmlMixin {
  @Option(
      names = "--html",
      paramLabel = "OUT",
      description =
          "Write a page for a browser: all of this, a map of the memory, and the fields of the"
              + " devices. It needs no other file.")
  private @Nullable Path file;

  @Option(names = "--force", description = "Replace OUT if it exists.")
  private boolean force;

  boolean asked() {
    return file != null;
  }

  void write(PrintWriter out, Checkpoint checkpoint, CheckpointView view) throws IOException {
    if (file == null) {
      throw new IllegalStateException("not asked");
    }
    try (FileTarget target = FileTarget.create(file, new FileTarget.Options(force, false))) {
      byte[] page = HtmlPage.of(HtmlData.of(checkpoint, view));
      target.append(MemorySegment.ofArray(page));
      target.commit();
      out.println(
          TextTable.printable(file.toString()) + ": written, " + Quantity.size(page.length));
      out.flush();
    }
  }
}
