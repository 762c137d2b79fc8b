// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import java.nio.charset.StandardCharsets;

/// Counted strings: a length byte and as many bytes. QEMU's names are ASCII; Latin-1 keeps any byte
/// as it is, so that what was read can be written again.
final class Names {
  static final int MAX_LENGTH = 255;

  private Names() {}

  static void check(String name) {
    if (name.isEmpty() || name.length() > MAX_LENGTH) {
      throw new IllegalArgumentException("name of " + name.length() + " characters");
    }
    for (int i = 0; i < name.length(); i++) {
      if (name.charAt(i) > 0xff) {
        throw new IllegalArgumentException("name \"" + name + "\" is not Latin-1");
      }
    }
  }

  static byte[] bytes(String name) {
    return name.getBytes(StandardCharsets.ISO_8859_1);
  }

  static String string(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /// For a message: what is not printable is shown as `\xNN`.
  static String quoted(String name) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c < 0x20 || c > 0x7e) {
        out.append("\\x").append(Character.forDigit(c >> 4 & 15, 16));
        out.append(Character.forDigit(c & 15, 16));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
