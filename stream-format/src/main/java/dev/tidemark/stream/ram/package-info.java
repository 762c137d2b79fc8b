// SPDX-License-Identifier: Apache-2.0

/// The bodies of RAM sections: blocks and page records.
///
/// Start with [dev.tidemark.stream.ram.RamPages], which hands its pages to a
/// [dev.tidemark.stream.ram.PageVisitor]; each belongs to a [dev.tidemark.stream.ram.RamBlock],
/// listed as [dev.tidemark.stream.ram.RamBlockEntry].
///
/// Below pages are records. A [dev.tidemark.stream.ram.RamRecordVisitor] sees them as they stand on
/// the wire, a [dev.tidemark.stream.ram.RamRecord] is one as a value, and
/// [dev.tidemark.stream.ram.RamRecords] encodes them. [dev.tidemark.stream.ram.Xbzrle] is the codec
/// of deltas, [dev.tidemark.stream.ram.XbzrleEncoder] makes them of pages.
@NullMarked
package dev.tidemark.stream.ram;

import org.jspecify.annotations.NullMarked;
