// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.preflight;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The machine types that a QEMU has.
///
/// @param names all names, aliases too
/// @param aliases from alias, such as `pc`, to name, such as `pc-i440fx-10.0`
/// @param byDefault the one that is taken if none is given; absent if the target has none
public record MachineTypes(
    Set<String> names, Map<String, String> aliases, Optional<String> byDefault) {
  private static final Pattern ALIAS = Pattern.compile("\\(alias of ([^)]+)\\)");

  /// Copies the collections.
  public MachineTypes {
    names = Set.copyOf(names);
    aliases = Map.copyOf(aliases);
  }

  /// Reads what `qemu -machine help` prints.
  ///
  /// @param help its output
  /// @return the machine types
  public static MachineTypes parse(String help) {
    Set<String> names = new HashSet<>();
    Map<String, String> aliases = new HashMap<>();
    Optional<String> byDefault = Optional.empty();
    for (String line : help.lines().skip(1).toList()) {
      String name = line.strip().split("\\s+", 2)[0];
      if (name.isEmpty()) {
        continue;
      }
      names.add(name);
      Matcher alias = ALIAS.matcher(line);
      if (alias.find()) {
        aliases.put(name, alias.group(1));
      }
      if (line.contains("(default)")) {
        byDefault = Optional.of(name);
      }
    }
    return new MachineTypes(names, aliases, byDefault);
  }

  /// The versioned name behind an alias; the name itself if it is none.
  ///
  /// @param name a machine type's name, with or without QOM's suffix `-machine`
  public String resolve(String name) {
    String plain = names.contains(name) ? name : name.replaceFirst("-machine$", "");
    return aliases.getOrDefault(plain, plain);
  }
}
