// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.OpenOptions;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.PageSpool;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.MappedRam;
import dev.tidemark.stream.ram.PageInflater;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamRecordVisitor;
import dev.tidemark.stream.ram.Xbzrle;
import dev.tidemark.stream.vmstate.DeviceSections;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A stored migration stream with random access.
///
/// One pass at opening notes where the newest version of each page stands, outside the heap, 8
/// bytes a page. The whole stream is checked by it up to the end. Pages whose newest version does
/// not stand in the stream as it is, since it came as an XBZRLE delta or compressed, are kept in a
/// [PageSpool] meanwhile.
///
/// Of a postcopy stream the device state is that of its package. Pages that a mapped-ram file does
/// not store are [PageKind#ZERO].
///
/// What would lose pages is [StreamException.Unsupported]: a postcopy or multifd stream whose pages
/// went over other channels, and the mapped-ram file of a background snapshot, whose bitmaps QEMU
/// leaves empty.
public final class StreamCheckpoint implements Checkpoint {
  /// Index bytes allowed whatever the size of the file.
  private static final long INDEX_ALLOWANCE = 64L << 20;

  /// A mask: what reads ahead is told once in as many page records how far the pass is.
  private static final int PASS_EVERY = (1 << 10) - 1;

  /// A mask: progress is told once in as many page records.
  private static final int TELL_EVERY = (1 << 14) - 1;

  /// Most commands kept; a real stream has a few.
  private static final int MAX_COMMANDS = 1 << 16;

  private final ByteSource source;
  private final long start;
  private final Path spoolFolder;
  private final Progress progress;
  private final long sourceBytes;
  private final Arena arena = Arena.ofShared();
  private final AtomicLong indexBudget;
  private final List<Command> commands = new ArrayList<>();
  private @Nullable PageIndex[] index = {};
  private Counts[] counts = {};
  private long ramSections;
  private long noted;
  private MachineConfiguration configuration;
  private List<RamBlock> blocks;
  private int pageSize;
  private final DeviceState.Builder state = new DeviceState.Builder();
  private long startOffset;
  private boolean mapped;
  private boolean footers;

  private @Nullable ReadAhead ahead;
  private @Nullable DiscardedPages discarded;
  private DeviceState devices = new DeviceState(new byte[0], Optional.empty());
  private long devicesOffset;
  private @Nullable PageSpool spool;

  private StreamCheckpoint(ByteSource source, long start, StreamReader reader, OpenOptions options)
      throws IOException {
    this.source = source;
    this.start = start;
    this.spoolFolder = options.spoolFolder();
    this.progress = options.progress();
    this.sourceBytes = source.size();
    // A record takes at least 9 bytes; an index much larger than that is a sparse one, made to
    // hurt.
    this.indexBudget = new AtomicLong(INDEX_ALLOWANCE + 2 * sourceBytes);
    try {
      readAll(reader);
    } catch (IOException | RuntimeException | Error e) {
      arena.close();
      if (spool != null) {
        spool.close();
      }
      throw e;
    } finally {
      if (ahead != null) {
        ahead.close();
        ahead = null;
      }
    }
    configuration = reader.configuration();
    blocks = reader.ramBlocks();
    pageSize = reader.targetPageSize();
    footers = reader.footers();
  }

  /// Opens a stored stream of default limits and any target page size.
  ///
  /// @param source closed with the result
  /// @throws IOException if the stream cannot be read, or its pages cannot be spooled; then
  /// `source`
  ///     is closed
  public static StreamCheckpoint open(ByteSource source) throws IOException {
    return open(MigrationStream.of(TargetPageSize.detect()), source);
  }

  /// Opens a stored stream.
  ///
  /// @param settings how to read
  /// @param source closed with the result
  /// @throws IOException if the stream cannot be read, or its pages cannot be spooled; then
  /// `source`
  ///     is closed
  public static StreamCheckpoint open(MigrationStream settings, ByteSource source)
      throws IOException {
    return open(settings, source, 0);
  }

  /// Opens a stored stream that starts somewhere in its file.
  ///
  /// @param settings how to read
  /// @param source closed with the result
  /// @param start where the stream starts in it, in bytes, 0 or more
  /// @throws IOException if the stream cannot be read, or its pages cannot be spooled; then
  ///     `source` is closed
  public static StreamCheckpoint open(MigrationStream settings, ByteSource source, long start)
      throws IOException {
    return open(settings, source, start, OpenOptions.DEFAULT);
  }

