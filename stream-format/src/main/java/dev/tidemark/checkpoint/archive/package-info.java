// SPDX-License-Identifier: Apache-2.0

/// The Tidemark archive, `.tmk`: a compressed migration stream with an index.
@NullMarked
package dev.tidemark.checkpoint.archive;

import org.jspecify.annotations.NullMarked;
