// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class WriteBehindTest {
  private Path own = Path.of("");

  @BeforeTry
  void makeFolder() throws IOException {
    own = Files.createTempDirectory("behind");
  }

  @AfterTry
  void removeFolder() throws IOException {
    Files.deleteIfExists(own.resolve("out"));
    Files.delete(own);
  }

  @Property(tries = 60)
  void whatIsPutLastStays(@ForAll long seed, @ForAll @IntRange(min = 1, max = 9000) int most)
      throws IOException {
    Random random = new Random(seed);
    byte[] expected = new byte[3 << 20];
    Path file = own.resolve("out");
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      try (WriteBehind behind = WriteBehind.at(target)) {
        int position = 0;
        for (int i = 0; i < 1500; i++) {
          byte[] bytes = new byte[random.nextInt(most + 1)];
          random.nextBytes(bytes);
          position =
              random.nextInt(3) == 0 || position + bytes.length > expected.length
                  ? random.nextInt(expected.length - bytes.length)
                  : position;
          int skipped = bytes.length / 3;
          int length = bytes.length - skipped;
          behind.put(position, MemorySegment.ofArray(bytes), skipped, length);
          System.arraycopy(bytes, skipped, expected, position, length);
          position += length;
        }
        behind.finish();
      }
      target.commit();
    }
    byte[] written = Files.readAllBytes(file);
    assertThat(Arrays.equals(Arrays.copyOf(written, expected.length), expected)).isTrue();
  }

  @Test
  void aChannelAppends(@TempDir Path folder) throws IOException {
    byte[] bytes = new byte[5 << 20];
    new Random(7).nextBytes(bytes);
    Path file = folder.resolve("out");
    try (FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      try (WriteBehind behind = WriteBehind.appending(target);
          WritableByteChannel channel = behind.channel()) {
        for (int at = 0; at < bytes.length; at += 70_000) {
          channel.write(ByteBuffer.wrap(bytes, at, Math.min(70_000, bytes.length - at)));
        }
        behind.finish();
      }
      target.commit();
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
  }

  @Test
  @Timeout(30)
  void whatAWriteMeetsIsThrown(@TempDir Path folder) throws IOException {
    MemorySegment bytes = MemorySegment.ofArray(new byte[1 << 20]);
    try (FileTarget target = FileTarget.onto(folder.resolve("out"), Path.of("/dev/full"))) {
      try (WriteBehind behind = WriteBehind.at(target)) {
        assertThatThrownBy(
                () -> {
                  for (long at = 0; at < 64 << 20; at += bytes.byteSize()) {
                    behind.put(at, bytes, 0, bytes.byteSize());
                  }
                })
            .isInstanceOf(IOException.class)
            .hasMessageContaining("No space left on device");
        assertThatThrownBy(behind::finish).isInstanceOf(IOException.class);
      }
    }
    assertThat(threads()).isEmpty();
  }

  @Test
  @Timeout(30)
  void whatIsGivenUpEndsItsThread(@TempDir Path folder) throws IOException {
    try (FileTarget target = FileTarget.create(folder.resolve("out"), FileTarget.Options.DEFAULT)) {
      try (WriteBehind behind = WriteBehind.at(target)) {
        behind.put(0, MemorySegment.ofArray(new byte[100]), 0, 100);
      }
      assertThat(threads()).isEmpty();
    }
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.equals("tidemark-behind"))
        .toList();
  }
}
