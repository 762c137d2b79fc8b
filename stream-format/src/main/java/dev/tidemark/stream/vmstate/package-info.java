// SPDX-License-Identifier: Apache-2.0

/// Device sections and the vmdesc JSON that tells their layout.
///
/// Start with [dev.tidemark.stream.vmstate.VmDescription]; with it
/// [dev.tidemark.stream.vmstate.DeviceSections] cuts device state into sections.
/// [dev.tidemark.stream.vmstate.GlobalState] reads and changes the run state in it.
@NullMarked
package dev.tidemark.stream.vmstate;

import org.jspecify.annotations.NullMarked;
