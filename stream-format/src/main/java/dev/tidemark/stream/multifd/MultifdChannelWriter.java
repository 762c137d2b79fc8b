// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.multifd.MultifdPacket.DeviceStatePacket;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Writes one channel of a multifd migration, packet by packet.
///
/// A packet that comes from a reader and was not changed is written as the bytes it was read from,
/// whatever its compression. Any other is encoded: without compression to what QEMU would write,
/// byte for byte; with zlib and zstd to what decompresses to the same pages. There the bytes
/// differ from QEMU's where the compressor's version or level does, or where it is given the pages
/// in other pieces; the packets' boundaries stay, since each payload is flushed at its end. The
/// other methods cannot be encoded.
///
/// With zlib and zstd a channel is one compressed stream from its first packet on, so copied and
/// encoded payloads do not mix: set [#reencoding] to change packets of such a channel.
///
/// Bytes are gathered and written in large pieces: [#flush] or [#close] brings out the last. Used
/// by one thread at a time.
///
/// Format: `multifd_send_thread` in `migration/multifd.c`, `multifd_ram_fill_packet` in
/// `migration/multifd-nocomp.c`, QEMU 10.0.2.
public final class MultifdChannelWriter implements Closeable {
  private static final int BUFFER_BYTES = 1 << 20;

