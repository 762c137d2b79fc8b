// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Where the sections are. They fill the space between body and section table without a gap.
///
/// @param sections all of them, in file order
/// @param end where the section table's own frame starts
record SectionTable(List<Section> sections, long end) {
  private static final String CONTEXT = "section table";

  static SectionTable read(ArchiveInput input, Trailer trailer) throws IOException {
    long length = input.size() - TrailerDescriptor.SIZE - trailer.tableOffset();
    SectionPayload payload =
        input.payload(new Section(SectionDescriptor.TABLE, trailer.tableOffset(), length));
    if (payload.length() % SectionDescriptor.ENTRY_SIZE != 0) {
      throw malformed("section table of " + payload.length() + " bytes", trailer.tableOffset());
    }
    ByteCursor cursor = payload.cursor();
    List<Section> sections = new ArrayList<>();
    long next = trailer.bodyEnd();
    while (cursor.remaining() > 0) {
      Section section = entry(cursor);
      if (section.offset() != next
          || section.length() < SectionDescriptor.OVERHEAD
          || section.length() > trailer.tableOffset() - next) {
        throw malformed("section that does not follow the one before", trailer.tableOffset());
      }
      sections.add(section);
      next += section.length();
    }
    if (next != trailer.tableOffset()) {
      throw malformed("gap before the section table", next);
    }
    return new SectionTable(sections, next);
  }

  private static Section entry(ByteCursor cursor) throws StreamException {
    int tag = cursor.u32();
    if (cursor.u32() != 0) {
      throw cursor.malformed("reserved bytes are not zero");
    }
    return new Section(tag, cursor.u64(), cursor.u64());
  }

  private static StreamException malformed(String what, long offset) {
    return new StreamException.Malformed(what, offset, CONTEXT);
  }

  /// All sections of a kind, in file order.
  List<Section> all(int tag) {
    return sections.stream().filter(s -> s.tag() == tag).toList();
  }

  /// The one section of a kind.
  Section one(int tag) throws StreamException {
    List<Section> found = all(tag);
    if (found.size() != 1) {
      throw malformed(found.size() + " sections " + SectionDescriptor.name(tag), end);
    }
    return found.getFirst();
  }
}
