// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.vmstate.VmDescription;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// vmdesc as QEMU wrote it, taken apart into the texts of its devices.
///
/// @param head up to the first device
/// @param devices the text of each, from brace to brace, by its [#name(SectionHeader)]
/// @param tail behind the last
record VmdescText(String head, Map<String, String> devices, String tail) {
  private static final String START = "\"devices\": [";

  /// Takes it apart.
  ///
  /// @param json good
  static VmdescText of(String json) throws IOException {
    int at = json.indexOf(START) + START.length();
    List<String> texts = new ArrayList<>();
    String head = json.substring(0, at);
    while (json.charAt(at) != ']') {
      int end = end(json, at);
      texts.add(json.substring(at, end));
      at = json.startsWith(", ", end) ? end + 2 : end;
    }
    List<VmDescription.Device> parsed = VmDescription.parse(json, 0).devices();
    if (parsed.size() != texts.size()) {
      throw new AssertionError(texts.size() + " texts of " + parsed.size() + " devices");
    }
    Map<String, String> devices = new LinkedHashMap<>();
    for (int i = 0; i < texts.size(); i++) {
      devices.put(name(parsed.get(i)), texts.get(i));
    }
    return new VmdescText(head, devices, json.substring(at));
  }

  /// What tells a device from the others.
  static String name(VmDescription.Device device) {
    return device.name() + " " + device.instanceId();
  }

  /// The same, of a section.
  static String name(SectionHeader header) {
    return header.idstr() + " " + header.instanceId();
  }

  /// Behind the object that starts there. QEMU's names have no braces.
  private static int end(String json, int start) {
    int depth = 0;
    for (int at = start; ; at++) {
      depth += json.charAt(at) == '{' ? 1 : 0;
      depth -= json.charAt(at) == '}' ? 1 : 0;
      if (depth == 0) {
        return at + 1;
      }
    }
  }

  /// The text of the device that a section is of; null if there is none.
  @Nullable String of(SectionHeader header) {
    return devices.get(name(header));
  }

  /// The text with some of the devices only.
  ///
  /// @param which chooses by name
  String with(Predicate<String> which) {
    return head
        + String.join(
            ", ",
            devices.entrySet().stream()
                .filter(e -> which.test(e.getKey()))
                .map(Map.Entry::getValue)
                .toList())
        + tail;
  }
}
