// SPDX-License-Identifier: Apache-2.0

/// The bodies of RAM sections: blocks and page records.
///
/// Start with [dev.tidemark.stream.ram.RamPages], which hands its pages to a
/// [dev.tidemark.stream.ram.PageVisitor]; each belongs to a [dev.tidemark.stream.ram.RamBlock],
/// listed as [dev.tidemark.stream.ram.RamBlockEntry]. [dev.tidemark.stream.ram.RamRecords] encodes
/// records.
@NullMarked
package dev.tidemark.stream.ram;

import org.jspecify.annotations.NullMarked;
