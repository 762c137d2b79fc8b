// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.libvirt;

import dev.tidemark.checkpoint.compressed.Codec;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The forms that the stream of a save image has: `save_image_format` in libvirt's `qemu.conf`.
///
/// Format: `virQEMUSaveFormat` in `src/qemu/qemu_saveimage.h`, libvirt 11.3.0.
public enum LibvirtFormat {
  /// As it is.
  RAW(0, null),
  /// gzip.
  GZIP(1, Codec.GZIP),
  /// bzip2.
  BZIP2(2, Codec.BZIP2),
  /// xz.
  XZ(3, Codec.XZ),
  /// lzop.
  LZOP(4, Codec.LZOP),
  /// zstd; libvirt 10.4 and newer.
  ZSTD(5, Codec.ZSTD),
  /// With the capability `mapped-ram`; libvirt 11.2 and newer.
  SPARSE(6, null);

  private final int number;
  private final @Nullable Codec codec;

  LibvirtFormat(int number, @Nullable Codec codec) {
    this.number = number;
    this.codec = codec;
  }

  /// The number in the header.
  public int number() {
    return number;
  }

  /// What the stream is compressed with; absent if it is not.
  public Optional<Codec> codec() {
    return Optional.ofNullable(codec);
  }

  /// The format with a number; absent if this version of libvirt knows none.
  ///
  /// @param number as it stands in the header
  public static Optional<LibvirtFormat> ofNumber(int number) {
    return Arrays.stream(values()).filter(format -> format.number == number).findFirst();
  }

  /// The format of a compressed stream; absent if libvirt has none.
  ///
  /// @param codec what it is compressed with
  static Optional<LibvirtFormat> of(Codec codec) {
    return Arrays.stream(values()).filter(format -> format.codec == codec).findFirst();
  }

  /// As `qemu.conf` names it, such as `gzip`.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
