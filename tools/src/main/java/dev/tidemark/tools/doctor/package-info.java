// SPDX-License-Identifier: Apache-2.0

/// What works on this machine, and what to do about what does not.
///
/// Read first:
///
/// * [dev.tidemark.tools.doctor.Finding] — one line of the answer
/// * [dev.tidemark.tools.doctor.MachineCheck] — Java, QEMU, libraries, kernel, folders
/// * [dev.tidemark.tools.doctor.VmCheck] — one running VM
@NullMarked
package dev.tidemark.tools.doctor;

import org.jspecify.annotations.NullMarked;
