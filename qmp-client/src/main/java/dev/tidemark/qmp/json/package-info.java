// SPDX-License-Identifier: Apache-2.0

/// JSON as QMP speaks it: a small sealed family of immutable values, read from bytes under limits
/// and written compactly.
///
/// Read first: [dev.tidemark.qmp.json.JsonValue] (parse, write, the family),
/// [dev.tidemark.qmp.json.JsonObject] (ordered members and their accessors),
/// [dev.tidemark.qmp.json.JsonNumber] (exact), [dev.tidemark.qmp.json.JsonLimits],
/// [dev.tidemark.qmp.json.JsonShapeException].
@NullMarked
package dev.tidemark.qmp.json;

import org.jspecify.annotations.NullMarked;
