// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.compressed;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZInputStream;
import org.tukaani.xz.XZOutputStream;

/// A format of compressed data, as its stock tool reads and writes it.
///
/// Members or frames one behind another are read as one, as the tools do. What stands behind them
/// and is none is [dev.tidemark.stream.StreamException.Malformed], but for zeroes where the tool
/// passes over them: any behind gzip, multiples of four behind xz.
public enum Codec {
  /// RFC 1952.
  GZIP("1f8b08"),
  /// The format of `bzip2`.
  BZIP2("425a68"),
  /// The `.xz` format. No dictionary is taken that is above 128 MiB, or above half of the Java
  /// heap.
  XZ("fd377a585a00"),
  /// The format of `lzop`, version 0.940 and newer.
  LZOP("894c5a4f000d0a1a0a"),
  /// RFC 8878, with windows of up to 128 MiB, as `zstd` takes them without being asked.
  ZSTD("28b52ffd"),
  /// The LZ4 frame format, with independent and dependent blocks.
  LZ4("04224d18");

  /// Bytes at the start of a file that are enough to recognise any of the formats.
  static final int MAGIC_BYTES = 9;

  private static final int ZSTD_WINDOW_LOG = 27;
  private static final int ZSTD_LEVEL = 3;
  private static final int XZ_LEVEL = 3;
  private static final int MAX_XZ_KIB = 128 << 10;

  /// What a decoder needs beside its dictionary.
  private static final int XZ_BESIDE_KIB = 4 << 10;

  private static final int KIB = 1 << 10;

  /// In hex.
  private final String magic;

  Codec(String magic) {
    this.magic = magic;
  }

  /// Recognises a format by its first bytes.
  ///
  /// @param start the start of the data; nine bytes are enough for all
  public static Optional<Codec> of(byte[] start) {
    String first = HexFormat.of().formatHex(start, 0, Math.min(start.length, MAGIC_BYTES));
    return Arrays.stream(values()).filter(codec -> first.startsWith(codec.magic)).findFirst();
  }

  /// Decompresses what comes through a channel. What is wrong with it is a
  /// [dev.tidemark.stream.StreamException] with the offset in the compressed data.
  ///
  /// @param compressed in blocking mode; closed with the result
  /// @return gives the decompressed bytes; used by one thread
  public ReadableByteChannel decompress(ReadableByteChannel compressed) {
    return new DecompressingChannel(this, new CompressedInput(compressed, 0, _ -> {}));
  }

  /// Compresses what is written to the result.
  ///
  /// @param out takes the compressed bytes, in blocking mode; not closed with the result
  /// @throws IOException if it cannot be written to
  public CompressingChannel compress(WritableByteChannel out) throws IOException {
    return new CompressingChannel(this, out);
  }

  /// As messages name it, such as `gzip`.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// What reads a format; may throw what its library throws, see [DecompressingChannel].
  InputStream reader(CompressedInput in) throws IOException {
    return switch (this) {
      case GZIP -> new GzipReader(in);
      case BZIP2 -> new BZip2CompressorInputStream(in, true);
      case XZ -> new XZInputStream(in, xzLimit());
      case LZOP -> new LzopReader(in);
      case ZSTD -> new ZstdInputStreamNoFinalizer(in).setLongMax(ZSTD_WINDOW_LOG);
      case LZ4 -> new Lz4FrameReader(in);
    };
  }

  OutputStream writer(OutputStream out) throws IOException {
    return switch (this) {
      case GZIP -> new GZIPOutputStream(out, KIB << 4);
      case BZIP2 -> new BZip2CompressorOutputStream(out);
      case XZ -> new XZOutputStream(out, new LZMA2Options(XZ_LEVEL));
      case LZOP -> new LzopWriter(out);
      case ZSTD -> new ZstdOutputStreamNoFinalizer(out, ZSTD_LEVEL).setChecksum(true);
      case LZ4 -> new LZ4FrameOutputStream(out, LZ4FrameOutputStream.BLOCKSIZE.SIZE_1MB);
    };
  }

  /// Most KiB for reading xz data: a dictionary is an array, which has to fit into the heap.
  private static int xzLimit() {
    long halfOfHeap = Runtime.getRuntime().maxMemory() / KIB / 2;
    return (int) Math.min(MAX_XZ_KIB, halfOfHeap) + XZ_BESIDE_KIB;
  }
}
