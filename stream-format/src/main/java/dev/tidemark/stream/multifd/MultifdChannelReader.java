// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import static dev.tidemark.stream.multifd.MultifdPacketDescriptor.FLAG_DEVICE_STATE;
import static dev.tidemark.stream.multifd.MultifdPacketDescriptor.FLAG_METHOD;
import static dev.tidemark.stream.multifd.MultifdPacketDescriptor.FLAG_SYNC;
import static dev.tidemark.stream.multifd.MultifdPacketDescriptor.SIZE_IDSTR;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamLimits;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.multifd.MultifdPacket.DeviceStatePacket;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.ram.RamRecords;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/*
 * `advance` decodes a packet's header into fields and keeps its bytes in `header`, since the window moves on
 * while the payload is read. Neither it nor the visit of the pages allocates; only `next` makes values of
 * what it has decoded. A payload of a continuous method is always decompressed, read or not: the next one
 * cannot be understood without it.
 */

/// Reads one channel of a multifd migration, packet by packet.
///
/// The end of the input is the channel's end where no packet has begun; anywhere else it is
/// [StreamException.Truncated]. Offsets in errors and packets are those of the channel's own bytes,
/// and an error names the channel.
///
/// Reading pages allocates nothing per page. Compressed payloads are decompressed packet by packet;
/// with zlib and zstd each builds on those before it, so that a channel is read from its start.
///
/// The RAM blocks and the target page size stand in the main stream: [#ramBlocks] tells them.
/// Before, packets can be read and copied, but their pages not visited; the page size is then taken
/// from the settings, or from the first packet.
///
/// Used by one thread at a time.
///
/// Format: `multifd_recv_thread` in `migration/multifd.c`, `multifd_ram_unfill_packet` in
/// `migration/multifd-nocomp.c`, QEMU 10.0.2.
public final class MultifdChannelReader implements Closeable {
  private static final String PACKET = "packet";
  private static final String PAYLOAD = "payload";
  private static final long[] NO_OFFSETS = {};
  private static final int LARGEST_COUNT =
      MultifdPacketDescriptor.pageCount(TargetPageSize.MIN_BYTES);
  private static final int SMALLEST =
      MultifdPacketDescriptor.sizeRam(MultifdPacketDescriptor.pageCount(TargetPageSize.MAX_BYTES));

  private final ChannelInput in;
  private final StreamLimits limits;
  private final MultifdInitialPacket initial;

  /// The header of the packet at hand, until the next one.
  private final MemorySegment header =
      Arena.ofAuto().allocate(MultifdPacketDescriptor.sizeRam(LARGEST_COUNT));

  private int pageSize;
  private int pageCount;
  private RamBlock @Nullable [] blocks;
  private byte[][] names = {};
  private @Nullable MultifdMethod method;
  private @Nullable PageDecoder decoder;
  private @Nullable MemorySegment decoded;
  private @Nullable ByteBuffer decodedView;
  private @Nullable IOException failure;
  private @Nullable LoanedPages loan;
  private String lastName = "";

  // The packet at hand.
  private long packetAt;
  private int flags;
  private int normal;
  private int zero;
  private int payload;
  private boolean payloadRead = true;
  private int block = -1;

  private MultifdChannelReader(MigrationStream settings, ChannelInput in) throws IOException {
    this.in = in;
    this.limits = settings.limits();
    if (settings.targetPageSize().bytes() != 0) {
      setPageSize(settings.targetPageSize().bytes());
    }
    this.initial = readInitial();
    in.called("multifd channel " + initial.id());
  }

  /// Reads a stored channel's initial packet.
  ///
  /// @param settings the limits and, if known, the target page size
  /// @param source closed by the reader
  /// @return a reader before the first packet
  /// @throws IOException if the source cannot be read or does not begin as a channel; then it is
  ///     closed
  public static MultifdChannelReader open(MigrationStream settings, ByteSource source)
      throws IOException {
    return open(settings, new ChannelInput(source));
  }

