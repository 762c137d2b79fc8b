// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.vmstate.DeviceSections;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// One element of a QEMU migration stream, delivered in stream order.
///
/// Elements are values: they stay valid after the reader has moved on. The one exception is
/// [RamSection#pages], which is a loan on the reader's window and ends at the next element. Byte
/// arrays in elements are opaque payloads: whoever makes an element gives them away, whoever reads
/// one must not change them.
///
/// Format: `QEMU_VM_*` in `migration/savevm.h`, QEMU 10.0.2.
public sealed interface StreamElement {

  /// Offset of this element's first byte, in bytes from the start of the stream; of no meaning in
  /// an element that was not read.
  long streamOffset();

  /// Magic and version, the first 8 bytes.
  ///
  /// @param version stream version; every supported QEMU writes 3
  record FileHeader(long streamOffset, int version) implements StreamElement {
    /// The header that QEMU writes.
    public FileHeader() {
      this(0, StreamDescriptor.VERSION);
    }
  }

  /// The configuration section: machine type and what a destination must have in common.
  ///
  /// @param bytes the body behind the type byte, as it stands in the stream
  /// @param machine what it says
  record Configuration(long streamOffset, byte[] bytes, MachineConfiguration machine)
      implements StreamElement {
    /// Encodes a configuration.
    ///
    /// @param machine what to say; its machine type must not be empty
    public static Configuration of(MachineConfiguration machine) {
      return new Configuration(0, ConfigurationCodec.encode(machine), machine);
    }
  }

  /// A `MIG_CMD_*` command to the destination.
  ///
  /// @param command the command's number, 16 bits
  /// @param data its payload, at most 65535 bytes
  record Command(long streamOffset, int command, byte[] data) implements StreamElement {
    /// `MIG_CMD_OPEN_RETURN_PATH`: the destination may answer.
    public static final int OPEN_RETURN_PATH = 1;

    /// `MIG_CMD_PING`: the destination answers with the same be32.
    public static final int PING = 2;

    /// `MIG_CMD_POSTCOPY_ADVISE`: postcopy may follow; 16 bytes with postcopy-ram, else none.
    public static final int POSTCOPY_ADVISE = 3;

    /// `MIG_CMD_POSTCOPY_LISTEN`.
    public static final int POSTCOPY_LISTEN = 4;

    /// `MIG_CMD_POSTCOPY_RUN`.
    public static final int POSTCOPY_RUN = 5;

    /// `MIG_CMD_POSTCOPY_RAM_DISCARD`.
    public static final int POSTCOPY_RAM_DISCARD = 6;

    /// `MIG_CMD_PACKAGED`: a stream inside the stream.
    public static final int PACKAGED = 7;

    /// `MIG_CMD_ENABLE_COLO`.
    public static final int ENABLE_COLO = 8;

    /// `MIG_CMD_POSTCOPY_RESUME`.
    public static final int POSTCOPY_RESUME = 9;

    /// `MIG_CMD_RECV_BITMAP`.
    public static final int RECV_BITMAP = 10;

    /// `MIG_CMD_SWITCHOVER_START`: the source has stopped for good.
    public static final int SWITCHOVER_START = 11;

    /// Checks the payload's size.
    public Command {
      if ((command & ~0xffff) != 0 || data.length > 0xffff) {
        throw new IllegalArgumentException("command " + command + " of " + data.length + " bytes");
      }
    }

    /// Payload bytes of a command that has a fixed number of them, else -1.
    static int fixedLength(int command) {
      return switch (command) {
        case OPEN_RETURN_PATH,
            POSTCOPY_LISTEN,
            POSTCOPY_RUN,
            ENABLE_COLO,
            POSTCOPY_RESUME,
            SWITCHOVER_START ->
            0;
        case PING, PACKAGED -> 4;
        default -> -1;
      };
    }
  }

  /// `QEMU_VM_SECTION_START`, `_PART` or `_END` whose idstr is `ram`.
  ///
  /// @param phase which of the three section types introduced it
  /// @param header of the section; PART and END carry only its id on the wire
  /// @param blockList the RAM blocks, in START; empty in PART and END
  /// @param pages the records; from a reader: readable once and only until the next element
  record RamSection(
      long streamOffset,
      Phase phase,
      SectionHeader header,
      List<RamBlockEntry> blockList,
      RamPages pages)
      implements StreamElement {

    /// Which section type introduced a RAM section.
    public enum Phase {
      /// `QEMU_VM_SECTION_START`: the block list.
      START,
      /// `QEMU_VM_SECTION_PART`: any number of pages.
      PART,
      /// `QEMU_VM_SECTION_END`: the last pages. Absent from background snapshots.
      END
    }

    /// Copies the list and checks that it stands where it may.
    public RamSection {
      blockList = List.copyOf(blockList);
      if ((phase == Phase.START) == blockList.isEmpty()) {
        throw new IllegalArgumentException("block list of " + blockList.size() + " in " + phase);
      }
    }
  }

