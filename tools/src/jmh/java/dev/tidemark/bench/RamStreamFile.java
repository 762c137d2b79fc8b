// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.bench;

import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.RamSection.Phase;
import dev.tidemark.stream.StreamWriter;
import dev.tidemark.stream.StreamWriter.RamSectionWriter;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.SplittableRandom;

/// A stream in a temporary file: one RAM block, every page once with random content, in sections of
/// 4096 pages, no devices.
///
/// Inside a section pages stand at equal distances, with only a word of 8 bytes between them.
///
/// @param file where it is; removed by [#close]
/// @param pageSize bytes of a page
/// @param pages how many there are
/// @param runs for each section where its first page's content starts and its last one's ends
/// @param sum of all longs of all pages, in native order
/// @param wordSum of all words between pages, in native order
record RamStreamFile(Path file, int pageSize, long pages, long[] runs, long sum, long wordSum)
    implements AutoCloseable {
  private static final int SECTION_PAGES = 4096;

  /// Word flags of a page of the block named before.
  private static final int CONTINUED_PAGE = 0x28;

  static RamStreamFile create(int pageSize, long ramBytes) throws IOException {
    Path file = Files.createTempFile("tidemark-bench-", ".stream");
    long pages = ramBytes / pageSize;
    long[] runs = new long[(int) ((pages + SECTION_PAGES - 1) / SECTION_PAGES) * 2];
    long sum = 0;
    long wordSum = 0;
    try (StreamWriter out =
        MigrationStream.write(FileChannel.open(file, StandardOpenOption.WRITE))
            .targetPageSize(pageSize)) {
      out.with(new StreamElement.FileHeader());
      RamBlock block = new RamBlock(0, "pc.ram", pages * pageSize);
      SectionHeader header = SectionHeader.ram(2);
      out.beginRam(Phase.START, header, List.of(RamBlockEntry.of(block))).end();
      MemorySegment page = Arena.ofAuto().allocate(pageSize, 8);
      SplittableRandom random = new SplittableRandom(42);
      for (int section = 0; section * 2 < runs.length; section++) {
        RamSectionWriter part = out.beginRam(Phase.PART, header, List.of());
        long first = (long) section * SECTION_PAGES;
        for (long i = first; i < Math.min(pages, first + SECTION_PAGES); i++) {
          for (long at = 0; at < pageSize; at += Long.BYTES) {
            long value = random.nextLong();
            page.set(ValueLayout.JAVA_LONG, at, value);
            sum += value;
          }
          part.page(block, i * pageSize, page, 0);
          if (i == first) {
            runs[section * 2] = out.bytesWritten() - pageSize;
          } else {
            wordSum += Long.reverseBytes(i * pageSize | CONTINUED_PAGE);
          }
        }
        runs[section * 2 + 1] = out.bytesWritten();
        part.end();
      }
      out.beginRam(Phase.END, header, List.of()).end();
      out.with(new StreamElement.EndOfFile(0));
    }
    return new RamStreamFile(file, pageSize, pages, runs, sum, wordSum);
  }

  @Override
  public void close() throws IOException {
    Files.delete(file);
  }
}
