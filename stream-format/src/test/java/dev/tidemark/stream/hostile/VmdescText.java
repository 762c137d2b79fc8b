// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.vmstate.VmDescription;
import dev.tidemark.stream.vmstate.VmDescription.Key;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// vmdesc as QEMU wrote it, taken apart into the texts of its devices.
///
/// @param head up to the first device
/// @param devices the text of each, from brace to brace
/// @param tail behind the last
record VmdescText(String head, Map<Key, String> devices, String tail) {
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
    Map<Key, String> devices = new LinkedHashMap<>();
    for (int i = 0; i < texts.size(); i++) {
      devices.put(new Key(parsed.get(i).name(), parsed.get(i).instanceId()), texts.get(i));
    }
    return new VmdescText(head, devices, json.substring(at));
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

  /// The text with some of the devices only.
  String with(Predicate<Key> which) {
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
