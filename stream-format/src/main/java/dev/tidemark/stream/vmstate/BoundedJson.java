// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// JSON tokens of text that may be hostile: nesting, names, numbers and the count of objects have
/// bounds, and every failure is a [StreamException] that says where.
final class BoundedJson {
  /// A machine with many devices has 10,000.
  static final int OBJECTS = 1 << 20;

  private static final int NAME = 1 << 10;
  private static final JsonFactory JSON =
      new JsonFactoryBuilder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(256)
                  .maxNumberLength(32)
                  .maxNameLength(NAME)
                  .build())
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .build();

  private final JsonParser in;
  private final Map<String, String> names = new HashMap<>();
  private int objects;

  private BoundedJson(JsonParser in) {
    this.in = in;
  }

  /// Makes something of the tokens. It must leave the parser at the end of the top object.
  @FunctionalInterface
  interface Reader<T> {
    T read(BoundedJson json) throws IOException;
  }

  static <T> T read(String text, long streamOffset, Reader<T> reader) throws StreamException {
    if (text.length() > StreamLimits.DEFAULT.vmdescBytes()) {
      throw new StreamException.LimitExceeded(
          text.length() + " characters of vmdesc", streamOffset, "vmdesc");
    }
    try (JsonParser parser = JSON.createParser(text)) {
      BoundedJson json = new BoundedJson(parser);
      T result = reader.read(json);
      if (parser.nextToken() != null) {
        throw json.form("text behind vmdesc");
      }
      return result;
    } catch (JacksonException e) {
      long at = e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getCharOffset());
      throw new StreamException.Malformed(
          "text that is not JSON", streamOffset + bytes(text, at), "vmdesc");
    } catch (TooMany e) {
      throw new StreamException.LimitExceeded(
          "more than " + OBJECTS + " objects", streamOffset + bytes(text, e.at), "vmdesc");
    } catch (FormException e) {
      throw new StreamException.Malformed(
          String.valueOf(e.getMessage()), streamOffset + bytes(text, e.at), "vmdesc");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  JsonParser parser() {
    return in;
  }

  void startObject() throws IOException {
    in.nextToken();
    expect(JsonToken.START_OBJECT);
  }

  /// The next key of an object, with the parser at its value; null at the object's end.
  @Nullable String nextKey() throws IOException {
    String key = in.nextFieldName();
    if (key == null) {
      expect(JsonToken.END_OBJECT);
      return null;
    }
    in.nextToken();
    return key;
  }

  /// Goes to the next element of an array; false at its end.
  boolean nextInArray() throws IOException {
    return in.nextToken() != JsonToken.END_ARRAY;
  }

  void expect(JsonToken token) throws IOException {
    if (in.currentToken() != token) {
      throw form("no " + (token == JsonToken.START_ARRAY ? "array" : "object"));
    }
  }

  /// Counts an object that is kept.
  void count() throws IOException {
    if (++objects > OBJECTS) {
      throw new TooMany(at());
    }
  }

  long number() throws IOException {
    if (in.currentToken() != JsonToken.VALUE_NUMBER_INT) {
      throw form("no whole number");
    }
    return in.getLongValue();
  }

  int length() throws IOException {
    long value = number();
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw form(value < 0 ? "negative length" : "length too large");
    }
    return (int) value;
  }

  String text() throws IOException {
    if (in.currentToken() != JsonToken.VALUE_STRING) {
      throw form("no string");
    }
    if (in.getTextLength() > NAME) {
      throw form("name too long");
    }
    String text = in.getText();
    // Few names, each many times.
    String known = names.putIfAbsent(text, text);
    return known == null ? text : known;
  }

  FormException form(String what) {
    return new FormException(what, at());
  }

  private long at() {
    return Math.max(0, in.currentTokenLocation().getCharOffset());
  }

  private static int bytes(String text, long characters) {
    int end = (int) Math.min(characters, text.length());
    return text.substring(0, end).getBytes(StandardCharsets.UTF_8).length;
  }

  /// Tokens of a wrong form.
  static sealed class FormException extends IOException {
    private static final long serialVersionUID = 1L;
    final long at;

    FormException(String what, long at) {
      super(what);
      this.at = at;
    }
  }

  private static final class TooMany extends FormException {
    private static final long serialVersionUID = 1L;

    TooMany(long at) {
      super("too many", at);
    }
  }
}
