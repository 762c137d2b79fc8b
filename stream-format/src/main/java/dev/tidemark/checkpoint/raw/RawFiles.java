// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.raw;

import dev.tidemark.stream.ram.RamBlock;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Names of files for RAM blocks, whose own names come from the input and may be anything.
public final class RawFiles {
  private static final int MAX_NAME = 160;
  private static final int HASH_BYTES = 8;

  private RawFiles() {}

  /// A file name for a block, such as `pc.ram.raw` or `0000%3a00%3a02.0%2fvga.vram.raw`: a single
  /// component of a path, other for any other name of a block.
  ///
  /// Letters and digits of ASCII, `.`, `_` and `-` stand for themselves, but for a `.` or `-` at
  /// the beginning; any other character is `%` and two hexadecimal digits, or `%u` and four. Of
  /// what is longer than 160 characters then, the first 160 are taken, and behind them `~` and 16
  /// digits of the SHA-256 of the block's name. Of no name at all, `%` is made. The end is `.raw`.
  ///
  /// @param block the block
  public static String nameOf(RamBlock block) {
    StringBuilder name = new StringBuilder();
    for (char c : block.idstr().toCharArray()) {
      if (isPlain(c, name.isEmpty())) {
        name.append(c);
      } else {
        name.append(c <= 0xff ? "%%%02x".formatted((int) c) : "%%u%04x".formatted((int) c));
      }
    }
    if (name.length() > MAX_NAME) {
      name.setLength(MAX_NAME);
      name.append('~').append(hash(block.idstr()));
    }
    return (name.isEmpty() ? "%" : name) + ".raw";
  }

  private static boolean isPlain(char c, boolean first) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '_'
        || (!first && (c == '.' || c == '-'));
  }

  private static String hash(String name) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, HASH_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }
}
