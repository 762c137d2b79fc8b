// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.tools.report.UsageException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// What `convert` writes.
enum ConvertForm {
  STREAM("migration stream", true, "none", "gzip", "bzip2", "xz", "lzop", "zstd", "lz4"),
  ARCHIVE("Tidemark archive", true, "lz4", "zstd", "none"),
  MAPPED_RAM("mapped-ram stream", false, "none"),
  LIBVIRT("libvirt save image", true, "none", "gzip", "bzip2", "xz", "lzop", "zstd", "sparse"),
  ELF("ELF core", false, "none"),
  RAW("raw memory", false, "none");

  private final String words;
  private final boolean piped;

  @SuppressWarnings("ImmutableEnumChecker") // Of List.of.
  private final List<String> compressions;

  ConvertForm(String words, boolean piped, String... compressions) {
    this.words = words;
    this.piped = piped;
    this.compressions = List.of(compressions);
  }

  String words() {
    return words;
  }

  /// As the user writes it.
  String wireName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static ConvertForm of(String name) throws UsageException {
    String all =
        Arrays.stream(values()).map(ConvertForm::wireName).collect(Collectors.joining(", "));
    return Arrays.stream(values())
        .filter(form -> form.wireName().equals(name.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(() -> SaveSettings.unknown("--to", name, all));
  }

  /// How it is compressed: what the user asked for, or its usual way.
  ///
  /// @param asked empty if nothing
  String compression(String asked) throws UsageException {
    String name = asked.isEmpty() ? compressions.getFirst() : asked.toLowerCase(Locale.ROOT);
    if (!compressions.contains(name)) {
      throw SaveSettings.unknown(
          "--compress", asked + "' for '" + wireName(), String.join(", ", compressions));
    }
    return name;
  }

  /// Whether it can be written front to back.
  boolean isPiped(String compression) {
    return piped && !compression.equals("sparse");
  }
}
