// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Builds values from Jackson's tokens. Recursion is bounded by [JsonLimits#maxDepth].
final class JsonReader {
  /// Longer than any 64-bit integer or double; keeps a number of a million digits from costing
  /// time.
  private static final int MAX_NUMBER_LENGTH = 128;

  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(1 << 16)
                  .maxNumberLength(MAX_NUMBER_LENGTH)
                  .build())
          // One table of names for all connections would keep what any peer ever sent.
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .build();

  private final JsonParser parser;
  private final int maxDepth;

  private JsonReader(JsonParser parser, int maxDepth) {
    this.parser = parser;
    this.maxDepth = maxDepth;
  }

  static JsonValue read(byte[] utf8, int offset, int length, JsonLimits limits)
      throws JsonException {
    if (length > limits.maxBytes()) {
      throw new JsonException("more than " + limits.maxBytes() + " bytes of JSON");
    }
    try (JsonParser parser = FACTORY.createParser(utf8, offset, length)) {
      JsonReader reader = new JsonReader(parser, limits.maxDepth());
      JsonValue value = reader.value(parser.nextToken(), 0);
      if (parser.nextToken() != null) {
        throw reader.broken("more than one JSON value");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new JsonException("not JSON: " + what(e) + place(e.getLocation()), e);
    } catch (JsonException e) {
      throw e;
    } catch (IOException e) {
      throw new JsonException("not JSON: " + e.getMessage(), e);
    }
  }

  /// Jackson's words without the tail that lists all of JSON, or names a source that there is not.
  private static String what(JsonProcessingException e) {
    return e.getOriginalMessage().replaceFirst("(: was expecting)? \\((JSON|start marker).*$", "");
  }

  private static String place(@Nullable JsonLocation at) {
    if (at == null) {
      return "";
    }
    String line = at.getLineNr() > 1 ? " line " + at.getLineNr() + "," : "";
    return " at" + line + " column " + at.getColumnNr();
  }

  private JsonException broken(String what) {
    return new JsonException(what + place(parser.currentTokenLocation()));
  }

  private JsonValue value(@Nullable JsonToken token, int depth) throws IOException {
    return switch (token) {
      case START_OBJECT -> object(deeper(depth));
      case START_ARRAY -> array(deeper(depth));
      case VALUE_STRING -> new JsonString(parser.getText());
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new JsonNumber(parser.getText());
      case VALUE_TRUE -> new JsonBoolean(true);
      case VALUE_FALSE -> new JsonBoolean(false);
      case VALUE_NULL -> JsonNull.INSTANCE;
      case null -> throw new JsonException("not JSON: it ends too early");
      default -> throw broken("not JSON: unexpected " + token);
    };
  }

  private int deeper(int depth) throws JsonException {
    if (depth >= maxDepth) {
      throw broken("JSON nested deeper than " + maxDepth);
    }
    return depth + 1;
  }

  private JsonObject object(int depth) throws IOException {
    Map<String, JsonValue> members = new LinkedHashMap<>();
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      if (members.put(name, value(parser.nextToken(), depth)) != null) {
        throw broken("not JSON for QMP: member \"" + name + "\" comes twice");
      }
    }
    if (parser.currentToken() != JsonToken.END_OBJECT) {
      throw new JsonException("not JSON: an object that does not end");
    }
    return new JsonObject(members);
  }

  private JsonArray array(int depth) throws IOException {
    List<JsonValue> values = new ArrayList<>();
    JsonToken token = parser.nextToken();
    while (token != JsonToken.END_ARRAY) {
      values.add(value(token, depth));
      token = parser.nextToken();
    }
    return new JsonArray(values);
  }
}
