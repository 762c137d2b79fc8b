// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/// A line that the demo guest writes to its serial port. What has another form than the protocol's,
/// such as the firmware's words or a line cut by a restore, is [Other].
///
/// Format: `src/main/guest/README.md`, "Serial protocol".
public sealed interface GuestLine {
  /// The guest has started and says what it will do.
  ///
  /// @param ramBytes bytes of RAM in the boot memory map
  /// @param pages pages of all three classes together
  /// @param dirty the working set's addresses
  /// @param staticPages how many pages are [PageClass#STATIC]
  /// @param zeroPages how many pages are [PageClass#ZERO]
  /// @param image the guest's own code and variables, which nobody checks
  /// @param workingSetBytes size of the working set in effect
  /// @param bytesPerSecond how fast it is rewritten; absent: without a limit
  /// @param fill what data pages are made of
  /// @param tickMillis a tick line comes every so many milliseconds; 0: none
  /// @param checksAll whether a walk checks all pages, not only the working set
  /// @param halts whether it halts after `ready`
  /// @param map the addresses of all pages of the three classes, ascending
  record Hello(
      long ramBytes,
      long pages,
      AddressRange dirty,
      long staticPages,
      long zeroPages,
      AddressRange image,
      long workingSetBytes,
      OptionalLong bytesPerSecond,
      Fill fill,
      int tickMillis,
      boolean checksAll,
      boolean halts,
      List<AddressRange> map)
      implements GuestLine {
    /// Copies the list.
    public Hello {
      map = List.copyOf(map);
    }
  }

  /// All pages have their first content.
  record Ready() implements GuestLine {}

  /// Time goes on.
  ///
  /// @param number timer interrupts since boot, nominally milliseconds
  /// @param walk the walk in progress; 0 before the first
  /// @param pagesWritten pages written in all walks so far
  record Tick(long number, long walk, long pagesWritten) implements GuestLine {}

  /// A walk has ended.
  ///
  /// @param walk its number
  /// @param checked pages compared in it, of all classes
  /// @param wrong pages found wrong since boot
  record Walk(long walk, long checked, long wrong) implements GuestLine {}

  /// A page does not hold what it must.
  ///
  /// @param address its address
  /// @param pageClass its class
  /// @param walk the walk whose content it should hold; 0 for static and zero pages
  /// @param at offset in the page of the first wrong word, in bytes
  /// @param expected what that word should be
  /// @param found what it is
  record Wrong(long address, PageClass pageClass, long walk, int at, long expected, long found)
      implements GuestLine {}

  /// More pages were wrong than it tells one by one.
  ///
  /// @param pages how many more
  /// @param walk in which walk
  record Unreported(long pages, long walk) implements GuestLine {}

  /// The guest cannot start.
  ///
  /// @param message why
  record GuestError(String message) implements GuestLine {}

  /// The guest met an exception and halted.
  ///
  /// @param vector the exception's number
  /// @param rip where
  /// @param error its error code
  /// @param cr2 the address of a page fault
  record Panic(int vector, long rip, long error, long cr2) implements GuestLine {}

  /// Not a line of the protocol.
  ///
  /// @param text the line
  record Other(String text) implements GuestLine {}

  /// Reads a line.
  ///
  /// @param text the line without its end
  static GuestLine parse(String text) {
    try {
      return parseKnown(text, text.split(" ", -1));
    } catch (IllegalArgumentException | ArithmeticException _) {
      return new Other(text);
    }
  }

  private static GuestLine parseKnown(String text, String[] words) {
    return switch (words[0]) {
      case "t" -> tick(words);
      case "ready" -> ready(words);
      case "walk" -> walk(words);
      case "wrong" -> wrong(words);
      case "unreported" -> unreported(words);
      case "error" -> new GuestError(text.substring("error".length()).strip());
      case "panic" -> panic(words);
      case "tidemark-guest" -> hello(words);
      default -> new Other(text);
    };
  }

  private static Tick tick(String[] words) {
    check(words.length == 4);
    return new Tick(hex(words[1]), hex(words[2]), hex(words[3]));
  }

  private static Ready ready(String[] words) {
    check(words.length == 1);
    return new Ready();
  }

  private static Walk walk(String[] words) {
    check(words.length == 4);
    return new Walk(dec(words[1]), dec(value("checked", words[2])), dec(value("wrong", words[3])));
  }

  private static Unreported unreported(String[] words) {
    check(words.length == 3);
    return new Unreported(dec(words[1]), dec(value("walk", words[2])));
  }

  private static Panic panic(String[] words) {
    check(words.length == 5);
    return new Panic(
        Math.toIntExact(hex(value("vector", words[1]))),
        hex(value("rip", words[2])),
        hex(value("error", words[3])),
        hex(value("cr2", words[4])));
  }

  private static void check(boolean wellFormed) {
    if (!wellFormed) {
      throw new IllegalArgumentException("another number of words");
    }
  }

  private static Wrong wrong(String[] words) {
    check(words.length == 7);
    return new Wrong(
        hex(words[1]),
        PageClass.parse(words[2]),
        dec(value("walk", words[3])),
        Math.toIntExact(hex(value("at", words[4]))),
        hex(value("expected", words[5])),
        hex(value("found", words[6])));
  }

  private static Hello hello(String[] words) {
    check(words.length > 2 && words[1].equals("1"));
    Map<String, String> fields = new HashMap<>();
    for (String word : List.of(words).subList(2, words.length)) {
      int equals = word.indexOf('=');
      if (equals < 0 || fields.put(word.substring(0, equals), word.substring(equals + 1)) != null) {
        throw new IllegalArgumentException("not a field: " + word);
      }
    }
    List<AddressRange> map = new ArrayList<>();
    for (String range : field(fields, "map").split(",", -1)) {
      map.add(AddressRange.parse(range));
    }
    String rate = field(fields, "rate");
    return new Hello(
        dec(field(fields, "ram")),
        dec(field(fields, "pages")),
        AddressRange.parse(field(fields, "dirty")),
        dec(field(fields, "static")),
        dec(field(fields, "zero")),
        AddressRange.parse(field(fields, "image")),
        dec(field(fields, "ws")),
        rate.equals("max") ? OptionalLong.empty() : OptionalLong.of(dec(rate)),
        Fill.parse(field(fields, "fill")),
        Math.toIntExact(dec(field(fields, "tick"))),
        onOrOff(field(fields, "check")),
        onOrOff(field(fields, "halt")),
        map);
  }

  private static String field(Map<String, String> fields, String key) {
    String value = fields.get(key);
    if (value == null) {
      throw new IllegalArgumentException("no field " + key);
    }
    return value;
  }

  private static String value(String key, String word) {
    if (!word.startsWith(key + "=")) {
      throw new IllegalArgumentException("not the field " + key + ": " + word);
    }
    return word.substring(key.length() + 1);
  }

  private static boolean onOrOff(String text) {
    return switch (text) {
      case "on" -> true;
      case "off" -> false;
      default -> throw new IllegalArgumentException("neither on nor off: " + text);
    };
  }

  private static long dec(String digits) {
    return number(digits, 10);
  }

  private static long hex(String digits) {
    return number(digits, 16);
  }

  private static long number(String digits, int radix) {
    if (digits.startsWith("+") || digits.startsWith("-")) {
      throw new IllegalArgumentException("not a number: " + digits);
    }
    return Long.parseUnsignedLong(digits, radix);
  }
}
