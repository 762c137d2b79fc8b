// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.StreamElement.Configuration;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.vmstate.VmstateValue.Array;
import dev.tidemark.stream.vmstate.VmstateValue.Buffer;
import dev.tidemark.stream.vmstate.VmstateValue.Gtree;
import dev.tidemark.stream.vmstate.VmstateValue.Opaque;
import dev.tidemark.stream.vmstate.VmstateValue.Queue;
import dev.tidemark.stream.vmstate.VmstateValue.Scalar;
import dev.tidemark.stream.vmstate.VmstateValue.Scalars;
import dev.tidemark.stream.vmstate.VmstateValue.Struct;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Real device state: decoded to its last byte, and the same bytes again.
class VmstateCorpusTest {
  /// Fields that QEMU writes with code of their own: vmdesc tells their sizes and no layout.
  private static final Set<String> HAND_WRITTEN =
      Set.of(
          "avr",
          "msix state",
          "pci config",
          "pci irq state",
          "scsi-requests",
          "shpc",
          "slbe",
          "virtio",
          "virtio-gpu");

  /// What has no vmdesc and no sibling cannot be cut into sections; no other kind of exception
  /// exists.
  private static final Set<String> WITHOUT_VMDESC = Set.of("pc-10.0-no-vmdesc");

  static List<String> streams() {
    return Corpus.names();
  }

  @ParameterizedTest
  @MethodSource("streams")
  void everyByteHasAFieldAndComesOutAgain(String name) throws IOException {
    DeviceCorpus.Sections state = DeviceCorpus.sections(name);
    if (WITHOUT_VMDESC.contains(name)) {
      assertThat(state.layout()).isEmpty();
      assertThat(state.sections()).isEmpty();
      assertThat(state.bytesOutside()).isPositive();
      return;
    }
    assertThat(state.bytesOutside()).isZero();
    assertThat(state.sections()).hasSizeGreaterThan(7);
    List<DeviceVmstate> devices = DeviceCorpus.machine(name).devices();
    assertThat(devices).hasSameSizeAs(state.sections());
    for (int i = 0; i < devices.size(); i++) {
      DeviceSection section = state.sections().get(i);
      assertDecoded(devices.get(i));
      DeviceSection again = devices.get(i).toSection();
      assertThat(again.body()).as("%s", section.header()).isEqualTo(section.body());
      assertThat(again.header()).isEqualTo(section.header());
      assertThat(again.footer()).isEqualTo(section.footer());
      assertThat(again.streamOffset()).isEqualTo(section.streamOffset());
    }
  }

  @ParameterizedTest
  @MethodSource("streams")
  void theConfigurationIsDecodedToo(String name) throws IOException {
    Optional<Configuration> configuration = DeviceCorpus.configuration(name);
    Optional<String> vmdesc = DeviceCorpus.sections(name).layout();
    Optional<ConfigurationVmstate> decoded =
        configuration.isPresent() && vmdesc.isPresent()
            ? ConfigurationVmstate.decode(configuration.get(), VmdescLayout.parse(vmdesc.get(), 0))
            : Optional.empty();
    // Described since QEMU 8.2.
    assertThat(decoded.isPresent())
        .isEqualTo(
            configuration.isPresent()
                && vmdesc.isPresent()
                && Corpus.entry(name).qemu().startsWith("10."));
    if (decoded.isPresent()) {
      Configuration element = configuration.orElseThrow();
      assertThat(decoded.get().rest()).isEmpty();
      assertThat(decoded.get().toBytes()).isEqualTo(element.bytes());
      byte[] type = element.machine().machineType().getBytes(StandardCharsets.US_ASCII);
      assertThat(decoded.get().find("len")).contains(new Scalar(ScalarType.UINT32, type.length));
      assertThat(decoded.get().find("name")).contains(new Buffer(WireBytes.of(type)));
    }
  }

  @Test
  void everyByteOfMachinesWithManyDevicesHasAFieldAndComesOutAgain() throws IOException {
    int sections = 0;
    for (String name : DeviceCorpus.NAMES) {
      DeviceState state = DeviceCorpus.state(name);
      MachineVmstate machine = MachineVmstate.decode(state);
      assertThat(machine.rest()).as(name).isEmpty();
      assertThat(machine.encode().sections()).as(name).isEqualTo(state.sections());
      assertThat(machine.encode().vmdesc()).isEqualTo(state.vmdesc());
      machine.devices().forEach(VmstateCorpusTest::assertDecoded);
      sections += machine.devices().size();
    }
    assertThat(sections).isGreaterThan(100);
  }

