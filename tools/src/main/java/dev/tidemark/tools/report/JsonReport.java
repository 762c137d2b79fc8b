// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// One JSON object on standard output, written as it is told: snake_case keys, sizes in bytes,
/// durations in seconds, absent values left out.
///
/// Used by one thread. Writing to a stream that its reader has closed is no error here.
public final class JsonReport {
  /// Writes the members of an object.
  @FunctionalInterface
  public interface Body {
    /// Writes them.
    ///
    /// @param json where to
    /// @throws IOException if what is written cannot be read from its source
    void write(JsonReport json) throws IOException;
  }

  private final JsonGenerator generator;

  private JsonReport(JsonGenerator generator) {
    this.generator = generator;
  }

  /// Prints one object and a line end.
  ///
  /// @param out where to
  /// @param body writes its members
  /// @throws IOException if `body` throws it
  public static void print(PrintWriter out, Body body) throws IOException {
    JsonGenerator generator = generator(out);
    JsonReport report = new JsonReport(generator);
    generator.writeStartObject();
    body.write(report);
    generator.writeEndObject();
    generator.flush();
    out.println();
    out.flush();
  }

  /// Prints any JSON value, indented, and a line end.
  ///
  /// @param out where to
  /// @param json the value's text
  /// @throws IOException if it is not JSON
  public static void printValue(PrintWriter out, String json) throws IOException {
    JsonGenerator generator = generator(out);
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      while (parser.nextToken() != null) {
        generator.copyCurrentEventExact(parser);
      }
    }
    generator.flush();
    out.println();
    out.flush();
  }

  private static JsonGenerator generator(PrintWriter out) throws IOException {
    DefaultIndenter lines = new DefaultIndenter("  ", "\n");
    return new JsonFactory()
        .createGenerator(out)
        .configure(JsonGenerator.Feature.AUTO_CLOSE_TARGET, false)
        .setPrettyPrinter(
            new DefaultPrettyPrinter().withObjectIndenter(lines).withArrayIndenter(lines));
  }

  /// A text.
  public JsonReport put(String name, String value) throws IOException {
    generator.writeStringField(name, value);
    return this;
  }

  /// A number.
  public JsonReport put(String name, long value) throws IOException {
    generator.writeNumberField(name, value);
    return this;
  }

  /// A number with a fraction, to four places.
  public JsonReport put(String name, double value) throws IOException {
    generator.writeFieldName(name);
    generator.writeNumber(
        BigDecimal.valueOf(value).setScale(4, RoundingMode.HALF_UP).toPlainString());
    return this;
  }

  /// A truth value.
  public JsonReport put(String name, boolean value) throws IOException {
    generator.writeBooleanField(name, value);
    return this;
  }

  /// A duration, as seconds with a fraction.
  public JsonReport put(String name, Duration value) throws IOException {
    generator.writeFieldName(name);
    generator.writeNumber(
        BigDecimal.valueOf(value.toNanos(), 9).stripTrailingZeros().toPlainString());
    return this;
  }

  /// A list of texts.
  public JsonReport put(String name, List<String> values) throws IOException {
    generator.writeArrayFieldStart(name);
    for (String value : values) {
      generator.writeString(value);
    }
    generator.writeEndArray();
    return this;
  }

  /// JSON text that is known to be well formed, as the value.
  public JsonReport putJson(String name, String json) throws IOException {
    generator.writeFieldName(name);
    generator.writeRawValue(json);
    return this;
  }

  /// An object.
  public JsonReport object(String name, Body body) throws IOException {
    generator.writeObjectFieldStart(name);
    body.write(this);
    generator.writeEndObject();
    return this;
  }

  /// An object, if there is something to write about.
  public <T> JsonReport object(String name, Optional<T> value, Member<T> body) throws IOException {
    if (value.isPresent()) {
      generator.writeObjectFieldStart(name);
      body.write(this, value.get());
      generator.writeEndObject();
    }
    return this;
  }

  /// A list of objects.
  public <T> JsonReport array(String name, Iterable<? extends T> values, Member<T> body)
      throws IOException {
    generator.writeArrayFieldStart(name);
    for (T value : values) {
      generator.writeStartObject();
      body.write(this, value);
      generator.writeEndObject();
    }
    generator.writeEndArray();
    return this;
  }

  /// A list of objects that are written one after the other, none of them kept.
  public JsonReport list(String name, ListBody body) throws IOException {
    generator.writeArrayFieldStart(name);
    body.write(
        member -> {
          generator.writeStartObject();
          member.write(this);
          generator.writeEndObject();
        });
    generator.writeEndArray();
    return this;
  }

  /// Writes the objects of a list.
  @FunctionalInterface
  public interface ListBody {
    /// Writes them.
    ///
    /// @param list where to
    /// @throws IOException if what is written cannot be read from its source
    void write(ListOfObjects list) throws IOException;
  }

  /// A list that is being written.
  @FunctionalInterface
  public interface ListOfObjects {
    /// Writes the next object.
    ///
    /// @param member writes its members
    /// @throws IOException if `member` throws it
    void add(Body member) throws IOException;
  }

  /// Writes the members of an object about a value.
  ///
  /// @param <T> the value's type
  @FunctionalInterface
  public interface Member<T> {
    /// Writes them.
    ///
    /// @param json where to
    /// @param value what about
    /// @throws IOException if what is written cannot be read from its source
    void write(JsonReport json, T value) throws IOException;
  }
}