  /// `QEMU_VM_SECTION_START`, `_PART` or `_END` of an iterable device other than RAM, such as
  /// `dirty-bitmap` or `spapr/htab`. Its body is passed through.
  ///
  /// @param phase which of the three section types introduced it
  /// @param header of the section; PART and END carry only its id on the wire
  /// @param body what stands between header and footer
  /// @param footer whether a footer follows
  record IterableSection(
      long streamOffset, RamSection.Phase phase, SectionHeader header, byte[] body, boolean footer)
      implements StreamElement {}

  /// `MIG_CMD_PACKAGED` and what stands behind it: records without a header, read by the
  /// destination as a whole before it runs them. Postcopy carries the device state in one: commands
  /// (LISTEN), device sections, commands (PING, RUN).
  ///
  /// Format: `loadvm_handle_cmd_packaged` in `migration/savevm.c`, QEMU 10.0.2.
  ///
  /// @param bytes the embedded records
  record PackagedStream(long streamOffset, byte[] bytes) implements StreamElement {
    /// Type byte, command, length and size.
    private static final int SIZE_HEADER = 9;

    /// Offset of the first embedded byte, in bytes from the start of the whole stream.
    public long contentOffset() {
      return streamOffset + SIZE_HEADER;
    }

    /// The commands at the head, up to the first device section. Offsets are of the whole stream.
    ///
    /// @throws StreamException if the package breaks the format there
    public List<Command> commands() throws StreamException {
      return PackageReader.commands(this);
    }

    /// Splits the package into [Command]s and [DeviceSection]s. Offsets are of the whole stream.
    ///
    /// @param layout tells the lengths of the device sections: vmdesc of a stream of the same
    ///     machine, since a postcopy stream has none
    /// @return the elements in order; empty where the layout does not describe these bytes
    /// @throws StreamException if the package breaks the format, as a nested one does
    public Optional<List<StreamElement>> resolve(dev.tidemark.stream.vmstate.VmDescription layout)
        throws StreamException {
      return PackageReader.split(this, layout);
    }

    /// The device sections, as they stand in the package: without the commands at its head, and
    /// without RUN and a PING at its end.
    ///
    /// @param footers whether sections have footers
    /// @throws StreamException if the package breaks the format there
    public byte[] deviceSections(boolean footers) throws StreamException {
      return PackageReader.deviceSections(this, footers);
    }

    /// A package made of elements.
    ///
    /// @param elements commands and device sections in order; no other kind
    /// @throws IllegalArgumentException if there is another kind
    public static PackagedStream of(List<? extends StreamElement> elements) {
      return new PackagedStream(0, PackageReader.encode(elements));
    }
  }

  /// A device section, delimited: `QEMU_VM_SECTION_FULL` with its body.
  ///
  /// @param header of the section
  /// @param body what stands between header and footer
  /// @param footer whether a footer follows
  record DeviceSection(long streamOffset, SectionHeader header, byte[] body, boolean footer)
      implements StreamElement {}

  /// All that follows RAM where device sections could not be delimited: from the first of them to
  /// the end of the stream, EOF and vmdesc included. Nothing comes after it.
  ///
  /// @param bytes everything, as it stands in the stream
  /// @param sectionsLength how many of them are device sections; the EOF byte is the next one
  record DeviceStateTail(long streamOffset, byte[] bytes, int sectionsLength)
      implements StreamElement {
    private static final int BEFORE_JSON = 1 + StreamDescriptor.SIZE_VMDESC_HEADER;

    /// Checks the lengths.
    public DeviceStateTail {
      if (sectionsLength < 0
          || sectionsLength >= bytes.length
          || bytes[sectionsLength] != StreamDescriptor.EOF
          || (bytes.length > sectionsLength + 1 && bytes.length <= sectionsLength + BEFORE_JSON)) {
        throw new IllegalArgumentException(
            sectionsLength + " of " + bytes.length + " bytes are sections");
      }
    }

    /// The vmdesc JSON; absent where the source suppressed it.
    public Optional<String> vmdesc() {
      int at = sectionsLength + BEFORE_JSON;
      return bytes.length > at
          ? Optional.of(new String(bytes, at, bytes.length - at, StandardCharsets.UTF_8))
          : Optional.empty();
    }

    /// The same without framing. Copies.
    public DeviceState deviceState() {
      return new DeviceState(Arrays.copyOf(bytes, sectionsLength), vmdesc());
    }

    /// Splits the tail into [DeviceSection]s, [EndOfFile] and [VmDescription].
    ///
    /// @return the elements; empty where there is no vmdesc, or it does not describe these bytes
    public Optional<List<StreamElement>> resolve() {
      DeviceState state = deviceState();
      return DeviceSections.split(state, streamOffset)
          .map(
              sections -> {
                List<StreamElement> elements = new ArrayList<>(sections);
                long eof = streamOffset + sectionsLength;
                elements.add(new EndOfFile(eof));
                elements.add(new VmDescription(eof + 1, state.vmdesc().orElseThrow()));
                return List.copyOf(elements);
              });
    }
  }

  /// `QEMU_VM_EOF`: the end of the sections.
  record EndOfFile(long streamOffset) implements StreamElement {}

  /// `QEMU_VM_VMDESCRIPTION` behind EOF.
  ///
  /// @param json the layout of the device sections
  record VmDescription(long streamOffset, String json) implements StreamElement {}
}
