// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// An entry of the section table.
///
/// @param tag what it is, one of [SectionDescriptor]'s or one that this version does not know
/// @param offset where its frame starts in the file
/// @param length bytes of its frame
record Section(int tag, long offset, long length) {
  /// What is being read, for messages.
  String context() {
    return "section " + SectionDescriptor.name(tag);
  }

  /// The frame of a section.
  static byte[] frame(int tag, byte[] payload) {
    int length = Math.addExact(payload.length, SectionDescriptor.OVERHEAD);
    byte[] frame = new byte[length];
    Bytes.putInt(frame, 0, SectionDescriptor.FRAME_MAGIC);
    Bytes.putInt(
        frame, SectionDescriptor.FRAME_LENGTH_OFFSET, length - SectionDescriptor.FRAME_HEADER_SIZE);
    Bytes.putInt(frame, SectionDescriptor.TAG_OFFSET, tag);
    System.arraycopy(payload, 0, frame, SectionDescriptor.PAYLOAD_OFFSET, payload.length);
    int crcOffset = length - SectionDescriptor.CRC_SIZE;
    Bytes.putInt(frame, crcOffset, Bytes.crc(frame, 0, crcOffset));
    return frame;
  }
}
