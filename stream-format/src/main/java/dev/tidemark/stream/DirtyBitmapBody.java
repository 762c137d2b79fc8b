// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import java.io.IOException;

/// `dirty-bitmap`: chunks up to one with the EOS flag.
///
/// ```
/// +----------+------------+--------------+----------------------------------------------+
/// | u8 flags | NODE:      | BITMAP:      | START: be32 granularity, u8 flags            |
/// |          | node alias | bitmap alias | BITS: be64 sector, be32 sectors, and without |
/// |          | (counted)  | (counted)    |   ZEROES be64 n, n bytes                     |
/// +----------+------------+--------------+----------------------------------------------+
/// ```
///
/// Format: `dirty_bitmap_load` in `migration/block-dirty-bitmap.c`, QEMU 10.0.2.
final class DirtyBitmapBody implements IterableBody {
  private static final int EOS = 0x01;
  private static final int ZEROES = 0x02;
  private static final int BITMAP_NAME = 0x04;
  private static final int NODE_NAME = 0x08;
  private static final int START = 0x10;
  private static final int COMPLETE = 0x20;
  private static final int BITS = 0x40;
  private static final int EXTRA = 0x80;

  @Override
  public void read(BodyBytes in) throws IOException {
    int flags;
    do {
      long at = in.streamOffset();
      flags = in.u8();
      if ((flags & EXTRA) != 0) {
        // Reserved for wider flags, of which QEMU has none.
        throw in.malformed("flags 0x" + Integer.toHexString(flags), at);
      }
      if ((flags & NODE_NAME) != 0) {
        in.countedString();
      }
      if ((flags & BITMAP_NAME) != 0) {
        in.countedString();
      }
      if ((flags & START) != 0) {
        in.be32();
        in.u8();
      } else if ((flags & COMPLETE) == 0 && (flags & BITS) != 0) {
        in.be64();
        in.be32();
        if ((flags & ZEROES) == 0) {
          long lengthAt = in.streamOffset();
          in.bytes(in.be64(), lengthAt);
        }
      }
    } while ((flags & EOS) == 0);
  }
}
