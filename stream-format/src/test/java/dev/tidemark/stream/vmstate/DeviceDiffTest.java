// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.vmstate.DeviceDiff.Change;
import dev.tidemark.stream.vmstate.VmstateValue.Scalar;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DeviceDiffTest {
  @Test
  void aMachineIsLikeItself() throws IOException {
    for (String name : Corpus.names()) {
      DeviceDiff diff = DeviceDiff.between(DeviceCorpus.machine(name), DeviceCorpus.machine(name));
      assertThat(diff.changes()).as(name).isEmpty();
    }
  }

  @Test
  void changedNumbersAreNamed() throws IOException {
    MachineVmstate before = MachineVmstate.decode(DeviceCorpus.state("q35-10.0"));
    VmstatePath register = VmstatePath.parse("cpu/1:env.regs[3]");
    VmstatePath base = VmstatePath.parse("cpu/1:env.segs[2].base");
    MachineVmstate after = before.with(base, 0x77).with(register, -2);
    assertThat(DeviceDiff.between(before, after).changes())
        .containsExactly(
            new Change(register, before.find(register), number(ScalarType.UINT64, -2)),
            new Change(base, before.find(base), number(ScalarType.UINT64, 0x77)));
  }

  /// A timer's channel has a field whose name is that of an element beside it.
  @Test
  void fieldsOfOneNameAreToldApart() throws IOException {
    MachineVmstate before = MachineVmstate.decode(DeviceCorpus.state("q35-10.0"));
    VmstatePath field = VmstatePath.parse("i8254/0:channels[0].next_transition_time");
    VmstatePath element = VmstatePath.parse("i8254/0:channels.[0].next_transition_time");
    assertThat(DeviceDiff.between(before, before.with(field, 5)).changes())
        .extracting(Change::path)
        .containsExactly(field);
    assertThat(DeviceDiff.between(before, before.with(element, 5)).changes())
        .extracting(Change::path)
        .containsExactly(element);
  }

  @Test
  void whatOnlyOneHasIsNamed() throws IOException {
    MachineVmstate pc = MachineVmstate.decode(DeviceCorpus.state("pc-10.0"));
    MachineVmstate q35 = MachineVmstate.decode(DeviceCorpus.state("q35-10.0"));
    List<Change> changes = DeviceDiff.between(pc, q35).changes();
    assertThat(changes)
        .anySatisfy(
            change -> {
              assertThat(change.path()).hasToString("0000:00:00.0/I440FX/0:");
              assertThat(change.before()).isPresent();
              assertThat(change.after()).isEmpty();
            })
        .anySatisfy(
            change -> {
              assertThat(change.path()).hasToString("0000:00:00.0/mch/0:");
              assertThat(change.before()).isEmpty();
              assertThat(change.after()).isPresent();
            });
    for (Change change : changes) {
      assertThat(pc.find(change.path()).isPresent()).isEqualTo(change.before().isPresent());
      assertThat(q35.find(change.path()).isPresent()).isEqualTo(change.after().isPresent());
    }
  }

  private static Optional<VmstateValue> number(ScalarType type, long value) {
    return Optional.of(new Scalar(type, value));
  }
}
