// SPDX-License-Identifier: Apache-2.0

/// QEMU's events as records. A listener hands on events by their names; `Event.typed` reads one.
///
/// What is not known here is kept: an event as [dev.tidemark.qmp.event.QmpEvent.Other], a field in
/// `raw`, a value of an enum as `Unknown`.
///
/// Read first: [dev.tidemark.qmp.event.QmpEvent], [dev.tidemark.qmp.event.ShutdownCause].
@NullMarked
package dev.tidemark.qmp.event;

import org.jspecify.annotations.NullMarked;
