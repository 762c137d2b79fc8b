// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// `pmemsave`: writes a part of the guest's physical memory into a file. QEMU's main loop stands
/// meanwhile.
///
/// @param address guest-physical, of the first byte
/// @param size bytes
/// @param file a path on QEMU's host
public record Pmemsave(long address, long size, String file) implements QmpCommand<@Nullable Void> {
  @Override
  public String wireName() {
    return "pmemsave";
  }

  @Override
  public JsonObject arguments() {
    return JsonObject.of("val", address, "size", size, "filename", file);
  }

  @Override
  public @Nullable Void decode(JsonValue returned) {
    return null;
  }
}
