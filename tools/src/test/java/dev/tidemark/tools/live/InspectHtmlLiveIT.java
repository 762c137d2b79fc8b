// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.tools.SmallArchive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The page of `inspect --html`, drawn by a browser.
@Timeout(300)
class InspectHtmlLiveIT {
  private static final String DRAWN = "data-drawn=\"yes\"";

  @TempDir Path folder;

  private Chromium.Page open(Path page) throws IOException, InterruptedException {
    return Chromium.open(page, folder.resolve("profile-" + page.getFileName()));
  }

  private Path page(Path file) {
    Path page = folder.resolve(file.getFileName() + ".html");
    Commands.good("inspect", "--html", page, file);
    return page;
  }

  @Test
  void aRealMachineIsDrawn() throws Exception {
    Path file = Files.write(folder.resolve("q35"), Corpus.bytes("q35-10.0-file"));
    Chromium.Page page = open(page(file));
    assertThat(page.console()).isEmpty();
    assertThat(page.dom())
        .contains(DRAWN, "data-cells=\"2048\"", "aria-label=\"pages of pc.ram\"")
        .contains("<td>globalstate</td>", "<b>cpu/0</b>", "29 of 29 devices")
        .contains(
            "<td>pc-q35-10.0</td>", "all 121 looked at", "<title>" + file + " \u2013 checkpoint");
    // Of the 16 MiB of pc.ram most cells are zero, and so is pc.rom, which is one cell.
    assertThat(page.count("<rect class=\"z\"")).isBetween(2000L, 2200L);
    // 69 pages of data in pc.ram, two to a cell, 47 in pc.bios and a few more.
    assertThat(page.count("<rect class=\"e")).isBetween(80L, 140L);
    assertThat(page.count("<td class=\"kind\">device</td>")).isEqualTo(29);
  }

  @Test
  void anArchiveShowsWhatItsManifestSays() throws Exception {
    Chromium.Page page = open(page(SmallArchive.write(folder.resolve("vm.tmk"))));
    assertThat(page.console()).isEmpty();
    assertThat(page.dom())
        .contains(DRAWN, "<td>8.4 ms</td>", "qcow2 /srv/disk.qcow2", "1 of 1 device");
    // Three pages missing at the end of pc.ram, one of pc.rom; five zero or filled in between.
    assertThat(page.count("<rect class=\"m\"")).isEqualTo(1 + 4);
  }

  @Test
  void hostileNamesAreText() throws Exception {
    String name = "</script><script>document.documentElement.dataset.owned=1</script>";
    String image = "<img src=x onerror=\"document.documentElement.dataset.owned=1\">";
    Path file = SmallArchive.write(folder.resolve("vm.tmk"), name + image);
    Chromium.Page page = open(page(file));
    assertThat(page.console()).isEmpty();
    assertThat(page.dom())
        .contains(DRAWN, "&lt;img src=x onerror=")
        .doesNotContain("data-owned", "<img");
  }

  /// The page's own policy stops a script that is not the page's.
  @Test
  void anotherScriptDoesNotRun() throws Exception {
    Path whole = page(SmallArchive.write(folder.resolve("vm.tmk")));
    String changed =
        Files.readString(whole)
            .replace("'use strict';", "document.documentElement.dataset.owned = 1;");
    Chromium.Page page = open(Files.writeString(folder.resolve("changed.html"), changed));
    assertThat(page.dom()).doesNotContain("data-owned", DRAWN);
    assertThat(page.console()).anyMatch(line -> line.contains("Content Security Policy"));
  }
}
