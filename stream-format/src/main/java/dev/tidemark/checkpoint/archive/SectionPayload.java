// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// A section read whole, its checksum checked.
///
/// @param section which one
/// @param frame its frame's bytes
record SectionPayload(Section section, byte[] frame) {
  int length() {
    return frame.length - SectionDescriptor.OVERHEAD;
  }

  /// Reads its payload's fields.
  ByteCursor cursor() {
    int start = SectionDescriptor.PAYLOAD_OFFSET;
    long fileOffset = section.offset();
    return new ByteCursor(
        frame, start, frame.length - SectionDescriptor.CRC_SIZE, fileOffset, section.context());
  }
}
