// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.stream.ram.RamRecords;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;

/// Writes a Tidemark archive front to back.
///
/// ```
/// reader:      block = pool.take(); while (block.page(…)) …        fills PageBlocks
/// compressors: compressor.compress(block)                          one compressor a thread
/// writer:      writer.write(block); block.clear(); pool.put(block) this class, one thread
///              writer.finish(state, manifest)
///              target.sync(); target.commit()                      the caller's
/// ```
///
/// [#begin], [#write], [#finish] and [#close] belong to one thread; the counters may be asked from
/// any. Blocks are written in the order of the calls, and the page index follows it: of two records
/// of a page the one written later wins.
///
/// The writer never commits, aborts or closes its target.
public final class ArchiveWriter implements Closeable {
  private final ArchiveOptions options;
  private final ArchivePrologue prologue;
  private final RamLayout layout;
  private final BodyEncoding encoding;
  private final ArchiveOutput out;
  private final PageIndexBuilder index;
  private final BlockTableBuilder table = new BlockTableBuilder();
  private final List<Section> sections = new ArrayList<>();
  private final AtomicLong content = new AtomicLong();
  private final AtomicLong pages = new AtomicLong();
  private final AtomicLong zeroes = new AtomicLong();

  private long prologueBlocks;
  private long pageBlocks;
  private boolean finished;
  private boolean closed;

  private ArchiveWriter(
      CheckpointTarget target, ArchiveOptions options, ArchivePrologue prologue, RamLayout layout) {
    this.options = options;
    this.prologue = prologue;
    this.layout = layout;
    this.encoding = BodyEncoding.of(options.compression());
    this.out = new ArchiveOutput(target);
    this.index = new PageIndexBuilder(layout);
  }

  /// Begins an archive: writes everything before the first page.
  ///
  /// @param target where it goes
  /// @param options how it is written
  /// @param prologue what stands before the pages
  /// @throws IOException if the target cannot be written, or the RAM is too large for the page
  ///     index's limit
  /// @throws IllegalArgumentException if the RAM blocks are not what a stream can list, or a page
  ///     does not fit a block
  public static ArchiveWriter begin(
      CheckpointTarget target, ArchiveOptions options, ArchivePrologue prologue)
      throws IOException {
    RamLayout layout = new RamLayout(prologue.ramBlocks(), prologue.targetPageSize());
    if (layout.pageSize() + RamRecords.SIZE_WORD + 256 > options.blockContent()) {
      throw new IllegalArgumentException(
          "pages of " + layout.pageSize() + " bytes in blocks of " + options.blockContent());
    }
    if (layout.pages() > options.pageIndexLimit() / 8) {
      throw new IOException(
          "page index of "
              + layout.pages()
              + " pages is above its limit of "
              + options.pageIndexLimit()
              + " bytes");
    }
    ArchiveWriter writer = new ArchiveWriter(target, options, prologue, layout);
    try {
      writer.writePrologue();
    } catch (IOException | RuntimeException e) {
      writer.close();
      throw e;
    }
    return writer;
  }

  private void writePrologue() throws IOException {
    out.body(new ArchiveHeader(layout.pageSize(), options.blockContent(), encoding).frame());
    out.body(encoding.header(options.blockContent()));
    byte[] bytes = StreamBytes.prologue(prologue, layout);
    writePlain(bytes, 0, bytes.length, options.compression());
    prologueBlocks = table.count();
  }

  /// Writes bytes of the stream that are not pages, as blocks of their own.
  private void writePlain(byte[] bytes, int from, int to, Compression compression)
      throws IOException {
    BlockEncoder encoder = encoding.newEncoder(compression, options.zstdLevel());
    int most = options.blockContent();
    int room = BlockEncoder.HEAD + BlockEncoder.TAIL;
    Slab plain = Slab.allocate(most + room);
    Slab encoded = Slab.allocate(encoding.mostEncoded(most) + room);
    for (int at = from; at < to; at += most) {
      int length = Math.min(most, to - at);
      MemorySegment.copy(Bytes.segment(bytes), at, plain.segment(), BlockEncoder.HEAD, length);
      int pieceLength = encoder.encode(plain, length, encoded);
      boolean stored = encoder.isStored();
      append(stored ? plain.segment() : encoded.segment(), pieceLength, stored, length);
    }
  }

  private void append(MemorySegment piece, int pieceLength, boolean stored, int contentLength)
      throws IOException {
    table.add(encoding.tableNumber(pieceLength, stored));
    out.body(piece, pieceLength);
    content.addAndGet(contentLength);
  }

  /// A block to fill; to be allocated once and used again.
  public PageBlock newPageBlock() {
    int capacity = options.blockContent();
    return new PageBlock(this, layout, capacity, encoding.mostEncoded(capacity));
  }

  /// A compressor for one thread.
  public PageBlockCompressor newCompressor() {
    return new PageBlockCompressor(encoding.newEncoder(options.compression(), options.zstdLevel()));
  }

