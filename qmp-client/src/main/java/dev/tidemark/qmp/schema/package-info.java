// SPDX-License-Identifier: Apache-2.0

/// What one QEMU understands, learned from it at run time: commands, arguments, values of enums,
/// migration capabilities, events. QEMUs differ in that by version and by how they were built.
///
/// `QmpClient.schema` asks for it, `QmpClient.check` compares a call with it before it is sent.
///
/// Read first: [dev.tidemark.qmp.schema.QmpSchema], [dev.tidemark.qmp.schema.SchemaType],
/// [dev.tidemark.qmp.schema.CommandSchema].
@NullMarked
package dev.tidemark.qmp.schema;

import org.jspecify.annotations.NullMarked;
