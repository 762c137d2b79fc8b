// SPDX-License-Identifier: Apache-2.0

/// How QEMU is made to stream its VM, steered and ended: the ways of saving.
@NullMarked
package dev.tidemark.saver.method;

import org.jspecify.annotations.NullMarked;
