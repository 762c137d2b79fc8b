// SPDX-License-Identifier: Apache-2.0

/// Saves a running VM while its guest goes on executing.
@NullMarked
package dev.tidemark.saver;

import org.jspecify.annotations.NullMarked;
