// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `migrate`: starts an outgoing migration and returns at once.
///
/// @param uri where to, such as `fd:NAME`, `unix:PATH`, `file:PATH`; absent where `channels` say it
/// @param channels where to, as addresses; since 8.2
/// @param resume whether this goes on with a paused postcopy
public record Migrate(Optional<String> uri, List<MigrationChannel> channels, boolean resume)
    implements QmpCommand<@Nullable Void> {

  /// Copies the list.
  public Migrate {
    channels = List.copyOf(channels);
  }

  /// Migrates to a URI.
  public Migrate(String uri) {
    this(Optional.of(uri), List.of(), false);
  }

  /// Migrates to an address. QEMUs before 8.2 have only URIs.
  public Migrate(MigrationChannel channel) {
    this(Optional.empty(), List.of(channel), false);
  }

  /// Goes on with a paused postcopy.
  public static Migrate resuming(String uri) {
    return new Migrate(Optional.of(uri), List.of(), true);
  }

  @Override
  public String wireName() {
    return "migrate";
  }

  @Override
  public JsonObject arguments() {
    JsonObject.Builder arguments = JsonObject.builder().putIfPresent("uri", uri);
    if (!channels.isEmpty()) {
      arguments.put("channels", MigrationChannel.toJson(channels));
    }
    if (resume) {
      arguments.put("resume", true);
    }
    return arguments.build();
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
