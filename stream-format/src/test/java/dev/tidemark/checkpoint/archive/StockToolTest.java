// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static dev.tidemark.checkpoint.archive.Archives.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The stock `lz4` and `zstd` take an archive whatever the sizes of its blocks.
class StockToolTest {
  private static final int BLOCK = 64 << 10;

  @BeforeAll
  static void needsTheTools() {
    for (StockTool tool : StockTool.values()) {
      Assumptions.assumeTrue(tool.isHere(), "no command " + tool);
    }
  }

  /// Blocks of exactly 64 KiB, and compressed ones larger than lz4's buffer, are what it stumbles
  /// over when the last block is not stored.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4000, 4096, BLOCK - 30, BLOCK, 3 * BLOCK, 4 * BLOCK, 5 * BLOCK + 7})
  void deviceStateOfAnySize(int size) throws IOException {
    for (ArchiveOptions options : Archives.options()) {
      for (boolean vmdesc : new boolean[] {false, true}) {
        byte[] file = archive(options, size, vmdesc);
        StockTool tool = StockTool.of(options);
        tool.test(file);
        assertThat(tool.decompress(file)).isEqualTo(BodyParser.decompress(file));
      }
    }
  }

  private static byte[] archive(ArchiveOptions options, int deviceBytes, boolean vmdesc)
      throws IOException {
    RamBlock ram = new RamBlock(0, "pc.ram", 200L * PAGE);
    MemoryTarget target = new MemoryTarget();
    try (ArchiveWriter writer =
        ArchiveWriter.begin(target, options, Archives.prologue(false, ram))) {
      Archives.PageSink sink = new Archives.PageSink(writer);
      for (int page = 0; page < 200; page++) {
        sink.page(0, (long) page * PAGE, halfRandomPage(page));
      }
      sink.flush();
      writer.finish(
          new DeviceState(new byte[deviceBytes], vmdesc ? Optional.of("{}") : Optional.empty()),
          Archives.MANIFEST);
    }
    return target.toByteArray();
  }

  /// Compresses a little: blocks of 256 KiB stay larger than 64 KiB.
  private static byte[] halfRandomPage(long seed) {
    byte[] page = Archives.randomPage(seed);
    java.util.Arrays.fill(page, 0, 512, (byte) 0);
    return page;
  }
}
