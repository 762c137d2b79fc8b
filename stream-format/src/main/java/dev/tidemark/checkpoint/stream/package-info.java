// SPDX-License-Identifier: Apache-2.0

/// A bare migration stream as a checkpoint file.
///
/// Start with [dev.tidemark.checkpoint.stream.StreamCheckpointStream] to read one in one pass, with
/// [dev.tidemark.checkpoint.stream.StreamCheckpoint] for random access, with
/// [dev.tidemark.checkpoint.stream.CheckpointStreamWriter] to write the stream that a destination
/// QEMU takes. [dev.tidemark.checkpoint.stream.BlockPages] tells how a RAM block is stored.
@NullMarked
package dev.tidemark.checkpoint.stream;

import org.jspecify.annotations.NullMarked;
