// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.elfcore;

import dev.tidemark.checkpoint.memory.GuestMemory;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmstatePath;
import dev.tidemark.stream.vmstate.VmstateValue.Scalar;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/// The note that a guest has told the device `vmcoreinfo` of: Linux's VMCOREINFO, which debuggers
/// of kernels look for. It stands in guest memory, whole.
///
/// Format: `vmstate_vmcoreinfo` in `hw/misc/vmcoreinfo.c`, `dump_init` in `dump/dump.c`, QEMU
/// 10.0.2.
final class GuestNote {
  private static final int SIZE_HEADER = 12;
  private static final int MAX_SIZE = 1 << 20;
  private static final int FORMAT_ELF = 1;

  private GuestNote() {}

  /// Adds the note, if there is one.
  static void copy(
      MachineVmstate machine,
      GuestMemory memory,
      NoteBuffer notes,
      ByteOrder order,
      List<String> warnings)
      throws IOException {
    if (get(machine, "has_vmcoreinfo") == 0) {
      return;
    }
    long size = get(machine, "vmcoreinfo.size");
    long address = get(machine, "vmcoreinfo.paddr");
    if (get(machine, "vmcoreinfo.guest_format") != FORMAT_ELF
        || size < SIZE_HEADER
        || size > MAX_SIZE) {
      warnings.add("the guest's VMCOREINFO is missing: it is of no form that is known");
      return;
    }
    byte[] bytes = new byte[(int) size];
    if (memory.read(address, MemorySegment.ofArray(bytes)) < size) {
      warnings.add("the guest's VMCOREINFO is missing: its address has no place in RAM");
      return;
    }
    ByteBuffer header = ByteBuffer.wrap(bytes).order(order);
    long name = header.getInt(0);
    long content = header.getInt(4);
    if (name < 0 || name > size || content < 0 || content > size || length(name, content) > size) {
      warnings.add("the guest's VMCOREINFO is missing: it is no note");
      return;
    }
    notes.addWhole(Arrays.copyOf(bytes, length(name, content)));
  }

  private static long get(MachineVmstate machine, String field) {
    VmstatePath path = new VmstatePath("vmcoreinfo", 0, field);
    return machine.find(path).orElse(null) instanceof Scalar number ? number.value() : 0;
  }

  private static int length(long name, long content) {
    return SIZE_HEADER + NoteBuffer.padded((int) name) + NoteBuffer.padded((int) content);
  }
}
