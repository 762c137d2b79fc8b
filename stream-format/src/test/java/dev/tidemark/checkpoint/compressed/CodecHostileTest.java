// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.fixture.PieceChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/// Damaged compressed data ends in a [StreamException] whose offset lies in it, or is read.
class CodecHostileTest {
  private static final int MOST = 64 << 20;

  private static byte[] small(Codec codec) {
    return switch (codec) {
      case GZIP -> CodecTest.made("named.gz");
      case BZIP2 -> CodecTest.made("plain.bz2");
      case XZ -> CodecTest.made("plain.xz");
      case LZOP -> CodecTest.made("crc32.lzo");
      case ZSTD -> CodecTest.made("plain.zst");
      case LZ4 -> CodecTest.made("hundred-dependent.lz4");
    };
  }

  /// Reads all; what is made to be large is left after a while.
  private static boolean reads(Codec codec, byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    try (ReadableByteChannel in =
        codec.decompress(PieceChannel.ofSize(bytes, Math.max(1, bytes.length)))) {
      for (long got = 0; in.read(buffer.clear()) >= 0 && got < MOST; ) {
        got += buffer.position();
      }
      return true;
    } catch (StreamException e) {
      assertThat(e.streamOffset()).as("%s", e).isBetween(0L, (long) bytes.length);
      return false;
    } catch (IOException | RuntimeException e) {
      return fail("not a StreamException", e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyPrefixIsRefused(Codec codec) {
    byte[] whole = small(codec);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> Codecs.decompress(codec, cut))
          .as("%d bytes of %d", length, whole.length)
          .isInstanceOfAny(StreamException.Truncated.class, StreamException.Malformed.class);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFlippedByteIsFoundOrDoesNotMatter(Codec codec) throws IOException {
    byte[] whole = small(codec);
    byte[] expected = Codecs.decompress(codec, whole);
    int read = 0;
    for (int at = 0; at < whole.length; at++) {
      for (int mask : new int[] {1, 0x80, 0xff}) {
        byte[] damaged = whole.clone();
        damaged[at] ^= (byte) mask;
        if (reads(codec, damaged)) {
          assertThat(Codecs.decompress(codec, damaged)).as("byte %d", at).isEqualTo(expected);
          read++;
        }
      }
    }
    // What no checksum is of: a name, times, modes, the level.
    assertThat(read).isLessThan(whole.length / 5);
  }

  @ParameterizedTest
  @EnumSource
  void anyBytesBehindTheMagicAreNoTrouble(Codec codec) {
    byte[] whole = small(codec);
    for (int at = 4; at < Math.min(whole.length - 4, 120); at += codec == Codec.BZIP2 ? 3 : 1) {
      for (int value : new int[] {0, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 0x00010000}) {
        byte[] damaged = whole.clone();
        ByteBuffer.wrap(damaged).putInt(at, value);
        reads(codec, damaged);
      }
    }
  }

  @Test
  void anXzDictionaryThatIsTooLargeIsRefused() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    LZMA2Options options = new LZMA2Options(1);
    try (XZOutputStream out = new XZOutputStream(bytes, options)) {
      out.write(1);
    }
    byte[] file = bytes.toByteArray();
    // The dictionary's size in the filter of the block header, and the header's checksum.
    int filter = 14;
    assertThat(file[filter]).isEqualTo((byte) 0x21);
    file[filter + 2] = 36;
    CRC32 crc = new CRC32();
    crc.update(file, 12, 8);
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(20, (int) crc.getValue());
    assertThatThrownBy(() -> Codecs.decompress(Codec.XZ, file))
        .isInstanceOf(StreamException.LimitExceeded.class)
        .hasMessageContaining("xz dictionary");
  }

  @Test
  void aZstdWindowThatIsTooLargeIsRefused() {
    // Frame header with a window descriptor of 2^31, then a block.
    byte[] file = HexFormat.of().parseHex("28b52ffd00a8010000");
    assertThatThrownBy(() -> Codecs.decompress(Codec.ZSTD, file))
        .isInstanceOf(StreamException.LimitExceeded.class)
        .hasMessageContaining("zstd window");
  }

  @Test
  void anLzopBlockThatIsTooLargeIsRefused() {
    byte[] file = CodecTest.made("level-3.lzo");
    byte[] header = Arrays.copyOf(file, 38);
    for (String lengths : List.of("0080000100800001", "0400000000000001", "ffffffff00000001")) {
      byte[] huge = CodecTest.joined(header, HexFormat.of().parseHex(lengths));
      assertThatThrownBy(() -> Codecs.decompress(Codec.LZOP, huge))
          .isInstanceOfAny(StreamException.LimitExceeded.class, StreamException.Malformed.class)
          .hasMessageContaining("block of");
    }
  }
}
