// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;

/// A descriptor in a set of descriptors.
///
/// @param fdsetId the set
/// @param fd its number in QEMU
public record PassedFd(long fdsetId, long fd) {
  static PassedFd of(JsonObject raw) {
    return new PassedFd(raw.longValue("fdset-id"), raw.longValue("fd"));
  }
}
