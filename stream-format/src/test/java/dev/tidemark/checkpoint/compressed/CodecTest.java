// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.fixture.PieceChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class CodecTest {
  @TempDir Path folder;

  /// What the stock tools made; see `corpus/make-compressed`.
  static byte[] made(String name) {
    try (InputStream in =
        Objects.requireNonNull(CodecTest.class.getResourceAsStream("/compressed/" + name), name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] hundred() {
    byte[] plain = made("plain");
    ByteBuffer all = ByteBuffer.allocate(100 * plain.length);
    while (all.hasRemaining()) {
      all.put(plain);
    }
    return all.array();
  }

  static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  static List<Codec> here() {
    return StockTool.here();
  }

  @ParameterizedTest
  @CsvSource({
    "GZIP, plain.gz",
    "GZIP, named.gz",
    "GZIP, empty-member.gz",
    "BZIP2, plain.bz2",
    "XZ, plain.xz",
    "ZSTD, plain.zst",
    "LZ4, plain.lz4",
    "LZ4, hundred-dependent.lz4",
    "LZ4, hundred-independent.lz4",
    "LZOP, level-1.lzo",
    "LZOP, level-3.lzo",
    "LZOP, level-9.lzo",
    "LZOP, crc32.lzo",
    "LZOP, no-checksum.lzo",
    "LZOP, hundred-level-9.lzo",
  })
  void whatStockToolsMakeIsRead(Codec codec, String name) throws IOException {
    byte[] made = made(name);
    assertThat(Codec.of(made)).contains(codec);
    byte[] expected = name.startsWith("hundred") ? hundred() : made("plain");
    assertThat(Codecs.decompress(codec, made)).isEqualTo(expected);
    assertThat(Codecs.decompress(codec, PieceChannel.ofSize(made, 1), 7)).isEqualTo(expected);
  }

  /// Content that compresses well, or not at all, with repetitions near and far.
  private static byte[] content(long seed, int length) {
    Random random = new Random(seed);
    byte[] bytes = new byte[length];
    for (int at = 0; at < length; ) {
      int run = Math.min(length - at, 1 + random.nextInt(300_000));
      switch (random.nextInt(3)) {
        case 0 -> {
          byte[] noise = new byte[run];
          random.nextBytes(noise);
          System.arraycopy(noise, 0, bytes, at, run);
        }
        case 1 -> Arrays.fill(bytes, at, at + run, (byte) random.nextInt(256));
        default -> {
          int from = random.nextInt(at + 1);
          run = Math.min(run, Math.max(1, at - from));
          System.arraycopy(bytes, from, bytes, at, run);
        }
      }
      at += run;
    }
    return bytes;
  }

  @Property(tries = 60)
  void whatIsWrittenIsRead(
      @ForAll Codec codec,
      @ForAll long seed,
      @ForAll @IntRange(max = 1_500_000) int length,
      @ForAll @IntRange(min = 1, max = 400_000) int pieces)
      throws IOException {
    byte[] content = content(seed, length);
    byte[] compressed = Codecs.compress(codec, content);
    assertThat(Codecs.decompress(codec, PieceChannel.ofSize(compressed, pieces), pieces))
        .isEqualTo(content);
  }

  @ParameterizedTest
  @MethodSource("here")
  void theStockToolReadsWhatIsWritten(Codec codec) throws Exception {
    byte[] content = content(42, 3_000_000);
    byte[] compressed = Codecs.compress(codec, content);
    assertThat(StockTool.of(codec).decompress(compressed, folder)).isEqualTo(content);
    byte[] empty = Codecs.compress(codec, new byte[0]);
    assertThat(StockTool.of(codec).decompress(empty, folder)).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("here")
  void whatTheStockToolWritesIsRead(Codec codec) throws Exception {
    byte[] content = content(43, 3_000_000);
    byte[] compressed = StockTool.of(codec).compress(content, folder);
    assertThat(Codecs.decompress(codec, compressed)).isEqualTo(content);
  }

  @Test
  void gzipIsEverywhere() {
    assertThat(StockTool.here()).contains(Codec.GZIP);
  }

  @ParameterizedTest
  @EnumSource
  void membersBehindOneAnotherAreReadAsOne(Codec codec) throws IOException {
    byte[] first = content(1, 100_000);
    byte[] second = content(2, 1000);
    byte[] all =
        joined(
            Codecs.compress(codec, first),
            Codecs.compress(codec, new byte[0]),
            Codecs.compress(codec, second));
    assertThat(Codecs.decompress(codec, all)).isEqualTo(joined(first, second));
  }

  @ParameterizedTest
  @EnumSource
  void somethingElseBehindIsNotPassedOver(Codec codec) throws IOException {
    byte[] file =
        joined(Codecs.compress(codec, content(1, 5000)), "garbage, eh".getBytes(US_ASCII));
    assertThatThrownBy(() -> Codecs.decompress(codec, file))
        .isInstanceOfAny(StreamException.Malformed.class, StreamException.Truncated.class);
  }

  @Test
  void zeroesBehindArePassedOverWhereTheToolDoes() throws IOException {
    byte[] content = content(1, 5000);
    byte[] zeroes = new byte[512];
    for (Codec codec : new Codec[] {Codec.GZIP, Codec.XZ}) {
      byte[] file = joined(Codecs.compress(codec, content), zeroes);
      assertThat(Codecs.decompress(codec, file)).isEqualTo(content);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aChannelClosedBeforeItsEndLeavesCutData(Codec codec) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (CompressingChannel channel = codec.compress(Channels.newChannel(out))) {
      channel.write(ByteBuffer.wrap(content(1, 2_000_000)));
    }
    byte[] cut = out.toByteArray();
    assertThatThrownBy(() -> Codecs.decompress(codec, cut))
        .isInstanceOf(StreamException.Truncated.class);
  }

  @ParameterizedTest
  @EnumSource
  void whatCannotBeReadBeneathComesOutAsItIs(Codec codec) throws IOException {
    byte[] file = Codecs.compress(codec, content(5, 300_000));
    IOException broken = new IOException("broken disk");
    ReadableByteChannel channel =
        new ReadableByteChannel() {
          private int at;

          @Override
          public int read(ByteBuffer target) throws IOException {
            if (at > file.length / 2) {
              throw broken;
            }
            int count = Math.min(1000, Math.min(target.remaining(), file.length - at));
            target.put(file, at, count);
            at += count;
            return count;
          }

          @Override
          public boolean isOpen() {
            return true;
          }

          @Override
          public void close() {}
        };
    assertThatThrownBy(() -> Codecs.decompress(codec, channel, 1000)).isSameAs(broken);
  }
}