  /// Opens a stored stream that starts somewhere in its file.
  ///
  /// @param settings how to read
  /// @param source closed with the result
  /// @param start where the stream starts in it, in bytes, 0 or more
  /// @param options where pages are kept that came as deltas or compressed, which is looked at only
  ///     if there are any; and who is told how far it is
  /// @throws IOException if the stream cannot be read, or its pages cannot be spooled; then
  ///     `source` is closed
  public static StreamCheckpoint open(
      MigrationStream settings, ByteSource source, long start, OpenOptions options)
      throws IOException {
    try {
      StreamReader reader = settings.withDeviceTail().read(source, start);
      return new StreamCheckpoint(source, start, reader, options);
    } catch (IOException | RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private void readAll(StreamReader reader) throws IOException {
    boolean ended = false;
    boolean ramEnded = false;
    byte @Nullable [] packaged = null;
    for (StreamElement e = reader.next(); e != null; e = reader.next()) {
      switch (e) {
        case StreamElement.FileHeader _, StreamElement.Configuration _ -> {}
        case Command command -> {
          if (commands.size() == MAX_COMMANDS) {
            throw new StreamException.LimitExceeded(
                "more than " + MAX_COMMANDS + " commands", e.streamOffset(), "checkpoint");
          }
          commands.add(command);
          if (discarded != null) {
            discarded.take(command);
          }
        }
        case RamSection section -> {
          if (section.phase() == RamSection.Phase.START) {
            startOffset = section.streamOffset();
            mapped = StreamCheckpointStream.isMapped(section);
            prepare(reader);
            ahead = ahead == null ? readAhead(start + startOffset) : ahead;
          }
          ramEnded |= section.phase() == RamSection.Phase.END;
          ramSections++;
          try (Indexer indexer = new Indexer(reader)) {
            section.pages().forEachRecord(indexer);
          }
        }
        case DeviceSection early -> state.early(early);
        case StreamElement.IterableSection section -> state.iterable(section);
        case StreamElement.PackagedStream p -> {
          if (packaged != null) {
            throw StreamCheckpointStream.stateTwice(p);
          }
          packaged = p.deviceSections(reader.footers());
          commands.addAll(p.commands());
          devices = state.build(packaged, Optional.empty());
          devicesOffset = p.contentOffset();
        }
        case StreamElement.DeviceStateTail tail -> {
          if (packaged != null) {
            throw StreamCheckpointStream.stateTwice(tail);
          }
          DeviceState behind = tail.deviceState();
          devices = state.build(behind.sections(), behind.vmdesc());
          devicesOffset = tail.streamOffset();
          ended = true;
        }
        case StreamElement.EndOfFile eof -> {
          devices = state.build(devices.sections(), Optional.empty());
          devicesOffset = packaged == null ? eof.streamOffset() : devicesOffset;
          ended = true;
        }
        case StreamElement.VmDescription vmdesc ->
            devices = state.build(devices.sections(), Optional.of(vmdesc.json()));
      }
    }
    if (!ended || discarded == null) {
      throw new StreamException.Unsupported(
          "stream without RAM", reader.streamOffset(), "checkpoint");
    }
    checkPages(reader, ramEnded, discarded);
  }

  private void checkPages(StreamReader reader, boolean ramEnded, DiscardedPages of)
      throws StreamException {
    of.checkAllReceived();
    if (Arrays.stream(counts).anyMatch(count -> count.data > 0)) {
      return;
    }
    if (mapped) {
      if (!ramEnded) {
        throw MappedRam.emptyBitmaps(startOffset);
      }
      return;
    }
    for (RamBlock block : reader.ramBlocks()) {
      if (counts[block.index()].zero < block.usedLength() / reader.targetPageSize()) {
        throw StreamCheckpointStream.noContent(startOffset);
      }
    }
  }

  private void prepare(StreamReader reader) {
    List<RamBlock> list = reader.ramBlocks();
    discarded = new DiscardedPages(list, reader.targetPageSize());
    counts = new Counts[list.size()];
    index = new PageIndex[list.size()];
    for (RamBlock block : list) {
      long pages = block.usedLength() / reader.targetPageSize();
      index[block.index()] = new PageIndex(pages, arena, indexBudget);
      counts[block.index()] = new Counts();
    }
  }

  /// What has been noted of a RAM block.
  private static final class Counts {
    /// Page records, replaced versions included.
    private long records;

    /// Pages whose newest version has content.
    private long data;

    /// Pages whose newest version is recorded as zeroes.
    private long zero;

    void add(long entry, int pages) {
      switch (kind(entry)) {
        case DATA -> data += pages;
        case ZERO -> zero += pages;
        case MISSING -> {}
      }
    }
  }

  /// What brings a large mapped file into memory ahead of the pass; nothing where the pass jumps
  /// over most of it.
  private @Nullable ReadAhead readAhead(long from) {
    return mapped ? null : source.memory().flatMap(all -> ReadAhead.of(all, from)).orElse(null);
  }

  private final class Indexer implements RamRecordVisitor, AutoCloseable {
    private final StreamReader reader;
    private final int bytes;
    private @Nullable PageInflater inflater;
    private @Nullable MemorySegment former;

    Indexer(StreamReader reader) {
      this.reader = reader;
      this.bytes = reader.targetPageSize();
    }

    @Override
    public void page(
        RamBlock block, long pageOffset, boolean continued, MemorySegment window, long windowOffset)
        throws IOException {
      note(block, pageOffset, PageIndex.data(reader.streamOffsetOf(windowOffset)));
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset, boolean continued, byte fill)
        throws IOException {
      note(block, pageOffset, fill == 0 ? PageIndex.ZERO : PageIndex.filled(fill));
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
      int wrong = Xbzrle.fault(window, windowOffset, length, bytes);
      if (wrong >= 0) {
        throw Xbzrle.malformed(reader.streamOffsetOf(windowOffset) + wrong);
      }
      PageSpool spooled = spool(reader);
      PageIndex pages = index[block.index()];
      long entry = pages == null ? PageIndex.MISSING : pages.get(pageOffset / bytes);
      if (PageIndex.isData(entry) || PageIndex.isFilled(entry)) {
        if (former == null) {
          former = Arena.ofAuto().allocate(bytes);
        }
        content(entry, former);
        spooled.page(block, pageOffset, former, 0);
      } else if (entry != PageIndex.SPOOLED) {
        spooled.zeroPage(block, pageOffset);
      }
      spooled.xbzrlePage(block, pageOffset, window, windowOffset, length);
      note(block, pageOffset, PageIndex.SPOOLED);
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
      if (inflater == null) {
        inflater = new PageInflater(bytes);
      }
      long at = reader.streamOffsetOf(windowOffset);
      MemorySegment page = inflater.inflate(window, windowOffset, length, at);
      spool(reader).page(block, pageOffset, page, 0);
      note(block, pageOffset, PageIndex.SPOOLED);
    }

    @Override
    public void multifdFlush() {}

    private void note(RamBlock block, long pageOffset, long entry) throws IOException {
      if (discarded != null) {
        discarded.received(block, pageOffset);
      }
      PageIndex pages = index[block.index()];
      if ((++noted & PASS_EVERY) == 0 && ahead != null) {
        ahead.passed(start + reader.streamOffset());
      }
      if ((noted & TELL_EVERY) == 0) {
        progress.advanced(start + reader.streamOffset(), sourceBytes);
      }
      long former = pages == null ? PageIndex.MISSING : pages.get(pageOffset / bytes);
      Counts count = counts[block.index()];
      count.records++;
      count.add(former, -1);
      count.add(entry, 1);
      if (pages == null || !pages.set(pageOffset / bytes, entry)) {
        throw new StreamException.LimitExceeded(
            "page index too large for its stream", reader.streamOffset(), "checkpoint");
      }
    }

    @Override
    public void close() {
      if (inflater != null) {
        inflater.close();
      }
    }
  }

  private PageSpool spool(StreamReader reader) throws IOException {
    if (spool == null) {
      spool = PageSpool.create(spoolFolder, reader.ramBlocks(), reader.targetPageSize());
    }
    return spool;
  }

  /// The page of an entry that is [PageIndex#isData] or not, but not spooled.
  private void content(long entry, MemorySegment page) throws IOException {
    if (PageIndex.isData(entry)) {
      long at = PageIndex.streamOffset(entry);
      int got = source.read(start + at, page);
      if (got < page.byteSize()) {
        throw new StreamException.Truncated("the stream ends", at + got, "page content");
      }
    } else {
      page.fill(PageIndex.isFilled(entry) ? PageIndex.fill(entry) : 0);
    }
  }

  @Override
  public CheckpointFormat format() {
    return CheckpointFormat.STREAM;
  }

  @Override
  public MachineConfiguration configuration() {
    return configuration;
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return blocks;
  }

  @Override
  public int targetPageSize() {
    return pageSize;
  }

  @Override
  public PageKind pageKind(RamBlock block, long pageOffset) {
    return kind(entry(block, pageOffset));
  }

  @Override
  public long endOfKind(RamBlock block, long pageOffset, long limit) {
    PageKind kind = pageKind(block, pageOffset);
    PageIndex pages = index[block.index()];
    if (pages == null) {
      return limit;
    }
    long end = limit / pageSize;
    long page = pageOffset / pageSize;
    do {
      page = pages.endOfKind(page, end);
    } while (page < end && kind(known(pages.get(page))) == kind);
    return page < end ? page * pageSize : limit;
  }

  @Override
  public PageKind readPage(RamBlock block, long pageOffset, MemorySegment target)
      throws IOException {
    long entry = entry(block, pageOffset);
    readEntry(entry, block, pageOffset, target.asSlice(0, pageSize));
    return kind(entry);
  }

  void readEntry(long entry, RamBlock block, long pageOffset, MemorySegment page)
      throws IOException {
    if (entry == PageIndex.SPOOLED && spool != null) {
      spool.readPage(block, pageOffset, page);
    } else {
      content(entry, page);
    }
  }

  long entry(RamBlock block, long pageOffset) {
    if (block.index() < 0 || block.index() >= blocks.size()) {
      throw new IllegalArgumentException("RAM block of another checkpoint: " + block);
    }
    RamBlock own = blocks.get(block.index());
    if (!own.equals(block)
        || pageOffset < 0
        || pageOffset >= own.usedLength()
        || pageOffset % pageSize != 0) {
      throw new IllegalArgumentException("page offset " + pageOffset + " of " + block);
    }
    PageIndex pages = index[block.index()];
    return known(pages == null ? PageIndex.MISSING : pages.get(pageOffset / pageSize));
  }

  /// What a mapped-ram file does not store is zero.
  private long known(long entry) {
    return mapped && entry == PageIndex.MISSING ? PageIndex.ZERO : entry;
  }

  private static PageKind kind(long entry) {
    if (entry == PageIndex.MISSING) {
      return PageKind.MISSING;
    }
    return entry == PageIndex.ZERO ? PageKind.ZERO : PageKind.DATA;
  }

  @Override
  public DeviceState deviceState() {
    return devices;
  }

  @Override
  public Optional<Manifest> manifest() {
    return Optional.empty();
  }

  @Override
  public CheckpointStream stream() {
    return new IndexedStream(this, source, start);
  }

  /// How the pages of each RAM block are stored.
  public List<BlockPages> blockPages() {
    return blocks.stream().map(this::blockPages).toList();
  }

  private BlockPages blockPages(RamBlock block) {
    Counts count = counts[block.index()];
    long others = block.usedLength() / pageSize - count.data;
    long zero = mapped ? others : count.zero;
    return new BlockPages(block, count.data, zero, others - zero, count.records);
  }

  @Override
  public OptionalLong resentPages() {
    return OptionalLong.of(blocks.stream().mapToLong(block -> resentPages(block).orElse(0)).sum());
  }

  /// A mapped-ram file has one place for each page: none is stored twice.
  @Override
  public OptionalLong resentPages(RamBlock block) {
    BlockPages pages = blockPages(blocks.get(block.index()));
    long first = pages.data() + (mapped ? 0 : pages.zero());
    return OptionalLong.of(Math.max(0, pages.records() - first));
  }

  /// The device sections behind RAM, if vmdesc allows to delimit them.
  public Optional<List<DeviceSection>> deviceSections() {
    return DeviceSections.split(devices, devicesOffset);
  }

  /// The commands in the stream, in order; those at the head of a package too.
  public List<Command> commands() {
    return List.copyOf(commands);
  }

  /// Whether sections of the stream have footers.
  boolean footers() {
    return footers;
  }

  /// RAM sections in the stream: START, PARTs and END.
  public long ramSections() {
    return ramSections;
  }

  @Override
  public void close() throws IOException {
    try (source) {
      arena.close();
      if (spool != null) {
        spool.close();
      }
    }
  }
}
