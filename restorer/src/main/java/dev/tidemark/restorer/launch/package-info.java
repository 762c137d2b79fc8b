// SPDX-License-Identifier: Apache-2.0

/// A QEMU command line as a model, what a restore makes of it, and the process that runs it.
///
/// ```text
/// argument array ── QemuCommandLine.parse ──► QemuCommandLine      what was run
///                                                  │
///                         CommandLinePlan.of(…, Policy, RunFolder)
///                                                  ▼
///                                           CommandLinePlan        what will be run,
///                                            ├ replacements        what was replaced by what,
///                                            └ refusals            what cannot be had again
///                                                  │ QemuProcess.start
///                                                  ▼
///                                             QemuProcess          runs on after this JVM
/// ```
///
/// Read first: [dev.tidemark.restorer.launch.QemuCommandLine],
/// [dev.tidemark.restorer.launch.QemuArgument], [dev.tidemark.restorer.launch.OptionValue],
/// [dev.tidemark.restorer.launch.CommandLinePlan], [dev.tidemark.restorer.launch.QemuProcess].
@NullMarked
package dev.tidemark.restorer.launch;

import org.jspecify.annotations.NullMarked;
