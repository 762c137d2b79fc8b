// SPDX-License-Identifier: Apache-2.0

/// What can be known to fail before anything is started: a checkpoint compared with the QEMU
/// that is to take it.
///
/// Read first: [dev.tidemark.restorer.preflight.Preflight],
/// [dev.tidemark.restorer.preflight.Finding], [dev.tidemark.restorer.preflight.PreflightRefused],
/// [dev.tidemark.restorer.preflight.MachineTypes].
@NullMarked
package dev.tidemark.restorer.preflight;

import org.jspecify.annotations.NullMarked;
