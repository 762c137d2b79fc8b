// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.libvirt;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.checkpoint.CheckpointTarget;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Save images put together by hand.
///
/// @param order byte order
/// @param version as it stands there
/// @param format as it stands there
/// @param xml the XML
/// @param cookie the cookie; empty: none
/// @param padding zeroes behind them
public record Images(
    ByteOrder order, int version, int format, String xml, String cookie, int padding) {
  static final String XML =
      "<domain type='qemu'><name>demo</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>"
          + "<os><type arch='x86_64' machine='pc-i440fx-10.0'>hvm</type></os></domain>";

  /// Version 2 of a little-endian host, with a cookie.
  public static Images of(int format) {
    return new Images(ByteOrder.LITTLE_ENDIAN, 2, format, XML, "<cookie/>", 64);
  }

  Images with(ByteOrder newOrder, int newVersion) {
    return new Images(newOrder, newVersion, format, xml, cookie, padding);
  }

  /// The image.
  ///
  /// @param stream as it stands behind the header
  public byte[] with(byte[] stream) throws IOException {
    byte[] text = (xml + '\0').getBytes(UTF_8);
    byte[] more = cookie.isEmpty() ? new byte[0] : (cookie + '\0').getBytes(UTF_8);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.write("LibvirtQemudSave".getBytes(US_ASCII));
    out.writeInt(host(version));
    out.writeInt(host(text.length + more.length + padding));
    out.writeInt(host(1));
    out.writeInt(host(format));
    out.writeInt(host(more.length == 0 ? 0 : text.length));
    out.write(new byte[56]);
    out.write(text);
    out.write(more);
    out.write(new byte[padding]);
    out.write(stream);
    return bytes.toByteArray();
  }

  private int host(int value) {
    return order == ByteOrder.LITTLE_ENDIAN ? Integer.reverseBytes(value) : value;
  }

  /// Keeps what is appended.
  static final class Kept implements CheckpointTarget {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    byte[] toByteArray() {
      return bytes.toByteArray();
    }

    @Override
    public void append(MemorySegment segment) {
      bytes.writeBytes(segment.toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public void sync() {}

    @Override
    public void commit() {}

    @Override
    public void abort() {}
  }
}
