// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A manifest's spelling in the archive: one JSON object with snake_case keys.
///
/// Times are ISO 8601 in UTC, durations are nanoseconds. What is absent is left out. Unknown fields
/// are ignored on reading; a known field that is not there is empty, zero or absent.
public final class ManifestJson {
  private static final JsonFactory JSON = new JsonFactory();
  private static final String CONTEXT = "manifest";

  private ManifestJson() {}

  /// A manifest as JSON.
  ///
  /// @param manifest what to write
  public static String write(Manifest manifest) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = JSON.createGenerator(text)) {
      out.useDefaultPrettyPrinter();
      write(out, manifest);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.append('\n').toString();
  }

  private static void write(JsonGenerator out, Manifest manifest) throws IOException {
    out.writeStartObject();
    out.writeStringField("tidemark_version", manifest.tidemarkVersion());
    out.writeStringField("created", manifest.created().toString());
    out.writeStringField("method", manifest.method());
    out.writeStringField("qemu_version", manifest.qemuVersion());
    out.writeStringField("qemu_package", manifest.qemuPackage());
    out.writeStringField("target", manifest.target());
    out.writeStringField("machine_type", manifest.machineType());
    out.writeStringField("run_state", manifest.runState());
    writeStrings(out, "capabilities", manifest.capabilities());
    writeStrings(out, "memory_map", manifest.memoryMap());
    if (manifest.commandLine().isPresent()) {
      writeCommandLine(out, manifest.commandLine().get());
    }
    out.writeArrayFieldStart("disks");
    for (Manifest.Disk disk : manifest.disks()) {
      writeDisk(out, disk);
    }
    out.writeEndArray();
    writeTiming(out, manifest.timing());
    out.writeEndObject();
  }

  private static void writeStrings(JsonGenerator out, String name, List<String> values)
      throws IOException {
    out.writeArrayFieldStart(name);
    for (String value : values) {
      out.writeString(value);
    }
    out.writeEndArray();
  }

  private static void writeCommandLine(JsonGenerator out, Manifest.CommandLine line)
      throws IOException {
    out.writeObjectFieldStart("command_line");
    out.writeStringField("executable", line.executable());
    writeStrings(out, "arguments", line.arguments());
    out.writeStringField("working_directory", line.workingDirectory());
    writeStrings(out, "removed", line.removed());
    out.writeEndObject();
  }

  private static void writeDisk(JsonGenerator out, Manifest.Disk disk) throws IOException {
    out.writeStartObject();
    out.writeStringField("device", disk.device());
    out.writeStringField("file", disk.file());
    out.writeStringField("format", disk.format());
    out.writeBooleanField("read_only", disk.readOnly());
    out.writeEndObject();
  }

  private static void writeTiming(JsonGenerator out, Manifest.Timing timing) throws IOException {
    out.writeObjectFieldStart("timing");
    if (timing.pause().isPresent()) {
      out.writeNumberField("pause_ns", timing.pause().get().toNanos());
    }
    out.writeNumberField("stream_time_ns", timing.streamTime().toNanos());
    out.writeNumberField("pages_received", timing.pagesReceived());
    out.writeNumberField("pages_resent", timing.pagesResent());
    out.writeEndObject();
  }

  /// Reads a manifest.
  ///
  /// @param json a JSON object
  /// @param fileOffset where it stands in its file, for messages
  /// @throws StreamException.Malformed if it is no JSON, or a field has another type
  public static Manifest read(String json, long fileOffset) throws StreamException {
    try (JsonParser in = JSON.createParser(json)) {
      Reader reader = new Reader(in, fileOffset);
      in.nextToken();
      Manifest manifest = reader.manifest();
      if (in.nextToken() != null) {
        throw reader.malformed("text behind the JSON object");
      }
      return manifest;
    } catch (StreamException e) {
      throw e;
    } catch (JsonProcessingException e) {
      throw new StreamException.Malformed(
          "bad JSON: " + e.getOriginalMessage(), fileOffset, CONTEXT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Reads with the parser standing on a value's first token, and leaves it on its last.
  private static final class Reader {
    private final JsonParser in;
    private final long fileOffset;

    Reader(JsonParser in, long fileOffset) {
      this.in = in;
      this.fileOffset = fileOffset;
    }

    StreamException malformed(String what) {
      return new StreamException.Malformed(what, fileOffset, CONTEXT);
    }

    /// Takes one field of an object, with the parser on its value.
    @FunctionalInterface
    private interface Field {
      /// Returns whether the field is known; if not, it is skipped.
      boolean read(String name) throws IOException;
    }

    private void object(Field field) throws IOException {
      expect(JsonToken.START_OBJECT, "an object");
      while (in.nextToken() == JsonToken.FIELD_NAME) {
        String name = in.currentName();
        in.nextToken();
        if (!field.read(name)) {
          in.skipChildren();
        }
      }
    }

    private void expect(JsonToken token, String what) throws IOException {
      if (in.currentToken() != token) {
        @Nullable String name = in.currentName();
        throw malformed((name == null ? "manifest" : "\"" + name + "\"") + " is not " + what);
      }
    }

    private String string() throws IOException {
      expect(JsonToken.VALUE_STRING, "a string");
      return in.getText();
    }

    private long number() throws IOException {
      expect(JsonToken.VALUE_NUMBER_INT, "a whole number");
      return in.getLongValue();
    }

    private boolean flag() throws IOException {
      if (in.currentToken() != JsonToken.VALUE_TRUE && in.currentToken() != JsonToken.VALUE_FALSE) {
        expect(JsonToken.VALUE_TRUE, "true or false");
      }
      return in.currentToken() == JsonToken.VALUE_TRUE;
    }

    private List<String> strings() throws IOException {
      expect(JsonToken.START_ARRAY, "an array");
      List<String> values = new ArrayList<>();
      while (in.nextToken() != JsonToken.END_ARRAY) {
        values.add(string());
      }
      return values;
    }

    private Instant instant() throws IOException {
      try {
        return Instant.parse(string());
      } catch (DateTimeException e) {
        throw malformed("\"" + in.currentName() + "\" is no time");
      }
    }

    private String tidemarkVersion = "";
    private Instant created = Instant.EPOCH;
    private String method = "";
    private String qemuVersion = "";
    private String qemuPackage = "";
    private String target = "";
    private String machineType = "";
    private String runState = "";
    private List<String> capabilities = List.of();
    private List<String> memoryMap = List.of();
    private Optional<Manifest.CommandLine> commandLine = Optional.empty();
    private final List<Manifest.Disk> disks = new ArrayList<>();
    private Manifest.Timing timing = new Manifest.Timing(Optional.empty(), Duration.ZERO, 0, 0);

    Manifest manifest() throws IOException {
      object(this::field);
      return new Manifest(
          tidemarkVersion,
          created,
          method,
          qemuVersion,
          qemuPackage,
          target,
          machineType,
          runState,
          capabilities,
          memoryMap,
          commandLine,
          disks,
          timing);
    }

    private boolean field(String name) throws IOException {
      switch (name) {
        case "tidemark_version" -> tidemarkVersion = string();
        case "created" -> created = instant();
        case "method" -> method = string();
        case "qemu_version" -> qemuVersion = string();
        case "qemu_package" -> qemuPackage = string();
        case "target" -> target = string();
        case "machine_type" -> machineType = string();
        case "run_state" -> runState = string();
        case "capabilities" -> capabilities = strings();
        case "memory_map" -> memoryMap = strings();
        case "command_line" -> commandLine = Optional.of(new CommandLineFields().read());
        case "disks" -> disks();
        case "timing" -> timing = new TimingFields().read();
        default -> {
          return false;
        }
      }
      return true;
    }

    private void disks() throws IOException {
      expect(JsonToken.START_ARRAY, "an array");
      while (in.nextToken() != JsonToken.END_ARRAY) {
        disks.add(new DiskFields().read());
      }
    }

    private final class CommandLineFields {
      private String executable = "";
      private List<String> arguments = List.of();
      private String workingDirectory = "";
      private List<String> removed = List.of();

      Manifest.CommandLine read() throws IOException {
        object(this::field);
        return new Manifest.CommandLine(executable, arguments, workingDirectory, removed);
      }

      private boolean field(String name) throws IOException {
        switch (name) {
          case "executable" -> executable = string();
          case "arguments" -> arguments = strings();
          case "working_directory" -> workingDirectory = string();
          case "removed" -> removed = strings();
          default -> {
            return false;
          }
        }
        return true;
      }
    }

    private final class DiskFields {
      private String device = "";
      private String file = "";
      private String format = "";
      private boolean readOnly;

      Manifest.Disk read() throws IOException {
        object(this::field);
        return new Manifest.Disk(device, file, format, readOnly);
      }

      private boolean field(String name) throws IOException {
        switch (name) {
          case "device" -> device = string();
          case "file" -> file = string();
          case "format" -> format = string();
          case "read_only" -> readOnly = flag();
          default -> {
            return false;
          }
        }
        return true;
      }
    }

    private final class TimingFields {
      private Optional<Duration> pause = Optional.empty();
      private Duration streamTime = Duration.ZERO;
      private long pagesReceived;
      private long pagesResent;

      Manifest.Timing read() throws IOException {
        object(this::field);
        return new Manifest.Timing(pause, streamTime, pagesReceived, pagesResent);
      }

      private boolean field(String name) throws IOException {
        switch (name) {
          case "pause_ns" -> pause = Optional.of(Duration.ofNanos(number()));
          case "stream_time_ns" -> streamTime = Duration.ofNanos(number());
          case "pages_received" -> pagesReceived = number();
          case "pages_resent" -> pagesResent = number();
          default -> {
            return false;
          }
        }
        return true;
      }
    }
  }
}
