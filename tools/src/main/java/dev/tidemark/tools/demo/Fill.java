// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import java.util.Locale;

/// What the demo guest's data pages are made of.
public enum Fill {
  /// Every word differs: no compressor makes it smaller.
  RANDOM,
  /// Half of it is one word again and again: LZ4 halves it.
  HALF,
  /// Zero but for the first and the last 128 bytes.
  ZERO;

  /// As the guest's parameters and protocol spell it.
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Reads the spelling of the guest's protocol.
  ///
  /// @param text such as `half`
  /// @throws IllegalArgumentException if it is no fill
  static Fill parse(String text) {
    for (Fill value : values()) {
      if (value.wireName().equals(text)) {
        return value;
      }
    }
    throw new IllegalArgumentException("not a fill: " + text);
  }
}
