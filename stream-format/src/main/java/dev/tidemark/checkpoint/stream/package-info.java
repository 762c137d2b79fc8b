// SPDX-License-Identifier: Apache-2.0

/// A bare migration stream as a checkpoint file.
@NullMarked
package dev.tidemark.checkpoint.stream;

import org.jspecify.annotations.NullMarked;
