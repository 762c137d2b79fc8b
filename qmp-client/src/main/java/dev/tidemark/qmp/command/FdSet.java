// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import java.util.List;

/// A set of descriptors that were passed with `add-fd`.
///
/// @param id its number, for `/dev/fdset/N`
/// @param fds their numbers in QEMU
/// @param raw the whole element
public record FdSet(long id, List<Long> fds, JsonObject raw) {
  /// Copies the list.
  public FdSet {
    fds = List.copyOf(fds);
  }

  static FdSet of(JsonObject raw) {
    return new FdSet(
        raw.longValue("fdset-id"),
        raw.array("fds").objects().stream().map(each -> each.longValue("fd")).toList(),
        raw);
  }
}
