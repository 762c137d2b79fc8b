// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.command;

import java.util.Arrays;
import java.util.Objects;

/// A `MIG_RP_MSG_*` message, which the destination sends on the return path: the same connection,
/// in
/// the other direction.
///
/// Format: `migrate_send_rp_message` and `source_return_path_thread` in `migration/migration.c`,
/// QEMU 10.0.2.
public sealed interface ReturnPathMessage {
  /// `MIG_RP_MSG_SHUT`: the destination is done; nothing follows.
  ///
  /// @param status 0 if it has the VM, else it has failed
  record Shut(int status) implements ReturnPathMessage {}

  /// `MIG_RP_MSG_PONG`: the answer to a PING.
  ///
  /// @param value the PING's
  record Pong(int value) implements ReturnPathMessage {}

  /// `MIG_RP_MSG_REQ_PAGES_ID`: a guest waits for pages of a block.
  ///
  /// @param block name of the RAM block, 1 to 255 characters, each one byte (Latin-1)
  /// @param start offset in the block in bytes
  /// @param length in bytes: a host page; unsigned
  record RequestPagesOf(String block, long start, int length) implements ReturnPathMessage {
    /// Checks the name.
    public RequestPagesOf {
      Payload.name(block);
    }
  }

  /// `MIG_RP_MSG_REQ_PAGES`: a guest waits for pages of the block that was named last.
  ///
  /// @param start offset in the block in bytes
  /// @param length in bytes: a host page; unsigned
  record RequestPages(long start, int length) implements ReturnPathMessage {}

  /// `MIG_RP_MSG_RECV_BITMAP` with the bitmap that follows it outside the message: which pages of a
  /// block the destination has.
  ///
  /// @param block name of the RAM block, 1 to 255 characters, each one byte (Latin-1)
  /// @param bitmap a bit for each target page, bit `i % 8` of byte `i / 8`, set if it has arrived;
  /// a
  ///     multiple of 8 bytes; an opaque payload: given away, not to be changed
  record ReceivedBitmap(String block, byte[] bitmap) implements ReturnPathMessage {
    /// Checks name and size.
    public ReceivedBitmap {
      Payload.name(block);
      if (bitmap.length % Long.BYTES != 0) {
        throw new IllegalArgumentException("bitmap of " + bitmap.length + " bytes");
      }
    }

    /// Whether the destination has a page.
    ///
    /// @param page number of the page in its block, 0 or more
    public boolean has(long page) {
      long at = page / 8;
      return at < bitmap.length && (bitmap[(int) at] >>> page % 8 & 1) != 0;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof ReceivedBitmap(String name, byte[] bits)
          && name.equals(block)
          && Arrays.equals(bits, bitmap);
    }

    @Override
    public int hashCode() {
      return Objects.hash(block, Arrays.hashCode(bitmap));
    }
  }

  /// `MIG_RP_MSG_RESUME_ACK`: a broken postcopy can go on.
  ///
  /// @param value 1
  record ResumeAck(int value) implements ReturnPathMessage {
    /// The only value that QEMU sends.
    public static final int OK = 1;
  }

  /// `MIG_RP_MSG_SWITCHOVER_ACK`: the devices of the destination are ready for switchover.
  record SwitchoverAck() implements ReturnPathMessage {}
}
