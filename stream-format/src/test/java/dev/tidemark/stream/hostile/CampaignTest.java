// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The campaign itself.
class CampaignTest {
  private static final byte[] GOOD = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

  @TempDir Path folder;

  @Test
  void everyDamageIsDoneAndMended() throws IOException {
    byte[] bytes = GOOD.clone();
    Set<Integer> lengths = new TreeSet<>();
    Set<String> seen = new TreeSet<>();
    Campaign campaign = new Campaign(folder);
    campaign.run(
        "good",
        bytes,
        List.of(
            (b, length) -> {
              lengths.add(length);
              seen.add(Arrays.toString(Arrays.copyOf(b, length)));
              if (!Arrays.equals(b, 0, length, GOOD, 0, GOOD.length)) {
                throw new StreamException.Malformed("damaged", 0, "test");
              }
            }),
        Positions.all(bytes),
        Long.MAX_VALUE);
    assertThat(bytes).isEqualTo(GOOD);
    assertThat(campaign.finds()).isEmpty();
    assertThat(lengths).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    assertThat(seen)
        .contains("[1, 2, 3]", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -12]")
        .contains("[1, 2, 3, 127, -1, -1, -1, -1, -1, -1, -1]");
    // 11 cuts, 33 flips, 10 places of two bytes, 8 of four, 4 of eight.
    assertThat(campaign.cases()).isEqualTo(11 + 33 + 2 * 10 + 5 * 8 + 6 * 4);
  }

  @Test
  void whatSubjectsDoNotStandIsKept() throws IOException {
    Campaign campaign = new Campaign(folder);
    campaign.run(
        "good",
        GOOD.clone(),
        List.of(
            (b, length) -> {
              if (length == 5) {
                throw new IndexOutOfBoundsException("5");
              }
              if (length == 6) {
                throw new StreamException.Truncated("the stream ends", 7, "test");
              }
              if (length < GOOD.length) {
                throw new StreamException.Truncated("the stream ends", length, "test");
              }
            }),
        new int[] {4, 5, 6, 7},
        Long.MAX_VALUE);
    assertThat(campaign.finds())
        .hasSize(2)
        .anyMatch(f -> f.startsWith("IndexOutOfBoundsException-") && f.contains("at 0x5 CUT"))
        .anyMatch(f -> f.startsWith("Truncated-") && f.contains("offset outside 6 bytes"));
    try (var files = Files.list(folder)) {
      assertThat(files.map(f -> f.toFile().length())).containsExactlyInAnyOrder(5L, 6L);
    }
  }

  @Test
  void whatNobodyReadsWholeIsNoStart() {
    assertThatThrownBy(
            () ->
                new Campaign(folder)
                    .run(
                        "good",
                        GOOD.clone(),
                        List.of(
                            (b, length) -> {
                              throw new StreamException.Malformed("bad", 0, "test");
                            }),
                        new int[] {0},
                        1))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void everySubjectGetsEveryCut() throws IOException {
    Map<String, List<Integer>> cuts =
        new TreeMap<>(Map.of("a", new ArrayList<>(), "b", new ArrayList<>()));
    List<Subject> subjects = new ArrayList<>();
    for (List<Integer> seen : cuts.values()) {
      subjects.add(
          (b, length) -> {
            if (length < GOOD.length) {
              seen.add(length);
              throw new StreamException.Truncated("the stream ends", length, "test");
            }
          });
    }
    Campaign campaign = new Campaign(folder);
    campaign.eachCut(new Ground("good", GOOD.clone(), subjects, new int[] {0, 3, 10}));
    assertThat(cuts.values()).allMatch(seen -> seen.equals(List.of(0, 3, 10)));
    // Cuts, flips, and lengths of 2, 4 and 8 bytes where they fit.
    assertThat(campaign.cases()).isEqualTo(6 + 9 + 2 * 2 + 2 * 5 + 2 * 6);
  }

  @Test
  void partThatCameToItsEndIsNotRunAgain() throws IOException, InterruptedException {
    Files.writeString(
        folder.resolve("a.rows"), "| a | thinned | 9 | 5 | 85 | 1 " + CampaignPart.DONE);
    Files.writeString(
        folder.resolve("b.txt"), "| b | thinned | 9 | 4 | 68 | 1 " + CampaignPart.DONE);
    String summary = new WholeCampaign(folder, Duration.ZERO).run(List.of("a", "b", "c"));
    assertThat(summary.lines().skip(2))
        .containsExactly(
            "| a | thinned | 9 | 5 | 85 | 1 | 0 | all |",
            "| b | thinned | 9 | 4 | 68 | 1 | 0 | all |",
            "| b | the rest | 0 | 0 | 0 | 0 | 0 | not to its end |",
            "| c | the rest | 0 | 0 | 0 | 0 | 0 | not to its end |",
            "| all | | | 9 | 153 | 2 | 0 | |");
    assertThat(folder.resolve("summary.txt")).hasContent(summary);
  }
}
