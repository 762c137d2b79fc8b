// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.json;

/// What a JSON text may cost before it is refused.
///
/// @param maxBytes longest text, in bytes. Default 64 MiB: the largest replies of QEMU
///     (`query-qmp-schema`, `human-monitor-command` with `info mtree`) take a few MB
/// @param maxDepth deepest nesting of objects and arrays. Default 256: replies of QEMU stay under
///     20, except for chains of backing files
public record JsonLimits(int maxBytes, int maxDepth) {
  /// 64 MiB and a depth of 256.
  public static final JsonLimits DEFAULT = new JsonLimits(64 << 20, 256);

  /// Checks that both limits are positive.
  public JsonLimits {
    if (maxBytes < 1 || maxDepth < 1) {
      throw new IllegalArgumentException("limits must be positive");
    }
  }
}
