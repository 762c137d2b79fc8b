// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.Optional;
import java.util.OptionalLong;

/// `add-fd`: puts a descriptor that comes with the command into a set, for `/dev/fdset/N`.
///
/// It is of use only together with a descriptor: see `QmpClient.execute(command, descriptor)`.
///
/// @param fdsetId the set; absent for a new one
/// @param opaque a note that `query-fdsets` shows
public record AddFd(OptionalLong fdsetId, Optional<String> opaque) implements QmpCommand<PassedFd> {
  /// Puts it into a set of that number, which is made if there is none.
  public AddFd(long fdsetId) {
    this(OptionalLong.of(fdsetId), Optional.empty());
  }

  @Override
  public String wireName() {
    return "add-fd";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.builder()
        .putIfPresent(
            "fdset-id", fdsetId.isPresent() ? Optional.of(fdsetId.getAsLong()) : Optional.empty())
        .putIfPresent("opaque", opaque)
        .build();
  }

  @Override
  public PassedFd decode(JsonValue returned) {
    return PassedFd.of(returned.asObject());
  }
}
