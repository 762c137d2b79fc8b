// SPDX-License-Identifier: Apache-2.0

/// What source and destination say to each other beside the VM's state: commands, which stand in
/// the
/// migration stream, and the messages of the return path, which go the other way.
///
/// Start with [dev.tidemark.stream.command.MigrationCommand], which a
/// [dev.tidemark.stream.StreamElement.Command] decodes to, and
/// [dev.tidemark.stream.command.ReturnPathMessage], read by
/// [dev.tidemark.stream.command.ReturnPathReader] and written by
/// [dev.tidemark.stream.command.ReturnPathWriter].
@NullMarked
package dev.tidemark.stream.command;

import org.jspecify.annotations.NullMarked;
