// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.memory;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A memory map as a user writes it.
final class MapText {
  private static final String CONTEXT = "memory map";
  private static final int MAX_LINE = 2000;

  private static final Pattern NUMBER = Pattern.compile("0[xX]([0-9a-fA-F]{1,16})|([0-9]{1,18})");
  private static final Pattern ESCAPED = Pattern.compile("%([0-9a-fA-F]{2})");

  private MapText() {}

  static List<MemoryRange> parse(List<String> lines, List<RamBlock> blocks) throws StreamException {
    BlockNames names = new BlockNames(blocks);
    List<MemoryRange> ranges = new ArrayList<>();
    long at = 0;
    for (String line : lines) {
      if (line.length() > MAX_LINE) {
        throw new StreamException.LimitExceeded("line of " + line.length(), at, CONTEXT);
      }
      List<String> words = words(line);
      if (!words.isEmpty()) {
        if (ranges.size() == MemoryMap.MAX_RANGES) {
          throw new StreamException.LimitExceeded(
              "more than " + MemoryMap.MAX_RANGES + " ranges", at, CONTEXT);
        }
        ranges.add(range(words, at, names));
      }
      at += line.length() + 1L;
    }
    return ranges;
  }

  private static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    for (String word : line.strip().split("\\s+", -1)) {
      if (word.startsWith("#")) {
        break;
      }
      if (!word.isEmpty()) {
        words.add(word);
      }
    }
    return words;
  }

  private static MemoryRange range(List<String> words, long at, BlockNames names)
      throws StreamException {
    if (words.size() < 2 || words.size() > 4) {
      throw new StreamException.Malformed(
          "not of the form START BLOCK [OFFSET [LENGTH]]", at, CONTEXT);
    }
    long start = number(words.get(0), at);
    RamBlock block =
        names
            .find(unescaped(words.get(1)))
            .orElseThrow(
                () ->
                    new StreamException.Malformed(
                        "no RAM block \"" + words.get(1) + "\"", at, CONTEXT));
    long offset = words.size() > 2 ? number(words.get(2), at) : 0;
    long length = words.size() > 3 ? number(words.get(3), at) : block.usedLength() - offset;
    if (length < 1 || length > block.usedLength() - offset || start > Long.MAX_VALUE - length) {
      throw new StreamException.Malformed(
          "range outside RAM block \"" + block.idstr() + "\" or address space", at, CONTEXT);
    }
    return new MemoryRange(start, length, block, offset, MemoryKind.RAM);
  }

  private static long number(String word, long at) throws StreamException {
    Matcher match = NUMBER.matcher(word);
    if (match.matches()) {
      Optional<String> hex = Optional.ofNullable(match.group(1));
      long value =
          hex.isPresent() ? Long.parseUnsignedLong(hex.get(), 16) : Long.parseLong(word, 10);
      if (value >= 0) {
        return value;
      }
    }
    throw new StreamException.Malformed("no number: \"" + word + "\"", at, CONTEXT);
  }

  private static String unescaped(String word) {
    return ESCAPED
        .matcher(word)
        .replaceAll(
            m -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(m.group(1), 16))));
  }

  static String line(MemoryRange range) {
    StringBuilder name = new StringBuilder();
    for (char c : range.block().idstr().toCharArray()) {
      if (c <= ' ' || c == '%' || c == '#' || c >= 0x7f) {
        name.append("%%%02x".formatted((int) c));
      } else {
        name.append(c);
      }
    }
    return "0x%x %s 0x%x 0x%x".formatted(range.start(), name, range.blockOffset(), range.length());
  }
}
