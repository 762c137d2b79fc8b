// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.checkpoint.libvirt.LibvirtCheckpoint;
import dev.tidemark.checkpoint.libvirt.LibvirtDomain;
import dev.tidemark.checkpoint.libvirt.LibvirtFormat;
import dev.tidemark.checkpoint.libvirt.LibvirtWriter;
import dev.tidemark.qmp.QmpClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Images that `virsh save` makes hold the RAM and the device state that the domain had; `virsh
/// restore` takes ours; what an image is converted to is loaded by QEMU without libvirt.
@Timeout(300)
class LibvirtLiveIT {
  private static LiveLibvirt libvirt;
  private static Path snapshots;

  @BeforeAll
  static void startsADomain() throws Exception {
    libvirt = LiveLibvirt.start();
    snapshots = libvirt.folder().resolve("vm.qcow2");
    Savevm.create(snapshots, "compat=1.1", "1M");
    libvirt.createDomain();
  }

  @AfterAll
  static void endsIt() throws Exception {
    if (libvirt != null) {
      libvirt.close();
    }
  }

  /// The domain goes from image to image: what one test restores, the next one saves.
  @ParameterizedTest
  @EnumSource
  void anImageHoldsTheVmAndWhatIsMadeOfItGoesOn(LibvirtFormat format) throws Exception {
    Path image = libvirt.folder().resolve("virsh." + format);
    Path ours = libvirt.folder().resolve("ours." + format);
    libvirt.virsh("suspend " + LiveLibvirt.DOMAIN);
    Map<String, String> ram = ramAndSnapshot(format);
    libvirt.virsh(
        "save %s %s --running --image-format %s".formatted(LiveLibvirt.DOMAIN, image, format));

    try (LibvirtCheckpoint checkpoint = (LibvirtCheckpoint) Checkpoint.open(image)) {
      assertThat(checkpoint.content()).isEqualTo(format);
      assertHolds(checkpoint, format, ram);
      write(checkpoint, format, ours);
      assertConvertedGoesOn(image, form(format), libvirt.origin(checkpoint.header().xml()));
    }
    try (Checkpoint checkpoint = Checkpoint.open(ours)) {
      assertThat(RamDigests.of(checkpoint)).isEqualTo(ram);
    }

    int printed = libvirt.serialFrom(0).length();
    libvirt.virsh("restore " + ours);
    // Two whole walks of the guest look at all of its memory.
    String text = libvirt.awaitSerial(printed, "(?s).*\nwalk .*\nwalk .*\n.*");
    assertThat(text).doesNotContain("tidemark-guest", "wrong ", "panic", "error");
    Files.delete(image);
    Files.delete(ours);
  }

  /// Saves the stopped VM in its own way beside `virsh`, which leaves it as it is.
  private static Map<String, String> ramAndSnapshot(LibvirtFormat format) throws Exception {
    try (QmpClient qmp = libvirt.monitor()) {
      Savevm.add(qmp, "vm", snapshots);
      Savevm.take(qmp, "vm", format.toString());
      return RamDigests.of(qmp, libvirt.pid());
    }
  }

  private static void assertHolds(
      LibvirtCheckpoint checkpoint, LibvirtFormat format, Map<String, String> ram)
      throws Exception {
    assertThat(checkpoint.format()).isEqualTo(CheckpointFormat.LIBVIRT);
    assertThat(checkpoint.disagreement()).isEmpty();
    assertThat(checkpoint.header().wasRunning()).isTrue();
    assertThat(checkpoint.header().cookie()).isPresent();
    LibvirtDomain domain = LibvirtDomain.of(checkpoint.header().xml());
    assertThat(domain.name()).contains(LiveLibvirt.DOMAIN);
    assertThat(domain.machine()).contains(checkpoint.configuration().machineType());
    assertThat(RamDigests.of(checkpoint)).isEqualTo(ram);
    try (Checkpoint snapshot =
        Checkpoint.open(snapshots, OpenOptions.DEFAULT.withSnapshot(format.toString()))) {
      DeviceStates.assertSame(format, checkpoint, snapshot);
    }
  }

  /// Each format becomes one of the three forms, each form comes from more than one.
  private static String form(LibvirtFormat format) {
    return switch (format) {
      case SPARSE, BZIP2, ZSTD -> "stream";
      case RAW, XZ -> "mapped-ram";
      case GZIP, LZOP -> "archive";
    };
  }

  private static void assertConvertedGoesOn(Path image, String form, IncomingVm.Origin origin)
      throws Exception {
    Path out = image.resolveSibling("converted");
    Commands.convert(image, out, form);
    Path home = image.resolveSibling("in-" + image.getFileName());
    try (IncomingVm target = IncomingVm.start(origin, home, "-S")) {
      target.load(out, form);
      target.assertGoesOn();
    }
    Files.delete(out);
  }

  private static void write(LibvirtCheckpoint checkpoint, LibvirtFormat format, Path file)
      throws IOException {
    try (CheckpointStream in = checkpoint.stream();
        FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      LibvirtWriter.write(in, target, LibvirtWriter.Options.of(format, checkpoint.header()));
      target.commit();
    }
  }
}
