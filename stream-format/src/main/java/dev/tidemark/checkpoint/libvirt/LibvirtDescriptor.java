// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.libvirt;

/// The start of a libvirt save image.
///
/// ```
///  0                16        20            24           28        32            36        92
///  +----------------+---------+-------------+------------+---------+-------------+---------+
///  | magic          | version | data length | wasRunning | format  | cookie at   | zeroes  |
///  +----------------+---------+-------------+------------+---------+-------------+---------+
///  | XML, NUL, cookie, NUL, zeroes: as many bytes as the data length says                   |
///  +----------------------------------------------------------------------------------------+
///  | the migration stream, to the end of the file                                           |
///  +----------------------------------------------------------------------------------------+
/// ```
///
/// Integers are 32 bits in the byte order of the host that wrote them. The cookie's place counts
/// from the start of the XML; 0: there is none. Version 1 knows no formats.
///
/// Format: `_virQEMUSaveHeader` in `src/qemu/qemu_saveimage.h`, libvirt 11.3.0.
public final class LibvirtDescriptor {
  /// Magic of a whole image.
  public static final String MAGIC_SAVE = "LibvirtQemudSave";

  /// Magic of an image while it is written, and of one whose writing failed.
  public static final String MAGIC_PART = "LibvirtQemudPart";

  /// The newest version.
  public static final int VERSION = 2;

  /// Zeroes behind the XML when an image is made, so that it can be edited.
  public static final int PADDING = 65536;

  /// Where the version stands.
  public static final int VERSION_OFFSET = 16;

  /// Where the length of XML, cookie and zeroes stands.
  public static final int DATA_LENGTH_OFFSET = 20;

  /// Where it stands whether the domain ran.
  public static final int WAS_RUNNING_OFFSET = 24;

  /// Where the number of the stream's format stands.
  public static final int FORMAT_OFFSET = 28;

  /// Where the place of the cookie stands.
  public static final int COOKIE_OFFSET = 32;

  /// Bytes of the header.
  public static final int SIZE = 92;

  private LibvirtDescriptor() {}
}
