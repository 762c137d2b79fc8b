// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.vmstate.VmstateValue.Array;
import dev.tidemark.stream.vmstate.VmstateValue.Gtree;
import dev.tidemark.stream.vmstate.VmstateValue.Opaque;
import dev.tidemark.stream.vmstate.VmstateValue.Queue;
import dev.tidemark.stream.vmstate.VmstateValue.Scalar;
import dev.tidemark.stream.vmstate.VmstateValue.Scalars;
import dev.tidemark.stream.vmstate.VmstateValue.Struct;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Real device state: decoded to its last byte, and the same bytes again.
class VmstateCorpusTest {
  /// Fields that QEMU writes with code of their own: vmdesc tells their sizes and no layout.
  private static final Set<String> HAND_WRITTEN =
      Set.of(
          "msix state",
          "pci config",
          "pci irq state",
          "scsi-requests",
          "shpc",
          "virtio",
          "virtio-gpu");

  /// What has no vmdesc cannot be decoded; no other kind of exception exists.
  private static final String WITHOUT_VMDESC = "pc-10.0-no-vmdesc";

  @Test
  void everyByteHasAFieldAndComesOutAgain() throws IOException {
    int sections = 0;
    for (Map.Entry<String, DeviceState> entry : DeviceCorpus.all().entrySet()) {
      DeviceState state = entry.getValue();
      MachineVmstate machine = MachineVmstate.decode(state);
      DeviceState again = machine.encode();
      assertThat(again.sections()).as(entry.getKey()).isEqualTo(state.sections());
      assertThat(again.vmdesc()).isEqualTo(state.vmdesc());
      if (entry.getKey().equals(WITHOUT_VMDESC)) {
        assertThat(machine.devices()).isEmpty();
        assertThat(machine.rest().orElseThrow().reason()).isEqualTo("there is no vmdesc");
        continue;
      }
      assertThat(machine.rest()).as(entry.getKey()).isEmpty();
      assertThat(machine.devices())
          .allSatisfy(device -> assertThat(device.rest()).as(device.header().idstr()).isEmpty());
      sections += machine.devices().size();
    }
    assertThat(sections).isGreaterThan(400);
  }

  @Test
  void onlyHandWrittenFieldsAreOpaque() throws IOException {
    for (DeviceState state : DeviceCorpus.all().values()) {
      for (DeviceVmstate device : MachineVmstate.decode(state).devices()) {
        List<Opaque> opaque = new ArrayList<>();
        collect(device.fields(), opaque);
        assertThat(opaque)
            .allSatisfy(
                o -> {
                  assertThat(o.type()).isIn(HAND_WRITTEN);
                  assertThat(o.reason()).isEqualTo("layout is not in vmdesc");
                });
      }
    }
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
              assertThat(device.find(path)).as("%s", path).contains(value);
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
