// SPDX-License-Identifier: Apache-2.0

/// Brings a checkpoint back as a running VM.
@NullMarked
package dev.tidemark.restorer;

import org.jspecify.annotations.NullMarked;
