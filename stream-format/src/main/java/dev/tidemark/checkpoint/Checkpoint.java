// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import dev.tidemark.stream.ram.RamBlock;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// A stored VM with random access: any page by block and offset, device state, manifest.
///
/// May be used by several threads at once.
public interface Checkpoint extends Closeable {
  /// What kind of file this was read from.
  CheckpointFormat format();

  /// Machine type and what else the configuration section says.
  MachineConfiguration configuration();

  /// The RAM blocks in block-list order; [RamBlock#index] is the position in this list.
  List<RamBlock> ramBlocks();

  /// Target page size in bytes, a power of two.
  int targetPageSize();

  /// What is held for a page.
  ///
  /// @param block one of [#ramBlocks]
  /// @param pageOffset offset inside the block in bytes, a multiple of [#targetPageSize]
  /// @throws IOException if the input cannot be read
  PageKind pageKind(RamBlock block, long pageOffset) throws IOException;

  /// Where the run of pages of one kind ends that a page belongs to; a run does not begin before
  /// that page.
  ///
  /// @param block one of [#ramBlocks]
  /// @param pageOffset offset inside the block in bytes, a multiple of [#targetPageSize]
  /// @param limit offset, behind `pageOffset`, where looking ends: at most the block's used length
  /// @return offset of the first page behind it of another kind, or `limit`
  /// @throws IOException if the input cannot be read
  default long endOfKind(RamBlock block, long pageOffset, long limit) throws IOException {
    PageKind kind = pageKind(block, pageOffset);
    long end = pageOffset + targetPageSize();
    while (end < limit && pageKind(block, end) == kind) {
      end += targetPageSize();
    }
    return end;
  }

  /// How many page records are stored beyond the first of each page, in all blocks together;
  /// absent where the format does not tell.
  default OptionalLong resentPages() {
    return OptionalLong.empty();
  }

  /// How many page records of a block are stored beyond the first of each page; absent where the
  /// format does not tell.
  ///
  /// @param block one of [#ramBlocks]
  default OptionalLong resentPages(RamBlock block) {
    return OptionalLong.empty();
  }

  /// Reads the newest version of a page; zeroes for [PageKind#ZERO] and [PageKind#MISSING].
  ///
  /// @param block one of [#ramBlocks]
  /// @param pageOffset offset inside the block in bytes, a multiple of [#targetPageSize]
  /// @param target takes [#targetPageSize] bytes, from its start
  /// @return what was held for it
  /// @throws IOException if the input cannot be read
  PageKind readPage(RamBlock block, long pageOffset, MemorySegment target) throws IOException;

  /// The device state.
  ///
  /// @throws IOException if the input cannot be read
  DeviceState deviceState() throws IOException;

  /// What was noted beside the VM's state when it was saved; absent in formats that hold none.
  Optional<Manifest> manifest();

  /// One pass over everything, each page once, block by block in address order.
  ///
  /// @throws IOException if the input cannot be read
  CheckpointStream stream() throws IOException;

  /// Opens a stored VM, whatever format the file has; it is recognised by content.
  ///
  /// @param file the file; closed with the checkpoint
  /// @throws dev.tidemark.stream.StreamException if it is no checkpoint, or a damaged one
  /// @throws IOException if it cannot be read
  static Checkpoint open(Path file) throws IOException {
    return open(file, OpenOptions.DEFAULT);
  }

  /// Opens a stored VM, whatever format the file has; it is recognised by content.
  ///
  /// @param file the file; closed with the checkpoint
  /// @param options how to open it
  /// @throws dev.tidemark.stream.StreamException if it is no checkpoint, or a damaged one
  /// @throws IOException if it cannot be read
  static Checkpoint open(Path file, OpenOptions options) throws IOException {
    ByteSource source = ByteSource.of(file);
    try {
      return open(source, options);
    } catch (IOException | RuntimeException | Error e) {
      source.close();
      throw e;
    }
  }

  /// Opens a stored VM, whatever format it has; it is recognised by content.
  ///
  /// @param source where its bytes come from; closed with the checkpoint, left open if this throws
  /// @throws dev.tidemark.stream.StreamException if it is no checkpoint, or a damaged one
  /// @throws IOException if it cannot be read
  static Checkpoint open(ByteSource source) throws IOException {
    return open(source, OpenOptions.DEFAULT);
  }

  /// Opens a stored VM, whatever format it has; it is recognised by content.
  ///
  /// @param source where its bytes come from; closed with the checkpoint, left open if this throws
  /// @param options how to open it
  /// @throws dev.tidemark.stream.StreamException if it is no checkpoint, or a damaged one
  /// @throws IOException if it cannot be read
  static Checkpoint open(ByteSource source, OpenOptions options) throws IOException {
    return CheckpointOpener.open(source, options);
  }
}
