// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static dev.tidemark.checkpoint.archive.Archives.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/// For any RAM and any schedule of sending and sending again, the last version of every page comes
/// out: at random, in a pass, and out of the body.
class ArchivePropertyTest {
  /// One record: which page, and with what content. 0 is a zero page, odd ones are flat.
  record Send(int page, int content) {
    byte[] bytes() {
      if (content == 0) {
        return new byte[PAGE];
      }
      return content % 2 == 1 ? Archives.flatPage(content) : Archives.randomPage(content);
    }
  }

  /// RAM blocks by their numbers of pages, and what is sent.
  record Scenario(List<Integer> blocks, List<Send> sends, boolean footers, int options) {
    List<RamBlock> ramBlocks() {
      List<RamBlock> list = new ArrayList<>();
      for (int pages : blocks) {
        list.add(new RamBlock(list.size(), "block" + list.size(), (long) pages * PAGE));
      }
      return list;
    }
  }

  @Provide
  Arbitrary<Scenario> scenarios() {
    Arbitrary<List<Integer>> blocks =
        Arbitraries.integers().between(0, 60).list().ofMinSize(1).ofMaxSize(4);
    Arbitrary<Integer> contents =
        Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(1, Arbitraries.just(0)),
            net.jqwik.api.Tuple.of(2, Arbitraries.integers().between(1, 100)));
    // A pass in address order, as the first one is, then anything.
    Arbitrary<List<Send>> anything =
        Combinators.combine(Arbitraries.integers().between(0, 239), contents)
            .as(Send::new)
            .list()
            .ofMaxSize(150);
    Arbitrary<Boolean> firstPass = Arbitraries.of(true, false);
    return Combinators.combine(
            blocks,
            anything,
            firstPass,
            Arbitraries.of(true, false),
            Arbitraries.integers().between(0, Archives.options().size() - 1))
        .as(
            (b, sends, pass, footers, options) -> {
              List<Send> all = new ArrayList<>();
              if (pass) {
                for (int page = 0; page < 240; page++) {
                  all.add(new Send(page, page % 7));
                }
              }
              all.addAll(sends);
              return new Scenario(b, all, footers, options);
            });
  }

  @Property(tries = 150)
  void theLastVersionOfEveryPageComesOut(@ForAll("scenarios") Scenario scenario)
      throws IOException {
    List<RamBlock> blocks = scenario.ramBlocks();
    RamLayout layout = new RamLayout(blocks, PAGE);
    Map<Long, byte[]> expected = new TreeMap<>();
    byte[] file =
        Archives.write(
            Archives.options().get(scenario.options()),
            Archives.prologue(scenario.footers(), blocks.toArray(new RamBlock[0])),
            sink -> {
              for (Send send : scenario.sends()) {
                if (send.page() >= layout.pages()) {
                  continue;
                }
                int block = layout.blockOf(send.page());
                long offset = (send.page() - layout.firstPage(block)) * PAGE;
                if (send.content() == 0) {
                  sink.zeroPage(block, offset);
                } else {
                  sink.page(block, offset, send.bytes());
                }
                expected.put((long) send.page(), send.bytes());
              }
            });
    ArchiveVerifier.verify(ByteSource.of(file), Progress.NONE);
    try (ArchiveCheckpoint checkpoint = ArchiveCheckpoint.open(ByteSource.of(file))) {
      readsAtRandom(checkpoint, layout, expected);
      readsInOnePass(checkpoint, layout, expected);
      BodyParser.Body body = BodyParser.parse(BodyParser.decompress(file), scenario.footers());
      assertThat(body.blocks()).isEqualTo(blocks);
      assertThat(body.pages()).containsExactlyInAnyOrderEntriesOf(expected);
      assertThat(body.devices()).isEqualTo(Archives.DEVICES.sections());
      assertThat(body.vmdesc()).isEqualTo(Archives.DEVICES.vmdesc().orElseThrow());
    }
    StockTool tool = StockTool.of(Archives.options().get(scenario.options()));
    if (tool.isHere()) {
      assertThat(tool.decompress(file)).isEqualTo(BodyParser.decompress(file));
    }
  }

  private static void readsAtRandom(
      ArchiveCheckpoint checkpoint, RamLayout layout, Map<Long, byte[]> expected)
      throws IOException {
    byte[] read = new byte[PAGE];
    for (long page = layout.pages() - 1; page >= 0; page--) {
      RamBlock block = layout.blocks().get(layout.blockOf(page));
      long offset = (page - layout.firstPage(block.index())) * PAGE;
      PageKind kind = checkpoint.readPage(block, offset, MemorySegment.ofArray(read));
      byte[] wanted = expected.get(page);
      assertThat(kind == PageKind.MISSING).isEqualTo(wanted == null);
      assertThat(checkpoint.pageKind(block, offset)).isEqualTo(kind);
      assertThat(read).isEqualTo(wanted == null ? new byte[PAGE] : wanted);
    }
  }

  private static void readsInOnePass(
      ArchiveCheckpoint checkpoint, RamLayout layout, Map<Long, byte[]> expected)
      throws IOException {
    Map<Long, byte[]> pages = new TreeMap<>();
    checkpoint.stream()
        .forEachPage(
            new PageVisitor() {
              private long last = -1;

              private void put(RamBlock block, long pageOffset, byte[] content) {
                long page = layout.pageNumber(block.index(), pageOffset);
                assertThat(page).as("address order").isGreaterThan(last);
                last = page;
                pages.put(page, content);
              }

              @Override
              public void page(
                  RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
                put(
                    block,
                    pageOffset,
                    window.asSlice(windowOffset, PAGE).toArray(ValueLayout.JAVA_BYTE));
              }

              @Override
              public void zeroPage(RamBlock block, long pageOffset) {
                put(block, pageOffset, new byte[PAGE]);
              }
            });
    assertThat(pages).containsExactlyInAnyOrderEntriesOf(expected);
  }
}
