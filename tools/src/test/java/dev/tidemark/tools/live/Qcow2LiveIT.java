// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.checkpoint.qcow2.Qcow2Image;
import dev.tidemark.checkpoint.qcow2.Qcow2Snapshot;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.qmp.command.Cont;
import dev.tidemark.qmp.command.HumanMonitorCommand;
import dev.tidemark.qmp.command.Quit;
import dev.tidemark.qmp.command.Stop;
import dev.tidemark.qmp.fixture.LiveQemu;
import dev.tidemark.qmp.fixture.QemuBinary;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.vmstate.DeviceSections;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What QEMU saves with `snapshot-save` and `savevm` into images of every kind is what the guest's
/// RAM was.
@Timeout(180)
class Qcow2LiveIT {
  /// Images by what makes them special: options and size for `qemu-img`.
  private static final Map<String, List<String>> IMAGES = new LinkedHashMap<>();

  static {
    IMAGES.put("usual", List.of("compat=1.1", "20M"));
    IMAGES.put("old", List.of("compat=0.10", "20M"));
    IMAGES.put("old-small", List.of("compat=0.10,cluster_size=4k", "2M"));
    IMAGES.put("smallest", List.of("cluster_size=512", "300k"));
    IMAGES.put("largest", List.of("cluster_size=2M", "1G"));
    IMAGES.put("large-disk", List.of("compat=1.1", "1100586419200"));
    IMAGES.put("extended", List.of("extended_l2=on,cluster_size=128k", "20M"));
    IMAGES.put("extended-16k", List.of("extended_l2=on,cluster_size=16k", "9M"));
    IMAGES.put("zstd", List.of("compression_type=zstd", "20M"));
    IMAGES.put("preallocated", List.of("preallocation=metadata", "20M"));
    IMAGES.put("lazy", List.of("lazy_refcounts=on,refcount_bits=64", "20M"));
    IMAGES.put("over", List.of("backing_file=base.qcow2,backing_fmt=qcow2", "25M"));
  }

  /// Those that get a second snapshot.
  private static final List<String> SEVERAL = List.of("usual", "old-small", "extended");

  @TempDir Path folder;

  private Path image(String name) {
    return folder.resolve(name + ".qcow2");
  }

  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void everyKindOfImageHoldsTheRamThatTheGuestHad(QemuBinary binary) throws Exception {
    Savevm.create(image("base"), "compat=1.1", "20M");
    List<String> arguments = guest();
    for (Map.Entry<String, List<String>> each : IMAGES.entrySet()) {
      Path file = image(each.getKey());
      Savevm.create(file, each.getValue().getFirst(), each.getValue().getLast());
      arguments.addAll(Savevm.node(each.getKey(), file));
    }
    Map<String, String> first;
    Map<String, String> second;
    try (LiveQemu vm = LiveQemu.start(binary, arguments)) {
      Thread.sleep(300);
      first = take(vm, IMAGES.keySet(), "first");
      vm.client().execute(new Cont());
      Thread.sleep(100);
      second = take(vm, SEVERAL, "second");
      end(vm);
    }
    assertThat(second.get("pc.ram")).isNotEqualTo(first.get("pc.ram"));
    for (String name : IMAGES.keySet()) {
      assertHolds(image(name), "first", first);
    }
    for (String name : SEVERAL) {
      assertHolds(image(name), "second", second);
    }
    Savevm.run("qemu-img", "resize", "-q", image("usual").toString(), "1G");
    assertHolds(image("usual"), "first", first);
    assertHolds(image("usual"), "second", second);
  }

  /// Stops the VM and takes a snapshot of it in some images; returns what its RAM was.
  private static Map<String, String> take(LiveQemu vm, Collection<String> nodes, String tag)
      throws Exception {
    QmpClient qmp = vm.client();
    qmp.execute(new Stop());
    Map<String, String> digests = RamDigests.of(qmp, vm.process().pid());
    for (String node : nodes) {
      Savevm.take(qmp, node, tag);
    }
    assertThat(RamDigests.of(qmp, vm.process().pid())).isEqualTo(digests);
    return digests;
  }

