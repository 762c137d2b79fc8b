// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.fixture.Snippet;
import dev.tidemark.stream.fixture.Sources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The Java in the project's Markdown compiles. Here, since it uses every module.
class SnippetsTest {
  private static final Snippet.Context CONTEXT =
      new Snippet.Context(
          List.of(
              "dev.tidemark.checkpoint",
              "dev.tidemark.qmp",
              "dev.tidemark.restorer",
              "dev.tidemark.saver",
              "dev.tidemark.stream",
              "dev.tidemark.stream.ram",
              "java.io",
              "java.nio.file",
              "java.util"),
          List.of());

  @TempDir Path folder;

  /// None found is a failure, by the test engine itself.
  static Stream<Snippet> snippets() throws IOException {
    return Sources.files("*.md", "docs/**.md").stream().flatMap(f -> Snippet.in(f).stream());
  }

  @ParameterizedTest
  @MethodSource("snippets")
  void compiles(Snippet snippet) throws IOException {
    assertThat(snippet.compile(CONTEXT, folder)).isEmpty();
  }
}
