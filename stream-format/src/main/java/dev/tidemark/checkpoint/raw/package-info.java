// SPDX-License-Identifier: Apache-2.0

/// RAM as raw files: a block as it is, or the guest's physical address space.
///
/// [dev.tidemark.checkpoint.raw.RawWriter] writes both;
/// [dev.tidemark.checkpoint.raw.RawFiles] names the files of blocks.
@NullMarked
package dev.tidemark.checkpoint.raw;

import org.jspecify.annotations.NullMarked;
