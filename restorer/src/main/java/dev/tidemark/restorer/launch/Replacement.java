// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

/// An argument that a restore replaces by a fresh one.
///
/// @param was the argument of the saved VM, such as `-pidfile /run/vm.pid`; empty where it had none
/// @param is the argument of the restored VM; empty where it has none
public record Replacement(String was, String is) {
  /// One line, such as `-pidfile /run/vm.pid -> -pidfile /tmp/…/qemu.pid`.
  public String line() {
    return (was.isEmpty() ? "(default)" : was) + " -> " + (is.isEmpty() ? "(left out)" : is);
  }
}
