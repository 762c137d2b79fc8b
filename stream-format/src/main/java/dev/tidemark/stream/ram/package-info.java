// SPDX-License-Identifier: Apache-2.0

/// The bodies of RAM sections: blocks and page records.
@NullMarked
package dev.tidemark.stream.ram;

import org.jspecify.annotations.NullMarked;
