// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Cuts device state into sections by the lengths that vmdesc tells.
///
/// vmdesc does not describe every layout truly, so the cut is checked: each section's footer must
/// stand where the length says, and the last must end where the bytes end. If not, there is no cut.
public final class DeviceSections {
  private static final int FULL = 0x04;
  private static final int FOOTER = 0x7e;

  private DeviceSections() {}

  /// Cuts device state.
  ///
  /// @param state sections and vmdesc
  /// @param streamOffset where the sections start in their stream
  /// @return the sections in stream order; empty if there is no vmdesc or it does not fit
  public static Optional<List<DeviceSection>> split(DeviceState state, long streamOffset) {
    if (state.vmdesc().isEmpty()) {
      return Optional.empty();
    }
    try {
      VmDescription vmdesc = VmDescription.parse(state.vmdesc().get(), streamOffset);
      return split(state.sections(), vmdesc, streamOffset);
    } catch (StreamException e) {
      return Optional.empty();
    }
  }

  /// Cuts device sections.
  ///
  /// @param sections as they stand in the stream, without the EOF byte
  /// @param vmdesc tells their lengths; may describe others too
  /// @param streamOffset where the sections start in their stream
  /// @return the sections in stream order; empty if vmdesc does not fit
  public static Optional<List<DeviceSection>> split(
      byte[] sections, VmDescription vmdesc, long streamOffset) {
    Cutter cutter = new Cutter(sections, vmdesc, streamOffset);
    List<DeviceSection> found = new ArrayList<>();
    while (cutter.in.hasRemaining()) {
      DeviceSection section = cutter.next();
      if (section == null) {
        return Optional.empty();
      }
      found.add(section);
    }
    return Optional.of(List.copyOf(found));
  }

  /// Sections, and what stands behind the last that can be made out.
  ///
  /// @param sections in stream order
  /// @param rest bytes behind them; empty if all were cut
  record Cut(List<DeviceSection> sections, byte[] rest) {}

  /// Cuts device sections as far as possible. A section whose length is not as vmdesc says ends
  /// where the next one begins, if that can be told.
  static Cut asFarAsPossible(byte[] sections, VmDescription vmdesc, long streamOffset) {
    Cutter cutter = new Cutter(sections, vmdesc, streamOffset);
    List<DeviceSection> found = new ArrayList<>();
    int end = 0;
    while (cutter.in.hasRemaining()) {
      DeviceSection section = cutter.next();
      if (section == null) {
        section = cutter.untilTheNext(end);
      }
      if (section == null) {
        break;
      }
      found.add(section);
      end = cutter.in.position();
    }
    return new Cut(List.copyOf(found), Arrays.copyOfRange(sections, end, sections.length));
  }

  private static final class Cutter {
    private final byte[] bytes;
    private final ByteBuffer in;
    private final VmDescription vmdesc;
    private final long streamOffset;
    private @Nullable Boolean footers;

    Cutter(byte[] bytes, VmDescription vmdesc, long streamOffset) {
      this.bytes = bytes;
      this.in = ByteBuffer.wrap(bytes);
      this.vmdesc = vmdesc;
      this.streamOffset = streamOffset;
    }

    /// The next section, or null if none can be made out.
    @Nullable DeviceSection next() {
      int start = in.position();
      SectionHeader header = header();
      if (header == null) {
        return null;
      }
      int id = header.sectionId();
      Optional<VmDescription.Device> device = vmdesc.device(header.idstr(), header.instanceId());
      if (device.isEmpty() || device.get().bodySize() > in.remaining()) {
        return null;
      }
      int bodyStart = in.position();
      int bodyEnd = bodyStart + (int) device.get().bodySize();
      in.position(bodyEnd);
      byte[] body = Arrays.copyOfRange(bytes, bodyStart, bodyEnd);
      return footer(id)
          ? new DeviceSection(streamOffset + start, header, body, Boolean.TRUE.equals(footers))
          : null;
    }

    private @Nullable SectionHeader header() {
      if (in.remaining() < 6 || in.get() != FULL) {
        return null;
      }
      int id = in.getInt();
      int nameLength = Byte.toUnsignedInt(in.get());
      if (nameLength == 0 || in.remaining() < nameLength + 8) {
        return null;
      }
      String name = new String(bytes, in.position(), nameLength, StandardCharsets.ISO_8859_1);
      in.position(in.position() + nameLength);
      return new SectionHeader(id, name, in.getInt(), in.getInt());
    }

    /// The section that starts there, up to its footer with a section that vmdesc knows behind it.
    /// Null if there is none, or if there are no footers.
    @Nullable DeviceSection untilTheNext(int start) {
      in.position(start);
      SectionHeader header = header();
      if (header == null || !Boolean.TRUE.equals(footers)) {
        return null;
      }
      int bodyStart = in.position();
      for (int at = bodyStart; at <= bytes.length - 5; at++) {
        if (bytes[at] == FOOTER && in.getInt(at + 1) == header.sectionId() && ends(at + 5)) {
          in.position(at + 5);
          byte[] body = Arrays.copyOfRange(bytes, bodyStart, at);
          return new DeviceSection(streamOffset + start, header, body, true);
        }
      }
      return null;
    }

    /// Whether the bytes end there, or a section starts that vmdesc knows.
    private boolean ends(int at) {
      if (at == bytes.length) {
        return true;
      }
      in.position(at);
      SectionHeader next = header();
      return next != null && vmdesc.device(next.idstr(), next.instanceId()).isPresent();
    }

    /// Whether what follows a body is what must follow it.
    private boolean footer(int id) {
      if (footers == null) {
        footers = in.hasRemaining() && in.get(in.position()) == FOOTER;
      }
      return !footers || (in.remaining() >= 5 && in.get() == FOOTER && in.getInt() == id);
    }
  }
}
