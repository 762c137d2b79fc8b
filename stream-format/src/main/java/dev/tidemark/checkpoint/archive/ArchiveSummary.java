// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// Sizes and counts of an archive.
///
/// @param fileBytes bytes of the file
/// @param contentBytes bytes of the stream within, uncompressed
/// @param archiveBlocks blocks of the body
/// @param pageRecords page records in the body, every version of a page and zero pages included
/// @param zeroRecords of these, zero pages
/// @param indexBytes bytes of page index and table of archive blocks, as stored
public record ArchiveSummary(
    long fileBytes,
    long contentBytes,
    long archiveBlocks,
    long pageRecords,
    long zeroRecords,
    long indexBytes) {}
