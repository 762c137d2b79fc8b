// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.doctor;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The QEMU system emulators on the search path.
final class QemuBinaries {
  private static final String SUBJECT = "QEMU";
  private static final int MOST = 8;
  private static final int PATIENCE_SECONDS = 10;
  private static final Pattern VERSION = Pattern.compile("version ((\\d+)\\.(\\d+)[0-9.]*)");

  private QemuBinaries() {}

  static List<Finding> findings() throws InterruptedException {
    List<Path> found = found();
    if (found.isEmpty()) {
      return List.of(
          Finding.broken(
              SUBJECT,
              "no qemu-system-* on PATH",
              "run scripts/install-qemu, or apt-get install qemu-system-x86"));
    }
    List<Finding> findings = new ArrayList<>();
    for (Path binary : found.subList(0, Math.min(MOST, found.size()))) {
      findings.add(finding(binary));
    }
    if (found.size() > MOST) {
      findings.add(Finding.ok(SUBJECT, (found.size() - MOST) + " more on PATH"));
    }
    return findings;
  }

  /// By name, the first of each name on the path; where the folder is a link to another, once.
  private static List<Path> found() {
    Map<String, Path> byName = new TreeMap<>();
    String search = System.getenv("PATH");
    for (String folder : (search == null ? "" : search).split(File.pathSeparator, -1)) {
      if (folder.isEmpty()) {
        continue;
      }
      try (DirectoryStream<Path> files =
          Files.newDirectoryStream(Path.of(folder), "qemu-system-*")) {
        for (Path file : files) {
          if (Files.isExecutable(file)) {
            byName.putIfAbsent(String.valueOf(file.getFileName()), file);
          }
        }
      } catch (IOException | InvalidPathException e) {
        // A folder on the path that is not there is nothing to worry about.
      }
    }
    return List.copyOf(byName.values());
  }

  private static Finding finding(Path binary) throws InterruptedException {
    String said;
    try {
      said = output(binary);
    } catch (IOException e) {
      return Finding.warning(SUBJECT, binary + " does not start", String.valueOf(e.getMessage()));
    }
    Matcher matcher = VERSION.matcher(said);
    if (!matcher.find()) {
      return Finding.warning(SUBJECT, binary + " tells no version", "install it again");
    }
    int major = Integer.parseInt(matcher.group(2));
    int minor = Integer.parseInt(matcher.group(3));
    String detail = binary + " " + matcher.group(1);
    return major > 7 || (major == 7 && minor >= 2)
        ? Finding.ok(SUBJECT, detail)
        : Finding.warning(SUBJECT, detail, "only 7.2 and newer are tested");
  }

  private static String output(Path binary) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(binary.toString(), "--version").redirectErrorStream(true).start();
    try {
      process.getOutputStream().close();
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("no answer within " + PATIENCE_SECONDS + " s");
      }
      return new String(process.getInputStream().readNBytes(4096), StandardCharsets.UTF_8);
    } finally {
      process.destroyForcibly();
    }
  }
}
