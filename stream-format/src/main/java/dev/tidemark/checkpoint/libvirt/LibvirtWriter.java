// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.libvirt;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.RandomAccessTarget;
import dev.tidemark.checkpoint.compressed.Codec;
import dev.tidemark.checkpoint.compressed.CompressingChannel;
import dev.tidemark.checkpoint.mappedram.MappedRamWriter;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.Optional;

/// Writes a checkpoint as a save image that `virsh restore` takes, of version 2 and in the byte
/// order of x86 and ARM hosts.
///
/// The domain's XML has to describe the machine that was saved: libvirt starts a QEMU by it, which
/// takes the stream then. It may be longer later by what zeroes stand behind it.
public final class LibvirtWriter {
  private LibvirtWriter() {}

  /// What is written beside the checkpoint.
  ///
  /// @param format how the stream is stored
  /// @param xml the domain's XML; without NUL
  /// @param cookie libvirt's cookie of the image that the checkpoint comes from; absent: none,
  /// which
  ///     libvirt takes
  /// @param wasRunning whether the domain runs when it is restored
  /// @param progress told the bytes of the stream written so far, before they are compressed; of a
  ///     sparse image the bytes of RAM
  public record Options(
      LibvirtFormat format,
      String xml,
      Optional<String> cookie,
      boolean wasRunning,
      Progress progress) {
    /// Checks the texts.
    public Options {
      if (xml.isEmpty() || xml.indexOf('\0') >= 0) {
        throw new IllegalArgumentException("XML that is empty, or has a NUL");
      }
      if (cookie.isPresent() && (cookie.get().isEmpty() || cookie.get().indexOf('\0') >= 0)) {
        throw new IllegalArgumentException("cookie that is empty, or has a NUL");
      }
    }

    /// A domain that runs when it is restored, without a cookie.
    ///
    /// @param format how the stream is stored
    /// @param xml the domain's XML
    public static Options of(LibvirtFormat format, String xml) {
      return new Options(format, xml, Optional.empty(), true, Progress.NONE);
    }

    /// What stands in another image.
    ///
    /// @param format how the stream is stored
    /// @param header that of the other image
    public static Options of(LibvirtFormat format, LibvirtHeader header) {
      return new Options(format, header.xml(), header.cookie(), header.wasRunning(), Progress.NONE);
    }

    /// The same with a listener.
    ///
    /// @param listener told how far writing is
    public Options withProgress(Progress listener) {
      return new Options(format, xml, cookie, wasRunning, listener);
    }
  }

  /// Writes a checkpoint: front to back, but for [LibvirtFormat#SPARSE]. Closes neither, commits
  /// nothing.
  ///
  /// @param in read to its end; without XBZRLE deltas
  /// @param out takes the image; a [RandomAccessTarget], to which nothing has been written, where
  ///     it is a sparse one
  /// @param options what is written beside
  /// @return bytes of the image; of a sparse one with its holes
  /// @throws IOException if one cannot be read or the other cannot be written
  public static long write(CheckpointStream in, CheckpointTarget out, Options options)
      throws IOException {
    if (options.format() == LibvirtFormat.SPARSE) {
      if (out instanceof RandomAccessTarget places) {
        return writeSparse(in, places, options);
      }
      throw new IllegalArgumentException("a sparse image is not written front to back");
    }
    Appending channel = new Appending(out);
    channel.write(start(options));
    CheckpointStreamWriter.Options stream =
        CheckpointStreamWriter.Options.DEFAULT.withProgress(
            done -> options.progress().advanced(done, 0));
    Optional<Codec> codec = options.format().codec();
    if (codec.isEmpty()) {
      CheckpointStreamWriter.write(in, channel, stream);
      return channel.written;
    }
    try (CompressingChannel compressed = codec.get().compress(channel)) {
      CheckpointStreamWriter.write(in, compressed, stream);
      compressed.finish();
    }
    return channel.written;
  }

  private static long writeSparse(CheckpointStream in, RandomAccessTarget out, Options options)
      throws IOException {
    ByteBuffer start = start(options);
    MappedRamWriter.Options stream =
        MappedRamWriter.Options.DEFAULT
            .withFileOffset(start.remaining())
            .withProgress(options.progress());
    out.write(0, MemorySegment.ofBuffer(start));
    return MappedRamWriter.write(in, out, stream);
  }

  /// Header, XML, cookie and padding.
  static ByteBuffer start(Options options) {
    byte[] xml = options.xml().getBytes(UTF_8);
    byte[] cookie = options.cookie().map(text -> text.getBytes(UTF_8)).orElse(new byte[0]);
    long length = xml.length + 1L + LibvirtDescriptor.PADDING;
    length += cookie.length == 0 ? 0 : cookie.length + 1L;
    if (length > LibvirtHeader.MAX_DATA_LENGTH) {
      throw new IllegalArgumentException("XML and cookie of " + length + " bytes");
    }
    ByteBuffer start =
        ByteBuffer.allocate(LibvirtDescriptor.SIZE + (int) length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(LibvirtDescriptor.MAGIC_SAVE.getBytes(US_ASCII))
            .putInt(LibvirtDescriptor.VERSION)
            .putInt((int) length)
            .putInt(options.wasRunning() ? 1 : 0)
            .putInt(options.format().number())
            .putInt(cookie.length == 0 ? 0 : xml.length + 1);
    start.put(LibvirtDescriptor.SIZE, xml);
    start.put(LibvirtDescriptor.SIZE + xml.length + 1, cookie);
    return start.clear();
  }

  private static final class Appending implements WritableByteChannel {
    private final CheckpointTarget out;
    private long written;

    Appending(CheckpointTarget out) {
      this.out = out;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      int count = source.remaining();
      out.append(MemorySegment.ofBuffer(source));
      source.position(source.limit());
      written += count;
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {
      // The target is the caller's.
    }
  }
}
