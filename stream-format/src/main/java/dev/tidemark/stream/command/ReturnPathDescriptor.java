// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.command;

/// The framing of return-path messages. All integers are big-endian.
///
/// ```
/// +-----------+-------------+---------+
/// | be16 type | be16 length | payload |
/// +-----------+-------------+---------+
/// behind RECV_BITMAP:
/// +-----------+-------------+-------------------------+
/// | be64 size | bitmap      | 01 23 45 67 89 ab cd ef |
/// +-----------+-------------+-------------------------+
/// ```
///
/// Format: `migrate_send_rp_message` in `migration/migration.c`, `ramblock_recv_bitmap_send` in
/// `migration/ram.c`, QEMU 10.0.2.
final class ReturnPathDescriptor {
  static final int SHUT = 1;
  static final int PONG = 2;
  static final int REQ_PAGES_ID = 3;
  static final int REQ_PAGES = 4;
  static final int RECV_BITMAP = 5;
  static final int RESUME_ACK = 6;
  static final int SWITCHOVER_ACK = 7;

  static final int SIZE_HEADER = 4;

  /// Longest payload that QEMU takes.
  static final int MAX_PAYLOAD = 512;

  /// What stands behind a bitmap.
  static final long BITMAP_END = 0x0123456789abcdefL;

  private ReturnPathDescriptor() {}

  /// Payload bytes of a message that has a fixed number of them, else -1.
  static int fixedLength(int type) {
    return switch (type) {
      case SHUT, PONG, RESUME_ACK -> 4;
      case REQ_PAGES -> 12;
      case SWITCHOVER_ACK -> 0;
      default -> -1;
    };
  }
}
