// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import java.io.IOException;

/// What introduces a section: its id in this stream and what it belongs to.
///
/// Format: `save_section_header` in `migration/savevm.c`, QEMU 10.0.2.
///
/// @param sectionId the id that PART, END and footer repeat; any 32-bit number
/// @param idstr name of the device or `ram`; 1 to 255 characters, each one byte (Latin-1)
/// @param instanceId which one of several with the same idstr; unsigned
/// @param versionId version of the body's layout
public record SectionHeader(int sectionId, String idstr, int instanceId, int versionId) {
  /// Name of the section that carries RAM.
  public static final String RAM = "ram";

  /// The version of the RAM section that every supported QEMU writes.
  public static final int RAM_VERSION = 4;

  /// Checks the name.
  public SectionHeader {
    Names.check(idstr);
  }

  /// Reads what stands behind the type byte of START and FULL.
  static SectionHeader read(StreamWindow in) throws IOException {
    String context = "section header";
    int id = in.be32(context);
    String idstr = in.countedString(context);
    return new SectionHeader(id, idstr, in.be32(context), in.be32(context));
  }

  /// The header of a RAM section.
  ///
  /// @param sectionId any 32-bit number that no other section of the stream has
  public static SectionHeader ram(int sectionId) {
    return new SectionHeader(sectionId, RAM, 0, RAM_VERSION);
  }
}
