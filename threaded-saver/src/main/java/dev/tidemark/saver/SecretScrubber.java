// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver;

import dev.tidemark.checkpoint.Manifest;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Takes secrets out of a QEMU command line: the value of a `secret` object's `data`, and every
/// `password` and `passwd` given in clear. What refers to a secret by its id stays.
final class SecretScrubber {
  /// `key=value` in an option's value; a doubled comma belongs to the value.
  private static final Pattern PLAIN =
      Pattern.compile("(?<=^|,)([A-Za-z0-9.-]*?(?:data|password|passwd))=((?:,,|[^,])*)");

  /// The same in an option given as JSON.
  private static final Pattern JSON =
      Pattern.compile(
          "\"([A-Za-z0-9.-]*(?:data|password|passwd))\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"");

  private static final Pattern SWITCH = Pattern.compile("on|off|true|false|yes|no");

  private SecretScrubber() {}

  static Manifest.CommandLine scrub(
      String executable, List<String> arguments, String workingDirectory) {
    List<String> kept = new ArrayList<>();
    List<String> removed = new ArrayList<>();
    String option = "";
    for (String argument : arguments) {
      kept.add(scrub(option, argument, removed));
      option = argument.startsWith("-") ? argument : "";
    }
    return new Manifest.CommandLine(
        executable, List.copyOf(kept), workingDirectory, List.copyOf(removed));
  }

  private static String scrub(String option, String argument, List<String> removed) {
    if (option.isEmpty()) {
      return argument;
    }
    boolean secret = argument.contains("secret");
    Pattern pattern = argument.startsWith("{") ? JSON : PLAIN;
    StringBuilder out = new StringBuilder();
    Matcher match = pattern.matcher(argument);
    while (match.find()) {
      boolean isData = match.group(1).endsWith("data");
      // `password=on` asks for one to be set later; it is none.
      if (isData ? !secret : SWITCH.matcher(match.group(2)).matches()) {
        match.appendReplacement(out, Matcher.quoteReplacement(match.group()));
        continue;
      }
      removed.add(option + " " + match.group(1));
      String whole = match.group();
      String without =
          whole.substring(0, match.start(2) - match.start())
              + whole.substring(match.end(2) - match.start());
      match.appendReplacement(out, Matcher.quoteReplacement(without));
    }
    match.appendTail(out);
    return out.toString();
  }
}
