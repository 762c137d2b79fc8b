// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import dev.tidemark.saver.SaveOptions;
import java.nio.file.Path;
import java.util.Optional;

/// How a demo is run.
///
/// @param machine the VM
/// @param save how it is saved; its listener is told
/// @param keep the folder where the checkpoint, and the guest's program, are left; made if it does
///     not exist. Absent: nothing is left
/// @param walks how many whole walks the restored guest must make, at least 2 so that every page
/// has
///     been compared
public record DemoOptions(DemoMachine machine, SaveOptions save, Optional<Path> keep, int walks) {
  /// The defaults of every part, two walks, nothing kept.
  public static final DemoOptions DEFAULT =
      new DemoOptions(DemoMachine.DEFAULT, SaveOptions.defaults(), Optional.empty(), 2);

  /// Checks the walks.
  public DemoOptions {
    if (walks < 2) {
      throw new IllegalArgumentException("at least two walks are needed to compare every page");
    }
  }

  /// The same with another VM.
  ///
  /// @param other the VM
  public DemoOptions withMachine(DemoMachine other) {
    return new DemoOptions(other, save, keep, walks);
  }

  /// The same, saved in another way.
  ///
  /// @param other how
  public DemoOptions withSave(SaveOptions other) {
    return new DemoOptions(machine, other, keep, walks);
  }

  /// The same, leaving the checkpoint in a folder.
  ///
  /// @param folder where
  public DemoOptions withKeep(Path folder) {
    return new DemoOptions(machine, save, Optional.of(folder), walks);
  }
}
