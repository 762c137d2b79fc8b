// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// A QEMU command line without its program: options and their values, in order.
///
/// [#parse] takes any argument array and [#render] gives the very same array back.
///
/// @param arguments the options and image names, in order
public record QemuCommandLine(List<QemuArgument> arguments) {
  private static final Set<String> MACHINE = Set.of("machine", "M");

  /// Copies the list.
  public QemuCommandLine {
    arguments = List.copyOf(arguments);
  }

  /// Reads an argument array as QEMU would.
  ///
  /// An option that neither QEMU 7.2 nor 10.0 has is taken to have a value if the next argument
  /// does not start with a dash; [QemuArgument.Option#known] tells.
  ///
  /// @param arguments the arguments, without the program's name
  /// @return the command line
  public static QemuCommandLine parse(List<String> arguments) {
    List<QemuArgument> parsed = new ArrayList<>();
    int next = 0;
    while (next < arguments.size()) {
      String word = arguments.get(next++);
      if (!word.startsWith("-")) {
        parsed.add(new QemuArgument.Image(word));
        continue;
      }
      QemuArgument.Option flag = new QemuArgument.Option(word, Optional.empty());
      if (next < arguments.size() && takesValue(flag.name(), arguments.get(next))) {
        parsed.add(new QemuArgument.Option(word, Optional.of(arguments.get(next++))));
      } else {
        parsed.add(flag);
      }
    }
    return new QemuCommandLine(parsed);
  }

  private static boolean takesValue(String name, String following) {
    return OptionTable.arity(name)
        .map(arity -> arity == OptionTable.Arity.VALUE)
        .orElseGet(() -> !following.startsWith("-"));
  }

  /// The argument array.
  public List<String> render() {
    return arguments.stream().flatMap(a -> a.render().stream()).toList();
  }

  /// The options of a name, in order.
  ///
  /// @param name the name without dashes
  /// @return the options, none if there are none
  public Stream<QemuArgument.Option> options(String name) {
    return arguments.stream()
        .filter(QemuArgument.Option.class::isInstance)
        .map(QemuArgument.Option.class::cast)
        .filter(o -> o.name().equals(name));
  }

  /// Whether there is an option of a name.
  ///
  /// @param name the name without dashes
  public boolean has(String name) {
    return options(name).findAny().isPresent();
  }

  /// A property of the machine; where several options give it, the last one counts.
  ///
  /// @param key the property, such as `type`
  /// @return its value; absent if no option gives it
  public Optional<String> machineProperty(String key) {
    return arguments.stream()
        .filter(a -> a instanceof QemuArgument.Option o && MACHINE.contains(o.name()))
        .flatMap(a -> ((QemuArgument.Option) a).value().stream())
        .flatMap(v -> OptionValue.parse("machine", v).get(key).stream())
        .reduce((first, second) -> second);
  }
}
