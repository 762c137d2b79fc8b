// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.stream.StreamException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/// The configuration section's bytes, taken apart.
///
/// Format: `vmstate_configuration` in `migration/savevm.c`, QEMU 10.0.2.
final class ConfigurationBytes {
  private static final int SUBSECTION = 0x05;
  private static final int UUID_SIZE = 16;

  private final ByteCursor in;
  private OptionalInt targetPageBits = OptionalInt.empty();
  private List<String> capabilities = List.of();
  private Optional<UUID> uuid = Optional.empty();

  private ConfigurationBytes(ByteCursor in) {
    this.in = in;
  }

  /// Takes it apart.
  ///
  /// @param bytes what stands behind the `0x07`; absent where there is no such section
  /// @param fileOffset where they stand, for messages
  static MachineConfiguration parse(Optional<byte[]> bytes, long fileOffset)
      throws StreamException {
    if (bytes.isEmpty()) {
      return new MachineConfiguration("", OptionalInt.empty(), List.of(), Optional.empty());
    }
    byte[] b = bytes.get();
    return new ConfigurationBytes(new ByteCursor(b, 0, b.length, fileOffset, "configuration"))
        .parse();
  }

  /// How many of some bytes are a configuration: up to the first that begins no subsection.
  ///
  /// @param bytes what stands behind the `0x07`, and whatever follows
  static int length(byte[] bytes) throws StreamException {
    ByteCursor in = new ByteCursor(bytes, 0, bytes.length, 0, "configuration");
    ConfigurationBytes configuration = new ConfigurationBytes(in);
    in.bytes(configuration.be32());
    while (in.remaining() > 0 && bytes[bytes.length - in.remaining()] == SUBSECTION) {
      configuration.subsection();
    }
    return bytes.length - in.remaining();
  }

  private MachineConfiguration parse() throws StreamException {
    String machineType = new String(in.bytes(be32()), ISO_8859_1);
    while (in.remaining() > 0) {
      subsection();
    }
    return new MachineConfiguration(machineType, targetPageBits, capabilities, uuid);
  }

  private int be32() throws StreamException {
    return Integer.reverseBytes(in.u32());
  }

  private String countedString() throws StreamException {
    return new String(in.bytes(in.u8()), ISO_8859_1);
  }

  private void subsection() throws StreamException {
    if (in.u8() != SUBSECTION) {
      throw in.malformed("no subsection where one has to be");
    }
    String name = countedString();
    int version = be32();
    if (version != 1) {
      throw in.malformed("version " + Integer.toUnsignedString(version) + " of \"" + name + "\"");
    }
    switch (name) {
      case "configuration/target-page-bits" -> targetPageBits = OptionalInt.of(be32());
      case "configuration/capabilities" -> capabilities();
      case "configuration/uuid" -> {
        ByteBuffer id = ByteBuffer.wrap(in.bytes(UUID_SIZE));
        uuid = Optional.of(new UUID(id.getLong(), id.getLong()));
      }
      default -> throw in.malformed("unknown subsection \"" + name + "\"");
    }
  }

  private void capabilities() throws StreamException {
    int count = be32();
    if (count < 0 || count > in.remaining()) {
      throw in.malformed(Integer.toUnsignedString(count) + " capabilities");
    }
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add(countedString());
    }
    capabilities = List.copyOf(names);
  }
}
