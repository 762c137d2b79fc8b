// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// The footers of a stream's sections: all have one, or none has.
final class SectionFooters {
  private static final String CONTEXT = "section footer";

  private final StreamWindow in;

  /// Null before the first section's end.
  private @Nullable Boolean present;

  SectionFooters(StreamWindow in) {
    this.in = in;
  }

  /// The same of a stream that goes on elsewhere.
  SectionFooters resumed(StreamWindow over) {
    SectionFooters resumed = new SectionFooters(over);
    resumed.present = present;
    return resumed;
  }

  /// Whether there are footers, as far as it is known: yes, before the first section's end.
  boolean mayBe() {
    return !Boolean.FALSE.equals(present);
  }

  /// Whether there are footers for certain.
  boolean are() {
    return Boolean.TRUE.equals(present);
  }

  /// Reads the footer of a section where it must stand.
  ///
  /// @return whether there is one
  boolean read(int sectionId) throws IOException {
    if (present == null) {
      // Decided once: 0x7e is not a valid element type.
      present = in.ensure(1) && in.peek() == StreamDescriptor.SECTION_FOOTER;
    }
    if (!present) {
      return false;
    }
    long at = in.streamOffset();
    int type = in.u8(CONTEXT);
    if (type != StreamDescriptor.SECTION_FOOTER) {
      throw in.malformed("0x" + Integer.toHexString(type) + " instead of 0x7e", at, CONTEXT);
    }
    int id = in.be32(CONTEXT);
    if (id != sectionId) {
      throw in.malformed(
          "section id 0x"
              + Integer.toHexString(id)
              + " instead of 0x"
              + Integer.toHexString(sectionId),
          at + 1,
          CONTEXT);
    }
    return true;
  }
}
