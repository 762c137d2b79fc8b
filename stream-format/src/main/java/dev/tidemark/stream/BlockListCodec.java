// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.stream.ram.MappedRam;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.ram.RamRecords;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The `MEM_SIZE` record: the word holds the sum of all used lengths, and entries follow until it
/// is consumed. Which optional fields an entry has is not said here but earlier in the stream.
///
/// Format: `ram_save_setup` and `parse_ramblock` in `migration/ram.c`, QEMU 10.0.2.
///
/// @param pageSize target page size
/// @param maybeHostPageSize postcopy was advised: a page size may follow the used length
/// @param address `x-ignore-shared` is on: an address follows
/// @param mapped takes what follows with `mapped-ram`; null without
record BlockListCodec(
    int pageSize, boolean maybeHostPageSize, boolean address, @Nullable MappedRegions mapped) {
  private static final String CONTEXT = "RAM block list";

  /// Largest host page size taken; the largest of any host is 16 GiB.
  private static final long MAX_HOST_PAGE_SIZE = 1L << 40;

  List<RamBlockEntry> read(StreamWindow in, StreamLimits limits) throws IOException {
    long at = in.streamOffset();
    long word = in.be64(CONTEXT);
    long total = word & -pageSize;
    if ((word & (pageSize - 1)) != RamRecords.MEM_SIZE) {
      throw in.malformed(
          "record 0x" + Long.toHexString(word) + " instead of the block list", at, CONTEXT);
    }
    if (total < 0 || total > limits.ramBytes()) {
      throw new StreamException.LimitExceeded(
          Long.toUnsignedString(total) + " bytes of RAM", at, CONTEXT);
    }
    if (total == 0) {
      throw in.malformed("no RAM", at, CONTEXT);
    }
    List<RamBlockEntry> entries = new ArrayList<>();
    Set<String> names = new HashSet<>();
    long left = total;
    while (left > 0) {
      long entryAt = in.streamOffset();
      if (entries.size() == limits.ramBlocks()) {
        throw new StreamException.LimitExceeded(
            "more than " + limits.ramBlocks() + " RAM blocks", entryAt, CONTEXT);
      }
      String name = in.countedString(CONTEXT);
      long lengthAt = in.streamOffset();
      long usedLength = in.be64(CONTEXT);
      if (usedLength < 0 || usedLength > left || (usedLength & (pageSize - 1)) != 0) {
        throw in.malformed(
            "used length 0x" + Long.toHexString(usedLength) + " of " + Names.quoted(name),
            lengthAt,
            CONTEXT);
      }
      if (!names.add(name)) {
        throw in.malformed("RAM block " + Names.quoted(name) + " again", entryAt, CONTEXT);
      }
      left -= usedLength;
      OptionalLong hostPageSize =
          maybeHostPageSize && nextIsHostPageSize(in, left == 0)
              ? OptionalLong.of(in.be64(CONTEXT))
              : OptionalLong.empty();
      OptionalLong guestAddress =
          address ? OptionalLong.of(in.be64(CONTEXT)) : OptionalLong.empty();
      RamBlock block = new RamBlock(entries.size(), name, usedLength);
      Optional<MappedRam> place =
          mapped == null ? Optional.empty() : Optional.of(mapped.pass(block));
      entries.add(new RamBlockEntry(block, hostPageSize, guestAddress, place));
    }
    if (mapped != null) {
      mapped.afterList();
    }
    return entries;
  }

  /// Whether the next 8 bytes are a page size.
  ///
  /// Without an address, what stands there otherwise is told apart: a name is never empty, so its
  /// first byte is not 0; a record's word has a flag, so it is no power of two above all flags.
  /// Both
  /// are at least 8 bytes long.
  ///
  /// With one, the next 8 bytes are a page size or an address, and either may be a power of two.
  /// Then what stands behind them tells. Behind a page size that is an address, which is a multiple
  /// of the page size and below 2^56. Behind an address it is the next entry, whose first byte is
  /// not
  /// 0, or behind the last entry a record's word, which has a flag.
  private boolean nextIsHostPageSize(StreamWindow in, boolean last) throws IOException {
    if (!in.ensure(8)) {
      return false;
    }
    long value = in.segment.get(StreamWindow.BE64, in.position);
    boolean possible = value >= pageSize && value < MAX_HOST_PAGE_SIZE && Long.bitCount(value) == 1;
    if (!possible || !address) {
      return possible;
    }
    if (!in.ensure(16)) {
      return false;
    }
    long behind = in.segment.get(StreamWindow.BE64, in.position + 8);
    return last ? (behind & (pageSize - 1)) == 0 : behind >>> 56 == 0;
  }

  static void write(GrowingBytes out, List<RamBlockEntry> entries) {
    long total = 0;
    for (RamBlockEntry entry : entries) {
      if (entry.mappedRam().isPresent()) {
        throw new IllegalArgumentException(
            "RAM block \"" + entry.block().idstr() + "\" has a place in a mapped-ram file");
      }
      total += entry.block().usedLength();
    }
    out.be64(total | RamRecords.MEM_SIZE);
    for (RamBlockEntry entry : entries) {
      writeEntry(out, entry);
    }
  }

  /// Writes an entry up to where a mapped-ram header would stand.
  static void writeEntry(GrowingBytes out, RamBlockEntry entry) {
    out.countedString(entry.block().idstr()).be64(entry.block().usedLength());
    entry.hostPageSize().ifPresent(out::be64);
    entry.address().ifPresent(out::be64);
  }

  /// Bytes of an entry with its mapped-ram header.
  static int entryBytes(RamBlockEntry entry) {
    GrowingBytes bytes = new GrowingBytes(64);
    writeEntry(bytes, entry);
    return bytes.size() + MappedRamDescriptor.SIZE_HEADER;
  }
}
