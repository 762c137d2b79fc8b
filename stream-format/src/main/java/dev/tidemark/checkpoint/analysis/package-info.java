// SPDX-License-Identifier: Apache-2.0

/// What can be told of any checkpoint, whatever its format: its pages by kind, how random their
/// content is and how it compresses, whether all of it can be read, and what differs between two.
///
/// Nothing here knows a format; all of it works through [dev.tidemark.checkpoint.Checkpoint], in
/// memory that does not grow with the size of RAM.
@NullMarked
package dev.tidemark.checkpoint.analysis;

import org.jspecify.annotations.NullMarked;
