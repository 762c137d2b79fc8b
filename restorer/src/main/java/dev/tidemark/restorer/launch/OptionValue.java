// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.launch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The value of an option that has properties: `key=value,key=value`, or JSON.
///
/// Both are seen alike: a property of a nested JSON object has a dotted key, as QEMU's own
/// `file.filename=a.img` has.
public sealed interface OptionValue permits OptionValue.Keyed, JsonOptionValue {
  /// Reads a value in either form.
  ///
  /// @param option the option's name, such as `netdev`; decides what a first word without a key is
  /// @param text the value
  /// @return the properties
  /// @throws IllegalArgumentException if it starts with `{` and is not a JSON object
  static OptionValue parse(String option, String text) {
    return text.startsWith("{")
        ? JsonOptionValue.parse(text)
        : Keyed.parse(IMPLIED_KEYS.getOrDefault(option, ""), text);
  }

  /// All properties in order; one that is named twice is here twice.
  List<Property> properties();

  /// This value with a property set to text; added if it was not there.
  ///
  /// @param key the dotted key
  /// @param value the text
  /// @return the changed value
  OptionValue with(String key, String value);

  /// This value without a property and all below it.
  ///
  /// @param key the dotted key
  /// @return the changed value
  OptionValue without(String key);

  /// The value as it stands on a command line.
  String render();

  /// The last value of a property.
  ///
  /// @param key the dotted key
  /// @return its text; absent if the property is not there
  default Optional<String> get(String key) {
    return properties().stream()
        .filter(p -> p.key().equals(key))
        .map(Property::value)
        .reduce((first, second) -> second);
  }

  /// Whether a property is on: `key=on`, `key`, or `true` in JSON.
  ///
  /// @param key the dotted key
  default boolean isOn(String key) {
    return get(key).filter(v -> List.of("on", "yes", "true", "y").contains(v)).isPresent();
  }

  /// A property.
  ///
  /// @param key dotted key
  /// @param value the text, without doubled commas; `on` and `off` for flags
  record Property(String key, String value) {}

  /// What a first word without a key is taken for.
  Map<String, String> IMPLIED_KEYS =
      Map.ofEntries(
          Map.entry("machine", "type"),
          Map.entry("M", "type"),
          Map.entry("cpu", "model"),
          Map.entry("accel", "accel"),
          Map.entry("smp", "cpus"),
          Map.entry("m", "size"),
          Map.entry("device", "driver"),
          Map.entry("netdev", "type"),
          Map.entry("nic", "type"),
          Map.entry("net", "type"),
          Map.entry("chardev", "backend"),
          Map.entry("object", "qom-type"),
          Map.entry("blockdev", "driver"),
          Map.entry("display", "type"),
          Map.entry("vnc", "vnc"),
          Map.entry("audiodev", "driver"),
          Map.entry("audio", "driver"),
          Map.entry("mon", "chardev"),
          Map.entry("tpmdev", "type"),
          Map.entry("fsdev", "fsdriver"),
          Map.entry("virtfs", "fsdriver"),
          Map.entry("trace", "enable"),
          Map.entry("plugin", "file"),
          Map.entry("fw_cfg", "name"),
          Map.entry("sandbox", "enable"),
          Map.entry("icount", "shift"));

  /// The form `key=value,key=value`, a comma inside a value being doubled.
  ///
  /// @param words what stands between the commas
  record Keyed(List<Word> words) implements OptionValue {
    /// Copies the list.
    public Keyed {
      words = List.copyOf(words);
    }

    /// What stands between two commas.
    ///
    /// @param key the key; empty for a word that is not `key=value`
    /// @param text the value, commas not doubled
    /// @param impliedKey what the word is taken for where it has no key; empty for a flag
    public record Word(Optional<String> key, String text, String impliedKey) {
      Property property() {
        if (key.isPresent()) {
          return new Property(key.get(), text);
        }
        if (!impliedKey.isEmpty()) {
          return new Property(impliedKey, text);
        }
        return text.startsWith("no") && text.length() > 2
            ? new Property(text.substring(2), "off")
            : new Property(text, "on");
      }

      boolean isEmpty() {
        return key.isEmpty() && text.isEmpty();
      }

      String render() {
        String escaped = text.replace(",", ",,");
        return key.map(k -> k + "=" + escaped).orElse(escaped);
      }
    }

    static Keyed parse(String impliedKey, String text) {
      List<Word> words = new ArrayList<>();
      int at = 0;
      while (true) {
        int keyEnd = at;
        while (keyEnd < text.length() && "=,".indexOf(text.charAt(keyEnd)) < 0) {
          keyEnd++;
        }
        boolean keyed = keyEnd < text.length() && text.charAt(keyEnd) == '=';
        Optional<String> key = keyed ? Optional.of(text.substring(at, keyEnd)) : Optional.empty();
        StringBuilder value = new StringBuilder();
        int end = valueEnd(text, keyed ? keyEnd + 1 : at, value);
        words.add(new Word(key, value.toString(), words.isEmpty() ? impliedKey : ""));
        if (end == text.length()) {
          return new Keyed(words);
        }
        at = end + 1;
      }
    }

    /// Appends the value that starts at `from`; returns where its comma or the text's end is.
    private static int valueEnd(String text, int from, StringBuilder value) {
      int at = from;
      while (at < text.length()) {
        if (text.charAt(at) == ',') {
          if (at + 1 == text.length() || text.charAt(at + 1) != ',') {
            return at;
          }
          at++;
        }
        value.append(text.charAt(at++));
      }
      return at;
    }

    @Override
    public List<Property> properties() {
      return words.stream().map(Word::property).toList();
    }

    @Override
    public Keyed with(String key, String value) {
      List<Word> changed = new ArrayList<>();
      boolean found = false;
      for (Word word : words) {
        if (word.isEmpty()) {
          // Before a word that is added, its comma would double the one that follows.
          continue;
        }
        if (!word.property().key().equals(key)) {
          changed.add(word);
        } else if (!found) {
          boolean implied = word.key().isEmpty() && !word.impliedKey().isEmpty();
          changed.add(
              new Word(implied ? Optional.empty() : Optional.of(key), value, word.impliedKey()));
          found = true;
        }
      }
      if (!found) {
        changed.add(new Word(Optional.of(key), value, ""));
      }
      return new Keyed(changed);
    }

    @Override
    public Keyed without(String key) {
      return new Keyed(
          words.stream()
              .filter(w -> !w.property().key().equals(key))
              .filter(w -> !w.property().key().startsWith(key + "."))
              .toList());
    }

    @Override
    public String render() {
      return String.join(",", words.stream().map(Word::render).toList());
    }
  }
}
