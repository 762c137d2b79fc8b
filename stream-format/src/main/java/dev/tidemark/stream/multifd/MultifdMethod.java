// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import org.jspecify.annotations.Nullable;

/// How the payload of RAM packets is compressed; one method for all channels of a migration.
///
/// Format: `MULTIFD_FLAG_COMPRESSION_MASK` in `migration/multifd.h`, QEMU 10.0.2.
public enum MultifdMethod {
  /// Pages as they are.
  NONE(0x00, true),
  /// One deflate stream a channel, with zlib header, flushed behind each packet.
  ZLIB(0x02, true),
  /// One zstd frame a channel, flushed behind each packet.
  ZSTD(0x04, true),
  /// Intel QPL, from QEMU 9.1: a length for each page, then each as a deflate stream of its own.
  QPL(0x08, false),
  /// UADK, from QEMU 9.1: a length for each page, then each as a zlib stream of its own.
  UADK(0x10, false),
  /// QATzip, from QEMU 9.2: all pages of a packet as gzip members of their own.
  QATZIP(0x20, false);

  private static final MultifdMethod[] VALUES = values();

  private final int flag;
  private final boolean written;

  MultifdMethod(int flag, boolean written) {
    this.flag = flag;
    this.written = written;
  }

  /// What stands for it in a packet's flags.
  public int flag() {
    return flag;
  }

  /// Whether a [MultifdChannelWriter] can compress by it.
  public boolean isWritten() {
    return written;
  }

  /// Whether a packet's payload can be decoded only after those before it.
  boolean isContinuous() {
    return this == ZLIB || this == ZSTD;
  }

  /// The method that a packet's flags name; null if they name more than one.
  static @Nullable MultifdMethod of(int flags) {
    for (MultifdMethod method : VALUES) {
      if ((flags & MultifdPacketDescriptor.FLAG_METHOD) == method.flag) {
        return method;
      }
    }
    return null;
  }
}
