// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.tools.Cli;
import dev.tidemark.tools.demo.AddressRange;
import dev.tidemark.tools.demo.DemoGuest;
import dev.tidemark.tools.demo.DemoMachine;
import dev.tidemark.tools.demo.DemoVm;
import dev.tidemark.tools.demo.GuestConsole;
import dev.tidemark.tools.demo.GuestLine;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What `repair` saves of the archive of a guest that worked: what lost nothing goes on with right
/// memory, what lost pages lacks those that are told and no others, and what nothing would load is
/// not made.
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RepairLiveIT {
  private static final DemoMachine MACHINE =
      DemoMachine.DEFAULT.with(32 << 20, DemoGuest.DEFAULT.withWorkingSet(4 << 20));
  private static final int TRAILER = 104;

  /// Where the trailer says how long the body is.
  private static final int BODY_END = 16;

  @TempDir static Path folder = Path.of("");
  private Path whole = Path.of("");
  private byte[] bytes = {};
  private int bodyEnd;
  private String[] arguments = {};
  private AddressRange memory = new AddressRange(0, 0);

  /// What the guest writes while it is saved: its working set, and its own variables.
  private List<AddressRange> written = List.of();

  @BeforeAll
  void save() throws Exception {
    whole = folder.resolve("whole.tmk");
    Path home = Files.createDirectory(folder.resolve("source"));
    try (DemoVm vm = DemoVm.boot(MACHINE.withQemu(qemu()), home, home)) {
      GuestLine.Hello hello = vm.console().awaitHello(LiveQemu.PATIENCE);
      memory = hello.map().getLast();
      written = List.of(hello.dirty(), hello.image());
      vm.console().awaitInWalk(2, LiveQemu.PATIENCE);
      // Stored as they are, so that pages can be found in the file.
      Commands.save(home.resolve("qmp.sock"), whole, "--compress", "none");
      // The sockets are free again; restore does not connect to the console.
      arguments =
          IncomingVm.Origin.of(MACHINE, home, vm).command().stream()
              .map(word -> word.replace("wait=on", "wait=off"))
              .toArray(String[]::new);
    }
    bytes = Files.readAllBytes(whole);
    ByteBuffer trailer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    bodyEnd = Math.toIntExact(trailer.getLong(bytes.length - TRAILER + BODY_END));
  }

  private static String qemu() {
    return LiveQemu.installed().getFirst().path().toString();
  }

  @Test
  void withoutItsTrailerItComesBackByItself() throws Exception {
    Path cut = Files.write(folder.resolve("cut"), Arrays.copyOf(bytes, bytes.length - TRAILER));
    assertThat(Commands.failing("restore", cut).code()).isEqualTo(3);
    Path repaired = folder.resolve("repaired");
    Cli repair = Commands.good("repair", "--quiet", cut, repaired);
    assertThat(repair.out()).contains(" kept, 0 lost; device state whole");
    assertThat(repair.err()).isEmpty();
    Commands.good("verify", "--quiet", repaired);
    try (RestoredVm vm = restorePaused("run", repaired);
        GuestConsole console = goOn(vm, vm.file("guest.sock"))) {
      IncomingVm.assertFindsAllRight(console);
    }
  }

  @Test
  void withoutAnythingBehindItsBodyItComesBackWithACommandLine() throws Exception {
    Path cut = Files.write(folder.resolve("body"), Arrays.copyOf(bytes, bodyEnd));
    Path repaired = folder.resolve("bare");
    Cli repair = Commands.good("repair", "--quiet", cut, repaired);
    assertThat(repair.out()).contains(" kept, 0 lost; device state whole");
    assertThat(repair.err()).containsOnlyOnce("\n").contains("command line is lost");
    Cli refused = Commands.failing("restore", repaired);
    assertThat(refused.code()).isEqualTo(7);
    assertThat(refused.err()).contains("no command line; give one: -- ");
    Commands.good("verify", "--quiet", repaired);
    try (RestoredVm vm = restorePaused("given", repaired, arguments);
        GuestConsole console = goOn(vm, folder.resolve("source/serial.sock"))) {
      IncomingVm.assertFindsAllRight(console);
    }
  }

  private static RestoredVm restorePaused(String run, Path file, String... command)
      throws Exception {
    Path home = folder.resolve(run);
    Object[] words = new Object[7 + (command.length == 0 ? 0 : 1 + command.length)];
    Object[] first = {"restore", "--quiet", "--json", "--paused", "--run-dir", home, file};
    System.arraycopy(first, 0, words, 0, first.length);
    if (command.length > 0) {
      words[first.length] = "--";
      System.arraycopy(command, 0, words, first.length + 1, command.length);
    }
    return RestoredVm.from(Commands.good(words).out(), home);
  }

  /// Hears all that the guest says.
  private static GuestConsole goOn(RestoredVm vm, Path serial) throws Exception {
    GuestConsole console = GuestConsole.connect(serial, MACHINE.guest().tickMillis());
    try (QmpClient qmp = QmpClient.connect(QmpAddress.unix(vm.qmp()))) {
      qmp.execute(new Cont());
    }
    return console;
  }

  @Test
  void ifPagesAreLostTheGuestMissesThoseThatWereTold() throws Exception {
    Path damaged = Files.write(folder.resolve("damaged"), withDamagedPages());
    Path out = folder.resolve("lossy");
    Cli refused = Commands.failing("repair", "--quiet", damaged, out);
    assertThat(refused.code()).isEqualTo(4);
    assertThat(refused.err()).contains("1 archive block damaged: ").doesNotContain(" 0 are lost");
    assertThat(out).doesNotExist();

    Cli repair = Commands.good("repair", "--quiet", "--json", "--accept-loss", damaged, out);
    SortedSet<Long> lost = lost(JsonValue.parse(repair.out()).asObject());
    assertThat(repair.err())
        .containsOnlyOnce("\n")
        .contains(lost.size() + " pages lost", "pc.ram 0x" + Long.toHexString(lost.first()));
    assertThat(missing(out)).isEqualTo(lost);
    Commands.good("verify", "--quiet", out);
    try (RestoredVm vm = restorePaused("lossy-run", out);
        GuestConsole console = goOn(vm, vm.file("guest.sock"))) {
      console.awaitWalks(2, LiveQemu.PATIENCE);
      assertThat(console.unreported()).isZero();
      assertThat(console.wrong())
          .extracting(GuestLine.Wrong::address)
          .containsExactlyInAnyOrderElementsOf(lost);
    }
  }

  @Test
  void withoutAnIndexItIsSaidThatOtherPagesMayBeOld() throws Exception {
    Path damaged = folder.resolve("no-index");
    Files.write(damaged, Arrays.copyOf(withDamagedPages(), bodyEnd));
    Path out = folder.resolve("old");
    Cli refused = Commands.failing("repair", "--quiet", damaged, out);
    assertThat(refused.code()).isEqualTo(4);
    assertThat(refused.err()).contains("may be older than the device state");
    assertThat(out).doesNotExist();
    Cli repair = Commands.good("repair", "--quiet", "--accept-loss", damaged, out);
    assertThat(repair.err())
        .contains("may be older than the rest of the VM", "command line is lost");
  }

  @Test
  void cutAmongThePagesOnlyItsPagesAreTakenOut() throws Exception {
    Path cut = Files.write(folder.resolve("half"), Arrays.copyOf(bytes, bodyEnd / 2));
    Path out = folder.resolve("nothing");
    for (String more : new String[] {"--force", "--accept-loss"}) {
      Cli refused = Commands.failing("repair", "--quiet", more, cut, out);
      assertThat(refused.code()).isEqualTo(3);
      assertThat(refused.err()).contains("device state lost: ");
      assertThat(out).doesNotExist();
    }
    Path pages = folder.resolve("pages");
    Cli taken = Commands.good("repair", "--quiet", "--pages-only", "--json", cut, pages);
    JsonObject report = JsonValue.parse(taken.out()).asObject();
    assertThat(report.bool("device_state_whole")).isFalse();
    assertThat(report.bool("pages_may_be_older")).isTrue();
    assertThat(taken.err())
        .contains(" pages lost, ", "may be older than the rest of the VM")
        .doesNotContain("restore");
    long kept = 0;
    try (Checkpoint checkpoint = Checkpoint.open(whole)) {
      SortedSet<Long> lost = lost(report);
      byte[] page = new byte[checkpoint.targetPageSize()];
      RamBlock ram = ram(checkpoint);
      byte[] raw = Files.readAllBytes(pages.resolve("pc.ram.raw"));
      assertThat(raw).hasSize((int) ram.usedLength());
      for (long at = 0; at < raw.length; at += page.length) {
        var _ = checkpoint.readPage(ram, at, MemorySegment.ofArray(page));
        byte[] wanted = lost.contains(at) ? new byte[page.length] : page;
        if (Arrays.mismatch(raw, (int) at, (int) at + page.length, wanted, 0, page.length) >= 0) {
          long older = at;
          assertThat(lost).as("0x%x", at).doesNotContain(at);
          assertThat(written)
              .as("0x%x, which is older", at)
              .anyMatch(range -> range.start() <= older && older < range.end());
        }
        kept += lost.contains(at) ? 0 : 1;
      }
    }
    assertThat(kept).isBetween(1L, report.longValue("pages_kept"));
  }

  /// The archive with one byte changed that belongs to a page near the end of the guest's memory,
  /// which the guest does not write, and which is there once.
  private byte[] withDamagedPages() throws IOException {
    byte[] page;
    try (Checkpoint checkpoint = Checkpoint.open(whole)) {
      page = new byte[checkpoint.targetPageSize()];
      PageKind kind = PageKind.ZERO;
      for (long at = memory.end() - (1 << 20); kind != PageKind.DATA; at += page.length) {
        kind = checkpoint.readPage(ram(checkpoint), at, MemorySegment.ofArray(page));
      }
    }
    int found = indexOf(page, 0);
    assertThat(found).isPositive();
    assertThat(indexOf(page, found + 1)).isEqualTo(-1);
    byte[] damaged = bytes.clone();
    damaged[found + page.length / 2] ^= 1;
    return damaged;
  }

  private int indexOf(byte[] page, int from) {
    for (int at = from; at <= bytes.length - page.length; at++) {
      if (Arrays.mismatch(bytes, at, at + page.length, page, 0, page.length) == -1) {
        return at;
      }
    }
    return -1;
  }

  private static RamBlock ram(Checkpoint checkpoint) {
    return checkpoint.ramBlocks().stream()
        .filter(block -> block.idstr().equals("pc.ram"))
        .findFirst()
        .orElseThrow();
  }

  /// The lost pages of main memory, of which `repair` has told.
  private static SortedSet<Long> lost(JsonObject report) {
    SortedSet<Long> lost = new TreeSet<>();
    for (JsonObject range : report.array("lost").objects()) {
      if (range.string("block").equals("pc.ram")) {
        for (long i = 0; i < range.longValue("pages"); i++) {
          lost.add(range.longValue("offset") + i * 4096);
        }
      }
    }
    return lost;
  }

  /// The pages of main memory that an archive lacks.
  private static SortedSet<Long> missing(Path file) throws IOException {
    SortedSet<Long> missing = new TreeSet<>();
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      byte[] page = new byte[checkpoint.targetPageSize()];
      RamBlock ram = ram(checkpoint);
      for (long at = 0; at < ram.usedLength(); at += page.length) {
        if (checkpoint.readPage(ram, at, MemorySegment.ofArray(page)) == PageKind.MISSING) {
          missing.add(at);
        }
      }
    }
    return missing;
  }
}
