// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.stream.vmstate.ScalarType;
import dev.tidemark.stream.vmstate.VmstateValue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Values of device state as text.
final class FieldText {
  private static final int WIDTH = 64;

  private FieldText() {}

  /// A value on part of a line: long ones are cut, with their sizes.
  static String of(VmstateValue value) {
    String text = full(value);
    return text.length() <= WIDTH
        ? text
        : text.substring(0, WIDTH) + "… (" + value.size() + " bytes)";
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
