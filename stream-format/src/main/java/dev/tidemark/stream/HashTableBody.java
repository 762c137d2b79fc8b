// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import java.io.IOException;

/// `spapr/htab`, the hash page table of a pseries guest: be32 header. -1 says that there is no
/// table, another number than 0 is the table's size; behind 0 come runs of entries: be32 index,
/// be16
/// valid, be16 invalid, 16 bytes for each valid entry, up to a run of nothing but zeroes.
///
/// Format: `htab_load` in `hw/ppc/spapr.c`, QEMU 10.0.2.
final class HashTableBody implements IterableBody {
  private static final int SIZE_ENTRY = 16;

  @Override
  public void read(BodyBytes in) throws IOException {
    if (in.be32() != 0) {
      return;
    }
    int index;
    int valid;
    int invalid;
    do {
      long at = in.streamOffset();
      index = in.be32();
      valid = in.be16();
      invalid = in.be16();
      in.bytes((long) valid * SIZE_ENTRY, at);
    } while (index != 0 || valid != 0 || invalid != 0);
  }
}
