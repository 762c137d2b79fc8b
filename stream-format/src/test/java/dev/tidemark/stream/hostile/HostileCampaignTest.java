// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// No damaged stream takes more than 64 MiB of heap, or as much outside of it; makes anything but a
/// [dev.tidemark.stream.StreamException]; or keeps a reader busy for ever.
///
/// A sample by default. All of it: `mvn test -Pcampaign -pl stream-format -am`, which takes hours;
/// `-Dtidemark.campaign.streams=pc-10.0-stopped,pc-7.2-busy`, `-Dtidemark.campaign.stride=1024` and
/// `-Dtidemark.campaign.cases=20000` (of each stream; large ones get fewer) make it less. Finds are
/// left in `stream-format/target/campaign`; they belong into
/// `corpus/regressions`.
class HostileCampaignTest {
  private static final int SAMPLE = 700;

  private static final boolean FULL = Boolean.getBoolean("tidemark.campaign.full");

  private record Ended(int code, String output) {}

  @Test
  void damagedStreamsAreRefusedInBoundedMemory() throws IOException, InterruptedException {
    List<String> args = new ArrayList<>();
    args.add(System.getProperty("tidemark.campaign.cases", FULL ? "0" : String.valueOf(SAMPLE)));
    args.add(System.getProperty("tidemark.campaign.stride", FULL ? "256" : "64"));
    String streams = System.getProperty("tidemark.campaign.streams", "");
    if (!streams.isEmpty()) {
      args.addAll(List.of(streams.split(",")));
    }
    Ended ended = run(Path.of("target", "campaign"), args);
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

  private static Ended run(Path folder, List<String> args)
      throws IOException, InterruptedException {
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
            CampaignMain.class.getName(),
            folder.toString()));
    command.addAll(args);
    Path output = Files.createTempFile("campaign", ".txt");
    try {
      Process child =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      boolean ended = child.waitFor(FULL ? 24 * 60 : 10, TimeUnit.MINUTES);
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
