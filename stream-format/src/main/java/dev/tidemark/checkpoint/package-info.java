// SPDX-License-Identifier: Apache-2.0

/// A stored VM: RAM, device state and what was noted beside them, whatever file holds it.
///
/// Read first:
///
/// * [dev.tidemark.checkpoint.Checkpoint] — random access; `Checkpoint.open` recognises the format
/// * [dev.tidemark.checkpoint.CheckpointStream] — one pass, in stored order
/// * [dev.tidemark.checkpoint.ByteSource] — where bytes come from
/// * [dev.tidemark.checkpoint.PageSpool] — the newest pages of what cannot be read at random
/// * [dev.tidemark.checkpoint.CheckpointTarget] — where a checkpoint goes;
///   [dev.tidemark.checkpoint.RandomAccessTarget] for formats that are not written front to back;
///   [dev.tidemark.checkpoint.FileTarget] publishes a file atomically
/// * [dev.tidemark.checkpoint.Manifest] — what was noted when the VM was saved
@NullMarked
package dev.tidemark.checkpoint;

import org.jspecify.annotations.NullMarked;