  @Test
  void withoutVmdescAllBytesAreKept() throws IOException {
    DeviceState state =
        new DeviceState(DeviceCorpus.state("virt-10.0").sections(), Optional.empty());
    MachineVmstate machine = MachineVmstate.decode(state);
    assertThat(machine.devices()).isEmpty();
    assertThat(machine.rest().orElseThrow().reason()).isEqualTo("there is no vmdesc");
    assertThat(machine.encode().sections()).isEqualTo(state.sections());
  }

  /// Nothing stands behind what was decoded, and only hand-written fields are opaque.
  private static void assertDecoded(DeviceVmstate device) {
    assertThat(device.rest()).as("%s", device.header()).isEmpty();
    List<Opaque> opaque = new ArrayList<>();
    collect(device.fields(), opaque);
    assertThat(opaque)
        .as("%s", device.header())
        .allSatisfy(
            o -> {
              assertThat(o.reason()).isEqualTo("layout is not in vmdesc");
              assertThat(o.type()).isIn(HAND_WRITTEN);
            });
  }

  @Test
  void eachDeviceIsFoundByItsPath() throws IOException {
    for (String name : DeviceCorpus.NAMES) {
      MachineVmstate machine = MachineVmstate.decode(DeviceCorpus.state(name));
      for (DeviceVmstate device : machine.devices()) {
        VmstatePath path = device.path("");
        assertThat(VmstatePath.parse(path.toString())).isEqualTo(path);
        assertThat(machine.find(path)).contains(device.fields());
      }
    }
  }

  /// Every number of every device: found by its path, and changed there and nowhere else.
  @Test
  void eachNumberIsFoundAndChangedByItsPath() throws IOException {
    MachineVmstate machine = MachineVmstate.decode(DeviceCorpus.state("q35-10.0"));
    int changed = 0;
    for (DeviceVmstate device : machine.devices()) {
      List<String> paths = new ArrayList<>();
      numbers("", device.fields(), paths);
      byte[] before = device.toSection().body();
      for (String field : paths) {
        VmstatePath path = VmstatePath.parse(device.path(field).toString());
        Scalar old = (Scalar) device.find(path).orElseThrow(() -> new AssertionError(path));
        byte[] after = device.with(path, old.value() == 0 ? 1 : 0).toSection().body();
        int bytes = 0;
        for (int i = 0; i < before.length; i++) {
          bytes += before[i] == after[i] ? 0 : 1;
        }
        assertThat(after).hasSameSizeAs(before);
        assertThat(bytes).as("%s", path).isBetween(1, old.size());
        changed++;
      }
    }
    assertThat(changed).isGreaterThan(5000);
  }

  @Test
  void eachFieldIsGivenWithAPathThatLeadsToIt() throws IOException {
    for (String name : DeviceCorpus.NAMES) {
      for (DeviceVmstate device : MachineVmstate.decode(DeviceCorpus.state(name)).devices()) {
        int[] bytes = new int[1];
        device.forEachField(
            (path, value) -> {
              assertThat(device.find(path).orElseThrow()).as("%s", path).isSameAs(value);
              assertThat(VmstatePath.parse(path.toString())).isEqualTo(path);
              bytes[0] += value.size();
            });
        assertThat(bytes[0]).isLessThanOrEqualTo(device.fields().size());
      }
    }
  }

  private static void numbers(String path, VmstateValue value, List<String> found) {
    switch (value) {
      case Scalar _ -> found.add(path);
      case Scalars s -> found.add(path + "[" + (s.count() - 1) + "]");
      case Array a -> {
        for (int i = 0; i < a.elements().size(); i++) {
          numbers(path + "[" + i + "]", a.elements().get(i), found);
        }
      }
      case Queue q -> {
        for (int i = 0; i < q.elements().size(); i++) {
          numbers(path + "[" + i + "]", q.elements().get(i), found);
        }
      }
      case Struct s -> {
        String dot = path.isEmpty() ? "" : path + ".";
        s.members().forEach(m -> numbers(dot + m.name(), m.value(), found));
        s.subsections().forEach(sub -> inSubsection(dot + sub.name() + ":", sub.fields(), found));
      }
      default -> {}
    }
  }

  private static void inSubsection(String prefix, Struct fields, List<String> found) {
    List<String> inside = new ArrayList<>();
    numbers("", fields, inside);
    inside.forEach(path -> found.add(prefix + path));
  }

  private static void collect(VmstateValue value, List<Opaque> opaque) {
    switch (value) {
      case Opaque o -> opaque.add(o);
      case Array a -> a.elements().forEach(e -> collect(e, opaque));
      case Queue q -> q.elements().forEach(e -> collect(e, opaque));
      case Gtree t -> t.nodes().forEach(n -> collect(n.value(), opaque));
      case Struct s -> {
        s.members().forEach(m -> collect(m.value(), opaque));
        s.subsections().forEach(sub -> collect(sub.fields(), opaque));
      }
      default -> {}
    }
  }
}
