// SPDX-License-Identifier: Apache-2.0

/// A mapped-ram file as a checkpoint: a migration stream in which each page has a place of its own,
/// and a bitmap says which are stored.
///
/// [dev.tidemark.checkpoint.mappedram.MappedRamCheckpoint] reads one where it stands, without an
/// index; [dev.tidemark.checkpoint.mappedram.MappedRamWriter] writes one that QEMU loads, with and
/// without multifd; [dev.tidemark.checkpoint.mappedram.MappedRamRepair] rebuilds the bitmaps that
/// QEMU does not write for a background snapshot. The layout is drawn in
/// [dev.tidemark.stream.MappedRamDescriptor].
@NullMarked
package dev.tidemark.checkpoint.mappedram;

import org.jspecify.annotations.NullMarked;
