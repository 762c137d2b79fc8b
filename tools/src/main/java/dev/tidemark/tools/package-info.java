// SPDX-License-Identifier: Apache-2.0

/// The `tidemark` command.
@NullMarked
package dev.tidemark.tools;

import org.jspecify.annotations.NullMarked;
