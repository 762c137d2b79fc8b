// SPDX-License-Identifier: Apache-2.0

/// What keeps a VM as it was, however a saver ends.
@NullMarked
package dev.tidemark.saver.guard;

import org.jspecify.annotations.NullMarked;
