// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// No damaged stream takes more than 64 MiB of heap, or as much outside of it; makes anything but a
/// [dev.tidemark.stream.StreamException]; or keeps a reader busy for ever.
///
/// A sample by default, of `-Dtidemark.campaign.cases=20000` cases of each stream (large ones get
/// fewer), of `-Dtidemark.campaign.streams=pc-10.0-stopped,pc-7.2-busy` only.
///
/// All of it, as [CampaignPart] says: `mvn test -Pcampaign -pl stream-format -am`, which takes an
/// hour or two; `-Dtidemark.campaign.minutes=30` ends it early, and the next run goes on from
/// there.
/// Finds are left in `stream-format/target/campaign`; they belong into `corpus/regressions`.
class HostileCampaignTest {
  private static final int SAMPLE = 350;

  private static final boolean FULL = Boolean.getBoolean("tidemark.campaign.full");

  private static final Path FOLDER = Path.of("target", "campaign");

  private record Ended(int code, String output) {}

  @Test
  void damagedStreamsAreRefusedInBoundedMemory() throws IOException, InterruptedException {
    String streams = System.getProperty("tidemark.campaign.streams", "");
    List<String> chosen = streams.isEmpty() ? List.of() : List.of(streams.split(","));
    if (FULL) {
      Duration most = Duration.ofMinutes(Long.getLong("tidemark.campaign.minutes", 24 * 60));
      String summary =
          new WholeCampaign(FOLDER.resolve("whole"), most)
              .run(chosen.isEmpty() ? CampaignPart.all() : chosen);
      assertThat(summary.lines().skip(2).filter(row -> !row.startsWith("| all |")))
          .allMatch(row -> row.endsWith(CampaignPart.DONE));
      return;
    }
    List<String> args = new ArrayList<>();
    args.add(System.getProperty("tidemark.campaign.cases", String.valueOf(SAMPLE)));
    args.add("64");
    args.addAll(chosen);
    Ended ended = run(FOLDER, args);
    assertThat(ended.code()).as(ended.output()).isZero();
    assertThat(ended.output()).contains("heap of at most 6");
  }

  /// The measure works: what allocates as much as a length says does not pass.
  @Test
  void readerThatBelievesLengthsIsFound(@TempDir Path folder)
      throws IOException, InterruptedException {
    Ended ended = run(folder, List.of("100", "1", CampaignMain.GREEDY));
    assertThat(ended.code()).as(ended.output()).isOne();
    assertThat(ended.output()).contains("OutOfMemoryError").doesNotContain("Assertion");
    assertThat(folder).isDirectoryContaining("glob:**OutOfMemoryError-*.bin");
  }

  /// The command of a JVM whose memory bounds what readers may take.
  ///
  /// @param program its main class
  /// @param args what it is given
  static List<String> java(Class<?> program, String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx64m",
            "-XX:MaxDirectMemorySize=64m",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            program.getName()));
    command.addAll(List.of(args));
    return command;
  }

  private static Ended run(Path folder, List<String> args)
      throws IOException, InterruptedException {
    List<String> command = java(CampaignMain.class, folder.toString());
    command.addAll(args);
    Path output = Files.createTempFile("campaign", ".txt");
    try {
      Process child =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      boolean ended = child.waitFor(10, TimeUnit.MINUTES);
      if (!ended) {
        child.destroyForcibly().waitFor();
      }
      String text = Files.readString(output, StandardCharsets.UTF_8);
      Files.createDirectories(folder);
      Files.writeString(folder.resolve("summary.txt"), text);
      assertThat(ended).as("did not end: %s", text).isTrue();
      return new Ended(child.exitValue(), text);
    } finally {
      Files.delete(output);
    }
  }
}
