// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.Progress;
import java.io.IOException;
import java.util.Optional;

/// A damaged archive as a checkpoint, which has what is whole.
///
/// Its device state is refused where it is not whole.
sealed interface Salvage extends CheckpointStream permits IndexedSalvage, WalkedSalvage {
  /// Looks through all of it; comes before the pages are visited.
  ///
  /// @param progress told the bytes of the file looked at
  SalvageReport examine(Progress progress) throws IOException;

  /// The manifest; absent where it is lost.
  Optional<Manifest> manifest();
}
