// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.stream.vmstate.ScalarType;
import dev.tidemark.stream.vmstate.VmstateValue;
import dev.tidemark.stream.vmstate.WireBytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Values of device state as text.
final class FieldText {
  /// Stands where a value is cut.
  static final String CUT = "\u2026";

  private static final int WIDTH = 64;

  private FieldText() {}

  /// A value on part of a line: long ones are cut, with their sizes.
  static String of(VmstateValue value) {
    if (value.size() > 16 && bytes(value).filter(WireBytes::isZero).isPresent()) {
      return "zeroes (" + value.size() + " bytes)";
    }
    String text = value instanceof VmstateValue.Buffer b ? words(b.bytes()) : full(value);
    return text.length() <= WIDTH
        ? text
        : text.substring(0, WIDTH) + CUT + " (" + value.size() + " bytes)";
  }

  /// Bytes in hexadecimal, or what they spell with zeroes behind it.
  private static String words(WireBytes bytes) {
    StringBuilder text = new StringBuilder("\"");
    int at = 0;
    while (at < bytes.length() && bytes.at(at) != 0) {
      boolean readable = bytes.at(at) >= ' ' && bytes.at(at) < 0x7f;
      if (!readable || at == WIDTH) {
        return bytes.toString();
      }
      text.append((char) bytes.at(at++));
    }
    boolean zeroes = true;
    for (int i = at; i < bytes.length(); i++) {
      zeroes &= bytes.at(i) == 0;
    }
    return at > 2 && zeroes ? text.append('"').toString() : bytes.toString();
  }

  /// Where values of one size differ: runs of at most eight bytes.
  static List<Difference> differences(WireBytes before, WireBytes after) {
    List<Difference> runs = new ArrayList<>();
    int at = 0;
    while (at < before.length()) {
      int start = at;
      while (at < before.length() && at - start < 8 && before.at(at) != after.at(at)) {
        at++;
      }
      if (at > start) {
        runs.add(new Difference(start, hex(before, start, at), hex(after, start, at)));
      } else {
        at++;
      }
    }
    return runs;
  }

  /// Bytes that are not the same.
  ///
  /// @param offset of the first, from the start of the value
  record Difference(int offset, String before, String after) {}

  private static String hex(WireBytes bytes, int from, int to) {
    StringBuilder text = new StringBuilder();
    for (int i = from; i < to; i++) {
      text.append("%02x".formatted(bytes.at(i)));
    }
    return text.toString();
  }

  /// The bytes of a value that is nothing but bytes.
  static Optional<WireBytes> bytes(VmstateValue value) {
    return switch (value) {
      case VmstateValue.Buffer b -> Optional.of(b.bytes());
      case VmstateValue.Unused u -> Optional.of(u.bytes());
      case VmstateValue.Bitmap b -> Optional.of(b.words());
      case VmstateValue.Opaque o -> Optional.of(o.bytes());
      default -> Optional.empty();
    };
  }

  /// All of a value.
  static String full(VmstateValue value) {
    return switch (value) {
      case VmstateValue.Scalar s -> number(s);
      case VmstateValue.Scalars s ->
          IntStream.range(0, s.count())
              .mapToObj(i -> number(s.get(i)))
              .collect(Collectors.joining(" "));
      case VmstateValue.Buffer b -> b.bytes().toString();
      case VmstateValue.Unused u -> u.bytes().toString();
      case VmstateValue.Bitmap b -> b.words().toString();
      case VmstateValue.Opaque o -> o.bytes().toString();
      case VmstateValue.Capability c -> c.text();
      case VmstateValue.Null() -> "null";
      case VmstateValue.Array a -> a.elements().size() + " elements";
      case VmstateValue.Queue q -> q.elements().size() + " elements";
      case VmstateValue.Gtree t -> t.nodes().size() + " nodes";
      case VmstateValue.Struct s -> s.size() + " bytes of " + s.vmsdName();
    };
  }

  /// Signed types in decimal, others in hexadecimal.
  private static String number(VmstateValue.Scalar s) {
    if (s.kind() == ScalarType.BOOL || s.kind() == ScalarType.POWERED_OFF) {
      return s.value() > 1 ? "0x" + Long.toHexString(s.value()) : String.valueOf(s.isTrue());
    }
    if (s.kind() == ScalarType.TIMER) {
      return s.isArmed() ? s.value() + " ns" : "not armed";
    }
    return s.kind().signed() ? String.valueOf(s.value()) : "0x" + Long.toHexString(s.value());
  }
}
