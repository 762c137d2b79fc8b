// SPDX-License-Identifier: Apache-2.0

/// Device sections and the vmdesc JSON that tells their layout.
///
/// [dev.tidemark.stream.vmstate.VmDescription] tells lengths; with it
/// [dev.tidemark.stream.vmstate.DeviceSections] cuts device state into sections.
/// [dev.tidemark.stream.vmstate.GlobalState] reads and changes the run state in it.
///
/// [dev.tidemark.stream.vmstate.MachineVmstate] decodes every field to a
/// [dev.tidemark.stream.vmstate.VmstateValue] that a [dev.tidemark.stream.vmstate.VmstatePath]
/// leads to, and encodes it again; [dev.tidemark.stream.vmstate.ConfigurationVmstate] does so with
/// the configuration section; [dev.tidemark.stream.vmstate.CpuRegisters] and
/// [dev.tidemark.stream.vmstate.DeviceDiff] are made of it.
/// [dev.tidemark.stream.vmstate.VmdescCompatibility] compares layouts.
@NullMarked
package dev.tidemark.stream.vmstate;

import org.jspecify.annotations.NullMarked;
