// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.memory;

/// What the guest sees at a range of its physical addresses.
///
/// Format: what `mtree_print_flatview` in `system/memory.c` puts in parentheses, QEMU 10.0.2.
public enum MemoryKind {
  /// `ram`: can be written.
  RAM,
  /// `rom`: RAM that the guest cannot write.
  ROM,
  /// `romd`: a flash chip that reads as memory; QEMU does not dump it.
  ROM_DEVICE,
  /// `nv-ram` and the like: memory of an NVDIMM; QEMU does not dump it.
  NON_VOLATILE;

  /// Whether `dump-guest-memory` has it.
  public boolean isDumped() {
    return this == RAM || this == ROM;
  }
}
