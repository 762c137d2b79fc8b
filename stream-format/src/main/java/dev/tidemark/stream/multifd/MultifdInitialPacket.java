// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import java.util.UUID;

/// The first 64 bytes of a channel: whose it is and which one.
///
/// Format: `multifd_send_initial_packet` in `migration/multifd.c`, QEMU 10.0.2.
///
/// @param uuid the VM's uuid, all zero where it has none; a destination wants its own
/// @param id which channel, 0 to 255; with N channels QEMU gives each of 0 to N - 1 once
public record MultifdInitialPacket(UUID uuid, int id) {
  /// The uuid of a VM without `-uuid`.
  public static final UUID NO_UUID = new UUID(0, 0);

  /// Checks the id.
  public MultifdInitialPacket {
    if ((id & ~0xff) != 0) {
      throw new IllegalArgumentException("channel " + id);
    }
  }
}
