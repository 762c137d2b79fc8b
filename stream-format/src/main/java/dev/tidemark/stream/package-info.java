// SPDX-License-Identifier: Apache-2.0

/// QEMU's migration stream as elements, read, changed and written.
@NullMarked
package dev.tidemark.stream;

import org.jspecify.annotations.NullMarked;
