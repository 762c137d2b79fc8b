// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamLimits;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// A Tidemark archive with random access to its pages.
///
/// Opening reads and checks trailer, section table, facts, index and manifest; the body is read as
/// pages are asked for, and each block checked when it is. [ArchiveVerifier] checks all of it.
///
/// May be used by several threads at once; closing it is one thread's, when no other uses it.
public final class ArchiveCheckpoint implements Checkpoint {
  /// Block readers kept for threads that read at random.
  private static final int IDLE_READERS = 8;

  private static final String DEVICE_STATE = "device state";

  private final ArchiveInput input;
  private final Arena arena;
  private final ArchiveLayout archive;
  private final BlockTable table;
  private final PageIndex index;
  private final MachineConfiguration configuration;
  private final Optional<Manifest> manifest;
  private final BlockReaders readers;

  private ArchiveCheckpoint(ArchiveInput input, Arena arena, ArchiveLayout archive)
      throws IOException {
    this.input = input;
    this.arena = arena;
    this.archive = archive;
    this.table = archive.blockTable(arena);
    this.index = archive.pageIndex(arena);
    this.configuration = archive.configuration();
    this.manifest = archive.manifest();
    this.readers = new BlockReaders(IDLE_READERS, this::newBlockReader);
  }

  /// Opens an archive.
  ///
  /// @param source its bytes; closed with the checkpoint, left open if this throws
  /// @throws StreamException.Truncated if it has no trailer: its writer did not end, or it was cut
  /// @throws StreamException if it is damaged, or of a version that is not read
  /// @throws IOException if it cannot be read
  public static ArchiveCheckpoint open(ByteSource source) throws IOException {
    return open(source, StreamLimits.DEFAULT);
  }

