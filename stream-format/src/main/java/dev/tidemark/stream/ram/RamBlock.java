// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.ram;

/// A RAM block as the stream's block list names it.
///
/// Format: `ram_save_setup` and `parse_ramblock` in `migration/ram.c`, QEMU 10.0.2.
///
/// @param index position in the block list, from 0
/// @param idstr name, such as `pc.ram` or `0000:00:02.0/vga.vram`; 1 to 255 bytes
/// @param usedLength used length in bytes, a multiple of the target page size
public record RamBlock(int index, String idstr, long usedLength) {}
