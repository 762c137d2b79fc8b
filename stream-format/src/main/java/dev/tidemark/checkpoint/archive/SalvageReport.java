// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import java.util.List;
import java.util.Optional;

/// What is whole in a damaged archive.
///
/// @param damage what opening it said; absent where it opens
/// @param indexed whether the page index is whole: then the lost pages are known exactly. If not,
///     pages whose newest version stood in a lost block cannot be told from others; the lost pages
///     are those that no whole block has any version of
/// @param blocksKept archive blocks with pages that are whole
/// @param blocksLost archive blocks that are not
/// @param pagesKept pages that are kept, zero pages included
/// @param pagesLost pages that are lost
/// @param lostPages which these are, the first of them where they are many
/// @param manifest whether the manifest is whole
/// @param deviceStateDamage what is wrong with the device state; absent where it is whole
public record SalvageReport(
    Optional<String> damage,
    boolean indexed,
    long blocksKept,
    long blocksLost,
    long pagesKept,
    long pagesLost,
    List<PageRange> lostPages,
    boolean manifest,
    Optional<String> deviceStateDamage) {
  /// Most entries of [#lostPages].
  public static final int MOST_RANGES = 1000;

  /// Copies the list.
  public SalvageReport {
    lostPages = List.copyOf(lostPages);
  }

  /// Whether a part of RAM is lost, or may be older than the device state.
  public boolean losesPages() {
    return pagesLost > 0 || (!indexed && blocksLost > 0);
  }
}
