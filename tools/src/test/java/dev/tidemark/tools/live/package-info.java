// SPDX-License-Identifier: Apache-2.0

/// The command against real VMs: what a user does by hand, and what goes wrong then.
@NullMarked
package dev.tidemark.tools.live;

import org.jspecify.annotations.NullMarked;
