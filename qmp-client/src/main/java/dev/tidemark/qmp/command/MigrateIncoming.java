// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `migrate-incoming`: starts listening, in a QEMU that was started with `-incoming defer`.
///
/// @param uri where from, such as `fd:NAME`, `unix:PATH`, `file:PATH`; absent where `channels` say
///     it
/// @param channels where from, as addresses; since 8.2
public record MigrateIncoming(Optional<String> uri, List<MigrationChannel> channels)
    implements QmpCommand<@Nullable Void> {

  /// Copies the list.
  public MigrateIncoming {
    channels = List.copyOf(channels);
  }

  /// Listens at a URI.
  public MigrateIncoming(String uri) {
    this(Optional.of(uri), List.of());
  }

  /// Listens at an address. QEMUs before 8.2 have only URIs.
  public MigrateIncoming(MigrationChannel channel) {
    this(Optional.empty(), List.of(channel));
  }

  @Override
  public String wireName() {
    return "migrate-incoming";
  }

  @Override
  public JsonObject arguments() {
    JsonObject.Builder arguments = JsonObject.builder().putIfPresent("uri", uri);
    if (!channels.isEmpty()) {
      arguments.put("channels", MigrationChannel.toJson(channels));
    }
    return arguments.build();
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
