// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamLimits;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamRecords;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Finds out what stands before the pages from the body itself, where the facts are lost.
///
/// A prologue ends in a form that nothing else has: START of RAM, with a block list whose sizes sum
/// up to what it says, up to the last byte. What is found is written again and compared, so that
/// nothing is guessed.
final class PrologueParser {
  private static final int CONFIGURATION = 0x07;
  private static final int CONFIGURATION_OFFSET = 8;
  private static final int ID_OFFSET = 1;
  private static final int LIST_OFFSET = 17;

  /// EOS and the head of PART.
  private static final int BEHIND = 8 + 5;

  private static final int BEHIND_WITH_FOOTER = BEHIND + 5;

  private final byte[] content;
  private final int pageSize;

  private PrologueParser(byte[] content, int pageSize) {
    this.content = content;
    this.pageSize = pageSize;
  }

  /// Takes a prologue apart.
  ///
  /// @param content all of it; more or less of it is none
  /// @return absent if it is none
  static Optional<ArchivePrologue> parse(byte[] content, int pageSize) {
    PrologueParser parser = new PrologueParser(content, pageSize);
    for (int start = CONFIGURATION_OFFSET; start < content.length - LIST_OFFSET; start++) {
      if (content[start] == 1 && content[start + ID_OFFSET + 4] == 3) {
        Optional<ArchivePrologue> found = parser.withStartAt(start);
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return Optional.empty();
  }

  /// A prologue whose START of RAM is at an offset, if it is one.
  private Optional<ArchivePrologue> withStartAt(int start) {
    try {
      Optional<List<RamBlock>> blocks = blockList(start + LIST_OFFSET);
      return blocks.isEmpty() ? Optional.empty() : withBlocks(start, blocks.get());
    } catch (StreamException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private Optional<ArchivePrologue> withBlocks(int start, List<RamBlock> blocks)
      throws StreamException {
    int before = CONFIGURATION_OFFSET;
    Optional<byte[]> configuration = Optional.empty();
    if (content[before] == CONFIGURATION) {
      byte[] behind = Arrays.copyOfRange(content, before + 1, start);
      int length = ConfigurationBytes.length(behind);
      configuration = Optional.of(Arrays.copyOf(behind, length));
      before += 1 + length;
    }
    byte[] early = Arrays.copyOfRange(content, before, start);
    int id = be32(start + ID_OFFSET);
    RamLayout layout = new RamLayout(blocks, pageSize);
    for (boolean footers : new boolean[] {true, false}) {
      ArchivePrologue prologue =
          new ArchivePrologue(configuration, early, blocks, pageSize, id, footers);
      if (Arrays.equals(StreamBytes.prologue(prologue, layout), content)) {
        return Optional.of(prologue);
      }
    }
    return Optional.empty();
  }

  /// A block list that starts at an offset and ends where one has to; the last blocks may be empty.
  private Optional<List<RamBlock>> blockList(int at) throws StreamException {
    ByteCursor in = new ByteCursor(content, at, content.length, 0, "prologue");
    long left = Long.reverseBytes(in.u64()) - RamRecords.MEM_SIZE;
    List<RamBlock> blocks = new ArrayList<>();
    while (left >= 0 && blocks.size() < StreamLimits.DEFAULT.ramBlocks()) {
      if (left == 0 && (in.remaining() == BEHIND || in.remaining() == BEHIND_WITH_FOOTER)) {
        return Optional.of(blocks);
      }
      String name = new String(in.bytes(in.u8()), ISO_8859_1);
      long usedLength = Long.reverseBytes(in.u64());
      left -= usedLength;
      if (usedLength < 0) {
        break;
      }
      blocks.add(new RamBlock(blocks.size(), name, usedLength));
    }
    return Optional.empty();
  }

  private int be32(int at) {
    return Integer.reverseBytes(Bytes.getInt(content, at));
  }
}
