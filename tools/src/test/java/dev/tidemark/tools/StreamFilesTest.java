// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.fixture.Corpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Bare migration streams of real QEMU through the commands that read.
class StreamFilesTest {
  private static final Map<String, String> MAIN_RAM =
      Map.of(
          "qemu-system-x86_64", "pc.ram",
          "qemu-system-aarch64", "mach-virt.ram",
          "qemu-system-ppc64", "ppc_spapr.ram",
          "qemu-system-s390x", "s390.ram");

  private static final Map<String, String> LIVE =
      Map.of(
          "pc-10.0-dirty-bitmaps", "dirty-bitmap",
          "pseries-10.0-htab", "spapr/htab",
          "s390x-10.0-storage-attributes", "s390-storage_attributes");

  @TempDir Path folder;

  /// What is said of files that hold no whole VM, and by which exit code.
  private static final Map<String, String> REFUSED =
      Map.of(
          "pc-10.0-mapped-ram-background",
          "5 mapped-ram file of a background snapshot: no page is marked as stored",
          "pc-10.0-mapped-ram-offset",
          "4 not a checkpoint that Tidemark can read",
          "pc-10.0-postcopy-preempt",
          "5 discarded pages that do not come again: they went over another channel",
          "pc-10.0-postcopy-recovery",
          "3 the stream ends");

  private static final String MAIN_ALONE =
      "5 no page has content: they are in the multifd channels, which are files of their own";

  static List<String> names() {
    return Corpus.names().stream().filter(name -> refusal(name).isEmpty()).toList();
  }

  static List<String> refused() {
    return Corpus.names().stream().filter(name -> !refusal(name).isEmpty()).toList();
  }

  private static String refusal(String name) {
    return Corpus.entry(name).kind() == Corpus.Kind.MULTIFD
        ? MAIN_ALONE
        : REFUSED.getOrDefault(name, "");
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyStreamIsInspectedAndVerified(String name) throws IOException {
    Path file = Files.write(folder.resolve(name), Corpus.bytes(name));
    Corpus.Entry entry = Corpus.entry(name);
    assertThat(Cli.run("inspect", file).ok().out())
        .contains(
            name.contains("mapped-ram")
                ? ": QEMU mapped-ram stream, "
                : ": QEMU migration stream, ",
            MAIN_RAM.getOrDefault(entry.program(), "?"))
        .containsPattern(
            entry.kind() == Corpus.Kind.EARLY_SECTION ? "virtio-mem-device-early +0 +1 +[0-9]" : "")
        .contains(LIVE.getOrDefault(name, ""));

    long pages = entry.ramBytes() / entry.targetPageSize();
    Cli verified = Cli.run("verify", file);
    assertThat(verified.code()).isZero();
    assertThat(verified.out()).contains(": ok: " + pages + " pages (");
    assertThat(verified.err())
        .isEqualTo(
            !name.endsWith("no-vmdesc")
                ? ""
                : "tidemark: warning: the stream has no vmdesc: that its end is missing could not be"
                    + " seen\n");

    assertThat(Cli.run("list", folder).ok().out()).containsPattern("complete +" + name);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void whatIsNoWholeVmIsRefused(String name) throws IOException {
    Path file = Files.write(folder.resolve(name), Corpus.bytes(name));
    int code = refusal(name).charAt(0) - '0';
    String why = refusal(name).substring(2);
    for (String command : List.of("inspect", "verify")) {
      Cli refused = Cli.run(command, file);
      assertThat(refused.code()).isEqualTo(code);
      assertThat(refused.err()).contains(name, why).hasLineCount(1);
    }
    Cli listed = Cli.run("list", "--json", folder).ok();
    if (name.endsWith("-offset")) {
      // A folder has other files too.
      assertThat(listed.out()).doesNotContain(name);
    } else {
      assertThat(listed.out())
          .contains(name, why, code == 3 ? "\"incomplete\"" : "\"unsupported\"");
    }
  }

  @Test
  void verifySaysWhatItCouldNotCheck() throws IOException {
    assertThat(verified("pc-10.0-stopped").out())
        .endsWith(
            """
            : ok: 4226 pages (114 data, 4112 zero, 0 missing), 12.6 KiB of device state, QEMU migration stream, 602.7 KiB
              checked      the format from beginning to end; 114 pages of data read
              checked      30 device sections where vmdesc says they are
              not checked  what the pages hold: a QEMU migration stream has no checksums
              not checked  parts of 4 device sections, whose layout vmdesc does not tell
              note         a VM that loads it becomes paused
            """);
    assertThat(verified("pc-10.0-no-vmdesc").out())
        .contains("  not checked  12.6 KiB of device state: there is no vmdesc\n");
    Cli postcopy = verified("pc-10.0-postcopy").ok();
    assertThat(postcopy.out()).contains("there is no vmdesc, as is usual in postcopy\n");
  }

  private Cli verified(String name) throws IOException {
    return Cli.run("verify", Files.write(folder.resolve(name), Corpus.bytes(name)));
  }

  @Test
  void theFileOfABackgroundSnapshotCanBeRepaired() throws IOException {
    String name = "pc-10.0-mapped-ram-background";
    assertThat(verified(name).failed(5).err())
        .endsWith("while reading checkpoint; use 'tidemark repair IN OUT'\n");
  }

  /// A QEMU that is not there, or does not know the machine, is no failure.
  @Test
  void aQemuIsAskedForTheMachineType() throws IOException {
    Path file = Files.write(folder.resolve("file"), Corpus.bytes("pc-10.0-stopped"));
    assertThat(Cli.run("verify", "--qemu=qemu-system-none", file).ok().out())
        .endsWith(
            "  note         qemu-system-none is not installed here: whether it has the machine"
                + " type is not known\n");
    Path qemu = folder.resolve("qemu");
    Files.writeString(qemu, "#!/bin/sh\nprintf 'Supported machines are:\\nisapc  ISA PC\\n'\n");
    assertThat(qemu.toFile().setExecutable(true)).isTrue();
    assertThat(Cli.run("verify", "--qemu=" + qemu, file).ok().out())
        .endsWith("/qemu has no machine type pc-i440fx-10.0\n");
    Files.writeString(qemu, "#!/bin/sh\nprintf 'Machines:\\npc-i440fx-10.0  PC\\n'\n");
    assertThat(Cli.run("verify", "--json", "--qemu=" + qemu, file).ok().out())
        .contains("/qemu has the machine type pc-i440fx-10.0\"");
    Files.writeString(qemu, "#!/bin/sh\nexit 1\n");
    assertThat(Cli.run("verify", "--qemu=" + qemu, file).ok().out()).contains("did not answer");
  }

  @Test
  void aStreamCutAnywhereIsIncomplete() throws IOException {
    byte[] whole = Corpus.bytes("pc-10.0-stopped");
    for (int cut : new int[] {1, 4, 17, 1000, 100_000, whole.length - 5000, whole.length - 1}) {
      Path file = Files.write(folder.resolve("cut.bin"), Arrays.copyOf(whole, cut));
      Cli.run("inspect", file).failed(3);
      Cli.run("verify", file).failed(3);
    }
  }
}
