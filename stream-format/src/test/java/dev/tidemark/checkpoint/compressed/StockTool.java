// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The stock command of a codec, where it is at hand.
final class StockTool {
  private final Codec codec;

  private StockTool(Codec codec) {
    this.codec = codec;
  }

  /// The codecs whose command is here; gzip's is everywhere.
  static List<Codec> here() {
    return Stream.of(Codec.values())
        .filter(
            codec ->
                Stream.of("/usr/bin", "/bin", "/usr/local/bin")
                    .anyMatch(folder -> Files.isExecutable(Path.of(folder, codec.toString()))))
        .toList();
  }

  static StockTool of(Codec codec) {
    return new StockTool(codec);
  }

  byte[] compress(byte[] bytes, Path folder) throws Exception {
    return run(bytes, folder, "-c");
  }

  byte[] decompress(byte[] bytes, Path folder) throws Exception {
    return run(bytes, folder, "-dc");
  }

  private byte[] run(byte[] bytes, Path folder, String option) throws Exception {
    Path in = Files.write(folder.resolve("in"), bytes);
    Path out = folder.resolve("out");
    Process process =
        new ProcessBuilder(codec.toString(), option)
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(folder.resolve("err").toFile())
            .start();
    if (process.waitFor() != 0) {
      throw new IOException(codec + " says " + Files.readString(folder.resolve("err")));
    }
    return Files.readAllBytes(out);
  }
}
