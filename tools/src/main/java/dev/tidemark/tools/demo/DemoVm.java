// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.QmpException;
import dev.tidemark.qmp.QmpOptions;
import dev.tidemark.restorer.Restoration;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A QEMU with the demo guest in it, and the guest's console.
///
/// It never outlives the JVM that has it, unless that is killed without a chance to clean up.
public final class DemoVm implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(5);
  private static final Pattern PATH = Pattern.compile("[,:]path=((?:[^,]|,,)*)");
  private static final Pattern VERSION = Pattern.compile("version ([0-9]{1,4})\\.");
  private static final int FIRST_RIGHT_VERSION = 9;
  private static final int LONGEST_SOCKET_PATH = 107;

  /// Ended by a hook if the JVM ends while they run.
  private static final Set<ProcessHandle> RUNNING = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> RUNNING.forEach(ProcessHandle::destroyForcibly), "tidemark-demo-cleanup"));
  }

  private final ProcessHandle process;
  private final QmpAddress qmp;
  private final GuestConsole console;

  private DemoVm(ProcessHandle process, QmpAddress qmp, GuestConsole console) {
    this.process = process;
    this.qmp = qmp;
    this.console = console;
  }

  /// Starts QEMU; the guest begins at once.
  ///
  /// @param machine what to start
  /// @param home an existing folder for the guest's program; also QEMU's working folder
  /// @param runFolder an existing folder for the VM's sockets, with a short name
  /// @return the VM, its monitor free for a client
  /// @throws IOException if QEMU does not start
  /// @throws InterruptedException if this thread is interrupted
  public static DemoVm boot(DemoMachine machine, Path home, Path runFolder)
      throws IOException, InterruptedException {
    Path program = home.resolve("guest.elf").toAbsolutePath();
    if (!Files.exists(program)) {
      DemoGuest.writeProgram(program);
    }
    Path serial = runFolder.resolve("serial.sock").toAbsolutePath();
    Path qmp = runFolder.resolve("qmp.sock").toAbsolutePath();
    if (serial.toString().length() > LONGEST_SOCKET_PATH) {
      throw new GuestFailure(
          "the folder's name is too long for sockets: "
              + runFolder
              + "; set TMPDIR to a shorter one");
    }
    Path output = runFolder.resolve("qemu.out");
    boolean oddSize = machine.accelerator().equals("tcg") && losesWrites(machine.qemu());
    ProcessHandle process =
        start(machine.qemu(), machine.arguments(program, serial, qmp, oddSize), home, output);
    boolean done = false;
    try {
      GuestConsole console = awaitConsole(process, serial, machine.guest().tickMillis(), output);
      DemoVm vm = new DemoVm(process, QmpAddress.unix(qmp), console);
      vm.awaitMonitor(qmp, output);
      done = true;
      return vm;
    } finally {
      if (!done) {
        kill(process);
      }
    }
  }

  /// Before 9.0, QEMU with TCG forgets to watch pages again once it has noted them as dirty, if RAM
  /// is a multiple of 256 KiB: `cpu_physical_memory_sync_dirty_bitmap`, the way for whole words of
  /// the bitmap, leaves the TLB as it is. What the guest writes later is not migrated. For other
  /// sizes it goes page by page and is right.
  private static boolean losesWrites(String qemu) throws IOException, InterruptedException {
    try {
      Process process =
          new ProcessBuilder(qemu, "--version")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor();
      Matcher version = VERSION.matcher(text);
      return version.find() && Integer.parseInt(version.group(1)) < FIRST_RIGHT_VERSION;
    } catch (IOException e) {
      throw cannotStart(qemu, e);
    }
  }

  private static GuestFailure cannotStart(String qemu, IOException cause) {
    GuestFailure failure =
        new GuestFailure(
            "cannot start "
                + qemu
                + "; install QEMU with scripts/install-qemu, or name it with --qemu");
    failure.initCause(cause);
    return failure;
  }

  private static ProcessHandle start(String qemu, List<String> arguments, Path home, Path output)
      throws IOException {
    List<String> command = Stream.concat(Stream.of(qemu), arguments.stream()).toList();
    try {
      Process started =
          new ProcessBuilder(command)
              .directory(home.toFile())
              .redirectInput(Path.of("/dev/null").toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      RUNNING.add(started.toHandle());
      return started.toHandle();
    } catch (IOException e) {
      throw cannotStart(qemu, e);
    }
  }

  /// Takes over a VM that was restored from a demo's checkpoint.
  ///
  /// @param restored the VM, paused, so that nothing its guest says is lost
  /// @param tickMillis how many milliseconds its guest lets pass between two ticks
  /// @return the VM, still paused
  /// @throws IOException if its serial port cannot be found
  public static DemoVm adopt(Restoration restored, int tickMillis) throws IOException {
    ProcessHandle process =
        restored.process().orElseThrow(() -> new GuestFailure("the restored QEMU cannot be seen"));
    RUNNING.add(process);
    boolean done = false;
    try {
      GuestConsole console = GuestConsole.connect(serialSocket(restored), tickMillis);
      done = true;
      return new DemoVm(process, restored.qmp(), console);
    } finally {
      if (!done) {
        kill(process);
      }
    }
  }

  /// Where the restored serial port is: a restore gives it a fresh socket.
  private static Path serialSocket(Restoration restored) throws IOException {
    return restored.replacements().stream()
        .map(replacement -> replacement.is())
        .filter(is -> is.contains("id=guest"))
        .map(PATH::matcher)
        .filter(Matcher::find)
        .map(matcher -> Path.of(matcher.group(1).replace(",,", ",")))
        .findFirst()
        .orElseThrow(() -> new GuestFailure("the restored VM's serial port cannot be found"));
  }

  private static GuestConsole awaitConsole(
      ProcessHandle process, Path socket, int tickMillis, Path output)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return GuestConsole.connect(socket, tickMillis);
      } catch (IOException e) {
        checkStarting(process, end, output);
        Thread.sleep(POLL);
      }
    }
  }

  private void awaitMonitor(Path socket, Path output) throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!Files.exists(socket)) {
      checkStarting(process, end, output);
      Thread.sleep(POLL);
    }
  }

  private static void checkStarting(ProcessHandle process, long end, Path output)
      throws IOException {
    if (!process.isAlive()) {
      throw new GuestFailure("QEMU did not start" + lastLine(output));
    }
    if (System.nanoTime() > end) {
      throw new GuestFailure("QEMU opened no socket within " + PATIENCE.toSeconds() + " s");
    }
  }

  private static String lastLine(Path output) throws IOException {
    Optional<String> last =
        Files.readAllLines(output).stream()
            .filter(line -> !line.isBlank())
            .reduce((_, line) -> line);
    return last.map(line -> ": " + line.strip()).orElse("");
  }

  /// A new connection to its monitor, which only one client can have.
  ///
  /// @throws QmpException if it cannot be reached
  /// @throws InterruptedException if this thread is interrupted
  public QmpClient connect() throws QmpException, InterruptedException {
    // Nobody else knows of this monitor: if it does not greet, QEMU is not there yet.
    return QmpClient.connect(qmp, QmpOptions.DEFAULT.withGreetingWait(PATIENCE));
  }

  /// Its monitor.
  public QmpAddress qmp() {
    return qmp;
  }

  /// What its guest says.
  public GuestConsole console() {
    return console;
  }

  /// Its process.
  public ProcessHandle process() {
    return process;
  }

  /// Kills it, and waits until it is gone. What its guest has said can still be asked for.
  public void kill() {
    kill(process);
    console.close();
  }

  /// As [#kill].
  @Override
  public void close() {
    kill();
  }

  private static void kill(ProcessHandle process) {
    process.destroyForcibly();
    try {
      process.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      RUNNING.remove(process);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (TimeoutException | ExecutionException _) {
      // The hook tries again.
    }
  }
}
