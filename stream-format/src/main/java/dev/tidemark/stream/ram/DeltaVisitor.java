// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// A page visitor that knows the former content of every page, and so can take XBZRLE deltas.
/// Pages sent as deltas to any other visitor are
/// [dev.tidemark.stream.StreamException.Unsupported].
public interface DeltaVisitor extends PageVisitor {
  /// A page as what has changed since its last version in this stream.
  ///
  /// @param block the RAM block it belongs to
  /// @param pageOffset offset inside the block in bytes, a multiple of the target page size
  /// @param window where the encoded bytes are; a loan that ends when this method returns
  /// @param windowOffset where in `window` they start
  /// @param length how many they are, 0 to the target page size
  /// @throws IOException if the page cannot be taken
  void xbzrlePage(
      RamBlock block, long pageOffset, MemorySegment window, long windowOffset, int length)
      throws IOException;
}
