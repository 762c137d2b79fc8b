// SPDX-License-Identifier: Apache-2.0

/// Benchmarks: one class a question. Figures are in `PERFORMANCE.md`.
///
/// Each class says its question, the command, and which result would change a decision. What the
/// rivals compute is compared before any of them is measured.
@NullMarked
package dev.tidemark.bench;

import org.jspecify.annotations.NullMarked;
