// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver;

/// How a running VM is saved.
public enum SaveMethod {
  /// The paper's algorithm: QEMU streams while the guest runs; the guest stands only for the last
  /// dirty pages and the device state. The consistent point is the end.
  PRECOPY("precopy"),
  /// The traditional way, as a baseline: the guest stands while all of its memory is stored.
  STOP_COPY("stop-copy");

  private final String wireName;

  SaveMethod(String wireName) {
    this.wireName = wireName;
  }

  /// How the command line and the manifest spell it.
  public String wireName() {
    return wireName;
  }
}
