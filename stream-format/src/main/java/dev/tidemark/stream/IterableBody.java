// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import java.io.IOException;

/// Where the body of an iterable device's section ends. It has no length: only the grammar of its
/// kind tells.
sealed interface IterableBody
    permits DirtyBitmapBody, HashTableBody, StorageAttributesBody, VfioBody {
  /// Takes one body, up to its end.
  void read(BodyBytes in) throws IOException;

  /// The grammar of a section.
  ///
  /// @param header of the section
  /// @param streamOffset where the section starts
  /// @throws StreamException.Unsupported if there is none for it
  static IterableBody of(SectionHeader header, long streamOffset) throws StreamException {
    String name = header.idstr();
    int version;
    IterableBody body;
    if (name.equals("dirty-bitmap")) {
      body = new DirtyBitmapBody();
      version = 1;
    } else if (name.equals("spapr/htab")) {
      body = new HashTableBody();
      version = 1;
    } else if (name.equals("s390-storage_attributes")) {
      body = new StorageAttributesBody();
      version = 0;
    } else if (name.equals("vfio") || name.endsWith("/vfio")) {
      body = new VfioBody();
      version = 1;
    } else {
      throw new StreamException.Unsupported(
          "live section " + Names.quoted(name), streamOffset, "section START");
    }
    if (header.versionId() != version) {
      throw new StreamException.Unsupported(
          "version "
              + Integer.toUnsignedString(header.versionId())
              + " of live section "
              + Names.quoted(name),
          streamOffset,
          "section START");
    }
    return body;
  }
}
