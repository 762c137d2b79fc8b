// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.json;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/// A JSON number, kept as it was written, so that nothing is lost: QEMU's integers use all 64 bits,
/// unsigned ones too.
///
/// Two numbers are equal if their literals are: `1` and `1.0` differ.
///
/// @param literal the number as JSON spells it
public record JsonNumber(String literal) implements JsonValue {
  private static final Pattern GRAMMAR =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

  /// Checks the literal against JSON's grammar.
  ///
  /// @throws IllegalArgumentException if it is no JSON number
  public JsonNumber {
    if (!GRAMMAR.matcher(literal).matches()) {
      throw new IllegalArgumentException("not a JSON number: " + literal);
    }
  }

  /// The number with the value of a long.
  public static JsonNumber of(long value) {
    return new JsonNumber(Long.toString(value));
  }

  /// The number with the value of a double.
  ///
  /// @throws IllegalArgumentException if it is infinite or not a number
  public static JsonNumber of(double value) {
    return new JsonNumber(Double.toString(value));
  }

  /// The exact value.
  ///
  /// @throws JsonShapeException if it is not integral or does not fit in a long
  public long longValue() {
    try {
      return new BigDecimal(literal).longValueExact();
    } catch (ArithmeticException | NumberFormatException e) {
      throw new JsonShapeException("not a 64-bit integer: " + literal);
    }
  }

  /// The exact value as an unsigned 64-bit integer, in the bits of a long.
  ///
  /// @throws JsonShapeException if it is not integral, negative, or beyond 64 bits
  public long unsignedLongValue() {
    try {
      return Long.parseUnsignedLong(literal);
    } catch (NumberFormatException e) {
      throw new JsonShapeException("not an unsigned 64-bit integer: " + literal);
    }
  }

  /// The nearest double.
  public double doubleValue() {
    return Double.parseDouble(literal);
  }

  @Override
  public String toString() {
    return literal;
  }
}
