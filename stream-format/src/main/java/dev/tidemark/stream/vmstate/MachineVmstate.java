// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.vmstate.VmstateValue.Opaque;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// All device sections of a machine with their values by name. Immutable.
///
/// @param devices the sections that could be told apart, in stream order
/// @param rest bytes behind them; absent if every section could be told apart
/// @param vmdesc what told their layout; absent where the source suppressed it
public record MachineVmstate(
    List<DeviceVmstate> devices, Optional<Opaque> rest, Optional<String> vmdesc) {
  private static final int FULL = 0x04;
  private static final int FOOTER = 0x7e;

  /// Copies the list.
  public MachineVmstate {
    devices = List.copyOf(devices);
  }

  /// Decodes device state. What cannot be decoded is kept as [Opaque] with the reason.
  ///
  /// @param state sections and vmdesc
  /// @throws StreamException if vmdesc is not of its form
  public static MachineVmstate decode(DeviceState state) throws StreamException {
    return decode(state, 0);
  }

  /// Decodes device state of which it is known where it stood.
  ///
  /// @param state sections and vmdesc
  /// @param streamOffset where the sections start in their stream
  /// @throws StreamException if vmdesc is not of its form
  public static MachineVmstate decode(DeviceState state, long streamOffset) throws StreamException {
    byte[] sections = state.sections();
    if (state.vmdesc().isEmpty()) {
      return new MachineVmstate(List.of(), rest(sections, "there is no vmdesc"), Optional.empty());
    }
    String json = state.vmdesc().get();
    VmdescLayout layout = VmdescLayout.parse(json, streamOffset + sections.length + 6);
    DeviceSections.Cut cut =
        DeviceSections.asFarAsPossible(sections, layout.lengths(), streamOffset);
    return new MachineVmstate(
        DeviceVmstate.decode(cut.sections(), layout),
        rest(cut.rest(), "no section that vmdesc describes"),
        state.vmdesc());
  }

  /// The device state again: the same bytes if nothing was changed.
  public DeviceState encode() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (DeviceVmstate device : devices) {
      SectionHeader header = device.header();
      byte[] name = header.idstr().getBytes(StandardCharsets.ISO_8859_1);
      byte[] body = device.toSection().body();
      ByteBuffer head = ByteBuffer.allocate(1 + 4 + 1 + name.length + 8);
      head.put((byte) FULL).putInt(header.sectionId()).put((byte) name.length).put(name);
      head.putInt(header.instanceId()).putInt(header.versionId());
      out.writeBytes(head.array());
      out.writeBytes(body);
      if (device.footer()) {
        ByteBuffer footer = ByteBuffer.allocate(5).put((byte) FOOTER).putInt(header.sectionId());
        out.writeBytes(footer.array());
      }
    }
    rest.ifPresent(bytes -> out.writeBytes(bytes.bytes().toArray()));
    return new DeviceState(out.toByteArray(), vmdesc);
  }

  /// A device.
  ///
  /// @param idstr of its section
  /// @param instanceId of its section
  public Optional<DeviceVmstate> device(String idstr, int instanceId) {
    return devices.stream()
        .filter(d -> d.header().idstr().equals(idstr) && d.header().instanceId() == instanceId)
        .findFirst();
  }

  /// The value that a path leads to.
  ///
  /// @param path of any device
  public Optional<VmstateValue> find(VmstatePath path) {
    return device(path.device(), path.instanceId()).flatMap(device -> device.find(path));
  }

  /// The same machine with one number replaced.
  ///
  /// @param path of any device
  /// @param value as in [VmstateValue.Scalar#value]
  /// @throws IllegalArgumentException if there is no such field, it is no number, or the value is
  ///     out of its range
  public MachineVmstate with(VmstatePath path, long value) {
    return with(owner(path).with(path, value));
  }

  /// The same machine with one value replaced by another of the same type and size.
  ///
  /// @param path of any device
  /// @param value what to put there
  /// @throws IllegalArgumentException if there is no such field, or the value does not fit it
  public MachineVmstate with(VmstatePath path, VmstateValue value) {
    return with(owner(path).with(path, value));
  }

  /// The same machine with one device replaced.
  ///
  /// @param device takes the place of the one with its idstr and instance id
  public MachineVmstate with(DeviceVmstate device) {
    return new MachineVmstate(
        devices.stream().map(old -> sameDevice(old, device) ? device : old).toList(), rest, vmdesc);
  }

  private DeviceVmstate owner(VmstatePath path) {
    return device(path.device(), path.instanceId())
        .orElseThrow(() -> new IllegalArgumentException("no device of " + path));
  }

  private static boolean sameDevice(DeviceVmstate a, DeviceVmstate b) {
    return a.header().idstr().equals(b.header().idstr())
        && a.header().instanceId() == b.header().instanceId();
  }

  private static Optional<Opaque> rest(byte[] bytes, String reason) {
    return bytes.length == 0
        ? Optional.empty()
        : Optional.of(new Opaque("unknown", WireBytes.of(bytes), reason));
  }
}
