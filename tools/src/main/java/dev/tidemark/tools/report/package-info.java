// SPDX-License-Identifier: Apache-2.0

/// How results, progress and failures look to a person or a program.
///
/// Read first:
///
/// * [dev.tidemark.tools.report.Console] — where output goes, and what Ctrl-C does
/// * [dev.tidemark.tools.report.ExitCode] — the exit codes, in one place
/// * [dev.tidemark.tools.report.Failure] — an exception as one line and an exit code
/// * [dev.tidemark.tools.report.TextTable] — aligned text
/// * [dev.tidemark.tools.report.JsonReport] — the `--json` counterpart
@NullMarked
package dev.tidemark.tools.report;

import org.jspecify.annotations.NullMarked;
