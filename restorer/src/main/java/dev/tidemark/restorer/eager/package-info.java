// SPDX-License-Identifier: Apache-2.0

/// The eager way: all of a checkpoint is sent to QEMU before the guest runs.
///
/// Read first: [dev.tidemark.restorer.eager.EagerFeed].
@NullMarked
package dev.tidemark.restorer.eager;

import org.jspecify.annotations.NullMarked;
