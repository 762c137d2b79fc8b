// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import java.io.IOException;

/// `vfio`, the state of a device that is passed through: be64 tags. SETUP is followed by END, DATA
/// by
/// be64 length and as many bytes; END and INIT_DATA_SENT end the body. The device's configuration
/// comes in a device section of its own.
///
/// Format: `vfio_load_state` in `hw/vfio/migration.c`, QEMU 10.0.2.
final class VfioBody implements IterableBody {
  private static final long END = 0xffffffffef100001L;
  private static final long CONFIG = 0xffffffffef100002L;
  private static final long SETUP = 0xffffffffef100003L;
  private static final long DATA = 0xffffffffef100004L;
  private static final long INIT_DATA_SENT = 0xffffffffef100005L;

  @Override
  public void read(BodyBytes in) throws IOException {
    while (true) {
      long at = in.streamOffset();
      long tag = in.be64();
      if (tag == END || tag == INIT_DATA_SENT) {
        return;
      } else if (tag == SETUP) {
        long endAt = in.streamOffset();
        long end = in.be64();
        if (end != END) {
          throw in.malformed("tag 0x" + Long.toHexString(end) + " behind the setup tag", endAt);
        }
        return;
      } else if (tag == DATA) {
        long lengthAt = in.streamOffset();
        in.bytes(in.be64(), lengthAt);
      } else if (tag == CONFIG) {
        throw new StreamException.Unsupported(
            "device configuration in a live section", at, in.context);
      } else {
        throw in.malformed("tag 0x" + Long.toHexString(tag), at);
      }
    }
  }
}
