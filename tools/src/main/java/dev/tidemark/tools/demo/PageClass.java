// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import java.util.Locale;

/// What the demo guest does with a page of its memory.
public enum PageClass {
  /// In the working set: rewritten in every walk.
  DIRTY,
  /// Filled once, never written again.
  STATIC,
  /// Zero for ever.
  ZERO;

  /// As the guest's protocol spells it.
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Reads the spelling of the guest's protocol.
  ///
  /// @param text such as `dirty`
  /// @throws IllegalArgumentException if it is no class
  static PageClass parse(String text) {
    for (PageClass value : values()) {
      if (value.wireName().equals(text)) {
        return value;
      }
    }
    throw new IllegalArgumentException("not a page class: " + text);
  }
}
