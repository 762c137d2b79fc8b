// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonValueTest {

  @Property(tries = 500)
  void whatIsWrittenIsReadBackTheSame(@ForAll("values") JsonValue value) throws Exception {
    assertThat(JsonValue.parse(value.toJson())).isEqualTo(value);
    assertThat(value.toJson()).doesNotContain("\n");
  }

  @Property(tries = 500)
  void aTextWithAByteChangedIsReadOrRefused(
      @ForAll("values") JsonValue value, @ForAll byte flipped, @ForAll int place) {
    byte[] bytes = value.toJson().getBytes(StandardCharsets.UTF_8);
    bytes[Math.floorMod(place, bytes.length)] = flipped;
    try {
      assertThat(JsonValue.parse(bytes, JsonLimits.DEFAULT)).isNotNull();
    } catch (JsonException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  @Provide
  Arbitrary<JsonValue> values() {
    return JsonValues.values();
  }

  @Test
  void integersOf64BitsAreExact() throws Exception {
    JsonObject object =
        JsonValue.parse("{\"a\": 9223372036854775807, \"b\": 18446744073709551615, \"c\": 1e3}")
            .asObject();
    assertThat(object.longValue("a")).isEqualTo(Long.MAX_VALUE);
    assertThat(((JsonNumber) object.value("b")).unsignedLongValue()).isEqualTo(-1L);
    assertThat(object.longValue("c")).isEqualTo(1000);
    assertThatExceptionOfType(JsonShapeException.class)
        .isThrownBy(() -> object.longValue("b"))
        .withMessage("member \"b\": not a 64-bit integer: 18446744073709551615");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[1,",
        "[1,]",
        "{\"a\"}",
        "{\"a\":1,}",
        "{a:1}",
        "nul",
        "01",
        "+1",
        "1 2",
        "\"",
        "\"\n\"",
        "[",
        "]",
        "NaN",
        "{\"a\":1,\"a\":1}",
        "'a'",
        "// c\n1",
        "1e",
        "\"\\x\""
      })
  void whatIsNotJsonIsRefused(String text) {
    assertThatExceptionOfType(JsonException.class).isThrownBy(() -> JsonValue.parse(text));
  }

  @Test
  void limitsHold() {
    JsonLimits limits = new JsonLimits(100, 3);
    assertThatExceptionOfType(JsonException.class)
        .isThrownBy(() -> JsonValue.parse("[[[[1]]]]".getBytes(StandardCharsets.UTF_8), limits))
        .withMessageContaining("deeper than 3");
    byte[] zeros = new byte[101];
    Arrays.fill(zeros, (byte) ' ');
    assertThatExceptionOfType(JsonException.class)
        .isThrownBy(() -> JsonValue.parse(zeros, limits))
        .withMessageContaining("more than 100 bytes");
    assertThatExceptionOfType(JsonException.class)
        .isThrownBy(() -> JsonValue.parse("1" + "0".repeat(1000)));
  }

  @Test
  void objectsAreBuiltFromJavaValues() {
    JsonObject object =
        JsonObject.of("s", "x", "n", 1, "d", 0.5, "b", true, "l", List.of(1, "a"), "z", null);
    assertThat(object.with("m", Map.of("k", 2L)))
        .hasToString(
            "{\"s\":\"x\",\"n\":1,\"d\":0.5,\"b\":true,\"l\":[1,\"a\"],\"z\":null,\"m\":{\"k\":2}}");
    assertThat(object.opt("z")).isEmpty();
    assertThat(object.has("z")).isTrue();
    assertThat(object.optLong("absent")).isEmpty();
    assertThat(object.optDouble("d")).hasValue(0.5);
    assertThat(object.array("l").get(1).asString()).isEqualTo("a");
    assertThatExceptionOfType(JsonShapeException.class)
        .isThrownBy(() -> object.string("absent"))
        .withMessage("no member \"absent\"");
    assertThatExceptionOfType(JsonShapeException.class)
        .isThrownBy(() -> object.optString("n"))
        .withMessage("member \"n\": expected a JSON string, found number");
    assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> JsonObject.of("a"));
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> JsonObject.of("a", 1, "a", 2));
  }
}
