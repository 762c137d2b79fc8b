// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.PageSpool;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.archive.ArchiveSalvage;
import dev.tidemark.checkpoint.archive.SalvageReport;
import dev.tidemark.checkpoint.raw.RawFiles;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The pages that are whole in a damaged archive, as raw files.
final class ArchivePages {
  private ArchivePages() {}

  /// Writes a file for each RAM block; pages that are lost are holes.
  ///
  /// @param folder is made, if it is not there
  static SalvageReport write(
      ByteSource source, Path folder, FileTarget.Options options, Progress progress)
      throws IOException {
    SalvageReport report = ArchiveSalvage.examine(source, progress);
    Targets.makeFolder(folder);
    List<FileTarget> targets = new ArrayList<>();
    try (CheckpointStream pages = ArchiveSalvage.open(source);
        PageSpool newest = PageSpool.create(pages.ramBlocks(), pages.targetPageSize())) {
      for (RamBlock block : pages.ramBlocks()) {
        targets.add(FileTarget.create(folder.resolve(RawFiles.nameOf(block)), options));
      }
      pages.forEachPage(newest);
      newest.forEach(into(targets, pages.targetPageSize()));
      for (RamBlock block : pages.ramBlocks()) {
        FileTarget target = targets.get(block.index());
        target.grow(block.usedLength());
        target.commit();
      }
    } finally {
      for (FileTarget target : targets) {
        target.close();
      }
    }
    return report;
  }

  private static PageVisitor into(List<FileTarget> targets, int pageSize) {
    return new PageVisitor() {
      @Override
      public void page(RamBlock block, long at, MemorySegment window, long windowOffset)
          throws IOException {
        targets.get(block.index()).write(at, window.asSlice(windowOffset, pageSize));
      }

      @Override
      public void zeroPage(RamBlock block, long at) {
        // A hole.
      }
    };
  }
}
