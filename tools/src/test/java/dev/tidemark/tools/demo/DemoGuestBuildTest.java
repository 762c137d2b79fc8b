// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

/// The checked-in guest is made from its checked-in source.
class DemoGuestBuildTest {
  /// The release of GNU binutils that made the checked-in file.
  private static final String BINUTILS = " 2.40";

  private static final int PT_LOAD = 1;

  @Test
  void theProgramIsBuiltFromItsSource(@TempDir Path folder) throws Exception {
    String version = requireAssembler();
    Path built = folder.resolve("guest.elf");
    run(source().resolve("build").toString(), built.toString());
    byte[] fresh = Files.readAllBytes(built);
    byte[] checkedIn = checkedIn();
    if (version.contains(BINUTILS)) {
      assertThat(fresh).isEqualTo(checkedIn);
    } else {
      // Other releases lay out headers and notes differently; what is loaded must be the same.
      assertThat(loadedSegments(fresh)).isEqualTo(loadedSegments(checkedIn));
    }
  }

  @Test
  void theProgramHasSegmentsToCompare() throws Exception {
    List<String> segments = loadedSegments(checkedIn());
    assertThat(segments).isNotEmpty();
    assertThat(segments.getFirst()).startsWith("100000 ");
    byte[] other = checkedIn();
    other[0x200] ^= 1;
    assertThat(loadedSegments(other)).isNotEqualTo(segments);
  }

  private static String requireAssembler() throws IOException, InterruptedException {
    try {
      run("ld", "--version");
      return run("as", "--version").lines().findFirst().orElse("");
    } catch (IOException e) {
      String why = "no assembler and linker to build the demo guest with; install binutils";
      if (System.getProperty("tidemark.live", "optional").equals("required")) {
        throw new AssertionError(why, e);
      }
      System.err.println("SKIPPED: " + why);
      throw new TestAbortedException(why, e);
    }
  }

  private static Path source() {
    Path module = Path.of(System.getProperty("basedir", System.getProperty("user.dir")));
    Path source = module.resolve("src/main/guest");
    assertThat(source).isDirectory();
    return source;
  }

  private static byte[] checkedIn() throws IOException {
    try (InputStream in = DemoGuest.class.getResourceAsStream("guest.elf")) {
      return Objects.requireNonNull(in).readAllBytes();
    }
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out;
  }

  /// Address, size in memory and bytes of each loaded segment.
  private static List<String> loadedSegments(byte[] file) {
    ByteBuffer elf = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(elf.get(4)).as("64-bit").isEqualTo((byte) 2);
    int headers = Math.toIntExact(elf.getLong(32));
    int size = elf.getShort(54);
    List<String> segments = new ArrayList<>();
    for (int i = 0; i < elf.getShort(56); i++) {
      int at = headers + i * size;
      if (elf.getInt(at) == PT_LOAD) {
        int offset = Math.toIntExact(elf.getLong(at + 8));
        int length = Math.toIntExact(elf.getLong(at + 32));
        segments.add(
            "%x %d %s"
                .formatted(
                    elf.getLong(at + 24),
                    elf.getLong(at + 40),
                    HexFormat.of().formatHex(file, offset, offset + length)));
      }
    }
    return segments;
  }
}
