// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;

/// All parts of the campaign, each in a JVM of its own, as many at once as there are processors.
///
/// Goes on where it was ended: what has been tried to its end without a find is not tried again
/// while its rows are in the folder.
final class WholeCampaign {
  private static final String HEAD =
      """
      | stream | what | bytes | positions | cases | seconds | finds | tried |
      |---|---|---:|---:|---:|---:|---:|---|
      """;

  /// Where rows, outputs and finds go.
  private final Path folder;

  private final long end;
  private final AtomicReference<IOException> failure = new AtomicReference<>();

  WholeCampaign(Path folder, Duration most) {
    this.folder = folder;
    this.end = System.nanoTime() + most.toNanos();
  }

  /// Runs what is left to be tried.
  ///
  /// @param parts of [CampaignPart#all]
  /// @return the summary
  String run(List<String> parts) throws IOException, InterruptedException {
    Files.createDirectories(folder);
    ConcurrentLinkedQueue<String> left = new ConcurrentLinkedQueue<>(parts);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
      threads.add(Thread.ofPlatform().name("campaign-" + i).start(() -> work(left)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    if (failure.get() != null) {
      throw failure.get();
    }
    String summary = summary(parts);
    Files.writeString(folder.resolve("summary.txt"), summary);
    return summary;
  }

  private void work(ConcurrentLinkedQueue<String> left) {
    try {
      for (String part = left.poll(); part != null; part = left.poll()) {
        long seconds = (end - System.nanoTime()) / 1_000_000_000;
        if (seconds > 0 && !done(part)) {
          start(part, seconds).waitFor();
        }
      }
    } catch (IOException e) {
      failure.set(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean done(String part) throws IOException {
    Path rows = rows(part);
    return Files.exists(rows)
        && Files.readAllLines(rows).stream().allMatch(row -> row.endsWith(CampaignPart.DONE));
  }

  private Path rows(String part) {
    return folder.resolve(part + ".rows");
  }

  private Process start(String part, long seconds) throws IOException {
    Files.deleteIfExists(rows(part));
    List<String> command =
        HostileCampaignTest.java(
            CampaignPart.class, folder.toString(), part, String.valueOf(seconds));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(part + ".txt").toFile())
        .start();
  }

  /// The rows of a part; of one that did not come to its end, what it printed.
  private List<String> rowsSoFar(String part) throws IOException {
    if (Files.exists(rows(part))) {
      return Files.readAllLines(rows(part), StandardCharsets.UTF_8);
    }
    List<String> rows = new ArrayList<>();
    Path output = folder.resolve(part + ".txt");
    if (Files.exists(output)) {
      rows.addAll(Files.readAllLines(output).stream().filter(r -> r.startsWith("| ")).toList());
    }
    rows.add("| " + part + " | the rest | 0 | 0 | 0 | 0 | 0 | not to its end |");
    return rows;
  }

  private String summary(List<String> parts) throws IOException {
    StringBuilder text = new StringBuilder(HEAD);
    long[] sums = new long[4];
    for (String part : parts) {
      for (String row : rowsSoFar(part)) {
        text.append(row).append('\n');
        String[] cells = row.split("\\|", -1);
        for (int i = 0; i < sums.length; i++) {
          sums[i] += Long.parseLong(cells[4 + i].strip());
        }
      }
    }
    text.append(
        String.format("| all | | | %d | %d | %d | %d | |%n", sums[0], sums[1], sums[2], sums[3]));
    return text.toString();
  }
}
