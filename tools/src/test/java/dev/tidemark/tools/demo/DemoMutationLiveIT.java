// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.restorer.RestoreOptions;
import dev.tidemark.restorer.Restorer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// The oracle is not blind: of a checkpoint in which one page is not as it was, the restored guest
/// reports exactly that page.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DemoMutationLiveIT {
  private static final int PAGE = DemoGuestMemory.PAGE_SIZE;

  private final Arena arena = Arena.ofShared();
  private final AtomicInteger copies = new AtomicInteger();

  private Path folder;
  private GuestLine.Hello hello;
  private Checkpoint checkpoint;
  private CheckpointModel model;

  @BeforeAll
  void saveAVm(@TempDir Path shared) throws Exception {
    folder = shared;
    Path file = folder.resolve("demo.tmk");
    hello = DemoRuns.save(DemoRuns.small(LiveQemu.installed().getFirst()), folder, file).hello();
    checkpoint = Checkpoint.open(file);
    model = new CheckpointModel(checkpoint, hello);
    assertThat(model.problems()).isEmpty();
    assertThat(model.walk()).isGreaterThanOrEqualTo(2);
  }

  @AfterAll
  void close() throws Exception {
    if (checkpoint != null) {
      model.close();
      checkpoint.close();
    }
    arena.close();
  }

  /// What is told of a page.
  private record Reported(long address, PageClass pageClass, int at) {}

  @Test
  void anUntouchedCopyIsFoundFlawless() throws Exception {
    assertThat(reported(Map.of())).isEmpty();
  }

  @Test
  void oneBitOfAStaticPage() throws Exception {
    long page = staticPage();
    assertThat(reported(Map.of(page, withBitFlipped(page, 1234))))
        .containsExactly(new Reported(page, PageClass.STATIC, 1232));
  }

  @Test
  void oneBitOfADirtyPage() throws Exception {
    long page = writtenPage();
    assertThat(reported(Map.of(page, withBitFlipped(page, 4095))))
        .containsExactly(new Reported(page, PageClass.DIRTY, 4088));
  }

  @Test
  void aZeroPageThatIsNotZero() throws Exception {
    long page = first(PageClass.ZERO, hello.dirty().end());
    assertThat(model.isZeroPage(page)).isTrue();
    assertThat(reported(Map.of(page, withBitFlipped(page, 2048))))
        .containsExactly(new Reported(page, PageClass.ZERO, 2048));
  }

  @Test
  void aDataPageThatIsZero() throws Exception {
    long page = staticPage();
    assertThat(reported(Map.of(page, arena.allocate(PAGE))))
        .containsExactly(new Reported(page, PageClass.STATIC, 0));
  }

  @Test
  void twoNeighboursSwapped() throws Exception {
    long page = staticPage();
    long next = page + PAGE;
    assertThat(model.memory().pageClass(next)).contains(PageClass.STATIC);
    assertThat(reported(Map.of(page, model.page(next), next, model.page(page))))
        .containsExactlyInAnyOrder(
            new Reported(page, PageClass.STATIC, 0), new Reported(next, PageClass.STATIC, 0));
  }

  @Test
  void anOlderVersionOfADirtyPage() throws Exception {
    long page = writtenPage();
    assertThat(reported(Map.of(page, ofWalk(page, model.walk() - 1))))
        .containsExactly(new Reported(page, PageClass.DIRTY, 0));
  }

  @Test
  void theFirstVersionOfADirtyPage() throws Exception {
    long page = writtenPage();
    assertThat(reported(Map.of(page, ofWalk(page, 0))))
        .containsExactly(new Reported(page, PageClass.DIRTY, 0));
  }

  @Test
  void halfOldAndHalfNew() throws Exception {
    long page = writtenPage();
    MemorySegment torn = arena.allocate(PAGE);
    int half = DemoGuestMemory.WORDS / 2;
    model.memory().fill(page, model.walk(), torn, 0, half);
    model.memory().fill(page, model.walk() - 1, torn, half, DemoGuestMemory.WORDS);
    assertThat(reported(Map.of(page, torn)))
        .containsExactly(new Reported(page, PageClass.DIRTY, PAGE / 2));
  }

  /// A page below the one that the guest was at: it holds the newest walk.
  private long writtenPage() {
    long page = hello.dirty().start() + 3 * PAGE;
    assertThat(model.memory().holds(page, model.walk(), model.page(page)))
        .as("the guest had come past the third page of its walk")
        .isTrue();
    return page;
  }

  private long staticPage() {
    return first(PageClass.STATIC, hello.dirty().end() + (4 << 20));
  }

  private long first(PageClass wanted, long from) {
    long at = from;
    while (model.memory().pageClass(at).orElseThrow() != wanted) {
      at += PAGE;
    }
    return at;
  }

  private MemorySegment withBitFlipped(long address, long byteOffset) {
    MemorySegment page = arena.allocate(PAGE).copyFrom(model.page(address));
    byte was = page.get(ValueLayout.JAVA_BYTE, byteOffset);
    page.set(ValueLayout.JAVA_BYTE, byteOffset, (byte) (was ^ 0x10));
    return page;
  }

  private MemorySegment ofWalk(long address, long walk) {
    MemorySegment page = arena.allocate(PAGE);
    model.memory().fill(address, walk, page, 0, DemoGuestMemory.WORDS);
    return page;
  }

  /// Restores a copy with other content in some pages, and lets its guest compare every page.
  private List<Reported> reported(Map<Long, MemorySegment> pages) throws Exception {
    int number = copies.incrementAndGet();
    Path copy = folder.resolve("copy-" + number);
    try (CheckpointStream mutated = new MutatedStream(checkpoint.stream(), pages);
        FileChannel out =
            FileChannel.open(copy, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      CheckpointStreamWriter.write(mutated, out, CheckpointStreamWriter.Options.DEFAULT);
    }
    try (WithManifest stored =
            new WithManifest(StreamCheckpoint.open(ByteSource.of(copy)), checkpoint.manifest());
        DemoVm vm =
            DemoVm.adopt(
                Restorer.of(stored)
                    .options(
                        RestoreOptions.DEFAULT
                            .withPaused(true)
                            .withRunFolder(folder.resolve("run-" + number)))
                    .launch(),
                hello.tickMillis())) {
      try (QmpClient qmp = vm.connect()) {
        qmp.execute(new Cont());
      }
      vm.console().awaitWalks(3, DemoRuns.PATIENCE);
      assertThat(vm.console().lastWalk().map(GuestLine.Walk::wrong))
          .contains((long) vm.console().wrong().size());
      assertThat(vm.console().unreported()).isZero();
      assertThat(vm.console().tickJumps()).isZero();
      return vm.console().wrong().stream()
          .map(wrong -> new Reported(wrong.address(), wrong.pageClass(), wrong.at()))
          .toList();
    } finally {
      Files.delete(copy);
    }
  }
}
