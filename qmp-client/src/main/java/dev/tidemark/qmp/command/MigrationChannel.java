// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonArray;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.List;

/// One end of a migration, as an address rather than a URI. Since QEMU 8.2.
///
/// Format: `MigrationChannel` in `qapi/migration.json`, QEMU 10.0.2.
///
/// @param type `main`, or `cpr` for the second channel of a `cpr-transfer`
/// @param address a `MigrationAddress`: `transport` and what it wants
public record MigrationChannel(String type, JsonObject address) {
  /// The main channel to a Unix socket.
  public static MigrationChannel unix(String path) {
    return main(JsonObject.of("transport", "socket", "type", "unix", "path", path));
  }

  /// The main channel to a descriptor that was passed with `getfd`.
  public static MigrationChannel fd(String name) {
    return main(JsonObject.of("transport", "socket", "type", "fd", "str", name));
  }

  /// The main channel to a file.
  ///
  /// @param path the file
  /// @param offset where in it, in bytes
  public static MigrationChannel file(String path, long offset) {
    return main(JsonObject.of("transport", "file", "filename", path, "offset", offset));
  }

  private static MigrationChannel main(JsonObject address) {
    return new MigrationChannel("main", address);
  }

  static JsonArray toJson(List<MigrationChannel> channels) {
    return new JsonArray(channels.stream().map(MigrationChannel::element).toList());
  }

  private static JsonValue element(MigrationChannel channel) {
    return JsonObject.of("channel-type", channel.type, "addr", channel.address);
  }
}
