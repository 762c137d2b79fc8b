// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import java.util.List;
import java.util.Optional;

/// One argument of a QEMU command line: an option with its value, or a disk image's name alone.
public sealed interface QemuArgument {
  /// The argument as it stands in an argument array.
  ///
  /// @return one string, or two where an option has a value
  List<String> render();

  /// An option.
  ///
  /// @param spelling as written, such as `-m` or `--m`
  /// @param value the value, as written; absent for flags
  record Option(String spelling, Optional<String> value) implements QemuArgument {
    /// An option with a value.
    ///
    /// @param name the option's name, such as `m`
    /// @param value the value as QEMU is to see it
    /// @return the option, spelt with one dash
    public static Option of(String name, String value) {
      return new Option("-" + name, Optional.of(value));
    }

    /// A flag.
    ///
    /// @param name the option's name, such as `S`
    /// @return the option, spelt with one dash
    public static Option flag(String name) {
      return new Option("-" + name, Optional.empty());
    }

    /// The name without dashes, such as `m`.
    public String name() {
      return spelling.startsWith("--") ? spelling.substring(2) : spelling.substring(1);
    }

    /// Whether QEMU 7.2 or 10.0 has an option of this name.
    public boolean known() {
      return OptionTable.arity(name()).isPresent();
    }

    /// Whether the option takes a value and has none, as at the end of a cut command line.
    public boolean valueMissing() {
      return value.isEmpty()
          && OptionTable.arity(name()).equals(Optional.of(OptionTable.Arity.VALUE));
    }

    /// As `-m 64`, for messages.
    public String text() {
      return String.join(" ", render());
    }

    @Override
    public List<String> render() {
      return value.map(v -> List.of(spelling, v)).orElseGet(() -> List.of(spelling));
    }
  }

  /// The name of a disk image without an option, which QEMU takes as the first hard disk.
  ///
  /// @param path the name as written
  record Image(String path) implements QemuArgument {
    @Override
    public List<String> render() {
      return List.of(path);
    }
  }
}
