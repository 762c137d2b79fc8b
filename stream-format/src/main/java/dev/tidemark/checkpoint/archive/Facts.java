// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamLimits;
import dev.tidemark.stream.ram.RamBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// What is needed to open an archive without reading its body: the section `FACT`.
///
/// ```
///  +---------------+---------------+---------------+---------------+
///  | flags         | target page   | ram section id| block content |
///  +---------------+---------------+---------------+---------------+
///  |     bytes of content          |     blocks of the prologue    |
///  +-------------------------------+-------------------------------+
///  |     blocks of pages           |     blocks of the epilogue    |
///  +-------------------------------+-------------------------------+
///  |     page records              |     of these, zero pages      |
///  +-------------------------------+-------------------------------+
///  |     runs in the page index    |     bytes of device sections  |
///  +---------------+---------------+-------------------------------+
///  | vmdesc bytes  | n, configuration | n, early sections | n, RAM blocks
///  +---------------+--------------------------------------------------
/// ```
///
/// A RAM block is its used length (8 bytes), the length of its name (1 byte), its name. Where there
/// are live sections, their bytes (8) stand behind the RAM blocks.
///
/// @param prologue what stands before the pages
/// @param blockContent most bytes of content in a block
/// @param contentBytes bytes of the whole stream
/// @param prologueBlocks archive blocks before the first with pages
/// @param pageBlocks archive blocks with pages
/// @param epilogueBlocks archive blocks behind the last with pages
/// @param pageRecords page records in the body, zero pages included
/// @param zeroRecords of these, zero pages
/// @param indexRuns runs in all parts of the page index
/// @param liveBytes bytes of sections of iterable devices other than RAM
/// @param deviceBytes bytes of device sections
/// @param vmdescBytes bytes of vmdesc; absent where there is none
record Facts(
    ArchivePrologue prologue,
    int blockContent,
    long contentBytes,
    long prologueBlocks,
    long pageBlocks,
    long epilogueBlocks,
    long pageRecords,
    long zeroRecords,
    long indexRuns,
    long liveBytes,
    long deviceBytes,
    OptionalInt vmdescBytes) {

  private static final int FOOTERS = 1;
  private static final int CONFIGURATION = 2;
  private static final int VMDESC = 4;
  private static final int LIVE = 8;
  private static final int ALL_FLAGS = FOOTERS | CONFIGURATION | VMDESC | LIVE;

  /// Most bytes of live sections; they are kept in memory.
  private static final long MOST_LIVE = 1L << 30;

  /// Bytes of the stream behind the last page.
  long epilogueBytes() {
    return StreamBytes.partEnd(prologue).length
        + liveBytes
        + StreamBytes.ramEnd(prologue).length
        + deviceBytes
        + StreamBytes.afterDevices(vmdescBytes.isPresent())
        + vmdescBytes.orElse(0);
  }

  long blocks() {
    return prologueBlocks + pageBlocks + epilogueBlocks;
  }

  byte[] payload() {
    int flags =
        (prologue.footers() ? FOOTERS : 0)
            | (prologue.configuration().isPresent() ? CONFIGURATION : 0)
            | (vmdescBytes.isPresent() ? VMDESC : 0)
            | (liveBytes > 0 ? LIVE : 0);
    byte[] configuration = prologue.configuration().orElse(new byte[0]);
    ByteSink sink =
        new ByteSink()
            .u32(flags)
            .u32(prologue.targetPageSize())
            .u32(prologue.ramSectionId())
            .u32(blockContent)
            .u64(contentBytes)
            .u64(prologueBlocks)
            .u64(pageBlocks)
            .u64(epilogueBlocks)
            .u64(pageRecords)
            .u64(zeroRecords)
            .u64(indexRuns)
            .u64(deviceBytes)
            .u32(vmdescBytes.orElse(0))
            .u32(configuration.length)
            .bytes(configuration)
            .u32(prologue.earlySections().length)
            .bytes(prologue.earlySections())
            .u32(prologue.ramBlocks().size());
    for (RamBlock block : prologue.ramBlocks()) {
      byte[] name = block.idstr().getBytes(ISO_8859_1);
      sink.u64(block.usedLength()).u8(name.length).bytes(name);
    }
    if (liveBytes > 0) {
      sink.u64(liveBytes);
    }
    return sink.toByteArray();
  }

  /// Takes the section's payload apart.
  ///
  /// @param header the archive's header, with which it has to agree
  /// @param bodyLength bytes of the body in the file, which bound the number of blocks
  static Facts of(
      SectionPayload payload, ArchiveHeader header, long bodyLength, StreamLimits limits)
      throws StreamException {
    ByteCursor c = payload.cursor();
    int flags = c.u32();
    int pageSize = c.u32();
    int sectionId = c.u32();
    int blockContent = c.u32();
    if ((flags & ~ALL_FLAGS) != 0
        || pageSize != header.targetPageSize()
        || blockContent != header.blockContent()) {
      throw c.malformed("facts that do not agree with the header");
    }
    long mostBlocks = Math.max(0, bodyLength) / header.encoding().leastPiece();
    long mostContent = mostBlocks * blockContent;
    long contentBytes = c.count(mostContent, "content");
    long prologueBlocks = c.count(mostBlocks, "prologue");
    long pageBlocks = c.count(mostBlocks - prologueBlocks, "page blocks");
    long epilogueBlocks = c.count(mostBlocks - prologueBlocks - pageBlocks, "epilogue");
    long pageRecords = c.count(pageBlocks * RecordPlaces.most(blockContent), "page records");
    long zeroRecords = c.count(pageRecords, "zero records");
    long indexRuns = c.count(RamLayout.MAX_PAGES, "index runs");
    long deviceBytes = c.count(mostContent, "device sections");
    int vmdesc = length(c, limits.vmdescBytes(), "vmdesc");
    if ((flags & VMDESC) == 0 && vmdesc != 0) {
      throw c.malformed("a vmdesc that is not there and has a length");
    }
    if (deviceBytes > limits.deviceStateBytes()) {
      throw c.limit(deviceBytes + " bytes of device state, limit " + limits.deviceStateBytes());
    }
    byte[] configuration = c.bytes(c.u32());
    if ((flags & CONFIGURATION) == 0 && configuration.length != 0) {
      throw c.malformed("a configuration that is not there and has a length");
    }
    byte[] early = c.bytes(c.u32());
    List<RamBlock> blocks = ramBlocks(c, limits);
    long liveBytes = (flags & LIVE) == 0 ? 0 : c.count(mostContent, "live sections");
    if (liveBytes > MOST_LIVE) {
      throw c.limit(liveBytes + " bytes of live sections, limit " + MOST_LIVE);
    }
    c.expectEnd();
    return new Facts(
        new ArchivePrologue(
            (flags & CONFIGURATION) == 0 ? Optional.empty() : Optional.of(configuration),
            early,
            blocks,
            pageSize,
            sectionId,
            (flags & FOOTERS) != 0),
        blockContent,
        contentBytes,
        prologueBlocks,
        pageBlocks,
        epilogueBlocks,
        pageRecords,
        zeroRecords,
        indexRuns,
        liveBytes,
        deviceBytes,
        (flags & VMDESC) == 0 ? OptionalInt.empty() : OptionalInt.of(vmdesc));
  }

  private static int length(ByteCursor c, int limit, String name) throws StreamException {
    int length = c.u32();
    if (length < 0 || length > limit) {
      throw c.limit(Integer.toUnsignedString(length) + " bytes of " + name + ", limit " + limit);
    }
    return length;
  }

  private static List<RamBlock> ramBlocks(ByteCursor c, StreamLimits limits)
      throws StreamException {
    int count = c.u32();
    if (count < 0 || count > limits.ramBlocks()) {
      throw c.limit(Integer.toUnsignedString(count) + " RAM blocks, limit " + limits.ramBlocks());
    }
    List<RamBlock> blocks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long usedLength = c.u64();
      String name = new String(c.bytes(c.u8()), ISO_8859_1);
      blocks.add(new RamBlock(i, name, usedLength));
    }
    return blocks;
  }
}
