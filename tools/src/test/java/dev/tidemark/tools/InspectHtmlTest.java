// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import dev.tidemark.stream.fixture.Corpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The page of `inspect --html`, as bytes; `InspectHtmlLiveIT` has a browser draw it.
class InspectHtmlTest {
  private static final Pattern DATA =
      Pattern.compile("<script type=\"application/json\" id=\"data\">([^<]*)</script>");

  @TempDir Path folder;

  private String page(Path file) throws IOException {
    Path page = folder.resolve("page.html");
    assertThat(Cli.run("inspect", file, "--html", page).ok().out())
        .matches("(?s)[^\\n]*page\\.html: written, [0-9.]+ KiB\\n");
    return Files.readString(page);
  }

  @Test
  void thePageIsPublishedAsSecretsAre() throws IOException {
    Path file = SmallArchive.write(folder.resolve("vm.tmk"));
    Path page = folder.resolve("page.html");
    Cli.run("inspect", "--html", page, file).ok();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(page)))
        .isEqualTo("rw-------");
    assertThat(Cli.run("inspect", "--html", page, file).failed(1).err())
        .isEqualTo(
            "tidemark: " + page + ": already exists; use another name, or --force to replace it\n");
    Cli.run("inspect", "--html", page, "--force", file).ok();
    assertThat(folder).isDirectoryNotContaining("glob:**/.*.part-*");
  }

  @Test
  void nothingIsLoadedFromElsewhere() throws IOException {
    assertThat(page(SmallArchive.write(folder.resolve("vm.tmk"))))
        .doesNotContainPattern("(src|href|action)\\s*=")
        .doesNotContainPattern("url\\(|@import|fetch\\(|innerHTML")
        .contains("default-src 'none'; style-src 'sha256-", "script-src 'sha256-");
  }

  @Test
  void hostileNamesStayInTheData() throws IOException {
    String name = "</script><script>alert(1)</script><!--{{style}}&amp;\u2028\"'";
    String page = page(SmallArchive.write(folder.resolve("vm.tmk"), latin(name)));
    assertThat(page).doesNotContain("alert(1)</script>", "<!--");
    assertThat(page.split("<script", -1)).hasSize(3);
    Matcher data = DATA.matcher(page);
    assertThat(data.find()).isTrue();
    assertThat(textOf(data.group(1))).contains(latin(name));
  }

  /// Names are Latin-1.
  private static String latin(String name) {
    return name.replace("\u2028", "\u00e9");
  }

  private static String textOf(String json) throws IOException {
    StringBuilder all = new StringBuilder();
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      while (parser.nextToken() != null) {
        all.append(parser.getText()).append('\n');
      }
    }
    return all.toString();
  }

  @Test
  void theDevicesOfARealMachineAreATree() throws IOException {
    Path file = Files.write(folder.resolve("q35"), Corpus.bytes("q35-10.0-file"));
    Matcher data = DATA.matcher(page(file));
    assertThat(data.find()).isTrue();
    assertThat(data.group(1))
        .contains("\"n\":\"cpu/0\"", "\"n\":\"env.regs\"", "\"name\":\"globalstate\"")
        .hasSizeLessThan(400_000);
  }
}
