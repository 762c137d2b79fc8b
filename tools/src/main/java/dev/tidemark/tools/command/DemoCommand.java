// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.saver.SaveOptions;
import dev.tidemark.tools.demo.Demo;
import dev.tidemark.tools.demo.DemoGuest;
import dev.tidemark.tools.demo.DemoListener;
import dev.tidemark.tools.demo.DemoMachine;
import dev.tidemark.tools.demo.DemoOptions;
import dev.tidemark.tools.demo.DemoReport;
import dev.tidemark.tools.demo.Fill;
import dev.tidemark.tools.report.CheckFailedException;
import dev.tidemark.tools.report.Console;
import dev.tidemark.tools.report.ExitCode;
import dev.tidemark.tools.report.ProgressLine;
import dev.tidemark.tools.report.Quantity;
import dev.tidemark.tools.report.UsageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `tidemark demo`: the main job from beginning to end, on a VM of its own.
@Command(
    name = "demo",
    header = "Checkpoint a real VM while it works, bring it back, prove that its memory is intact.",
    description =
        "%nBoots a VM with a small guest that knows at any time what every page of its memory must hold."
            + " The VM is saved while the guest works, killed and restored; the restored guest compares"
            + " all of its memory twice.")
public final class DemoCommand extends TidemarkCommand {
  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      converter = Converters.Size.class,
      description = "The VM's RAM, such as 512M (the default).")
  private long memory = DemoMachine.DEFAULT.memoryBytes();

  @Option(
      names = "--working-set",
      paramLabel = "SIZE",
      converter = Converters.Size.class,
      description =
          "How much of it the guest rewrites for ever: 128M, or a quarter of a smaller VM.")
  private @Nullable Long workingSet;

  @Option(
      names = "--rate",
      paramLabel = "SIZE",
      description = "How much it rewrites in a second, such as 64M (the default); or max.")
  private String rate = "64M";

  @Option(
      names = "--fill",
      paramLabel = "F",
      description = "What the pages hold: random (the default), half (LZ4 halves it), zero.")
  private Fill fill = Fill.RANDOM;

  @Option(
      names = "--mode",
      paramLabel = "M",
      description = "eager: the guest runs once all of its RAM is loaded (the default).")
  private String mode = "eager";

  @Mixin private SaveSettings settings = new SaveSettings();

  @Option(names = "--machine", paramLabel = "TYPE", description = "pc (the default) or q35.")
  private String machine = "pc";

  @Option(names = "--accel", paramLabel = "A", description = "tcg (the default) or kvm.")
  private String accelerator = "tcg";

  @Option(names = "--qemu", paramLabel = "PROGRAM", description = "The QEMU to use.")
  private String qemu = DemoMachine.DEFAULT.qemu();

  @Option(
      names = "--keep",
      paramLabel = "DIR",
      description = "Leave the checkpoint in this folder.")
  private @Nullable Path keep;

  @Mixin private ProgressMixin progress = new ProgressMixin();
  @Mixin private JsonMixin json = new JsonMixin();

  private volatile boolean interrupted;

  /// The command.
  ///
  /// @param console where it prints
  public DemoCommand(Console console) {
    super(console);
  }

  @Override
  public String subject() {
    return "demo";
  }

  @Override
  protected void run()
      throws IOException, InterruptedException, UsageException, CheckFailedException {
    if (!mode.toLowerCase(Locale.ROOT).equals("eager")) {
      throw SaveSettings.notYet("--mode", mode, "eager");
    }
    DemoReport report;
    try (ProgressLine line = progress.line(console())) {
      SaveOptions save = settings.options(new SaveProgressView(line));
      DemoOptions options = new DemoOptions(machine(), save, Optional.ofNullable(keep), 2);
      Thread worker = Thread.currentThread();
      console().onInterrupt(() -> interrupt(worker));
      report = run(options, new DemoStory(console(), line));
    }
    report.save().warnings().forEach(console()::warn);
    if (json.asked()) {
      DemoRendering.json(out(), report);
    } else {
      DemoRendering.text(out(), report);
    }
    if (!report.passed()) {
      throw new CheckFailedException(ExitCode.FAILED, "demo: " + report.problems().getFirst());
    }
  }

  private void interrupt(Thread worker) {
    interrupted = true;
    worker.interrupt();
  }

  private DemoReport run(DemoOptions options, DemoListener listener)
      throws IOException, InterruptedException {
    try {
      return new Demo(options, listener).run();
    } catch (IOException | RuntimeException e) {
      // QEMU is told to end too, so that nearly anything may fail now.
      if (interrupted) {
        throw new InterruptedException();
      }
      throw e;
    }
  }

  private DemoMachine machine() throws UsageException {
    try {
      long size =
          workingSet == null
              ? Math.min(DemoGuest.DEFAULT.workingSetBytes(), memory / 4)
              : workingSet;
      OptionalLong bytesPerSecond =
          rate.toLowerCase(Locale.ROOT).equals("max")
              ? OptionalLong.empty()
              : OptionalLong.of(Quantity.parseSize(rate));
      DemoGuest guest =
          DemoGuest.DEFAULT.withWorkingSet(size).withRate(bytesPerSecond).withFill(fill);
      return new DemoMachine(qemu, machine, accelerator, memory, guest);
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }
}