  private final WritableByteChannel channel;
  private final int pageSize;
  private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_BYTES, 4096);
  private final ByteBuffer view = buffer.asByteBuffer();
  private final MemorySegment header;
  private final PacketPages pages;
  private int used;
  private long written;
  private boolean reencode;
  private boolean copied;
  private @Nullable MultifdMethod method;
  private @Nullable PageEncoder encoder;
  private @Nullable ByteBuffer encoded;

  /// A writer at a channel's start.
  ///
  /// @param channel in blocking mode; closed by the writer
  /// @param targetPageSize target page size in bytes, by which packets are encoded
  public MultifdChannelWriter(WritableByteChannel channel, int targetPageSize) {
    this.channel = channel;
    this.pageSize = TargetPageSize.of(targetPageSize).bytes();
    this.pages = new PacketPages(pageSize);
    this.header = Arena.ofAuto().allocate(MultifdPacketDescriptor.sizeRam(pages.capacity()));
  }

  /// The same writer, set to encode all packets with pages, unchanged ones of a reader too. Before
  /// the first packet.
  public MultifdChannelWriter reencoding() {
    reencode = true;
    return this;
  }

  /// Writes the first 64 bytes.
  ///
  /// @param initial whose channel it is and which one
  /// @throws IOException if the channel throws
  public void initial(MultifdInitialPacket initial) throws IOException {
    MemorySegment bytes = MemorySegment.ofArray(new byte[MultifdPacketDescriptor.SIZE_INITIAL]);
    begin(bytes);
    bytes.set(
        MultifdPacketDescriptor.BE64,
        MultifdPacketDescriptor.INITIAL_UUID,
        initial.uuid().getMostSignificantBits());
    bytes.set(
        MultifdPacketDescriptor.BE64,
        MultifdPacketDescriptor.INITIAL_UUID + 8,
        initial.uuid().getLeastSignificantBits());
    bytes.set(ValueLayout.JAVA_BYTE, MultifdPacketDescriptor.INITIAL_ID, (byte) initial.id());
    raw(bytes, 0, bytes.byteSize());
  }

  /// Writes a packet.
  ///
  /// @param packet any packet; its pages are visited
  /// @throws IOException if the channel or the pages throw
  /// @throws IllegalArgumentException if the pages are not those that the header counts, or the
  ///     method cannot be encoded or is not that of the channel
  /// @throws IllegalStateException if it would have to be encoded behind copied payloads that the
  ///     channel's compression continues
  public void with(MultifdPacket packet) throws IOException {
    switch (packet) {
      case RamPacket ram -> writeRam(ram);
      case DeviceStatePacket state -> writeDeviceState(state);
    }
  }

  private void writeRam(RamPacket packet) throws IOException {
    RamPacketHeader fields = packet.header();
    boolean hasPages = fields.normalPages() + fields.zeroPages() > 0;
    if (hasPages) {
      enterMethod(fields.method());
    }
    if (packet.pages() instanceof MultifdChannelReader.LoanedPages loan
        && loan.isOf(fields)
        && !(reencode && hasPages)
        && encoder == null) {
      copied |= fields.normalPages() > 0;
      loan.copyTo(this);
      return;
    }
    pages.clear();
    packet.pages().forEach(pages);
    if (pages.normal() != fields.normalPages() || pages.zero() != fields.zeroPages()) {
      throw new IllegalArgumentException(
          pages.normal()
              + " normal and "
              + pages.zero()
              + " zero pages in a packet with "
              + fields.normalPages()
              + " and "
              + fields.zeroPages());
    }
    encode(fields);
    pages.clear();
  }

  private void enterMethod(MultifdMethod asked) {
    if (method == null) {
      method = asked;
    } else if (method != asked) {
      throw new IllegalArgumentException("compression " + asked + " in a channel with " + method);
    }
  }

  /// Writes a packet of pages that were gathered.
  void packet(PacketPages from, MultifdMethod by, long packetNumber) throws IOException {
    if (from != pages || pages.block() == null) {
      throw new IllegalArgumentException("pages of another writer");
    }
    enterMethod(by);
    encode(
        RamPacketHeader.of(
            by, pageSize, packetNumber, pages.block().idstr(), pages.normal(), pages.zero()));
    pages.clear();
  }

  /// Where pages for the next packet are gathered.
  PacketPages pages() {
    return pages;
  }

  private void encode(RamPacketHeader fields) throws IOException {
    if (fields.pagesAlloc() > pages.capacity()
        || fields.unusedOffsets().length > pages.capacity() - pages.normal() - pages.zero()) {
      throw new IllegalArgumentException(
          "packet for " + fields.pagesAlloc() + " pages of " + pageSize + " bytes");
    }
    int payload = fields.nextPacketSize();
    ByteBuffer compressed = null;
    if (pages.normal() > 0) {
      if (fields.method() == MultifdMethod.NONE) {
        payload = pages.normal() * pageSize;
      } else {
        compressed = compress(fields.method());
        payload = compressed.remaining();
      }
    }
    fill(fields, payload);
    raw(header, 0, header.byteSize());
    if (compressed != null) {
      raw(MemorySegment.ofBuffer(compressed), 0, payload);
    } else if (pages.normal() > 0) {
      raw(pages.content(), 0, payload);
    }
  }

  private ByteBuffer compress(MultifdMethod by) {
    if (copied) {
      throw new IllegalStateException(
          "a packet to be compressed behind copied ones: set the writer to encode all");
    }
    PageEncoder with = encoder;
    if (with == null) {
      with = PageEncoder.of(by);
      encoder = with;
    }
    ByteBuffer out = encoded;
    if (out == null) {
      out = ByteBuffer.allocateDirect(MultifdPacketDescriptor.MAX_PAYLOAD);
      encoded = out;
    }
    with.encode(pages.view(), out.clear());
    return out.flip();
  }

  private void fill(RamPacketHeader fields, int payload) {
    header.fill((byte) 0);
    begin(header);
    be32(MultifdPacketDescriptor.FLAGS, fields.flags());
    be32(MultifdPacketDescriptor.PAGES_ALLOC, fields.pagesAlloc());
    be32(MultifdPacketDescriptor.NORMAL_PAGES, pages.normal());
    be32(MultifdPacketDescriptor.NEXT_PACKET_SIZE, payload);
    be32(MultifdPacketDescriptor.ZERO_PAGES, pages.zero());
    header.set(
        MultifdPacketDescriptor.BE64, MultifdPacketDescriptor.PACKET_NUM, fields.packetNumber());
    name(header, MultifdPacketDescriptor.IDSTR, fields.idstr());
    int at = MultifdPacketDescriptor.OFFSETS;
    for (int i = 0; i < pages.normal() + pages.zero(); i++, at += 8) {
      header.set(MultifdPacketDescriptor.BE64, at, pages.offset(i));
    }
    for (long unused : fields.unusedOffsets()) {
      header.set(MultifdPacketDescriptor.BE64, at, unused);
      at += 8;
    }
  }

  private void be32(int at, int value) {
    header.set(MultifdPacketDescriptor.BE32, at, value);
  }

  private static void begin(MemorySegment bytes) {
    bytes.set(MultifdPacketDescriptor.BE32, 0, MultifdPacketDescriptor.MAGIC);
    bytes.set(MultifdPacketDescriptor.BE32, 4, MultifdPacketDescriptor.VERSION);
  }

  private static void name(MemorySegment bytes, int at, String name) {
    byte[] latin = name.getBytes(StandardCharsets.ISO_8859_1);
    MemorySegment.copy(latin, 0, bytes, ValueLayout.JAVA_BYTE, at, latin.length);
  }

  private void writeDeviceState(DeviceStatePacket state) throws IOException {
    MemorySegment bytes =
        MemorySegment.ofArray(new byte[MultifdPacketDescriptor.SIZE_DEVICE_STATE]);
    begin(bytes);
    bytes.set(
        MultifdPacketDescriptor.BE32,
        MultifdPacketDescriptor.FLAGS,
        MultifdPacketDescriptor.FLAG_DEVICE_STATE);
    name(bytes, MultifdPacketDescriptor.DEVICE_IDSTR, state.idstr());
    bytes.set(
        MultifdPacketDescriptor.BE32,
        MultifdPacketDescriptor.DEVICE_INSTANCE_ID,
        state.instanceId());
    bytes.set(
        MultifdPacketDescriptor.BE32,
        MultifdPacketDescriptor.DEVICE_NEXT_PACKET_SIZE,
        state.data().length);
    raw(bytes, 0, bytes.byteSize());
    raw(MemorySegment.ofArray(state.data()), 0, state.data().length);
  }

  /// Bytes given to this writer so far.
  public long bytesWritten() {
    return written + used;
  }

  /// Brings out what has been gathered.
  ///
  /// @throws IOException if the channel throws
  public void flush() throws IOException {
    view.limit(used).position(0);
    while (view.hasRemaining()) {
      written += channel.write(view);
    }
    used = 0;
  }

  /// Brings out what has been gathered and closes the channel.
  @Override
  public void close() throws IOException {
    try (channel) {
      flush();
    } finally {
      release();
    }
  }

  /// Gives back what the compressor holds outside the heap.
  void release() {
    if (encoder != null) {
      encoder.close();
      encoder = null;
    }
  }

  void raw(MemorySegment from, long at, long count) throws IOException {
    for (long done = 0; done < count; ) {
      if (used == BUFFER_BYTES) {
        flush();
      }
      int piece = (int) Math.min(count - done, BUFFER_BYTES - used);
      MemorySegment.copy(from, at + done, buffer, used, piece);
      used += piece;
      done += piece;
    }
  }
}
