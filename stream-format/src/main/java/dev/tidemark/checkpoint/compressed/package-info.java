// SPDX-License-Identifier: Apache-2.0

/// A migration stream compressed as a whole, as `migrate exec:gzip` makes one: read in one pass,
/// and what compresses and decompresses for other formats that hold such streams.
///
/// Start with [dev.tidemark.checkpoint.compressed.CompressedCheckpoint] for a file,
/// [dev.tidemark.checkpoint.compressed.CompressedCheckpointStream] for a pipe, and
/// [dev.tidemark.checkpoint.compressed.Codec] for the formats of compressed data that are known.
@NullMarked
package dev.tidemark.checkpoint.compressed;

import org.jspecify.annotations.NullMarked;
