// SPDX-License-Identifier: Apache-2.0

/// ELF core files as `dump-guest-memory` writes them: RAM at guest-physical addresses, registers in
/// notes. gdb, crash and drgn open them.
///
/// [dev.tidemark.checkpoint.elfcore.ElfCoreWriter] writes one.
@NullMarked
package dev.tidemark.checkpoint.elfcore;

import org.jspecify.annotations.NullMarked;
