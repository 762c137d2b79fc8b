// SPDX-License-Identifier: Apache-2.0

/// Where RAM blocks stand in the guest's physical address space. A migration stream tells nothing
/// of it; it is had from the manifest, from the rules of the machine type, or from a user.
///
/// Read first:
///
/// * [dev.tidemark.checkpoint.memory.MemoryMap] — the ranges, wherever they are known from
/// * [dev.tidemark.checkpoint.memory.MemoryRange] — one of them
/// * [dev.tidemark.checkpoint.memory.GuestMemory] — a checkpoint's RAM by guest-physical address
/// * [dev.tidemark.checkpoint.memory.RamCopy] — RAM into a file, at given places
@NullMarked
package dev.tidemark.checkpoint.memory;

import org.jspecify.annotations.NullMarked;
