// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/// A stored VM read in one pass: its pages in stored order, then its device state.
///
/// Used by one thread. The order of calls is the order of the methods here.
public interface CheckpointStream extends Closeable {
  /// Machine type and what else the stream's configuration section says.
  MachineConfiguration configuration();

  /// The RAM blocks in block-list order; [RamBlock#index] is the position in this list.
  List<RamBlock> ramBlocks();

  /// Target page size in bytes, a power of two.
  int targetPageSize();

  /// Whether every page is visited at most once; if not, a later one wins.
  boolean eachPageOnce();

  /// Whether sections have footers. Known when the first page is visited; a stream that has pages
  /// in
  /// RAM START itself tells it behind them.
  boolean footers();

  /// The device sections that a destination needs before the pages, see [DeviceState#early]; all of
  /// them when the first page is visited.
  ///
  /// @throws IOException if the input cannot be read
  byte[] earlySections() throws IOException;

  /// Visits all pages in stored order. May be called once.
  ///
  /// @param visitor takes the pages
  /// @throws IOException if the input cannot be read, or the visitor throws
  void forEachPage(PageVisitor visitor) throws IOException;

  /// The device state; only after [#forEachPage].
  ///
  /// @throws IOException if the input cannot be read
  DeviceState deviceState() throws IOException;
}
