// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import dev.tidemark.stream.ram.RamBlock;

/// How the pages of a RAM block are stored.
///
/// @param block the block
/// @param data pages whose newest version has content
/// @param zero pages whose newest version is a zero page
/// @param missing pages that no record is for
/// @param records page records of the block, replaced versions included
public record BlockPages(RamBlock block, long data, long zero, long missing, long records) {}