  private static void assertHolds(Path image, String snapshot, Map<String, String> digests)
      throws IOException {
    OpenOptions options = OpenOptions.DEFAULT.withSnapshot(snapshot);
    try (Checkpoint checkpoint = Checkpoint.open(image, options)) {
      assertThat(checkpoint.format()).isEqualTo(CheckpointFormat.QCOW2);
      assertThat(RamDigests.of(checkpoint)).as("%s in %s", snapshot, image).isEqualTo(digests);
      assertThat(DeviceSections.split(checkpoint.deviceState(), 0)).isPresent();
    }
  }

  /// Read while QEMU still has the image; and with only one snapshot of the VM, beside one of the
  /// disk alone, nothing needs to be named.
  @ParameterizedTest
  @MethodSource("dev.tidemark.qmp.fixture.LiveQemu#binaries")
  void savevmOfTheMonitorIsReadWhileTheVmRuns(QemuBinary binary) throws Exception {
    Savevm.create(image("disk"), "compat=1.1", "10M");
    Savevm.run("qemu-img", "snapshot", "-c", "disk alone", image("disk").toString());
    List<String> arguments = guest();
    arguments.addAll(List.of("-drive", "if=ide,format=qcow2,file=" + image("disk")));
    try (LiveQemu vm = LiveQemu.start(binary, arguments)) {
      QmpClient qmp = vm.client();
      Thread.sleep(300);
      qmp.execute(new Stop());
      Map<String, String> digests = RamDigests.of(qmp, vm.process().pid());
      assertThat(qmp.execute(new HumanMonitorCommand("savevm the-vm"))).isEmpty();
      qmp.execute(new Cont());
      try (Checkpoint checkpoint = Checkpoint.open(image("disk"))) {
        assertThat(RamDigests.of(checkpoint)).isEqualTo(digests);
      }
      assertListed(image("disk"), qmp.execute(new HumanMonitorCommand("info snapshots")));
      assertThat(qmp.execute(new HumanMonitorCommand("delvm the-vm"))).isEmpty();
      assertRefused(image("disk"), "no snapshot in this image holds a VM's state");
    }
  }

  /// QEMU shows: id, tag, size, date, clock, icount.
  private static void assertListed(Path image, String shown) throws IOException {
    try (ByteSource source = ByteSource.of(image)) {
      Qcow2Snapshot snapshot = Qcow2Image.open(source).snapshots().getLast();
      assertThat(snapshot.name()).isEqualTo("the-vm");
      long clock = snapshot.vmClock().toMillis();
      assertThat(shown)
          .containsPattern(
              "(?m)^(%s|--) +the-vm +%d KiB .* 0*0:00:0%d\\.%03d "
                  .formatted(
                      snapshot.id(),
                      Math.round(snapshot.vmStateSize() / 1024.0),
                      clock / 1000,
                      clock % 1000));
    }
  }

  @Test
  void whatQemuImgMakesAndCannotBeReadIsRefusedByName() throws Exception {
    Savevm.run(
        "qemu-img",
        "create",
        "-q",
        "--object",
        "secret,id=s,data=secret",
        "-f",
        "qcow2",
        "-o",
        "encrypt.key-secret=s,encrypt.format=aes",
        image("aes").toString(),
        "1M");
    assertRefused(image("aes"), "image encrypted with AES");
    Savevm.create(image("external"), "data_file=" + folder.resolve("data"), "1M");
    assertRefused(image("external"), "image with an external data file");
    Savevm.create(image("plain"), "compat=1.1", "1M");
    assertRefused(image("plain"), "no snapshot in this image holds a VM's state");
  }

  private static void assertRefused(Path image, String why) {
    assertThatThrownBy(() -> Checkpoint.open(image).close())
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageStartingWith(why);
  }

  /// A guest that counts in its pages from the first instruction on.
  private List<String> guest() throws IOException {
    Corpus.putGuestFiles("pc-10.0-mapped-ram", folder);
    return new ArrayList<>(
        List.of("-machine", "pc", "-m", "4", "-bios", folder.resolve("count.bin").toString()));
  }

  private static void end(LiveQemu vm) throws Exception {
    vm.client().execute(new Quit());
    assertThat(vm.process().waitFor(LiveQemu.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }
}
