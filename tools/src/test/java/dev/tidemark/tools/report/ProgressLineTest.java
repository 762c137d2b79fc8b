// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private final StringWriter err = new StringWriter();
  private long millis = 1_000_000;

  private ProgressLine line(boolean terminal, boolean quiet) {
    Console console =
        new Console(new PrintWriter(new StringWriter()), new PrintWriter(err), terminal);
    return new ProgressLine(console, quiet, () -> millis * 1_000_000);
  }

  @Test
  void onATerminalABarIsDrawnOverAndWiped() {
    try (ProgressLine line = line(true, false)) {
      line.show("verifying", 1, 2, "fast");
      line.show("verifying", 2, 2, "too soon");
    }
    assertThat(err.toString())
        .isEqualTo("\r\u001b[Kverifying [############............]  50 %  fast\r\u001b[K");
  }

  @Test
  void atItsEndItIsWipedAndNothingComesBehind() {
    try (ProgressLine line = line(true, false)) {
      line.show("comparing", 1, 1, "");
      line.end();
      millis += 1000;
      line.show("comparing", 1, 1, "");
    }
    assertThat(err.toString())
        .isEqualTo("\r\u001b[Kcomparing [########################] 100 %\r\u001b[K");
  }

  @Test
  void elsewhereALineEveryTwoSeconds() {
    try (ProgressLine line = line(false, false)) {
      for (int i = 0; i < 50; i++) {
        line.show("pass 1", i, 50, "");
        millis += 100;
      }
    }
    assertThat(err.toString()).isEqualTo("tidemark: pass 1: 40 %\ntidemark: pass 1: 80 %\n");
  }

  @Test
  void quietMeansQuiet() {
    try (ProgressLine line = line(true, true)) {
      line.show("verifying", 1, 2, "");
    }
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void aTotalThatIsNotKnownHasNoBar() {
    try (ProgressLine line = line(true, false)) {
      line.show("draining", 0, 0, "7 pages");
    }
    assertThat(err.toString()).startsWith("\r\u001b[Kdraining  7 pages");
  }
}
