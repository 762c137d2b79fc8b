// SPDX-License-Identifier: Apache-2.0

/// The commands: one class each, which parses its arguments, calls a module and renders what comes
/// back.
///
/// Read first:
///
/// * [dev.tidemark.tools.command.TidemarkCommand] — what all have in common
/// * [dev.tidemark.tools.command.SaveCommand], [dev.tidemark.tools.command.RestoreCommand] — the
///   two that touch a VM
/// * [dev.tidemark.tools.command.InspectCommand] — the one that only reads
/// * [dev.tidemark.tools.command.DoctorCommand] — what works on this machine
@NullMarked
package dev.tidemark.tools.command;

import org.jspecify.annotations.NullMarked;
