// SPDX-License-Identifier: Apache-2.0

/// A restore: a checkpoint brought back as a running VM, beside a saved one that may still run.
///
/// ```text
/// command line   the manifest's, or given, or none where a QEMU waits already
///      │ launch: parsed, what is shared with the saved VM replaced
///      ▼
/// pre-flight     what would fail is said; nothing has been started
///      ▼
/// QEMU           started with -incoming defer, or connected to
///      │ eager: one thread, tidemark-restore, writes the checkpoint as a migration stream
///      ▼
/// Restoration    where the VM is and how long it took
/// ```
///
/// A restore that fails leaves no QEMU and no folder behind. A restored QEMU lives on after the
/// JVM.
///
/// Not promised: that a restored guest finds its network peers, or disks that others have written
/// since, as they were.
///
/// Read first: [dev.tidemark.restorer.Restorer], [dev.tidemark.restorer.RestoreOptions],
/// [dev.tidemark.restorer.RestoreTarget], [dev.tidemark.restorer.Restoration],
/// [dev.tidemark.restorer.RestoreFailed].
@NullMarked
package dev.tidemark.restorer;

import org.jspecify.annotations.NullMarked;
