// SPDX-License-Identifier: Apache-2.0

/// QMP's commands as records, each with the type of what it returns.
///
/// A command that is not here is called with [dev.tidemark.qmp.command.Raw]. What QEMU returns
/// beyond the fields of a record is kept in its `raw` component, and an enum's value that is not
/// known here is kept as `Unknown`: a newer QEMU is never an error.
///
/// Read first: [dev.tidemark.qmp.command.QmpCommand], [dev.tidemark.qmp.command.QueryMigrate] and
/// [dev.tidemark.qmp.command.MigrationInfo], [dev.tidemark.qmp.command.RunState],
/// [dev.tidemark.qmp.command.Raw].
@NullMarked
package dev.tidemark.qmp.command;

import org.jspecify.annotations.NullMarked;
