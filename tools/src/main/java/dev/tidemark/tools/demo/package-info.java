// SPDX-License-Identifier: Apache-2.0

/// The demo: a real VM is checkpointed while it works, brought back, and proves that its memory is
/// intact.
///
/// What the guest in it does, and what it says, is in `src/main/guest/README.md`.
///
/// Read first:
///
/// * [dev.tidemark.tools.demo.Demo] — the demo from beginning to end
/// * [dev.tidemark.tools.demo.DemoVm] — a QEMU with the demo guest in it
/// * [dev.tidemark.tools.demo.GuestConsole] — what the guest says, and when it said it
/// * [dev.tidemark.tools.demo.GuestLine] — the lines of its protocol
/// * [dev.tidemark.tools.demo.DemoGuestMemory] — what every page of its memory must hold
@NullMarked
package dev.tidemark.tools.demo;

import org.jspecify.annotations.NullMarked;
