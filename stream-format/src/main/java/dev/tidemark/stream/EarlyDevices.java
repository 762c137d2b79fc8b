// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.vmstate.VmDescription;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Device sections before RAM's pages, where QEMU puts those of `early_setup`, before or behind RAM
/// START: on a pipe nothing tells where they end.
///
/// @param vmdesc of the same stream, where it has been seen beforehand
record EarlyDevices(
    StreamWindow in,
    MigrationStream settings,
    @Nullable VmDescription vmdesc,
    SectionFooters footers) {
  /// The only device whose section QEMU 10.0.2 puts before the pages, behind RAM START.
  private static final String VIRTIO_MEM = "virtio-mem-device-early";

  /// Whether the device section that comes next, behind RAM START and before any page, is one of
  /// them: only where its length is known, or where it is of the one kind that QEMU puts there. A
  /// stream of a START and nothing else of RAM may go on with its devices.
  boolean isNext() throws IOException {
    String context = "section header";
    int name = 6;
    in.require(name, context);
    int length = Byte.toUnsignedInt(in.segment.get(ValueLayout.JAVA_BYTE, in.position + 5));
    in.require(name + length + 4, context);
    String idstr =
        Names.string(in.segment.asSlice(in.position + name, length).toArray(ValueLayout.JAVA_BYTE));
    int instance = in.segment.get(StreamWindow.BE32, in.position + name + length);
    return idstr.endsWith(VIRTIO_MEM)
        || (vmdesc != null && !settings.deviceTail() && vmdesc.device(idstr, instance).isPresent())
        || settings.layout().flatMap(layout -> layout.device(idstr, instance)).isPresent();
  }

  /// Reads one of them.
  DeviceSection read(long at) throws IOException {
    String context = "early device section";
    in.position++;
    SectionHeader header = SectionHeader.read(in);
    Optional<VmDescription.Device> device =
        vmdesc == null ? Optional.empty() : vmdesc.device(header.idstr(), header.instanceId());
    if (device.isEmpty()) {
      device =
          settings.layout().flatMap(layout -> layout.device(header.idstr(), header.instanceId()));
    }
    if (device.isEmpty()) {
      throw new StreamException.Unsupported(
          "device section " + Names.quoted(header.idstr()) + " before RAM, of unknown length",
          at,
          context);
    }
    long length = device.get().bodySize();
    if (length > settings.limits().deviceStateBytes()) {
      throw new StreamException.LimitExceeded("body of " + length + " bytes", at, context);
    }
    byte[] body = in.bytes((int) length, context);
    return new DeviceSection(at, header, body, footers.read(header.sectionId()));
  }
}
