// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import java.util.ArrayList;
import java.util.List;

/// What is not as it must be: a line for each thing, none if all is well.
final class DemoVerdict {
  private static final int SHOWN = 5;

  private DemoVerdict() {}

  /// The VM that was saved must not have been harmed by it.
  static List<String> ofSource(GuestConsole console) {
    List<String> problems = new ArrayList<>(memory("source", console));
    console.end().ifPresent(why -> problems.add("the source guest did not go on: " + why));
    return problems;
  }

  /// The restored VM must hold all of its memory and go on where it was saved.
  ///
  /// @param lastTickOfSource the last tick that the source's guest is known to have made
  static List<String> ofRestored(
      GuestConsole console, DemoReport.Restored found, long lastTickOfSource, int tickMillis) {
    List<String> problems = new ArrayList<>(memory("restored", console));
    console.end().ifPresent(why -> problems.add("the restored guest did not go on: " + why));
    if (tickMillis == 0) {
      return problems;
    }
    if (found.firstTick() <= found.lastTickOfSource()) {
      problems.add(
          "time jumped back: the restored guest began at tick %d, the source was at %d before the save"
              .formatted(found.firstTick(), found.lastTickOfSource()));
    }
    // The line in which the VM was saved is cut: one tick may be missing.
    if (found.firstTick() > lastTickOfSource + 2L * tickMillis) {
      problems.add(
          "time jumped forward: the restored guest began at tick %d, the source ended at %d"
              .formatted(found.firstTick(), lastTickOfSource));
    }
    if (console.tickJumps() > 0) {
      problems.add("ticks are missing or came twice: " + console.tickJumps() + " times");
    }
    return problems;
  }

  private static List<String> memory(String which, GuestConsole console) {
    List<String> problems = new ArrayList<>();
    List<GuestLine.Wrong> wrong = console.wrong();
    for (GuestLine.Wrong page : wrong.subList(0, Math.min(SHOWN, wrong.size()))) {
      problems.add(
          "the %s guest found a %s page wrong: %x should hold walk %d, and has %x for %x at %x"
              .formatted(
                  which,
                  page.pageClass().wireName(),
                  page.address(),
                  page.walk(),
                  page.found(),
                  page.expected(),
                  page.at()));
    }
    // The count since boot also knows of pages whose lines were lost.
    long all =
        Math.max(
            wrong.size() + console.unreported(),
            console.lastWalk().map(GuestLine.Walk::wrong).orElse(0L));
    if (all > Math.min(SHOWN, wrong.size())) {
      problems.add("the %s guest found %d pages wrong in all".formatted(which, all));
    }
    return problems;
  }
}
