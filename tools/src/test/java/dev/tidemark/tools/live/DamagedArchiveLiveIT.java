// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.tools.Cli;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SortedSet;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The archive of a real VM, cut off or with a byte flipped, and files that are no checkpoint:
/// through the command there is a proper exit code and one line, and no QEMU is left behind.
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DamagedArchiveLiveIT {
  private static final long SEED = 20_261_101;
  private static final int SAMPLES = 200;
  private static final int EDGE = 160;
  private static final int RESTORES = 24;

  @TempDir static Path folder = Path.of("");
  private byte[] whole = {};
  private @Nullable LiveQemu source;

  @BeforeAll
  void save() throws Exception {
    Path file = folder.resolve("whole.tmk");
    source = LiveQemu.start(LiveQemu.installed().getFirst(), List.of("-m", "8"));
    source.releaseMonitor();
    Commands.save(source.qmpPath(), file);
    whole = Files.readAllBytes(file);
  }

  /// It must live as long: what is restored starts in its folder.
  @AfterAll
  void end() {
    if (source != null) {
      source.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"verify", "inspect", "inspect --ram", "restore"})
  void cutOff(String command) throws IOException {
    Path file = folder.resolve("cut.tmk");
    for (int length : places()) {
      Files.write(file, Arrays.copyOf(whole, length));
      Cli run = failing(command, file);
      assertThat(run.code()).as("%s of %d bytes: %s", command, length, run.err()).isEqualTo(3);
    }
  }

  @Test
  void cutOffItIsListedAsIncomplete() throws IOException {
    Path shelf = Files.createDirectory(folder.resolve("shelf"));
    for (int length : List.of(64, whole.length / 2, whole.length - 1)) {
      Files.write(shelf.resolve("cut.tmk"), Arrays.copyOf(whole, length));
      String out = Commands.good("list", shelf).out();
      assertThat(out.lines()).anyMatch(line -> line.contains("incomplete"));
    }
  }

  @Test
  void flippedAByteIsFoundByVerify() throws IOException {
    Path file = folder.resolve("flipped.tmk");
    for (int at : places()) {
      Files.write(file, flipped(at));
      Cli run = failing("verify", file);
      assertThat(run.code()).as("byte 0x%x: %s", at, run.err()).isIn(3, 4, 5);
    }
  }

  @Test
  void flippedAByteDoesNotBreakInspectAndList() throws IOException {
    Path shelf = Files.createDirectory(folder.resolve("flipped-shelf"));
    Path file = shelf.resolve("flipped.tmk");
    for (int at : places()) {
      Files.write(file, flipped(at));
      Cli run = Cli.run("inspect", file);
      assertThat(run.code()).as("byte 0x%x: %s", at, run.err()).isIn(0, 3, 4, 5);
      if (run.code() != 0) {
        var _ = failing("inspect", file);
      }
      Commands.good("list", shelf);
    }
  }

  /// A flip that no page and no device depends on may go unseen; then the VM comes back.
  @Test
  void flippedAByteLeavesNoQemuBehind() throws Exception {
    Path file = folder.resolve("flipped-restore.tmk");
    Integer[] places = places().toArray(Integer[]::new);
    RestoredVm.of(folder.resolve("whole.tmk"), folder.resolve("run")).close();
    for (int i = 0; i < RESTORES; i++) {
      int at = places[(int) ((long) i * (places.length - 1) / (RESTORES - 1))];
      Path run = folder.resolve("run-" + i);
      Files.write(file, flipped(at));
      Cli restored = Cli.run("restore", "--quiet", "--json", "--run-dir", run, file);
      assertThat(restored.code()).as("byte 0x%x: %s", at, restored.err()).isIn(0, 3, 4, 5);
      if (restored.code() == 0) {
        RestoredVm.from(restored.out(), run).close();
      } else {
        assertThat(restored.err()).matches("tidemark: [^\\n]+\\n").doesNotContain("internal error");
        assertThat(run).doesNotExist();
      }
      assertThat(qemusWith(run)).as("QEMUs left by byte 0x%x", at).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"verify", "inspect", "restore"})
  void aSparseFileOfTenGibibytesIsRefusedAtOnce(String command) throws IOException {
    Path file = folder.resolve("sparse.tmk");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), (10L << 30) - 1);
    }
    long before = System.nanoTime();
    Cli run = failing(command, file);
    assertThat(run.code()).as(run.err()).isEqualTo(4);
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
    Files.delete(file);
  }

  @ParameterizedTest
  @ValueSource(strings = {"verify", "inspect", "restore"})
  void whatIsNoCheckpointIsSaidInOneLine(String command) throws IOException {
    Path text = Files.writeString(folder.resolve("notes"), "Not a checkpoint.\n");
    Path empty = Files.write(folder.resolve("empty"), new byte[0]);
    assertThat(failing(command, text).code()).isEqualTo(4);
    assertThat(failing(command, empty).code()).isEqualTo(3);
    assertThat(failing(command, folder).code()).isEqualTo(1);
    assertThat(failing(command, folder.resolve("none")).code()).isEqualTo(1);
    Files.delete(text);
    Files.delete(empty);
  }

  private Cli failing(String command, Path file) {
    Object[] words = (command + " " + file).split(" ", -1);
    return Commands.failing(words);
  }

  private byte[] flipped(int at) {
    byte[] bytes = whole.clone();
    bytes[at] ^= (byte) (1 << (at % 8));
    return bytes;
  }

  /// Places in the file: its first and last bytes, those around every frame and section, and some
  /// in between; the same ones in each run.
  private SortedSet<Integer> places() {
    SortedSet<Integer> places = new TreeSet<>();
    for (int i = 0; i < EDGE; i += 3) {
      places.add(i);
      places.add(whole.length - 1 - i);
    }
    ByteBuffer bytes = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i + 4 < whole.length; i++) {
      if ((bytes.getInt(i) & 0xfffffff0) == 0x184d2a50 || bytes.getInt(i) == 0x184d2204) {
        for (int near = Math.max(0, i - 2); near < Math.min(i + 12, whole.length); near += 2) {
          places.add(near);
        }
      }
    }
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < SAMPLES; i++) {
      places.add(random.nextInt(whole.length));
    }
    return places;
  }

  private static long qemusWith(Path run) {
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().commandLine().orElse("").contains(run + "/"))
        .count();
  }
}
