// SPDX-License-Identifier: Apache-2.0

/// Bytes that somebody may have made to hurt: what reads them, what judges the reading, and the
/// campaign that damages good streams in every way.
///
/// Start with [dev.tidemark.stream.hostile.Subject]; a new reader is put in there and in
/// [dev.tidemark.stream.hostile.CampaignMain].
@NullMarked
package dev.tidemark.stream.hostile;

import org.jspecify.annotations.NullMarked;
