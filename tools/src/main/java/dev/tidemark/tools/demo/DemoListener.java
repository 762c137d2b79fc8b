// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

/// Told how a demo gets on.
public interface DemoListener {
  /// A listener that hears nothing.
  DemoListener NONE = new DemoListener() {};

  /// Something has happened.
  ///
  /// @param line what, for a person to read
  default void says(String line) {}

  /// How far the present step is; several times a second.
  ///
  /// @param what the step, such as `restoring`
  /// @param done how much is done
  /// @param total how much there is
  default void progress(String what, long done, long total) {}
}
