// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

/// The framing of a migration stream. All integers are big-endian.
///
/// ```
/// +------------------+------------------+
/// | magic "QEVM"     | version 3        |   header, 8 bytes
/// +------------------+------------------+
/// | type | ...                          |   records until EOF, vmdesc behind it
/// +------+------------------------------+
/// ```
///
/// Format: `QEMU_VM_*` in `migration/savevm.h`, QEMU 10.0.2.
final class StreamDescriptor {
  static final int MAGIC = 0x5145564d;
  static final int VERSION = 3;

  static final int EOF = 0x00;
  static final int SECTION_START = 0x01;
  static final int SECTION_PART = 0x02;
  static final int SECTION_END = 0x03;
  static final int SECTION_FULL = 0x04;
  static final int SUBSECTION = 0x05;
  static final int VMDESCRIPTION = 0x06;
  static final int CONFIGURATION = 0x07;
  static final int COMMAND = 0x08;
  static final int SECTION_FOOTER = 0x7e;

  /// Type byte and section id.
  static final int SIZE_FOOTER = 5;

  /// Type byte and length before the JSON.
  static final int SIZE_VMDESC_HEADER = 5;

  private StreamDescriptor() {}
}
