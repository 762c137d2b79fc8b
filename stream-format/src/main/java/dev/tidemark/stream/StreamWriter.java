// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.Configuration;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.EndOfFile;
import dev.tidemark.stream.StreamElement.FileHeader;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamElement.RamSection.Phase;
import dev.tidemark.stream.StreamElement.VmDescription;
import dev.tidemark.stream.ram.DeltaVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.ram.RamRecordVisitor;
import dev.tidemark.stream.ram.RamRecords;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes a migration stream, element by element.
///
/// An element that comes from a reader and was not changed is written as the bytes it was read
/// from. The writer does not check that the order of elements makes a stream that QEMU takes.
///
/// Bytes are gathered and written in large pieces: [#flush] or [#close] brings out the last. Used
/// by one thread at a time.
public final class StreamWriter implements StreamTransform.Sink, Closeable {
  private static final int BUFFER_BYTES = 1 << 20;

  /// What is enough for small streams, of which many may be written before the collector frees one.
  private static final int FIRST_BYTES = 64 << 10;

  private final WritableByteChannel channel;
  private MemorySegment buffer;
  private int capacity;
  private int used;
  private long written;
  private boolean footers = true;
  private int pageSize = TargetPageSize.DEFAULT_BYTES;
  private @Nullable String currentBlock;
  private long fileOffset;

  /// Whose elements are being transformed; null if elements come singly.
  private @Nullable StreamReader origin;

  StreamWriter(WritableByteChannel channel) {
    this.channel = channel;
    this.buffer = Arena.ofAuto().allocate(FIRST_BYTES, 4096);
    this.capacity = FIRST_BYTES;
  }

  /// The same writer, set to write sections with or without footers; with, unless told otherwise.
  /// Elements of a reader bring their own setting with them.
  ///
  /// @param on whether RAM sections made by hand get a footer
  public StreamWriter footers(boolean on) {
    footers = on;
    return this;
  }

  /// The same writer, set to a target page size for RAM sections made by hand; 4096 unless told
  /// otherwise.
  ///
  /// @param bytes a valid target page size
  public StreamWriter targetPageSize(int bytes) {
    pageSize = TargetPageSize.of(bytes).bytes();
    return this;
  }

