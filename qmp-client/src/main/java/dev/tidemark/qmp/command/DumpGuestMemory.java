// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `dump-guest-memory`: writes the guest's memory as a core file. The guest stands meanwhile.
///
/// @param protocol where to: `file:PATH` or `fd:NAME`
/// @param paging whether the core file has the guest's virtual addresses
/// @param detach whether to return at once; the event `DUMP_COMPLETED` says when it is done
/// @param format one of `query-dump-guest-memory-capability`; absent for `elf`
public record DumpGuestMemory(
    String protocol, boolean paging, boolean detach, Optional<String> format)
    implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "dump-guest-memory";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.builder()
        .put("paging", paging)
        .put("protocol", protocol)
        .put("detach", detach)
        .putIfPresent("format", format)
        .build();
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
