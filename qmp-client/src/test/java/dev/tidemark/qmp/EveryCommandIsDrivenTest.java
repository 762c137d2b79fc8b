// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.qmp.command.QmpCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Each typed command is sent to real QEMUs by some live test.
class EveryCommandIsDrivenTest {
  static Stream<String> commands() {
    return Arrays.stream(QmpCommand.class.getPermittedSubclasses()).map(Class::getSimpleName);
  }

  @ParameterizedTest
  @MethodSource("commands")
  void aLiveTestSendsIt(String command) throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
      assertThat(files.filter(file -> file.toString().endsWith("LiveIT.java")).toList())
          .anyMatch(file -> isSentBy(file, command));
    }
  }

  private static boolean isSentBy(Path file, String command) {
    try {
      String text = Files.readString(file);
      return text.contains("new " + command + "(") || text.contains(" " + command + ".");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
