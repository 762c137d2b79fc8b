// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Where a value of device state stands: `cpu/0:env.eip`, `0000:00:03.0/e1000/0:mac_reg[12]`.
///
/// ```
/// path    := device [ "/" instance ] ":" field
/// field   := { subsection ":" } [ name { "[" index "]" } [ "." field ] ]
/// ```
///
/// The device is the section's idstr. Its instance id may be left out if it is 0, unless the
/// idstr itself ends with `/` and digits. A subsection is named in full where it stands behind the
/// fields of a device or a struct: `cpu/0:cpu/xss:env.xss`. Names of fields may hold dots and
/// brackets themselves (`env.eip` is one name); where two readings are possible, the longer name
/// counts. A dot before an index excludes it: `i8254:channels.[0].count` is of the array `channels`
/// also where a field of the name `channels[0].count` stands beside it. Nodes of a `gtree` are
/// elements with a `key` and a `value`.
///
/// @param device idstr of the section
/// @param instanceId instance id of the section; unsigned
/// @param field the rest; empty for all of the device
public record VmstatePath(String device, int instanceId, String field) {
  // Where an idstr holds colons itself: PCI addresses and those of SCSI disks, one behind the
  // other.
  private static final Pattern BUS =
      Pattern.compile(
          "(?:[0-9a-f]{4}:[0-9a-f]{2}(?::[0-9a-f]{2}\\.[0-7])+(?=/))?"
              + "(?:(?:[^:]*/)?\\d+:\\d+:\\d+(?=/))?");

  /// Parses a path.
  ///
  /// @param text as above
  /// @throws IllegalArgumentException if it has no such form
  public static VmstatePath parse(String text) {
    int colon = separator(text);
    String head = text.substring(0, colon);
    int slash = head.lastIndexOf('/');
    String digits = head.substring(slash + 1);
    if (slash > 0 && digits.matches("\\d{1,10}")) {
      long instance = Long.parseLong(digits);
      if (instance <= 0xffff_ffffL) {
        return new VmstatePath(head.substring(0, slash), (int) instance, text.substring(colon + 1));
      }
    }
    if (head.isEmpty()) {
      throw new IllegalArgumentException("no device in \"" + text + "\"");
    }
    return new VmstatePath(head, 0, text.substring(colon + 1));
  }

  private static int separator(String text) {
    Matcher bus = BUS.matcher(text);
    int from = bus.lookingAt() ? bus.end() : 0;
    int colon = text.indexOf(':', from);
    if (colon < 0) {
      throw new IllegalArgumentException("no ':' behind the device in \"" + text + "\"");
    }
    return colon;
  }

  /// The text that [#parse] takes, with the instance id.
  @Override
  public String toString() {
    return device + "/" + Integer.toUnsignedString(instanceId) + ":" + field;
  }
}
