// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// What a verification has found whole.
///
/// @param summary sizes and counts
/// @param pages the pages of all RAM blocks, by what is held for them
/// @param sections sections behind the body, the section table not counted
/// @param segments segments whose SHA-256 was compared
public record ArchiveReport(ArchiveSummary summary, PageCounts pages, int sections, int segments) {}
