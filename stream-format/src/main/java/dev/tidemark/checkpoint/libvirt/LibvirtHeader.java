// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.libvirt;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;

/// What stands before the migration stream in a libvirt save image.
///
/// @param version 1 or 2
/// @param byteOrder that of the host that wrote it
/// @param wasRunning whether the domain ran when it was saved, and runs when it is restored
/// @param formatNumber how the stream is stored, as the header says; see [#format]
/// @param xml the domain's XML, as it stands there; never interpreted here
/// @param cookie libvirt's own XML with what it needs to restore the domain beside; absent if there
///     is none
/// @param dataLength bytes of XML, cookie and the zeroes behind them
public record LibvirtHeader(
    int version,
    ByteOrder byteOrder,
    boolean wasRunning,
    int formatNumber,
    String xml,
    Optional<String> cookie,
    int dataLength) {
  /// Most bytes of XML, cookie and zeroes: the XML of a domain with hundreds of devices is below
  /// 1 MiB.
  public static final int MAX_DATA_LENGTH = 64 << 20;

  private static final String CONTEXT = "libvirt header";

  /// The form of the stream, as the header says; absent if its number is not known.
  public Optional<LibvirtFormat> format() {
    return version < LibvirtDescriptor.VERSION
        ? Optional.of(LibvirtFormat.RAW)
        : LibvirtFormat.ofNumber(formatNumber);
  }

  /// Where the migration stream starts, in bytes from the start of the image.
  public long streamStart() {
    return (long) LibvirtDescriptor.SIZE + dataLength;
  }

  /// Reads the header of an image.
  ///
  /// @param source the image
  /// @throws StreamException.Truncated if the image is incomplete: cut, or not written to its end
  /// @throws StreamException.Malformed if it is none
  /// @throws IOException if it cannot be read
  public static LibvirtHeader read(ByteSource source) throws IOException {
    long[] position = {0};
    return read(
        buffer -> {
          int got = source.read(position[0], buffer);
          position[0] += got;
          return got;
        });
  }

  /// Reads the header of an image; the stream's first byte is the channel's next one then.
  ///
  /// @param channel in blocking mode, at the start of the image; not closed
  /// @throws StreamException.Truncated if the image is incomplete: cut, or not written to its end
  /// @throws StreamException.Malformed if it is none
  /// @throws IOException if it cannot be read
  public static LibvirtHeader read(ReadableByteChannel channel) throws IOException {
    return read(channel::read);
  }

  /// How the stream of an image is stored, as its header says; absent if the number is not known.
  ///
  /// @param start the image's first bytes: the XML need not be there
  /// @throws StreamException.Truncated if the image is incomplete: cut, or not written to its end
  /// @throws StreamException.Malformed if it is none
  /// @throws IOException if it cannot be read
  public static Optional<LibvirtFormat> formatOf(ByteSource start) throws IOException {
    ByteBuffer fixed = fully(buffer -> start.read(0, buffer), LibvirtDescriptor.SIZE, 0);
    checkMagic(fixed);
    fixed.order(byteOrder(fixed));
    return fixed.getInt(LibvirtDescriptor.VERSION_OFFSET) < LibvirtDescriptor.VERSION
        ? Optional.of(LibvirtFormat.RAW)
        : LibvirtFormat.ofNumber(fixed.getInt(LibvirtDescriptor.FORMAT_OFFSET));
  }

  private interface Bytes {
    int read(ByteBuffer target) throws IOException;
  }

  private static LibvirtHeader read(Bytes bytes) throws IOException {
    ByteBuffer fixed = fully(bytes, LibvirtDescriptor.SIZE, 0);
    checkMagic(fixed);
    ByteOrder order = byteOrder(fixed);
    fixed.order(order);
    int length = fixed.getInt(LibvirtDescriptor.DATA_LENGTH_OFFSET);
    if (length <= 0) {
      throw new StreamException.Malformed(
          "data length 0x" + Integer.toHexString(length),
          LibvirtDescriptor.DATA_LENGTH_OFFSET,
          CONTEXT);
    }
    if (length > MAX_DATA_LENGTH) {
      throw new StreamException.LimitExceeded(
          "data length of " + length + " bytes, more than " + MAX_DATA_LENGTH,
          LibvirtDescriptor.DATA_LENGTH_OFFSET,
          CONTEXT);
    }
    int cookie = fixed.getInt(LibvirtDescriptor.COOKIE_OFFSET);
    if (cookie < 0 || cookie >= length) {
      throw new StreamException.Malformed(
          "cookie at 0x%x of 0x%x bytes".formatted(cookie, length),
          LibvirtDescriptor.COOKIE_OFFSET,
          CONTEXT);
    }
    byte[] data = fully(bytes, length, LibvirtDescriptor.SIZE).array();
    return new LibvirtHeader(
        fixed.getInt(LibvirtDescriptor.VERSION_OFFSET),
        order,
        fixed.getInt(LibvirtDescriptor.WAS_RUNNING_OFFSET) != 0,
        fixed.getInt(LibvirtDescriptor.FORMAT_OFFSET),
        text(data, 0, cookie == 0 ? length : cookie),
        cookie == 0 ? Optional.empty() : Optional.of(text(data, cookie, length)),
        length);
  }

  /// Bytes that have to be there; memory is taken as they come.
  private static ByteBuffer fully(Bytes bytes, int length, int offset) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(Math.min(length, 1 << 20));
    while (buffer.position() < length) {
      if (!buffer.hasRemaining()) {
        int larger = (int) Math.min(length, 4L * buffer.capacity());
        buffer = ByteBuffer.allocate(larger).put(buffer.flip());
      }
      if (bytes.read(buffer) <= 0) {
        throw new StreamException.Truncated(
            "the save image ends", offset + buffer.position(), CONTEXT);
      }
    }
    return buffer;
  }

  private static void checkMagic(ByteBuffer fixed) throws StreamException {
    String magic = US_ASCII.decode(fixed.slice(0, LibvirtDescriptor.VERSION_OFFSET)).toString();
    if (magic.equals(LibvirtDescriptor.MAGIC_PART)) {
      throw new StreamException.Truncated(
          "incomplete save image: libvirt has not written it to its end", 0, CONTEXT);
    }
    if (!magic.equals(LibvirtDescriptor.MAGIC_SAVE)) {
      throw new StreamException.Malformed("no libvirt save image", 0, CONTEXT);
    }
  }

  private static ByteOrder byteOrder(ByteBuffer fixed) throws StreamException {
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      int version = fixed.order(order).getInt(LibvirtDescriptor.VERSION_OFFSET);
      if (version >= 1 && version <= LibvirtDescriptor.VERSION) {
        return order;
      }
    }
    throw new StreamException.Unsupported(
        "save image of version 0x"
            + Integer.toHexString(
                fixed.order(ByteOrder.LITTLE_ENDIAN).getInt(LibvirtDescriptor.VERSION_OFFSET)),
        LibvirtDescriptor.VERSION_OFFSET,
        CONTEXT);
  }

  private static String text(byte[] data, int from, int to) {
    int end = from;
    while (end < to && data[end] != 0) {
      end++;
    }
    return new String(data, from, end - from, UTF_8);
  }
}
