// SPDX-License-Identifier: Apache-2.0

/// The Tidemark archive, `.tmk`: a compressed migration stream that stock tools decompress and
/// stock QEMU loads, with an index, a manifest and checksums in skippable frames around it.
///
/// ```
/// archive  := header body section* trailer
/// header   := skippable frame: magic, version, features, target page size, checksum
/// body     := one LZ4 frame of independent blocks = a QEMU migration stream
/// section  := skippable frame: tag, payload, checksum
/// trailer  := skippable frame: sizes, SHA-256 over the sections, checksum
/// ```
///
/// Read first:
///
/// * [dev.tidemark.checkpoint.archive.ArchiveWriter] — writes one, front to back
/// * [dev.tidemark.checkpoint.archive.PageBlock] — the pages that make one archive block
/// * [dev.tidemark.checkpoint.archive.ArchiveCheckpoint] — random access to one
/// * [dev.tidemark.checkpoint.archive.ArchiveVerifier] — checks every byte of one
/// * [dev.tidemark.checkpoint.archive.ManifestJson] — the manifest's spelling
///
/// The layout, byte by byte, is `docs/reference/archive-format.md`.
@NullMarked
package dev.tidemark.checkpoint.archive;

import org.jspecify.annotations.NullMarked;
