// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import java.io.IOException;

/// `s390-storage_attributes`: be64 words with flags below the page bits. MORE is followed by be64
/// count and as many bytes, DONE by the next word; EOS ends the body.
///
/// Format: `cmma_load` in `hw/s390x/s390-stattrib.c`, QEMU 10.0.2.
final class StorageAttributesBody implements IterableBody {
  private static final int PAGE_MASK = 0xfff;
  private static final int EOS = 0x01;
  private static final int MORE = 0x02;
  private static final int ERROR = 0x04;
  private static final int DONE = 0x08;

  @Override
  public void read(BodyBytes in) throws IOException {
    while (true) {
      long at = in.streamOffset();
      int flags = (int) in.be64() & PAGE_MASK;
      switch (flags) {
        case MORE -> {
          long lengthAt = in.streamOffset();
          in.bytes(in.be64(), lengthAt);
        }
        case DONE -> {}
        case EOS -> {
          return;
        }
        case ERROR -> throw in.malformed("storage attributes that the source could not read", at);
        default -> throw in.malformed("flags 0x" + Integer.toHexString(flags), at);
      }
    }
  }
}
