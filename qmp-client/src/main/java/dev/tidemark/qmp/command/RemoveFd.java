// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// `remove-fd`: takes a descriptor out of a set, or all of them.
///
/// @param fdsetId the set
/// @param fd its number in QEMU; absent for all of the set
public record RemoveFd(long fdsetId, OptionalLong fd) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "remove-fd";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.builder()
        .put("fdset-id", fdsetId)
        .putIfPresent("fd", fd.isPresent() ? Optional.of(fd.getAsLong()) : Optional.empty())
        .build();
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
