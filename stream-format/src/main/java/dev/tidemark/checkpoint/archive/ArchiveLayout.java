// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamLimits;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// An archive's frames around the body, read and checked.
///
/// @param input the archive
/// @param header its header
/// @param trailer its trailer
/// @param sections where its sections are
/// @param facts its facts
/// @param factsSection where those are
/// @param ram its RAM blocks
record ArchiveLayout(
    ArchiveInput input,
    ArchiveHeader header,
    Trailer trailer,
    SectionTable sections,
    Facts facts,
    Section factsSection,
    RamLayout ram) {

  static ArchiveLayout read(ArchiveInput input, StreamLimits limits) throws IOException {
    ArchiveHeader header = header(input);
    Trailer trailer = trailer(input);
    SectionTable sections = SectionTable.read(input, trailer);
    Section section = sections.one(SectionDescriptor.FACTS);
    SectionPayload payload = input.payload(section);
    long bodyLength =
        trailer.bodyEnd()
            - HeaderDescriptor.SIZE
            - header.encoding().header(header.blockContent()).length
            - header.encoding().endMark().length;
    Facts facts = Facts.of(payload, header, bodyLength, limits);
    if (facts.contentBytes() != trailer.contentBytes() || facts.blocks() != trailer.blocks()) {
      throw new StreamException.Malformed(
          "facts that do not agree with the trailer", section.offset(), section.context());
    }
    return new ArchiveLayout(input, header, trailer, sections, facts, section, ram(facts, section));
  }

  static ArchiveHeader header(ArchiveInput input) throws IOException {
    String context = "archive header";
    int length = (int) Math.min(input.size(), HeaderDescriptor.SIZE);
    byte[] bytes = input.bytes(0, length, context);
    byte[] start = ArchiveHeader.start();
    int common = Math.min(length, start.length);
    if (!Arrays.equals(bytes, 0, common, start, 0, common)) {
      throw new StreamException.Malformed("not a Tidemark archive", 0, context);
    }
    if (length < HeaderDescriptor.SIZE) {
      throw new StreamException.Truncated("file ends", length, context);
    }
    return ArchiveHeader.of(bytes);
  }

  private static Trailer trailer(ArchiveInput input) throws IOException {
    long offset = input.size() - TrailerDescriptor.SIZE;
    if (offset < HeaderDescriptor.SIZE) {
      throw Trailer.incomplete(input.size());
    }
    return Trailer.of(input.bytes(offset, TrailerDescriptor.SIZE, "trailer"), input.size());
  }

  private static RamLayout ram(Facts facts, Section section) throws StreamException {
    ArchivePrologue prologue = facts.prologue();
    try {
      return new RamLayout(prologue.ramBlocks(), prologue.targetPageSize());
    } catch (IllegalArgumentException e) {
      throw new StreamException.Malformed(
          "bad RAM block list: " + e.getMessage(), section.offset(), section.context());
    }
  }

  MachineConfiguration configuration() throws StreamException {
    return ConfigurationBytes.parse(facts.prologue().configuration(), factsSection.offset());
  }

  BlockTable blockTable(Arena arena) throws IOException {
    List<Section> parts = sections.all(SectionDescriptor.BLOCK_TABLE);
    return BlockTable.read(input, parts, header.encoding(), facts, trailer.bodyEnd(), arena);
  }

  PageIndex pageIndex(Arena arena) throws IOException {
    List<Section> parts = sections.all(SectionDescriptor.PAGE_INDEX);
    return PageIndex.read(input, parts, facts, ram, arena);
  }

  /// The manifest, of which there is none where the source of a conversion had none.
  Optional<Manifest> manifest() throws IOException {
    if (sections.all(SectionDescriptor.MANIFEST).isEmpty()) {
      return Optional.empty();
    }
    SectionPayload payload = input.payload(sections.one(SectionDescriptor.MANIFEST));
    String json =
        new String(payload.frame(), SectionDescriptor.PAYLOAD_OFFSET, payload.length(), UTF_8);
    return Optional.of(ManifestJson.read(json, payload.section().offset()));
  }

  /// Bytes of page index and table of archive blocks in the file.
  long indexBytes() {
    return sections.sections().stream()
        .filter(
            s ->
                s.tag() == SectionDescriptor.PAGE_INDEX || s.tag() == SectionDescriptor.BLOCK_TABLE)
        .mapToLong(Section::length)
        .sum();
  }
}
