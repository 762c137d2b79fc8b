// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.schema;

import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonShapeException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What one QEMU understands, as it says itself: its commands, their arguments, its events.
///
/// ```java
/// QmpSchema schema = qmp.schema();
/// boolean named = schema.hasCommand("snapshot-save");
/// boolean channels = schema.hasArgument("migrate", "channels");
/// boolean mapped = schema.hasCapability("mapped-ram");
/// boolean oldest = schema.hasEnumValue("blockdev-backup", "sync", "bitmap");
/// ```
///
/// Arguments within arguments are named by a path: `channels.addr.transport`. A path goes through
/// arrays and through the variants of a union without naming them.
///
/// A schema says what was compiled in, not what this machine allows at this moment. Immutable.
///
/// Format: `query-qmp-schema`, `qapi/introspect.json`, QEMU 10.0.2.
public final class QmpSchema {
  private final Map<String, CommandSchema> commands = new LinkedHashMap<>();
  private final Map<String, EventSchema> events = new LinkedHashMap<>();
  private final Map<String, SchemaType> types = new LinkedHashMap<>();

  private QmpSchema() {}

  /// Reads what `query-qmp-schema` returns.
  ///
  /// @throws JsonShapeException if it is of another form
  public static QmpSchema of(JsonArray returned) {
    QmpSchema schema = new QmpSchema();
    for (JsonObject entry : returned.objects()) {
      String name = entry.string("name");
      switch (entry.string("meta-type")) {
        case "command" -> schema.commands.put(name, CommandSchema.of(entry));
        case "event" -> schema.events.put(name, EventSchema.of(entry));
        default -> schema.types.put(name, SchemaType.of(entry));
      }
    }
    return schema;
  }

  /// The names of all commands.
  public Set<String> commands() {
    return Collections.unmodifiableSet(commands.keySet());
  }

  /// The names of all events.
  public Set<String> events() {
    return Collections.unmodifiableSet(events.keySet());
  }

  /// A command by its name.
  public Optional<CommandSchema> command(String name) {
    return Optional.ofNullable(commands.get(name));
  }

  /// An event by its name.
  public Optional<EventSchema> event(String name) {
    return Optional.ofNullable(events.get(name));
  }

  /// A type by its name.
  public Optional<SchemaType> type(String name) {
    return Optional.ofNullable(types.get(name));
  }

  /// Whether there is such a command.
  public boolean hasCommand(String name) {
    return commands.containsKey(name);
  }

  /// Whether there is such an event.
  public boolean hasEvent(String name) {
    return events.containsKey(name);
  }

  /// Whether a command may be sent out of band.
  public boolean isOutOfBand(String command) {
    return command(command).map(CommandSchema::outOfBand).orElse(false);
  }

  /// Whether a command has an argument.
  ///
  /// @param path the argument, or one within it: `channels.addr.transport`
  public boolean hasArgument(String command, String path) {
    return command(command)
        .map(found -> !new SchemaPath(this, found.argumentType()).follow(path).isEmpty())
        .orElse(false);
  }

  /// Whether what a command returns has a field.
  ///
  /// @param path the field, or one within it
  public boolean hasReturned(String command, String path) {
    return command(command)
        .map(found -> !new SchemaPath(this, found.returnType()).follow(path).isEmpty())
        .orElse(false);
  }

  /// Whether an argument may have a value of an enum.
  ///
  /// @param path the argument, or one within it
  public boolean hasEnumValue(String command, String path, String value) {
    return enumValues(command, path).contains(value);
  }

  /// The values of an enum that an argument may have.
  ///
  /// @param path the argument, or one within it
  /// @return empty if there is no such argument, or if it is no enum
  public List<String> enumValues(String command, String path) {
    return command(command)
        .map(found -> new SchemaPath(this, found.argumentType()).enumValues(path))
        .orElse(List.of());
  }

  /// The migration capabilities that there are.
  public List<String> capabilities() {
    return enumValues("migrate-set-capabilities", "capabilities.capability");
  }

  /// Whether there is such a migration capability.
  public boolean hasCapability(String name) {
    return capabilities().contains(name);
  }

  /// Whether there is such a migration parameter.
  public boolean hasMigrationParameter(String name) {
    return hasArgument("migrate-set-parameters", name);
  }

  /// The arguments of a command on its first level, those of all variants among them.
  ///
  /// @return empty if there is no such command
  public List<SchemaMember> arguments(String command) {
    return command(command)
        .map(found -> new SchemaPath(this, found.argumentType()).members())
        .orElse(List.of());
  }

  /// The arguments within an argument, those of all variants among them.
  ///
  /// @param path the argument, or one within it
  /// @return empty if there is no such argument, or if it has none within it
  public List<SchemaMember> arguments(String command, String path) {
    return command(command)
        .map(found -> new SchemaPath(this, found.argumentType()).members(path))
        .orElse(List.of());
  }

  /// What this QEMU has against a call, before it is sent: a command, argument or value that it
  /// does not have, an argument that is missing or of another type.
  ///
  /// @return one line, such as `this QEMU has no "mapped-ram" (capabilities[0].capability)`; empty
  ///     if QEMU would understand the call
  public Optional<String> objection(String command, JsonObject arguments) {
    CommandSchema found = commands.get(command);
    return found == null
        ? Optional.of("this QEMU has no command \"" + command + "\"" + near(command))
        : new CallCheck(this).objection(found, arguments);
  }

  private String near(String command) {
    return Near.suggestion(command, commands.keySet());
  }

  @Override
  public String toString() {
    return "QmpSchema[" + commands.size() + " commands, " + events.size() + " events]";
  }
}
