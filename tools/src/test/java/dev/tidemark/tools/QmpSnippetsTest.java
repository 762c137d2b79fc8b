// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.fixture.Snippet;
import dev.tidemark.stream.fixture.Sources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The Java in the Javadoc of `qmp-client` compiles. Here, since that module has no snippets'
/// fixture.
class QmpSnippetsTest {
  private static final Snippet.Context CONTEXT =
      new Snippet.Context(
          List.of(
              "dev.tidemark.qmp",
              "dev.tidemark.qmp.command",
              "dev.tidemark.qmp.descriptor",
              "dev.tidemark.qmp.event",
              "dev.tidemark.qmp.json",
              "dev.tidemark.qmp.schema",
              "java.nio",
              "java.nio.file",
              "java.time",
              "java.util",
              "java.util.concurrent"),
          List.of("QmpClient qmp", "ByteBuffer buffer"));

  @TempDir Path folder;

  static Stream<Snippet> snippets() throws IOException {
    return Sources.files("qmp-client/src/main/java/**.java").stream()
        .flatMap(file -> Snippet.in(file).stream());
  }

  @ParameterizedTest
  @MethodSource("snippets")
  void compiles(Snippet snippet) throws IOException {
    assertThat(snippet.compile(CONTEXT, folder)).isEmpty();
  }

  @Test
  void thePackageShowsTheFiveThingsPeopleDo() throws IOException {
    assertThat(
            snippets()
                .filter(each -> each.file().endsWith("dev/tidemark/qmp/package-info.java"))
                .map(Snippet::code))
        .hasSize(5)
        .anyMatch(code -> code.contains("QmpClient.connect("))
        .anyMatch(code -> code.contains("qmp.execute("))
        .anyMatch(code -> code.contains("qmp.listen("))
        .anyMatch(code -> code.contains("qmp.migrate("))
        .anyMatch(code -> code.contains("qmp.getfd("));
  }
}
