// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.stream.StreamElement.Configuration;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/// The configuration section's body: be32 length and machine type, then subsections, each `05`,
/// counted name, be32 version 1, body.
///
/// Format: `vmstate_configuration` in `migration/savevm.c`, QEMU 10.0.2.
final class ConfigurationCodec {
  private static final String PAGE_BITS = "configuration/target-page-bits";
  private static final String CAPABILITIES = "configuration/capabilities";
  private static final String UUID_NAME = "configuration/uuid";
  private static final int SUBSECTION_VERSION = 1;

  private ConfigurationCodec() {}

  /// Reads the body; the type byte has been read. The raw bytes are made again from what was read,
  /// in the order of the stream.
  static Configuration read(StreamWindow in, long streamOffset, StreamLimits limits)
      throws IOException {
    String context = "configuration";
    GrowingBytes raw = new GrowingBytes(128);
    long lengthAt = in.streamOffset();
    int length = in.be32(context);
    if (length < 0 || length > limits.machineTypeBytes()) {
      throw new StreamException.LimitExceeded(
          "machine type of " + Integer.toUnsignedString(length) + " bytes", lengthAt, context);
    }
    byte[] name = in.bytes(length, context);
    raw.be32(length).bytes(name);

    OptionalInt pageBits = OptionalInt.empty();
    List<String> capabilities = List.of();
    Optional<UUID> uuid = Optional.empty();
    while (in.ensure(1) && in.peek() == StreamDescriptor.SUBSECTION) {
      long at = in.streamOffset();
      in.position++;
      String subsection = in.countedString("configuration subsection");
      int version = in.be32("configuration subsection");
      if (version != SUBSECTION_VERSION) {
        throw new StreamException.Unsupported(
            "version " + version + " of " + Names.quoted(subsection), at, context);
      }
      raw.u8(StreamDescriptor.SUBSECTION).countedString(subsection).be32(version);
      switch (subsection) {
        case PAGE_BITS -> {
          int bits = in.be32(PAGE_BITS);
          raw.be32(bits);
          pageBits = OptionalInt.of(bits);
        }
        case CAPABILITIES -> {
          capabilities = readCapabilities(in, limits);
          raw.be32(capabilities.size());
          capabilities.forEach(raw::countedString);
        }
        case UUID_NAME -> {
          byte[] bytes = in.bytes(16, UUID_NAME);
          raw.bytes(bytes);
          ByteBuffer b = ByteBuffer.wrap(bytes);
          uuid = Optional.of(new UUID(b.getLong(), b.getLong()));
        }
        default ->
            throw new StreamException.Unsupported(
                "configuration subsection " + Names.quoted(subsection), at, context);
      }
    }
    MachineConfiguration machine =
        new MachineConfiguration(Names.string(name), pageBits, capabilities, uuid);
    return new Configuration(streamOffset, raw.toArray(), machine);
  }

  private static List<String> readCapabilities(StreamWindow in, StreamLimits limits)
      throws IOException {
    long at = in.streamOffset();
    int count = in.be32(CAPABILITIES);
    if (count < 0 || count > limits.capabilities()) {
      throw new StreamException.LimitExceeded(
          Integer.toUnsignedString(count) + " capabilities", at, CAPABILITIES);
    }
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add(in.countedString(CAPABILITIES));
    }
    return List.copyOf(names);
  }

  static byte[] encode(MachineConfiguration machine) {
    Names.check(machine.machineType());
    byte[] name = Names.bytes(machine.machineType());
    GrowingBytes raw = new GrowingBytes(128).be32(name.length).bytes(name);
    machine.targetPageBits().ifPresent(bits -> subsection(raw, PAGE_BITS).be32(bits));
    if (!machine.capabilities().isEmpty()) {
      subsection(raw, CAPABILITIES).be32(machine.capabilities().size());
      machine.capabilities().forEach(raw::countedString);
    }
    machine
        .uuid()
        .ifPresent(
            uuid ->
                subsection(raw, UUID_NAME)
                    .be64(uuid.getMostSignificantBits())
                    .be64(uuid.getLeastSignificantBits()));
    return raw.toArray();
  }

  private static GrowingBytes subsection(GrowingBytes raw, String name) {
    return raw.u8(StreamDescriptor.SUBSECTION).countedString(name).be32(SUBSECTION_VERSION);
  }
}
