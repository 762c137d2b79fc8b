// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.json;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;

/// Generators of JSON values.
public final class JsonValues {
  private JsonValues() {}

  /// Objects of any shape, a few levels deep.
  public static Arbitrary<JsonObject> objects() {
    return objects(3);
  }

  /// Values of any kind, a few levels deep.
  public static Arbitrary<JsonValue> values() {
    return values(3);
  }

  private static Arbitrary<JsonObject> objects(int depth) {
    return Arbitraries.maps(strings(), values(depth)).ofMaxSize(4).map(JsonObject::new);
  }

  private static Arbitrary<JsonValue> values(int depth) {
    Arbitrary<JsonValue> leaf =
        Arbitraries.oneOf(
            List.of(
                strings().map(JsonString::new),
                Arbitraries.longs().map(JsonNumber::of),
                Arbitraries.doubles().map(JsonNumber::of),
                Arbitraries.of(true, false).map(JsonBoolean::new),
                Arbitraries.just(JsonNull.INSTANCE)));
    if (depth == 0) {
      return leaf;
    }
    Arbitrary<JsonValue> array = values(depth - 1).list().ofMaxSize(4).map(JsonArray::new);
    return Arbitraries.frequencyOf(
        net.jqwik.api.Tuple.of(4, leaf),
        net.jqwik.api.Tuple.of(1, array),
        net.jqwik.api.Tuple.of(1, objects(depth - 1).map(object -> object)));
  }

  /// Any characters that UTF-8 can carry.
  private static Arbitrary<String> strings() {
    return Arbitraries.strings()
        .withChars("{}[]\",:\\ \n\r\t/\u0000\u001f\u007f\u2028é€")
        .withCharRange('a', 'z')
        .ofMaxLength(12)
        .map(text -> text.length() > 10 ? text + "\ud83d\ude00" : text);
  }
}
