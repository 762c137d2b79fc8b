// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A browser without a window; `scripts/fetch-live-fixtures` installs it.
final class Chromium {
  private static final int SECONDS = 120;

  private Chromium() {}

  /// What became of a page.
  ///
  /// @param dom the document after its script has run, as HTML
  /// @param console what was written to the console, errors too
  record Page(String dom, List<String> console) {
    long count(String part) {
      return dom.split(java.util.regex.Pattern.quote(part), -1).length - 1L;
    }
  }

  /// Opens a page.
  ///
  /// @param file an HTML file
  /// @param profile a folder that does not exist yet
  static Page open(Path file, Path profile) throws IOException, InterruptedException {
    Commands.need(
        isInstalled(), "Chromium is not installed; scripts/fetch-live-fixtures installs it");
    Files.createDirectories(profile);
    Path errors = profile.resolve("stderr");
    Path output = profile.resolve("stdout");
    List<String> command =
        new ArrayList<>(
            List.of(
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-extensions",
                "--enable-logging=stderr",
                "--user-data-dir=" + profile.resolve("data"),
                "--dump-dom",
                file.toUri().toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    try {
      process.getOutputStream().close();
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("Chromium does not end");
      }
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    List<String> console =
        Files.readString(errors, StandardCharsets.ISO_8859_1)
            .lines()
            .filter(line -> line.contains("CONSOLE"))
            .toList();
    return new Page(Files.readString(output), console);
  }

  private static boolean isInstalled() {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "chromium")));
  }
}
