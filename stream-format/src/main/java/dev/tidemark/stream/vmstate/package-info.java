// SPDX-License-Identifier: Apache-2.0

/// Device sections and the vmdesc JSON that tells their layout.
@NullMarked
package dev.tidemark.stream.vmstate;

import org.jspecify.annotations.NullMarked;
