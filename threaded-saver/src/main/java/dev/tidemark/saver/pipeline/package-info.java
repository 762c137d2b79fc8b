// SPDX-License-Identifier: Apache-2.0

/// The way of a page from QEMU's socket into the archive, and the threads on that way.
///
/// ```text
///                    first version of a page
///   tidemark-read ───────────────────────────▶ ┌ page blocks ┐
///     │  parses the stream                      │             │   tidemark-compress-N
///     │                                         │   to be     │──▶ compresses, in any order
///     │  page sent again                        │ compressed  │            │
///     ▼                                         └─────────────┘            ▼
///   DirtyPageTable ──────────────────────────▶   (same blocks)    tidemark-write
///     newest wins      when it is full, and                        writes, in the order in which
///                      once the guest runs again                   the reader gave the blocks
/// ```
///
/// A block is filled by the reader, compressed by one compressor and written by the writer; it then
/// goes back to the pool. Order is the reader's: what the table gives stands behind the first
/// versions, and in the archive the later version of a page wins.
///
/// While the guest stands, compressors and writer rest
/// ([dev.tidemark.checkpoint.archive.PagePipeline#rest]), and the reader puts
/// everything into the table, whose reserve is kept free for that moment.
@NullMarked
package dev.tidemark.saver.pipeline;

import org.jspecify.annotations.NullMarked;
