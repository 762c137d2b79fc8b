// SPDX-License-Identifier: Apache-2.0

/// The system calls of Linux that Java has no methods for.
@NullMarked
package dev.tidemark.qmp.internal;

import org.jspecify.annotations.NullMarked;
