// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

/// Something of the host without which a command line does not start.
public sealed interface Need {
  /// The argument that needs it, such as `-kernel vmlinuz`.
  String option();

  /// A file that is there.
  ///
  /// @param option the argument that names it
  /// @param path its path, relative to the folder that QEMU is started in
  record ExistingFile(String option, String path) implements Need {}

  /// A port of this host that nobody listens on.
  ///
  /// @param option the argument that names it
  /// @param udp whether it is a UDP port; else TCP
  /// @param host the address or host name; empty for all addresses
  /// @param port the port
  record FreePort(String option, boolean udp, String host, int port) implements Need {}
}
