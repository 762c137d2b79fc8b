// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.preflight;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.qmp.command.QemuVersion;
import dev.tidemark.restorer.launch.CommandLinePlan;
import dev.tidemark.restorer.launch.Need;
import dev.tidemark.restorer.launch.QemuCommandLine;
import dev.tidemark.stream.ram.RamBlock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A checkpoint compared with what is to take it, before anything is started.
///
/// Machine type, QEMU's version, capabilities, RAM size, and all that the command line needs or
/// that stands against it. What it does not see, QEMU says itself while it loads.
public final class Preflight {
  private static final Set<String> NOT_LOADABLE = Set.of("mapped-ram", "x-ignore-shared");

  private final Checkpoint checkpoint;
  private final List<Finding> findings = new ArrayList<>();

  private Preflight(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
  }

  /// What a QEMU process is to be started from.
  ///
  /// @param executable the program
  /// @param workingDirectory the folder to start it in
  /// @param plan its command line
  public record Target(Path executable, Path workingDirectory, CommandLinePlan plan) {}

  /// Compares a checkpoint with a QEMU that is to be started.
  ///
  /// Asks the program for its version and machine types, and starts nothing else.
  ///
  /// @param checkpoint what is to be restored
  /// @param target what is to take it
  /// @return all findings, refusals first
  public static List<Finding> check(Checkpoint checkpoint, Target target) {
    Preflight preflight = new Preflight(checkpoint);
    preflight.capabilities();
    target.plan().refusals().forEach(preflight::refuse);
    if (preflight.present(target)) {
      for (Need need : target.plan().needs()) {
        Host.unmet(need, target.workingDirectory()).ifPresent(preflight::refuse);
      }
      preflight.program(target);
    }
    preflight.ramSize(target.plan().commandLine());
    return preflight.sorted();
  }

  /// Compares a checkpoint with a QEMU that waits for it.
  ///
  /// @param checkpoint what is to be restored
  /// @param machineType the machine type that the QEMU has
  /// @param version its version
  /// @return all findings, refusals first
  public static List<Finding> checkWaiting(
      Checkpoint checkpoint, String machineType, QemuVersion version) {
    Preflight preflight = new Preflight(checkpoint);
    preflight.capabilities();
    preflight.version(version);
    preflight.sameMachine(machineType.replaceFirst("-machine$", ""));
    return preflight.sorted();
  }

  /// Throws if a finding stands against the restore.
  ///
  /// @param findings what was found
  /// @throws PreflightRefused if one of them is a refusal
  public static void requireNoRefusal(List<Finding> findings) throws PreflightRefused {
    if (findings.stream().anyMatch(f -> f.severity() == Finding.Severity.REFUSAL)) {
      throw new PreflightRefused(findings);
    }
  }

  private List<Finding> sorted() {
    return findings.stream().distinct().sorted(Comparator.comparing(Finding::severity)).toList();
  }

  private void refuse(String line) {
    findings.add(Finding.refusal(line));
  }

  private void capabilities() {
    for (String capability : checkpoint.configuration().capabilities()) {
      if (NOT_LOADABLE.contains(capability)) {
        refuse(
            "the checkpoint was made with "
                + capability
                + ", which cannot be fed to a QEMU as a stream");
      }
    }
  }

  private boolean present(Target target) {
    boolean program = Files.isExecutable(target.executable());
    if (!program) {
      refuse("no such program: " + target.executable());
    }
    boolean folder = Files.isDirectory(target.workingDirectory());
    if (!folder) {
      refuse(
          "the VM's working folder is gone: "
              + target.workingDirectory()
              + "; make it again, or give a command line: -- QEMU-ARGUMENTS");
    }
    return program && folder;
  }

  private void program(Target target) {
    Optional<String> version = ProgramOutput.of(target.executable(), List.of("--version"));
    Optional<String> machines = ProgramOutput.of(target.executable(), List.of("-machine", "help"));
    if (version.isEmpty() || machines.isEmpty()) {
      refuse(target.executable() + ": does not answer as a QEMU does");
      return;
    }
    Optional<QemuVersion> found = VersionText.in(version.get());
    found.ifPresent(this::version);
    machine(target, MachineTypes.parse(machines.get()), found);
  }

  private void version(QemuVersion target) {
    checkpoint
        .manifest()
        .map(Manifest::qemuVersion)
        .flatMap(VersionText::in)
        .filter(saved -> target.compareTo(saved) < 0)
        .ifPresent(
            saved ->
                findings.add(
                    Finding.warning(
                        "saved by QEMU "
                            + saved.number()
                            + ", restored by the older "
                            + target.number())));
  }

  private void machine(Target target, MachineTypes types, Optional<QemuVersion> version) {
    String wanted = checkpoint.configuration().machineType();
    if (wanted.isEmpty()) {
      return;
    }
    if (!types.names().contains(wanted)) {
      String which = version.map(v -> "QEMU " + v.number()).orElse(target.executable().toString());
      refuse("machine type " + wanted + ": not known to " + which);
      return;
    }
    Optional<String> given = target.plan().commandLine().machineProperty("type");
    given.or(types::byDefault).ifPresent(type -> sameMachine(types.resolve(type)));
  }

  private void sameMachine(String resolved) {
    String wanted = checkpoint.configuration().machineType();
    if (!wanted.isEmpty() && !resolved.equals(wanted)) {
      refuse(
          "machine type "
              + wanted
              + ": the target's is "
              + resolved
              + " (use -machine "
              + wanted
              + ")");
    }
  }

  private void ramSize(QemuCommandLine line) {
    if (line.has("numa") || line.has("set") || line.has("readconfig")) {
      return;
    }
    String name = line.machineProperty("memory-backend").orElse("pc.ram");
    Optional<RamBlock> block =
        checkpoint.ramBlocks().stream().filter(b -> b.idstr().equals(name)).findFirst();
    Optional<Long> given = RamSize.given(line);
    if (block.isPresent() && given.isPresent() && given.get() != block.get().usedLength()) {
      refuse(
          "RAM: the command line gives "
              + RamSize.text(given.get())
              + ", the checkpoint's block "
              + name
              + " has "
              + RamSize.text(block.get().usedLength()));
    }
  }
}