  /// The same writer, set to where its first byte will stand in its file; 0 unless told otherwise.
  /// Only a `mapped-ram` stream depends on it: its headers name places in the file.
  ///
  /// @param bytes 0 or more
  public StreamWriter fileOffset(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("file offset " + bytes);
    }
    fileOffset = bytes;
    return this;
  }

  long fileOffset() {
    return fileOffset;
  }

  /// Writes an element.
  ///
  /// A RAM START whose block list has places of a `mapped-ram` file is written as one: header,
  /// bitmap
  /// and region of each block, holes as zeroes. From a reader, and at the same offset of its file,
  /// it
  /// is copied; elsewhere bitmaps and pages are moved. Made by hand its pages are visited twice,
  /// first for the bitmaps, and must come alike and in ascending order both times; bitmaps and
  /// pages
  /// are put where QEMU would put them, whatever the entries say.
  @Override
  public void with(StreamElement element) throws IOException {
    switch (element) {
      case FileHeader header ->
          small(new GrowingBytes(8).be32(StreamDescriptor.MAGIC).be32(header.version()));
      case Configuration configuration ->
          small(
              new GrowingBytes(1 + configuration.bytes().length)
                  .u8(StreamDescriptor.CONFIGURATION)
                  .bytes(configuration.bytes()));
      case Command command ->
          small(
              new GrowingBytes(5 + command.data().length)
                  .u8(StreamDescriptor.COMMAND)
                  .be16(command.command())
                  .be16(command.data().length)
                  .bytes(command.data()));
      case RamSection section -> writeRam(section);
      case IterableSection section -> writeIterable(section);
      case PackagedStream packaged -> writePackaged(packaged);
      case DeviceSection section -> writeDevice(section);
      case DeviceStateTail tail -> raw(MemorySegment.ofArray(tail.bytes()));
      case EndOfFile _ -> small(new GrowingBytes(1).u8(StreamDescriptor.EOF));
      case VmDescription vmdesc -> writeVmdesc(vmdesc);
    }
  }

  /// Writes what a transform makes of a stream, as if by [#with]. Reads to the stream's end; closes
  /// neither. RAM sections that are made anew get the stream's target page size, and footers where
  /// it
  /// has them.
  ///
  /// @param in the stream
  /// @param transform what to do with each element
  /// @throws IOException if the stream cannot be read or written
  public void transform(StreamReader in, StreamTransform transform) throws IOException {
    origin = in;
    try {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (in.targetPageSize() != 0) {
          pageSize = in.targetPageSize();
        }
        transform.accept(this, e);
      }
      transform.atEnd(this);
    } finally {
      origin = null;
    }
  }

  /// Begins a RAM section whose pages are given one by one, as if by [#with]. Until
  /// [RamSectionWriter#end] nothing else may be written.
  ///
  /// @param phase which section type
  /// @param header of the section
  /// @param blockList the RAM blocks in START, else empty
  /// @throws IOException if the channel throws
  public RamSectionWriter beginRam(Phase phase, SectionHeader header, List<RamBlockEntry> blockList)
      throws IOException {
    GrowingBytes out = new GrowingBytes(64);
    switch (phase) {
      case START -> {
        sectionHeader(out, StreamDescriptor.SECTION_START, header);
        BlockListCodec.write(out, blockList);
      }
      case PART -> out.u8(StreamDescriptor.SECTION_PART).be32(header.sectionId());
      case END -> out.u8(StreamDescriptor.SECTION_END).be32(header.sectionId());
    }
    small(out);
    return new RamSectionWriter(header.sectionId(), true);
  }

  /// Writes a `mapped-ram` RAM START without its bitmaps and pages, which are left to the caller.
  /// They are put where QEMU would put them; the file needs a target that can be written anywhere.
  ///
  /// @param header of the section
  /// @param blocks the RAM blocks in block-list order
  /// @param gap moves the channel ahead
  /// @return the block list with the places of bitmaps and pages, as offsets in the file
  /// @throws IOException if the channel or the gap throws
  public List<RamBlockEntry> mappedRamStart(SectionHeader header, List<RamBlock> blocks, Gap gap)
      throws IOException {
    GrowingBytes head = new GrowingBytes(64);
    sectionHeader(head, StreamDescriptor.SECTION_START, header);
    small(head);
    List<RamBlockEntry> placed = new MappedRamWriter(this, pageSize).skeleton(blocks, gap);
    small(new GrowingBytes(RamRecords.SIZE_WORD).be64(RamRecords.EOS));
    footer(header.sectionId());
    return placed;
  }

  /// Bytes that something else writes.
  @FunctionalInterface
  public interface Gap {
    /// Called when all bytes before the gap have been given to the channel.
    ///
    /// @param bytes how far behind the last of them the channel's next byte belongs
    /// @throws IOException if that is not possible
    void skip(long bytes) throws IOException;
  }

  /// Leaves bytes out.
  void gap(long bytes, Gap gap) throws IOException {
    flush();
    gap.skip(bytes);
    written += bytes;
  }

  /// Begins the records of postcopy's second connection, which have neither header, section nor
  /// footer; nothing else belongs into this writer then. [RamSectionWriter#end] writes EOS; QEMU
  /// 10.0
  /// closes the connection without it.
  ///
  /// Format: see [PreemptReader].
  public RamSectionWriter beginPreempt() {
    return new RamSectionWriter(0, false);
  }

  /// Bytes given to this writer so far.
  public long bytesWritten() {
    return written + used;
  }

  /// Writes bytes as they are, behind what was written. They must fit in where they stand.
  ///
  /// @param bytes all of which are written; not kept
  /// @throws IOException if the channel throws
  public void raw(MemorySegment bytes) throws IOException {
    raw(bytes, 0, bytes.byteSize());
  }

  /// Brings out what has been gathered.
  ///
  /// @throws IOException if the channel throws
  public void flush() throws IOException {
    drain(buffer.asSlice(0, used).asByteBuffer());
    used = 0;
  }

  /// Brings out what has been gathered and closes the channel.
  @Override
  public void close() throws IOException {
    try (channel) {
      flush();
    }
  }

  private void writeRam(RamSection section) throws IOException {
    if (section.blockList().stream().anyMatch(entry -> entry.mappedRam().isPresent())) {
      writeMapped(section);
      return;
    }
    RamSectionWriter out = beginRam(section.phase(), section.header(), section.blockList());
    if (section.pages() instanceof RamLoan.Records loan) {
      footers = loan.copyTo(this);
      footer(section.header().sectionId());
      return;
    }
    section.pages().forEachRecord(out);
    learnFooters(section.pages());
    out.end();
  }

  private void writeMapped(RamSection section) throws IOException {
    GrowingBytes head = new GrowingBytes(64);
    sectionHeader(head, StreamDescriptor.SECTION_START, section.header());
    small(head);
    if (section.pages() instanceof RamLoan.Regions mapped
        && mapped
            .regions()
            .blocks()
            .equals(section.blockList().stream().map(RamBlockEntry::block).toList())) {
      new MappedRamWriter(this, mapped.regions().pageSize()).copy(section, mapped.regions());
    } else {
      new MappedRamWriter(this, pageSize).write(section);
    }
    learnFooters(section.pages());
    small(new GrowingBytes(RamRecords.SIZE_WORD).be64(RamRecords.EOS));
    footer(section.header().sectionId());
  }

  /// Whether a section whose pages have been written is to have a footer, by the stream that they
  /// come from.
  private void learnFooters(RamPages written) throws IOException {
    if (written instanceof RamLoan loan) {
      footers = loan.readToEnd();
    } else if (origin != null) {
      footers = origin.footersBehindPages();
    }
  }

  private void writeDevice(DeviceSection section) throws IOException {
    footers = section.footer();
    GrowingBytes out = new GrowingBytes(section.body().length + 300);
    sectionHeader(out, StreamDescriptor.SECTION_FULL, section.header());
    out.bytes(section.body());
    small(out);
    footer(section.header().sectionId());
  }

  private void writeIterable(IterableSection section) throws IOException {
    footers = section.footer();
    GrowingBytes out = new GrowingBytes(section.body().length + 300);
    switch (section.phase()) {
      case START -> sectionHeader(out, StreamDescriptor.SECTION_START, section.header());
      case PART -> out.u8(StreamDescriptor.SECTION_PART).be32(section.header().sectionId());
      case END -> out.u8(StreamDescriptor.SECTION_END).be32(section.header().sectionId());
    }
    out.bytes(section.body());
    small(out);
    footer(section.header().sectionId());
  }

  private void writePackaged(PackagedStream packaged) throws IOException {
    small(
        new GrowingBytes(9)
            .u8(StreamDescriptor.COMMAND)
            .be16(Command.PACKAGED)
            .be16(4)
            .be32(packaged.bytes().length));
    raw(MemorySegment.ofArray(packaged.bytes()));
  }

  private void writeVmdesc(VmDescription vmdesc) throws IOException {
    byte[] json = vmdesc.json().getBytes(StandardCharsets.UTF_8);
    small(
        new GrowingBytes(StreamDescriptor.SIZE_VMDESC_HEADER)
            .u8(StreamDescriptor.VMDESCRIPTION)
            .be32(json.length));
    raw(MemorySegment.ofArray(json));
  }

  private static void sectionHeader(GrowingBytes out, int type, SectionHeader header) {
    out.u8(type)
        .be32(header.sectionId())
        .countedString(header.idstr())
        .be32(header.instanceId())
        .be32(header.versionId());
  }

  private void footer(int sectionId) throws IOException {
    if (footers) {
      small(
          new GrowingBytes(StreamDescriptor.SIZE_FOOTER)
              .u8(StreamDescriptor.SECTION_FOOTER)
              .be32(sectionId));
    }
  }

  void small(GrowingBytes bytes) throws IOException {
    raw(MemorySegment.ofArray(bytes.array()), 0, bytes.size());
  }

  /// The block that a record with CONTINUE would continue; null if none.
  @Nullable String currentBlock() {
    return currentBlock;
  }

  /// Notes the block of a record that was written.
  void continueFrom(RamBlock block) {
    currentBlock = block.idstr();
  }

  /// Writes a page record's header with the block's name.
  void pageHeader(int flag, long pageOffset, RamBlock block) throws IOException {
    reserve(RamRecords.MAX_HEADER);
    used = (int) RamRecords.header(buffer, used, flag, pageOffset, RamRecords.name(block));
  }

  /// Writes bytes of a segment; large pieces of native memory are not gathered first.
  void raw(MemorySegment from, long at, long count) throws IOException {
    if (count >= BUFFER_BYTES / 4 && from.isNative()) {
      flush();
      // The view of a segment has no more than 2 GiB.
      for (long done = 0; done < count; ) {
        long piece = Math.min(count - done, 1 << 30);
        drain(from.asSlice(at + done, piece).asByteBuffer());
        done += piece;
      }
      return;
    }
    for (long done = 0; done < count; ) {
      reserve(1);
      int piece = (int) Math.min(count - done, capacity - used);
      MemorySegment.copy(from, at + done, buffer, used, piece);
      used += piece;
      done += piece;
    }
  }

  private void drain(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      written += channel.write(bytes);
    }
  }

  private void reserve(int count) throws IOException {
    if (capacity - used < count) {
      makeRoom(count);
    }
  }

  private void makeRoom(int count) throws IOException {
    if (capacity < BUFFER_BYTES) {
      MemorySegment larger = Arena.ofAuto().allocate(BUFFER_BYTES, 4096);
      MemorySegment.copy(buffer, 0, larger, 0, used);
      buffer = larger;
      capacity = BUFFER_BYTES;
    }
    if (capacity - used < count) {
      flush();
    }
  }

  /// Takes the pages or records of one RAM section.
  ///
  /// Pages, and pages as deltas, get a record that names its block where it is another than that of
  /// the record before. A page filled with a byte other than zero is written as a page with
  /// content, since QEMU 10.0 takes no other; only [#zeroPage(RamBlock, long, boolean, byte)]
  /// writes
  /// it as it may stand in old streams.
  ///
  /// Records are written as they are, CONTINUE included; only where that would continue another
  /// block than the record's, the block is named.
  ///
  /// Nothing is allocated per page.
  public final class RamSectionWriter implements DeltaVisitor, RamRecordVisitor {
    private final int sectionId;
    private final boolean framed;
    private final Map<String, byte[]> names = new HashMap<>();
    private String lastName = "";
    private byte[] lastBytes = {};

    private RamSectionWriter(int sectionId, boolean framed) {
      this.sectionId = sectionId;
      this.framed = framed;
    }

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
        throws IOException {
      page(block, pageOffset, true, window, windowOffset);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) throws IOException {
      zeroPage(block, pageOffset, true, (byte) 0);
    }

    @Override
    public void xbzrlePage(
        RamBlock block, long pageOffset, MemorySegment window, long windowOffset, int length)
        throws IOException {
      xbzrlePage(block, pageOffset, true, window, windowOffset, length);
    }

    @Override
    public void page(
        RamBlock block, long pageOffset, boolean continued, MemorySegment window, long windowOffset)
        throws IOException {
      reserve(RamRecords.MAX_HEADER + pageSize);
      byte[] name = nameOf(block, continued);
      used = (int) RamRecords.page(buffer, used, pageOffset, name, window, windowOffset, pageSize);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset, boolean continued, byte fill)
        throws IOException {
      reserve(RamRecords.MAX_HEADER + 1);
      byte[] name = nameOf(block, continued);
      used = (int) RamRecords.zeroPage(buffer, used, pageOffset, name, fill);
    }

    @Override
    public void xbzrlePage(
        RamBlock block,
        long pageOffset,
        boolean continued,
        MemorySegment window,
        long windowOffset,
        int length)
        throws IOException {
      check(length, Math.min(pageSize, 0xffff));
      reserve(RamRecords.mostBytes(pageSize));
      byte[] name = nameOf(block, continued);
      used =
          (int) RamRecords.xbzrlePage(buffer, used, pageOffset, name, window, windowOffset, length);
    }

    @Override
    public void compressedPage(
        RamBlock block,
        long pageOffset,
        boolean continued,
        MemorySegment window,
        long windowOffset,
        int length)
        throws IOException {
      check(length, RamRecords.compressBound(pageSize));
      reserve(RamRecords.mostBytes(pageSize));
      byte[] name = nameOf(block, continued);
      used =
          (int)
              RamRecords.compressedPage(
                  buffer, used, pageOffset, name, window, windowOffset, length);
    }

    @Override
    public void multifdFlush() throws IOException {
      reserve(RamRecords.SIZE_WORD);
      used = (int) RamRecords.multifdFlush(buffer, used);
    }

    /// Ends the section: EOS, and the footer where sections have one.
    ///
    /// @throws IOException if the channel throws
    public void end() throws IOException {
      reserve(RamRecords.SIZE_WORD);
      used = (int) RamRecords.eos(buffer, used);
      if (framed) {
        footer(sectionId);
      }
    }

    private static void check(int length, int most) {
      if (length < 0 || length > most) {
        throw new IllegalArgumentException("record content of " + length + " bytes");
      }
    }

    private byte @Nullable [] nameOf(RamBlock block, boolean continued) {
      if (continued && block.idstr().equals(currentBlock)) {
        return null;
      }
      continueFrom(block);
      if (!block.idstr().equals(lastName)) {
        lastName = block.idstr();
        lastBytes = names.computeIfAbsent(lastName, Names::bytes);
      }
      return lastBytes;
    }
  }
}
