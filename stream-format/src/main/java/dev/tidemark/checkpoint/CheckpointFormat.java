// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import dev.tidemark.stream.StreamException;
import java.io.IOException;

/// The kinds of file that hold a stored VM.
public enum CheckpointFormat {
  /// QEMU's migration stream, as `migrate file:` and `-incoming` know it.
  STREAM,
  /// A migration stream whose pages stand at fixed places: the capability `mapped-ram`.
  MAPPED_RAM,
  /// A migration stream compressed as a whole, as `migrate exec:gzip` makes one.
  COMPRESSED_STREAM,
  /// The Tidemark archive, `.tmk`.
  ARCHIVE,
  /// What `virsh save` makes.
  LIBVIRT,
  /// A disk image with an internal snapshot in it, as `savevm` makes one.
  QCOW2;

  /// Recognises a format by content.
  ///
  /// @param source the bytes of a file
  /// @return its format
  /// @throws StreamException.Truncated if the source is empty, or a proper prefix of a beginning
  /// @throws StreamException.Malformed if no format begins like that
  /// @throws IOException if the source cannot be read
  public static CheckpointFormat of(ByteSource source) throws IOException {
    return CheckpointOpener.recognise(source);
  }
}
