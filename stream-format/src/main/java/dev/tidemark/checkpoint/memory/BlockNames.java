// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.memory;

import dev.tidemark.stream.ram.RamBlock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// RAM blocks by the names of their memory regions, which have no device's path in front.
final class BlockNames {
  private final Map<String, RamBlock> whole = new HashMap<>();

  /// By what stands behind a `/`; empty if several blocks end so.
  private final Map<String, Optional<RamBlock>> ends = new HashMap<>();

  BlockNames(List<RamBlock> blocks) {
    for (RamBlock block : blocks) {
      String name = block.idstr();
      whole.putIfAbsent(name, block);
      for (int slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
        ends.merge(name.substring(slash + 1), Optional.of(block), (_, _) -> Optional.empty());
      }
    }
  }

  /// The block of a name, whole or without a path.
  Optional<RamBlock> find(String name) {
    RamBlock block = whole.get(name);
    return block != null ? Optional.of(block) : ends.getOrDefault(name, Optional.empty());
  }

  /// The block of just this name.
  Optional<RamBlock> exactly(String name) {
    return Optional.ofNullable(whole.get(name));
  }
}
