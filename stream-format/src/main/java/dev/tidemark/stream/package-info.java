// SPDX-License-Identifier: Apache-2.0

/// QEMU's migration stream as elements, read, changed and written.
///
/// **Reading.** [dev.tidemark.stream.MigrationStream] holds the settings and opens a
/// [dev.tidemark.stream.StreamReader], whose `next()` gives one
/// [dev.tidemark.stream.StreamElement] after the other. Elements are values; only the pages of a
/// RAM section are a loan that ends at the next element.
///
/// **Writing.** [dev.tidemark.stream.StreamWriter] takes elements. What comes from a reader and was
/// not changed is written as the bytes it was read from.
///
/// **Transforming.** A [dev.tidemark.stream.StreamTransform] passes elements on, drops, replaces or
/// adds to them; `StreamWriter.transform` runs a stream through one.
///
/// **Errors.** [dev.tidemark.stream.StreamException] says what is wrong and at which offset;
/// [dev.tidemark.stream.StreamLimits] bounds what a reader accepts.
///
/// The elements of a stream:
///
/// ```
/// stream   := FileHeader Configuration? Command* setup (part | Command)* end* Command* devices
/// setup    := (RamSection(START) | IterableSection(START) | DeviceSection)*
/// part     := RamSection(PART) | IterableSection(PART) | PackagedStream     postcopy has a package
/// end      := RamSection(END) | IterableSection(END)
/// devices  := DeviceSection* EndOfFile VmDescription?     seekable, and vmdesc delimits them
///           | DeviceStateTail                             otherwise
/// ```
@NullMarked
package dev.tidemark.stream;

import org.jspecify.annotations.NullMarked;
