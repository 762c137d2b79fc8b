// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver;

import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.qmp.PeerProcess;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.QmpException;
import dev.tidemark.qmp.command.BlockDevice;
import dev.tidemark.qmp.command.HumanMonitorCommand;
import dev.tidemark.qmp.command.QemuVersion;
import dev.tidemark.qmp.command.QomGet;
import dev.tidemark.qmp.command.QueryBlock;
import dev.tidemark.qmp.command.QueryStatus;
import dev.tidemark.qmp.command.QueryTarget;
import dev.tidemark.qmp.command.Raw;
import dev.tidemark.qmp.command.RunState;
import dev.tidemark.qmp.json.JsonBoolean;
import dev.tidemark.qmp.json.JsonString;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What is noted of a VM before it is saved.
///
/// @param version QEMU's version
/// @param target QEMU's target, such as `x86_64`
/// @param machineType machine type name; empty if QEMU does not tell
/// @param runState the run state before the save
/// @param tcg whether the guest's code is translated (TCG), not run by KVM
/// @param vmdescSuppressed whether this machine's stream has no vmdesc, so that its end cannot be
/// seen
/// @param memoryMap the lines of `info mtree -f`; empty if QEMU does not tell
/// @param disks what is in the drives
/// @param commandLine the process's command line, without secrets; absent where it cannot be seen
record SourceFacts(
    QemuVersion version,
    String target,
    String machineType,
    RunState runState,
    boolean tcg,
    boolean vmdescSuppressed,
    List<String> memoryMap,
    List<Manifest.Disk> disks,
    Optional<Manifest.CommandLine> commandLine) {
  private static final long LOSING_MULTIPLE = 256 << 10;

  /// Asks QEMU.
  ///
  /// @throws IOException if it cannot be reached
  static SourceFacts of(QmpClient qmp) throws IOException, InterruptedException {
    return new SourceFacts(
        qmp.version(),
        qmp.execute(new QueryTarget()),
        machineType(qmp),
        qmp.execute(new QueryStatus()).status(),
        isTcg(qmp),
        suppressesVmdesc(qmp),
        memoryMap(qmp),
        disks(qmp),
        qmp.peerPid().flatMap(PeerProcess::of).map(SourceFacts::withoutSecrets));
  }

  /// Whether this QEMU can miss what the guest writes while its memory is being sent: before 9.0
  /// under TCG, dirty tracking loses writes to RAM blocks whose size is a multiple of 256 KiB.
  boolean losesWrites(List<RamBlock> blocks) {
    return tcg
        && runState == RunState.Known.RUNNING
        && !version.isAtLeast(9, 0)
        && blocks.stream().anyMatch(b -> b.usedLength() % LOSING_MULTIPLE == 0);
  }

  /// The names of the disks that the guest can write.
  List<String> writableDisks() {
    return disks.stream().filter(d -> !d.readOnly()).map(Manifest.Disk::device).toList();
  }

  /// The manifest of a save of this VM.
  Manifest manifest(
      Instant created, SaveMethod method, List<String> capabilities, Manifest.Timing timing) {
    return new Manifest(
        Tidemark.version(),
        created,
        method.wireName(),
        version.number(),
        version.packaging(),
        target,
        machineType,
        runState.wireName(),
        capabilities,
        memoryMap,
        commandLine,
        disks,
        timing);
  }

  private static Manifest.CommandLine withoutSecrets(PeerProcess process) {
    List<String> arguments = process.arguments();
    return SecretScrubber.scrub(
        process.executable().toString(),
        arguments.subList(Math.min(1, arguments.size()), arguments.size()),
        process.workingFolder().toString());
  }

  private static String machineType(QmpClient qmp) throws IOException, InterruptedException {
    try {
      String type =
          qmp.execute(new QomGet("/machine", "type")) instanceof JsonString s ? s.value() : "";
      return type.endsWith("-machine") ? type.substring(0, type.length() - 8) : type;
    } catch (QmpException.CommandFailed e) {
      return "";
    }
  }

  private static boolean isTcg(QmpClient qmp) throws IOException, InterruptedException {
    return !qmp.execute(new Raw("query-kvm")).asObject().bool("enabled");
  }

  private static boolean suppressesVmdesc(QmpClient qmp) throws IOException, InterruptedException {
    try {
      return qmp.execute(new QomGet("/machine", "suppress-vmdesc")) instanceof JsonBoolean b
          && b.value();
    } catch (QmpException.CommandFailed e) {
      return false;
    }
  }

  private static List<String> memoryMap(QmpClient qmp) throws IOException, InterruptedException {
    try {
      return qmp.execute(new HumanMonitorCommand("info mtree -f")).lines().toList();
    } catch (QmpException.CommandFailed e) {
      return List.of();
    }
  }

  private static List<Manifest.Disk> disks(QmpClient qmp) throws IOException, InterruptedException {
    return qmp.execute(new QueryBlock()).stream()
        .filter(d -> d.inserted().isPresent())
        .map(SourceFacts::disk)
        .toList();
  }

  private static Manifest.Disk disk(BlockDevice device) {
    var node = device.inserted().orElseThrow();
    String name =
        !device.device().isEmpty()
            ? device.device()
            : node.nodeName().orElse(device.qdev().orElse("disk"));
    return new Manifest.Disk(name, node.file(), node.driver(), !device.isWritable());
  }
}
