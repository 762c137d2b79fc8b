// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.stream.StreamElement.Configuration;
import dev.tidemark.stream.vmstate.VmstateValue.Opaque;
import dev.tidemark.stream.vmstate.VmstateValue.Struct;
import java.nio.ByteBuffer;
import java.util.Optional;

/// The configuration section with its values by name. Immutable.
///
/// Format: `vmstate_configuration` in `migration/savevm.c`, QEMU 10.0.2.
///
/// @param fields machine type, and subsections with what a destination must have in common
/// @param rest what stands behind it and does not fit vmdesc; absent if all was decoded
public record ConfigurationVmstate(Struct fields, Optional<Opaque> rest) {
  /// Decodes the section.
  ///
  /// @param configuration of a stream
  /// @param layout vmdesc of the same stream
  /// @return empty where vmdesc does not describe it, as before QEMU 8.2
  public static Optional<ConfigurationVmstate> decode(
      Configuration configuration, VmdescLayout layout) {
    return layout
        .configuration()
        .map(
            vmsd ->
                new VmstateDecoder(configuration.bytes().clone(), new VmstateDecoder.Budget())
                    .section(vmsd))
        .map(result -> new ConfigurationVmstate(result.fields(), result.rest()));
  }

  /// The body of the section again: the bytes it was made of.
  public byte[] toBytes() {
    ByteBuffer body = ByteBuffer.allocate(fields.size() + rest.map(VmstateValue::size).orElse(0));
    VmstateEncoder.write(body, fields);
    rest.ifPresent(opaque -> VmstateEncoder.write(body, opaque));
    return body.array();
  }

  /// The value that a path leads to.
  ///
  /// @param field as [VmstatePath#field]
  public Optional<VmstateValue> find(String field) {
    return PathWalk.find(fields, field);
  }
}
