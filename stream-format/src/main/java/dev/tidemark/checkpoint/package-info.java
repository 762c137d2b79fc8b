// SPDX-License-Identifier: Apache-2.0

/// A stored VM, whatever file holds it, and where its bytes come from and go to.
@NullMarked
package dev.tidemark.checkpoint;

import org.jspecify.annotations.NullMarked;
