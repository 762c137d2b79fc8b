// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// A RAM block's pages, by what is held for them.
///
/// @param data pages with bytes
/// @param zero pages recorded as zeroes
/// @param missing pages for which nothing is recorded
public record PageCounts(long data, long zero, long missing) {}