  /// Appends a compressed block and notes where its pages are. The block is not kept: the caller
  /// clears it and may fill it again.
  ///
  /// @param block a block of this writer, compressed
  /// @throws IOException if the target cannot be written; the archive is then unusable
  public void write(PageBlock block) throws IOException {
    if (block.owner() != this || block.pieceLength() == 0) {
      throw new IllegalArgumentException("not a compressed block of this writer");
    }
    checkWriting();
    index.put(table.count(), block.records(), block.pages());
    append(block.piece(), block.pieceLength(), block.isStored(), block.contentBytes());
    pageBlocks++;
    pages.addAndGet(block.pages());
    zeroes.addAndGet(block.zeroPages());
  }

  private void checkWriting() {
    if (finished || closed) {
      throw new IllegalStateException(closed ? "writer is closed" : "archive is finished");
    }
  }

  /// Writes what follows the pages: device state, index, manifest, trailer. All bytes have been
  /// handed to the target when this returns; making them durable and visible is the caller's.
  ///
  /// @param state the device state
  /// @param manifest what is noted beside it
  /// @throws IOException if the target cannot be written
  /// @throws IllegalArgumentException if the early sections are not those of the prologue
  public void finish(DeviceState state, Manifest manifest) throws IOException {
    finish(state, Optional.of(manifest));
  }

  /// Writes what follows the pages, as [#finish(DeviceState, Manifest)].
  ///
  /// @param state the device state
  /// @param manifest what is noted beside it; absent where nothing is known
  /// @throws IOException if the target cannot be written
  /// @throws IllegalArgumentException if the early sections are not those of the prologue
  public void finish(DeviceState state, Optional<Manifest> manifest) throws IOException {
    checkWriting();
    if (!Arrays.equals(state.early(), prologue.earlySections())) {
      throw new IllegalArgumentException("early sections other than those of the prologue");
    }
    finished = true;
    byte[] live = StreamBytes.live(state);
    writeEpilogue(StreamBytes.epilogue(prologue, state, live));
    out.body(encoding.endMark());
    byte[] segmentDigests = out.endBody();
    long bodyEnd = out.size();
    for (byte[] part : table.finish()) {
      section(SectionDescriptor.BLOCK_TABLE, part);
    }
    long runs = index.encode(part -> section(SectionDescriptor.PAGE_INDEX, part.payload()));
    section(SectionDescriptor.FACTS, facts(state, live.length, runs).payload());
    if (manifest.isPresent()) {
      byte[] json = ManifestJson.write(manifest.get()).getBytes(UTF_8);
      section(SectionDescriptor.MANIFEST, json);
    }
    section(SectionDescriptor.SEGMENT_DIGESTS, segmentDigests);
    writeEnd(bodyEnd);
  }

  /// In LZ4 the last block is stored: lz4 1.9.4, once it has come to a block in two steps, goes on
  /// to read
  /// 4 bytes too many, over the end of the frame if no stored block stops it, and then refuses the
  /// frames that follow.
  private void writeEpilogue(byte[] bytes) throws IOException {
    int split = Math.max(0, bytes.length - encoding.endStored());
    writePlain(bytes, 0, split, options.compression());
    writePlain(bytes, split, bytes.length, Compression.NONE);
  }

  private Facts facts(DeviceState state, long liveBytes, long runs) {
    return new Facts(
        prologue,
        options.blockContent(),
        content.get(),
        prologueBlocks,
        pageBlocks,
        table.count() - prologueBlocks - pageBlocks,
        pages.get(),
        zeroes.get(),
        runs,
        liveBytes,
        state.sections().length,
        state
            .vmdesc()
            .map(json -> OptionalInt.of(json.getBytes(UTF_8).length))
            .orElse(OptionalInt.empty()));
  }

  private void section(int tag, byte[] payload) throws IOException {
    if (payload.length > SectionDescriptor.MAX_LENGTH - SectionDescriptor.OVERHEAD) {
      throw new IOException(
          "archive section " + SectionDescriptor.name(tag) + " of " + payload.length + " bytes");
    }
    byte[] frame = Section.frame(tag, payload);
    sections.add(new Section(tag, out.size(), frame.length));
    out.section(frame);
  }

  private void writeEnd(long bodyEnd) throws IOException {
    ByteSink entries = new ByteSink();
    for (Section section : sections) {
      entries.u32(section.tag()).u32(0).u64(section.offset()).u64(section.length());
    }
    long tableOffset = out.size();
    out.section(Section.frame(SectionDescriptor.TABLE, entries.toByteArray()));
    long fileSize = out.size() + TrailerDescriptor.SIZE;
    Trailer trailer =
        new Trailer(
            bodyEnd, tableOffset, fileSize, content.get(), table.count(), out.sectionDigest());
    out.last(trailer.frame());
  }

  /// Bytes of the file so far.
  public long fileBytes() {
    return out.size();
  }

  /// Bytes of the stream within, uncompressed, so far.
  public long contentBytes() {
    return content.get();
  }

  /// Page records written so far, zero pages included, every version of a page counted.
  public long pages() {
    return pages.get();
  }

  /// Of [#pages], how many were zero pages.
  public long zeroPages() {
    return zeroes.get();
  }

  /// Gives back memory and the hash thread. What was appended to the target stays there.
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      out.close();
      index.close();
    }
  }
}
