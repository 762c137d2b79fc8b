// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.preflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.qmp.command.QemuVersion;
import dev.tidemark.restorer.CheckpointFixture;
import dev.tidemark.restorer.launch.CommandLinePlan;
import dev.tidemark.restorer.launch.QemuCommandLine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreflightTest {
  private static final String PC = "pc-i440fx-10.0";

  @TempDir Path folder;
  private Path program;

  /// A program that answers as QEMU 10.0.2 does.
  @BeforeEach
  void program() throws IOException {
    program = folder.resolve("qemu");
    Files.writeString(
        program,
        """
        #!/bin/sh
        case $1 in
        --version) echo 'QEMU emulator version 10.0.2 (Some 1:10.0.2+ds-2)' ;;
        -machine) cat <<END
        Supported machines are:
        microvm              microvm (i386)
        pc                   Standard PC (i440FX + PIIX, 1996) (alias of pc-i440fx-10.0)
        pc-i440fx-10.0       Standard PC (i440FX + PIIX, 1996) (default)
        pc-i440fx-7.2        Standard PC (i440FX + PIIX, 1996)
        q35                  Standard PC (Q35 + ICH9, 2009) (alias of pc-q35-10.0)
        pc-q35-10.0          Standard PC (Q35 + ICH9, 2009)
        END
        esac
        """);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
  }

  private List<String> check(Checkpoint checkpoint, String... arguments) {
    CommandLinePlan plan =
        CommandLinePlan.of(
            QemuCommandLine.parse(List.of(arguments)),
            CommandLinePlan.Policy.GIVEN,
            Path.of("/run/vm"),
            "");
    return Preflight.check(checkpoint, new Preflight.Target(program, folder, plan)).stream()
        .map(f -> f.severity() + " " + f.line())
        .toList();
  }

  private static Checkpoint vm(String machine, String... capabilities) {
    return CheckpointFixture.of(machine, 64 << 20, "10.0.2", List.of(capabilities));
  }

  @Test
  void nothingIsFoundWhereNothingIsWrong() {
    assertThat(check(vm(PC), "-m", "64")).isEmpty();
    assertThat(check(vm(PC), "-m", "size=64M,slots=2,maxmem=1G", "-M", "pc")).isEmpty();
    assertThat(check(vm("pc-q35-10.0"), "-m", "0.0625G", "-M", "q35,accel=tcg")).isEmpty();
  }

  @Test
  void aMachineTypeThatTheTargetDoesNotKnow() {
    assertThat(check(vm("pc-i440fx-11.0"), "-m", "64"))
        .containsExactly("REFUSAL machine type pc-i440fx-11.0: not known to QEMU 10.0.2");
  }

  @Test
  void anotherMachineTypeThanTheCheckpoints() {
    assertThat(check(vm("pc-i440fx-7.2"), "-m", "64"))
        .containsExactly(
            "REFUSAL machine type pc-i440fx-7.2: the target's is pc-i440fx-10.0 (use -machine"
                + " pc-i440fx-7.2)");
  }

  @Test
  void anOlderQemuIsAWarning() {
    assertThat(check(CheckpointFixture.of(PC, 64 << 20, "10.1.0", List.of()), "-m", "64"))
        .containsExactly("WARNING saved by QEMU 10.1.0, restored by the older 10.0.2");
  }

  @Test
  void capabilitiesThatNoStreamCanCarry() {
    assertThat(check(vm(PC, "x-ignore-shared"), "-m", "64"))
        .containsExactly(
            "REFUSAL the checkpoint was made with x-ignore-shared, which cannot be fed to a QEMU as"
                + " a stream");
  }

  @Test
  void anotherSizeOfRam() {
    assertThat(check(vm(PC)))
        .containsExactly(
            "REFUSAL RAM: the command line gives 128 MiB, the checkpoint's block pc.ram has 64 MiB");
  }

  @Test
  void missingFilesAreNamed() {
    CommandLinePlan plan =
        CommandLinePlan.of(
            QemuCommandLine.parse(
                List.of("-m", "64", "-kernel", "vmlinuz", "-initrd", program.toString())),
            CommandLinePlan.Policy.SAVED,
            Path.of("/run/vm"),
            PC);
    assertThat(Preflight.check(vm(PC), new Preflight.Target(program, folder, plan)))
        .containsExactly(
            Finding.refusal("-kernel vmlinuz: no such file: " + folder.resolve("vmlinuz")));
    assertThat(Preflight.check(vm(PC), new Preflight.Target(program, folder.resolve("gone"), plan)))
        .containsExactly(
            Finding.refusal(
                "the VM's working folder is gone: "
                    + folder.resolve("gone")
                    + "; make it again, or give a command line: -- QEMU-ARGUMENTS"));
    assertThat(Preflight.check(vm(PC), new Preflight.Target(folder.resolve("none"), folder, plan)))
        .containsExactly(Finding.refusal("no such program: " + folder.resolve("none")));
  }

  @Test
  void aPortThatIsListenedOnIsNamed() throws IOException {
    try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String option = "user,id=n,hostfwd=tcp:127.0.0.1:" + busy.getLocalPort() + "-:22";
      CommandLinePlan plan =
          CommandLinePlan.of(
              QemuCommandLine.parse(List.of("-m", "64", "-netdev", option)),
              CommandLinePlan.Policy.SAVED,
              Path.of("/run/vm"),
              PC);
      Preflight.Target target = new Preflight.Target(program, folder, plan);
      assertThat(Preflight.check(vm(PC), target))
          .singleElement()
          .extracting(Finding::line)
          .asString()
          .startsWith("-netdev " + option + ": TCP port " + busy.getLocalPort() + " is not free");
    }
  }

  @Test
  void aProgramThatIsNoQemu() throws IOException {
    Files.writeString(program, "#!/bin/sh\nexit 1\n");
    assertThat(check(vm(PC), "-m", "64"))
        .containsExactly("REFUSAL " + program + ": does not answer as a QEMU does");
  }

  @Test
  void aWaitingQemuIsCompared() {
    QemuVersion older = new QemuVersion(7, 2, 22, "");
    assertThat(Preflight.checkWaiting(vm(PC), PC + "-machine", older))
        .containsExactly(Finding.warning("saved by QEMU 10.0.2, restored by the older 7.2.22"));
    assertThat(Preflight.checkWaiting(vm(PC), "pc-q35-10.0-machine", older).getFirst().severity())
        .isEqualTo(Finding.Severity.REFUSAL);
  }

  @Test
  void refusalsAreThrownTogether() {
    List<Finding> findings =
        List.of(Finding.refusal("a"), Finding.refusal("b"), Finding.warning("c"));
    assertThatThrownBy(() -> Preflight.requireNoRefusal(findings))
        .isInstanceOfSatisfying(
            PreflightRefused.class,
            e -> {
              assertThat(e).hasMessage("a; b");
              assertThat(e.refusals()).containsExactly("a", "b");
              assertThat(e.findings()).isEqualTo(findings);
            });
  }

  @Test
  void sizesAreReadAsQemuDoes() {
    assertThat(RamSize.bytes("64")).contains(64L << 20);
    assertThat(RamSize.bytes("2G")).contains(2L << 30);
    assertThat(RamSize.bytes("1048576k")).contains(1L << 30);
    assertThat(RamSize.bytes("999999999999999T")).isEmpty();
    assertThat(RamSize.bytes("0x40")).isEmpty();
  }
}