  /// Reads a channel's initial packet from where it comes piece by piece. No more bytes are waited
  /// for than the packet or page at hand needs, nor than it takes to find the page size in the
  /// first packet.
  ///
  /// @param settings the limits and, if known, the target page size
  /// @param channel in blocking mode; closed by the reader
  /// @return a reader before the first packet
  /// @throws IOException if the channel cannot be read or does not begin as one of multifd; then it
  ///     is closed
  public static MultifdChannelReader open(MigrationStream settings, ReadableByteChannel channel)
      throws IOException {
    return open(settings, new ChannelInput(channel));
  }

  private static MultifdChannelReader open(MigrationStream settings, ChannelInput in)
      throws IOException {
    try {
      return new MultifdChannelReader(settings, in);
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  private MultifdInitialPacket readInitial() throws IOException {
    String context = "initial packet";
    in.require(MultifdPacketDescriptor.SIZE_INITIAL, context);
    checkMagic(context);
    long most = in.be64(MultifdPacketDescriptor.INITIAL_UUID);
    long least = in.be64(MultifdPacketDescriptor.INITIAL_UUID + 8);
    int id = Byte.toUnsignedInt(in.u8(MultifdPacketDescriptor.INITIAL_ID));
    for (int at = MultifdPacketDescriptor.INITIAL_RESERVED;
        at < MultifdPacketDescriptor.SIZE_INITIAL;
        at++) {
      if (in.u8(at) != 0) {
        throw in.unsupported("reserved byte that is not 0", in.streamOffset() + at, context);
      }
    }
    in.position += MultifdPacketDescriptor.SIZE_INITIAL;
    return new MultifdInitialPacket(new UUID(most, least), id);
  }

  private void checkMagic(String context) throws StreamException {
    long at = in.streamOffset();
    if (in.be32(0) != MultifdPacketDescriptor.MAGIC) {
      throw in.malformed("magic 0x" + Integer.toHexString(in.be32(0)), at, context);
    }
    if (in.be32(4) != MultifdPacketDescriptor.VERSION) {
      throw in.malformed("version 0x" + Integer.toHexString(in.be32(4)), at + 4, context);
    }
  }

  /// The channel's first 64 bytes.
  public MultifdInitialPacket initial() {
    return initial;
  }

  /// Tells what the main stream says of RAM. Before the first packet whose pages are visited.
  ///
  /// @param targetPageSize target page size in bytes
  /// @param ramBlocks in block-list order
  /// @throws IllegalArgumentException if it is not a page size, or not the one of packets read
  public void ramBlocks(int targetPageSize, List<RamBlock> ramBlocks) {
    TargetPageSize.of(targetPageSize);
    if (pageSize != 0 && pageSize != targetPageSize) {
      throw new IllegalArgumentException(
          "target page size " + targetPageSize + " where packets have " + pageSize);
    }
    setPageSize(targetPageSize);
    blocks = ramBlocks.toArray(RamBlock[]::new);
    names = ramBlocks.stream().map(RamRecords::name).toArray(byte[][]::new);
    block = -1;
  }

  private void setPageSize(int bytes) {
    pageSize = bytes;
    pageCount = MultifdPacketDescriptor.pageCount(bytes);
  }

  /// Target page size in bytes; 0 while it is not known.
  public int targetPageSize() {
    return pageSize;
  }

  /// The compression method; null before the first packet with pages.
  public @Nullable MultifdMethod method() {
    return method;
  }

  /// Offset of the next byte that is to be decoded, in bytes from the start of the channel.
  public long streamOffset() {
    return in.streamOffset();
  }

  /// The next packet, or null behind the last. Ends the loan of the packet before; pages of it that
  /// were not read are passed over.
  ///
  /// @throws StreamException if the channel breaks the format, ends inside a packet, or holds what
  ///     this version does not read
  /// @throws IOException if the input cannot be read
  public @Nullable MultifdPacket next() throws IOException {
    begin();
    try {
      return advance() ? value() : null;
    } catch (IOException e) {
      failure = e;
      throw e;
    }
  }

  /// Visits all pages up to the next SYNC packet, those in it included.
  ///
  /// @param visitor takes the pages, in channel order
  /// @return false if the channel ended before a SYNC
  /// @throws StreamException as [#next], and if there is device state among the packets
  /// @throws IOException if the input cannot be read, or the visitor throws
  /// @throws IllegalStateException if there are pages, and [#ramBlocks] was not told
  public boolean readToSync(PageVisitor visitor) throws IOException {
    begin();
    try {
      while (advance()) {
        if ((flags & FLAG_DEVICE_STATE) != 0) {
          throw in.unsupported("device state in a multifd channel", packetAt, PACKET);
        }
        visit(visitor);
        if ((flags & FLAG_SYNC) != 0) {
          return true;
        }
      }
      return false;
    } catch (StreamException e) {
      failure = e;
      throw e;
    }
  }

  /// Closes the input.
  @Override
  public void close() throws IOException {
    if (failure == null) {
      failure = new IOException("the reader is closed");
    }
    if (loan != null) {
      loan.ended = true;
      loan = null;
    }
    if (decoder != null) {
      decoder.close();
      decoder = null;
    }
    in.close();
  }

  private void begin() throws IOException {
    if (failure != null) {
      throw failure;
    }
    if (loan != null) {
      loan.ended = true;
      loan = null;
    }
  }

  /// Decodes the next packet's header; false at the end of the channel.
  private boolean advance() throws IOException {
    passPayload();
    packetAt = in.streamOffset();
    normal = 0;
    zero = 0;
    payload = 0;
    if (!in.ensure(1)) {
      return false;
    }
    in.require(MultifdPacketDescriptor.SIZE_COMMON, PACKET);
    checkMagic(PACKET);
    flags = in.be32(MultifdPacketDescriptor.FLAGS);
    if ((flags & ~(FLAG_SYNC | FLAG_METHOD | FLAG_DEVICE_STATE)) != 0) {
      throw in.unsupported(
          "flags 0x" + Integer.toHexString(flags),
          packetAt + MultifdPacketDescriptor.FLAGS,
          PACKET);
    }
    if ((flags & FLAG_DEVICE_STATE) != 0) {
      advanceDeviceState();
    } else {
      advanceRam();
    }
    return true;
  }

  private void advanceDeviceState() throws IOException {
    String context = "device state packet";
    if ((flags & ~FLAG_DEVICE_STATE) != 0) {
      throw in.malformed(
          "flags 0x" + Integer.toHexString(flags),
          packetAt + MultifdPacketDescriptor.FLAGS,
          context);
    }
    take(MultifdPacketDescriptor.SIZE_DEVICE_STATE, context);
    nameLength(MultifdPacketDescriptor.DEVICE_IDSTR, context);
    payload = be32(MultifdPacketDescriptor.DEVICE_NEXT_PACKET_SIZE);
    long at = packetAt + MultifdPacketDescriptor.DEVICE_NEXT_PACKET_SIZE;
    if (payload == 0) {
      throw in.malformed("no device state", at, context);
    }
    if (payload < 0 || payload > limits.deviceStateBytes()) {
      throw in.limitExceeded(
          "device state of " + Integer.toUnsignedString(payload) + " bytes", at, context);
    }
    payloadRead = false;
  }

  private void advanceRam() throws IOException {
    MultifdMethod found = MultifdMethod.of(flags);
    if (found == null) {
      throw in.malformed(
          "more than one compression method, flags 0x" + Integer.toHexString(flags),
          packetAt + MultifdPacketDescriptor.FLAGS,
          PACKET);
    }
    if (pageCount == 0) {
      detectPageSize();
    }
    take(MultifdPacketDescriptor.sizeRam(pageCount), PACKET);
    readCounts();
    for (int at = MultifdPacketDescriptor.RESERVED; at < MultifdPacketDescriptor.IDSTR; at += 4) {
      if (be32(at) != 0) {
        throw in.unsupported("reserved bytes that are not 0", packetAt + at, PACKET);
      }
    }
    int nameLength = nameLength(MultifdPacketDescriptor.IDSTR, PACKET);
    if (normal + zero > 0) {
      if (method == null) {
        method = found;
      } else if (method != found) {
        throw in.malformed(
            "compression " + found + " in a channel with " + method,
            packetAt + MultifdPacketDescriptor.FLAGS,
            PACKET);
      }
      if (blocks != null) {
        block = blockNamed(blocks, nameLength);
      }
      checkOffsets(blocks == null ? Long.MAX_VALUE : blocks[block].usedLength());
      readPayloadSize(found);
    }
  }

  private void readCounts() throws StreamException {
    int alloc = be32(MultifdPacketDescriptor.PAGES_ALLOC);
    normal = be32(MultifdPacketDescriptor.NORMAL_PAGES);
    zero = be32(MultifdPacketDescriptor.ZERO_PAGES);
    String wrong = null;
    int at = 0;
    if (alloc < 0 || alloc > pageCount) {
      at = MultifdPacketDescriptor.PAGES_ALLOC;
      wrong = Integer.toUnsignedString(alloc) + " pages in a packet for " + pageCount;
    } else if (normal < 0 || normal > alloc) {
      at = MultifdPacketDescriptor.NORMAL_PAGES;
      wrong = Integer.toUnsignedString(normal) + " normal pages in a packet for " + alloc;
    } else if (zero < 0 || zero > alloc - normal) {
      at = MultifdPacketDescriptor.ZERO_PAGES;
      wrong =
          Integer.toUnsignedString(zero)
              + " zero pages in a packet for "
              + alloc
              + " with "
              + normal
              + " normal ones";
    }
    if (wrong != null) {
      normal = 0;
      zero = 0;
      throw in.malformed(wrong, packetAt + at, PACKET);
    }
  }

  /// A packet without normal pages has no payload, whatever it says: QEMU before 9.0 leaves the
  /// size of a former packet in a SYNC packet.
  private void readPayloadSize(MultifdMethod found) throws StreamException {
    int size = be32(MultifdPacketDescriptor.NEXT_PACKET_SIZE);
    boolean right =
        normal == 0
            ? size == 0
            : found == MultifdMethod.NONE
                ? size == normal * pageSize
                : size > 0 && size <= MultifdPacketDescriptor.MAX_PAYLOAD;
    if (!right) {
      throw in.malformed(
          "payload of " + Integer.toUnsignedString(size) + " bytes for " + normal + " pages",
          packetAt + MultifdPacketDescriptor.NEXT_PACKET_SIZE,
          PACKET);
    }
    payload = size;
    payloadRead = size == 0;
  }

  /// Fetches a header and moves behind it.
  private void take(int size, String context) throws IOException {
    in.require(size, context);
    MemorySegment.copy(in.segment, in.position, header, 0, size);
    in.position += size;
  }

  /// Length of a NUL-padded name.
  private int nameLength(int at, String context) throws StreamException {
    int length = 0;
    while (length < SIZE_IDSTR && header.get(ValueLayout.JAVA_BYTE, (long) at + length) != 0) {
      length++;
    }
    if (length == SIZE_IDSTR) {
      throw in.malformed("name without an end", packetAt + at, context);
    }
    for (int i = length; i < SIZE_IDSTR; i++) {
      if (header.get(ValueLayout.JAVA_BYTE, (long) at + i) != 0) {
        throw in.malformed("bytes behind the end of a name", packetAt + at + i, context);
      }
    }
    return length;
  }

  private String name(int at, int length) {
    byte[] bytes = header.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private int blockNamed(RamBlock[] known, int length) throws StreamException {
    if (block >= 0 && isName(names[block], length)) {
      return block;
    }
    for (int i = 0; i < known.length; i++) {
      if (isName(names[i], length)) {
        return i;
      }
    }
    throw in.malformed(
        "unknown RAM block " + quoted(name(MultifdPacketDescriptor.IDSTR, length)),
        packetAt + MultifdPacketDescriptor.IDSTR,
        PACKET);
  }

  private boolean isName(byte[] name, int length) {
    if (name.length != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      long at = MultifdPacketDescriptor.IDSTR + (long) i;
      if (header.get(ValueLayout.JAVA_BYTE, at) != name[i]) {
        return false;
      }
    }
    return true;
  }

  private static String quoted(String name) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c < 0x20 || c > 0x7e) {
        out.append("\\x").append(Character.forDigit(c >> 4 & 15, 16));
        out.append(Character.forDigit(c & 15, 16));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }

  private void checkOffsets(long usedLength) throws StreamException {
    for (int i = 0; i < normal + zero; i++) {
      long offset = offset(i);
      if (offset < 0 || (offset & (pageSize - 1)) != 0 || offset > usedLength - pageSize) {
        throw in.malformed(
            "page offset 0x" + Long.toHexString(offset),
            packetAt + MultifdPacketDescriptor.OFFSETS + 8L * i,
            PACKET);
      }
    }
  }

  private long offset(int index) {
    return header.get(MultifdPacketDescriptor.BE64, MultifdPacketDescriptor.OFFSETS + 8L * index);
  }

  private int be32(int at) {
    return header.get(MultifdPacketDescriptor.BE32, at);
  }

  /// Finds the page size in the first packet: from the size of its offset array, or where that is
  /// not said, which QEMU from 9.0 on does not in a SYNC packet, from where the next packet begins.
  private void detectPageSize() throws IOException {
    in.require(SMALLEST, PACKET);
    int alloc = in.be32(MultifdPacketDescriptor.PAGES_ALLOC);
    if (alloc != 0) {
      long bytes = alloc < 0 ? 0 : MultifdPacketDescriptor.PACKET_BYTES / alloc;
      if (Integer.bitCount(alloc) != 1 || !TargetPageSize.isValid(bytes)) {
        throw in.malformed(
            Integer.toUnsignedString(alloc) + " pages in a packet",
            packetAt + MultifdPacketDescriptor.PAGES_ALLOC,
            PACKET);
      }
      setPageSize((int) bytes);
      return;
    }
    for (int bytes = TargetPageSize.MAX_BYTES; bytes >= TargetPageSize.MIN_BYTES; bytes >>= 1) {
      int size = MultifdPacketDescriptor.sizeRam(MultifdPacketDescriptor.pageCount(bytes));
      boolean next =
          in.ensure(size + 8)
              ? in.be32(size) == MultifdPacketDescriptor.MAGIC
                  && in.be32(size + 4) == MultifdPacketDescriptor.VERSION
              : in.remaining() == size;
      if (next) {
        setPageSize(bytes);
        return;
      }
    }
    throw in.ensure(MultifdPacketDescriptor.sizeRam(LARGEST_COUNT) + 8)
        ? in.malformed("packet of no known size", packetAt, PACKET)
        : in.truncated("the channel ends", PACKET);
  }

  /// What has been decoded, as a value.
  private MultifdPacket value() throws IOException {
    if ((flags & FLAG_DEVICE_STATE) != 0) {
      String idstr =
          name(
              MultifdPacketDescriptor.DEVICE_IDSTR,
              nameLength(MultifdPacketDescriptor.DEVICE_IDSTR, PACKET));
      payloadRead = true;
      return new DeviceStatePacket(
          packetAt,
          idstr,
          be32(MultifdPacketDescriptor.DEVICE_INSTANCE_ID),
          in.bytes(payload, PAYLOAD));
    }
    int nameLength = nameLength(MultifdPacketDescriptor.IDSTR, PACKET);
    if (!isName(lastName.getBytes(StandardCharsets.ISO_8859_1), nameLength)) {
      lastName = name(MultifdPacketDescriptor.IDSTR, nameLength);
    }
    RamPacketHeader fields =
        new RamPacketHeader(
            flags,
            be32(MultifdPacketDescriptor.PAGES_ALLOC),
            normal,
            be32(MultifdPacketDescriptor.NEXT_PACKET_SIZE),
            header.get(MultifdPacketDescriptor.BE64, MultifdPacketDescriptor.PACKET_NUM),
            zero,
            lastName,
            unusedOffsets());
    loan = new LoanedPages(fields);
    return new RamPacket(packetAt, fields, loan);
  }

  private long[] unusedOffsets() {
    int used = normal + zero;
    int last = pageCount;
    while (last > used && offset(last - 1) == 0) {
      last--;
    }
    if (last == used) {
      return NO_OFFSETS;
    }
    long[] unused = new long[last - used];
    for (int i = 0; i < unused.length; i++) {
      unused[i] = offset(used + i);
    }
    return unused;
  }

  /// Visits the pages of the packet at hand. Zero pages come first, as at a QEMU destination: a
  /// page that is both ends with its content.
  private void visit(PageVisitor visitor) throws IOException {
    if (normal + zero == 0) {
      return;
    }
    if (blocks == null) {
      throw new IllegalStateException("the RAM blocks have not been told");
    }
    RamBlock of = blocks[block];
    for (int i = normal; i < normal + zero; i++) {
      visitor.zeroPage(of, offset(i));
    }
    if (payload == 0) {
      return;
    }
    if (method == MultifdMethod.NONE) {
      for (int i = 0; i < normal; i++) {
        in.require(pageSize, PAYLOAD);
        int at = in.position;
        in.position += pageSize;
        payload -= pageSize;
        visitor.page(of, offset(i), in.segment, at);
      }
    } else {
      in.require(payload, PAYLOAD);
      decode();
      MemorySegment from = decodedPages();
      in.position += payload;
      payload = 0;
      for (int i = 0; i < normal; i++) {
        visitor.page(of, offset(i), from, (long) i * pageSize);
      }
    }
    payloadRead = true;
  }

  /// Decompresses the payload, which is whole in the window.
  private void decode() throws IOException {
    PageDecoder by = decoder();
    decodedPages();
    ByteBuffer out = decodedView;
    if (out == null) {
      throw new AssertionError();
    }
    out.position(0).limit(normal * pageSize + PageDecoder.SLACK);
    try {
      by.decode(in.slice(payload), out, normal, pageSize);
    } catch (PageDecoder.BadPayload e) {
      throw in.malformed(String.valueOf(e.getMessage()), in.streamOffset(), PAYLOAD);
    }
  }

  private PageDecoder decoder() {
    PageDecoder made = decoder;
    if (made == null) {
      made = PageDecoder.of(method == null ? MultifdMethod.NONE : method);
      decoder = made;
    }
    return made;
  }

  private MemorySegment decodedPages() {
    MemorySegment made = decoded;
    if (made == null) {
      made =
          Arena.ofAuto().allocate(MultifdPacketDescriptor.PACKET_BYTES + PageDecoder.SLACK, 4096);
      decoded = made;
      decodedView = made.asByteBuffer();
    }
    return made;
  }

  private void passPayload() throws IOException {
    if (payloadRead) {
      return;
    }
    boolean continuous =
        (flags & FLAG_DEVICE_STATE) == 0 && method != null && method.isContinuous();
    if (continuous && payload > 0) {
      in.require(payload, PAYLOAD);
      decode();
    }
    while (payload > 0) {
      in.require(1, PAYLOAD);
      int piece = Math.min(payload, in.remaining());
      in.position += piece;
      payload -= piece;
    }
    payloadRead = true;
  }

  /// The pages of the packet that was delivered last.
  final class LoanedPages implements RamPages {
    private final RamPacketHeader fields;
    private boolean begun;
    private boolean ended;

    private LoanedPages(RamPacketHeader fields) {
      this.fields = fields;
    }

    @Override
    public void forEach(PageVisitor visitor) throws IOException {
      beginReading();
      try {
        visit(visitor);
      } catch (StreamException e) {
        failure = e;
        throw e;
      }
    }

    /// Whether these pages belong to a header that was not changed.
    boolean isOf(RamPacketHeader asked) {
      return fields.equals(asked);
    }

    /// Copies the packet as it stands in the channel.
    void copyTo(MultifdChannelWriter out) throws IOException {
      beginReading();
      try {
        out.raw(header, 0, MultifdPacketDescriptor.sizeRam(pageCount));
        boolean continuous = method != null && method.isContinuous();
        if (continuous && payload > 0) {
          in.require(payload, PAYLOAD);
          decode();
        }
        while (payload > 0) {
          in.require(1, PAYLOAD);
          int piece = Math.min(payload, in.remaining());
          out.raw(in.segment, in.position, piece);
          in.position += piece;
          payload -= piece;
        }
        payloadRead = true;
      } catch (StreamException e) {
        failure = e;
        throw e;
      }
    }

    private void beginReading() {
      if (ended) {
        throw new IllegalStateException("the loan of these pages has ended");
      }
      if (begun) {
        throw new IllegalStateException("these pages have been read");
      }
      begun = true;
    }
  }
}
