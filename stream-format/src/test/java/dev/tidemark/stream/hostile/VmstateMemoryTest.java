// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Decoding device state takes no more memory than its heap of 384 MiB has, input of up to 100 MB
/// included, and ends within a minute, whatever vmdesc says.
class VmstateMemoryTest {
  private static final long MOST_MILLISECONDS = 60_000;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "HUNDRED_MEGABYTES_OF_JSON, LimitExceeded",
    "EMPTY_FIELDS, LimitExceeded",
    "NAMED_FIELDS, LimitExceeded",
    "UNKNOWN_KEYS, decoded",
    "DIFFERENT_KEYS, decoded",
    "TINY_STRUCTS, Opaque",
    "MOST_TINY_STRUCTS, Array",
    "NOTHING, Opaque",
    "LONG_LIST, Opaque",
    "DEEP, Struct"
  })
  void hostileLayoutEndsInBoundedMemory(VmstateMemoryMain.Case attack, String end)
      throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    Process child =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx384m",
                    "-XX:+UseSerialGC",
                    "-cp",
                    System.getProperty("java.class.path"),
                    VmstateMemoryMain.class.getName(),
                    attack.name()))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = child.waitFor(3, TimeUnit.MINUTES);
    if (!ended) {
      child.destroyForcibly().waitFor();
    }
    String text = Files.readString(output, StandardCharsets.UTF_8).strip();
    assertThat(ended).as("did not end: %s", text).isTrue();
    assertThat(child.exitValue()).as(text).isZero();
    assertThat(text).startsWith(end + " ");
    assertThat(Long.parseLong(text.substring(end.length() + 1))).isLessThan(MOST_MILLISECONDS);
  }
}