  /// Opens an archive with other limits.
  ///
  /// @param source its bytes; closed with the checkpoint, left open if this throws
  /// @param limits what is accepted
  /// @throws StreamException if it is incomplete, damaged, or of a version that is not read
  /// @throws IOException if it cannot be read
  public static ArchiveCheckpoint open(ByteSource source, StreamLimits limits) throws IOException {
    ArchiveInput input = ArchiveInput.of(source);
    ArchiveLayout layout = ArchiveLayout.read(input, limits);
    Arena arena = Arena.ofShared();
    try {
      return new ArchiveCheckpoint(input, arena, layout);
    } catch (IOException | RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /// The bytes that every archive begins with.
  public static byte[] fileStart() {
    return ArchiveHeader.start();
  }

  BlockReader newBlockReader() {
    return new BlockReader(input, table, archive.header().encoding(), facts().blockContent());
  }

  ArchiveInput input() {
    return input;
  }

  ArchiveLayout archive() {
    return archive;
  }

  Facts facts() {
    return archive.facts();
  }

  RamLayout layout() {
    return archive.ram();
  }

  BlockTable table() {
    return table;
  }

  PageIndex index() {
    return index;
  }

  @Override
  public CheckpointFormat format() {
    return CheckpointFormat.ARCHIVE;
  }

  @Override
  public MachineConfiguration configuration() {
    return configuration;
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return layout().blocks();
  }

  @Override
  public int targetPageSize() {
    return layout().pageSize();
  }

  @Override
  public PageKind pageKind(RamBlock block, long pageOffset) {
    return PageLocation.kind(index.locationOf(layout().pageNumber(block.index(), pageOffset)));
  }

  @Override
  public long endOfKind(RamBlock block, long pageOffset, long limit) {
    RamLayout layout = layout();
    long page = layout.pageNumber(block.index(), pageOffset);
    long end = index.endOfKind(page, page + ((limit - pageOffset) >>> layout.pageShift()));
    return pageOffset + ((end - page) << layout.pageShift());
  }

  /// The archive counts them for all blocks together.
  @Override
  public OptionalLong resentPages() {
    long pages = layout().pages();
    long missing = index.count(PageKind.MISSING, 0, pages);
    return OptionalLong.of(Math.max(0, facts().pageRecords() - (pages - missing)));
  }

  @Override
  public PageKind readPage(RamBlock block, long pageOffset, MemorySegment target)
      throws IOException {
    RamLayout layout = layout();
    long location = index.locationOf(layout.pageNumber(block.index(), pageOffset));
    int pageSize = layout.pageSize();
    if (!PageLocation.isData(location)) {
      target.asSlice(0, pageSize).fill((byte) 0);
      return PageLocation.kind(location);
    }
    BlockReader reader = readers.take(PageLocation.block(location));
    try {
      reader.load(PageLocation.block(location));
      long at = reader.pageAt(location, layout, block.index(), pageOffset);
      MemorySegment.copy(reader.content(), at, target, 0, pageSize);
    } finally {
      readers.give(reader);
    }
    return PageKind.DATA;
  }

  @Override
  public DeviceState deviceState() throws IOException {
    Facts facts = facts();
    byte[] partEnd = StreamBytes.partEnd(facts.prologue());
    byte[] ramEnd = StreamBytes.ramEnd(facts.prologue());
    boolean hasVmdesc = facts.vmdescBytes().isPresent();
    int vmdescBytes = facts.vmdescBytes().orElse(0);
    int devices = (int) facts.deviceBytes();
    int gap = StreamBytes.afterDevices(hasVmdesc);
    long first = facts.prologueBlocks() + facts.pageBlocks();
    byte[] bytes = plainBlocks(first, facts.epilogueBlocks(), facts.epilogueBytes());
    int live = (int) facts.liveBytes();
    int start = partEnd.length + live + ramEnd.length;
    boolean framed =
        Arrays.equals(bytes, 0, partEnd.length, partEnd, 0, partEnd.length)
            && Arrays.equals(bytes, start - ramEnd.length, start, ramEnd, 0, ramEnd.length)
            && StreamBytes.isAfterDevices(bytes, start + devices, hasVmdesc, vmdescBytes);
    if (!framed) {
      throw new StreamException.Malformed(
          "device state that is not where the facts say", table.offset(first), DEVICE_STATE);
    }
    int end = start + devices;
    return new DeviceState(
        facts.prologue().earlySections(),
        live == 0 ? List.of() : live(bytes, first),
        Arrays.copyOfRange(bytes, start, end),
        hasVmdesc
            ? Optional.of(new String(bytes, end + gap, vmdescBytes, UTF_8))
            : Optional.empty());
  }

  /// The live sections, read as a destination does: out of the stream without its pages.
  private List<IterableSection> live(byte[] epilogue, long first) throws IOException {
    byte[] prologue = StreamBytes.prologue(facts().prologue(), layout());
    byte[] stream = Arrays.copyOf(prologue, prologue.length + epilogue.length);
    System.arraycopy(epilogue, 0, stream, prologue.length, epilogue.length);
    MigrationStream settings = MigrationStream.of(TargetPageSize.of(targetPageSize()));
    try {
      return StreamCheckpointStream.stateOf(settings, ByteSource.of(stream)).iterable();
    } catch (StreamException e) {
      throw new StreamException.Malformed(
          "live sections that cannot be read: " + e.getMessage(),
          table.offset(first),
          DEVICE_STATE);
    }
  }

  /// The content of blocks that are not pages, which has to have the size that the facts say.
  byte[] plainBlocks(long first, long count, long size) throws IOException {
    long stored = table.offset(first + count) - table.offset(first);
    long most = archive.header().encoding().mostContent(count, stored, facts().blockContent());
    if (size > most || size > Integer.MAX_VALUE - 8) {
      throw wrongSize(first);
    }
    byte[] bytes = new byte[(int) size];
    MemorySegment target = MemorySegment.ofArray(bytes);
    BlockReader reader = newBlockReader();
    int at = 0;
    for (long block = first; block < first + count; block++) {
      reader.load(block);
      if (reader.length() > size - at) {
        throw wrongSize(block);
      }
      MemorySegment.copy(reader.content(), reader.start(), target, at, reader.length());
      at += reader.length();
    }
    if (at != size) {
      throw wrongSize(first);
    }
    return bytes;
  }

  private StreamException wrongSize(long block) {
    return new StreamException.Malformed(
        "content of another size than the facts say", table.offset(block), BlockReader.CONTEXT);
  }

  @Override
  public Optional<Manifest> manifest() {
    return manifest;
  }

  @Override
  public CheckpointStream stream() {
    return new ArchiveStream(this);
  }

  /// What stands in the stream before its first page.
  public ArchivePrologue prologue() {
    return facts().prologue();
  }

  /// Sizes and counts of the archive.
  public ArchiveSummary summary() {
    Facts facts = facts();
    return new ArchiveSummary(
        input.size(),
        facts.contentBytes(),
        facts.blocks(),
        facts.pageRecords(),
        facts.zeroRecords(),
        archive.indexBytes());
  }

  /// Counts a RAM block's pages by what is held for them.
  ///
  /// @param block one of [#ramBlocks]
  public PageCounts pageCounts(RamBlock block) {
    long from = layout().firstPage(block.index());
    long to = layout().firstPage(block.index() + 1);
    return new PageCounts(
        index.count(PageKind.DATA, from, to),
        index.count(PageKind.ZERO, from, to),
        index.count(PageKind.MISSING, from, to));
  }

  /// Gives back memory and closes the source.
  @Override
  public void close() throws IOException {
    if (arena.scope().isAlive()) {
      arena.close();
    }
    input.source().close();
  }
}
