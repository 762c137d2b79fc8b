// SPDX-License-Identifier: Apache-2.0

/// QMP, QEMU's machine protocol: connect, call, listen, pass a descriptor.
@NullMarked
package dev.tidemark.qmp;

import org.jspecify.annotations.NullMarked;
