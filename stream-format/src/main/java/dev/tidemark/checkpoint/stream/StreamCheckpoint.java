// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.PageSpool;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A stored migration stream with random access.
///
/// One pass at opening notes where the newest version of each page stands, outside the heap, 8
/// bytes a page. The whole stream is checked by it up to the end. Pages whose newest version does
/// not stand in the stream as it is, since it came as an XBZRLE delta or compressed, are kept in a
/// [PageSpool] meanwhile.
public final class StreamCheckpoint implements Checkpoint {
  /// Index bytes allowed whatever the size of the file.
  private static final long INDEX_ALLOWANCE = 64L << 20;

  /// Most commands kept; a real stream has a few.
  private static final int MAX_COMMANDS = 1 << 16;

  private final ByteSource source;
  private final Path spoolFolder;
  private final Arena arena = Arena.ofShared();
  private final AtomicLong indexBudget;
  private final List<Command> commands = new ArrayList<>();
  private @Nullable PageIndex[] index = {};
  private long[] records = {};
  private long ramSections;
  private MachineConfiguration configuration;
  private List<RamBlock> blocks;
  private int pageSize;
  private DeviceState devices = new DeviceState(new byte[0], Optional.empty());
  private long devicesOffset;
  private @Nullable PageSpool spool;

  private StreamCheckpoint(ByteSource source, StreamReader reader, Path spoolFolder)
      throws IOException {
    this.source = source;
    this.spoolFolder = spoolFolder;
    // A record takes at least 9 bytes; an index much larger than that is a sparse one, made to
    // hurt.
    this.indexBudget = new AtomicLong(INDEX_ALLOWANCE + 2 * source.size());
    try {
      readAll(reader);
    } catch (IOException | RuntimeException | Error e) {
      arena.close();
      if (spool != null) {
        spool.close();
      }
      throw e;
    }
    configuration = reader.configuration();
    blocks = reader.ramBlocks();
    pageSize = reader.targetPageSize();
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
    return open(settings, source, Path.of(System.getProperty("java.io.tmpdir", "/tmp")));
  }

  /// Opens a stored stream.
  ///
  /// @param settings how to read
  /// @param source closed with the result
  /// @param spoolFolder where pages are kept that came as deltas or compressed; looked at only if
  ///     there are any
  /// @throws IOException if the stream cannot be read, or its pages cannot be spooled; then
  /// `source`
  ///     is closed
  public static StreamCheckpoint open(MigrationStream settings, ByteSource source, Path spoolFolder)
      throws IOException {
    try {
      return new StreamCheckpoint(source, settings.withDeviceTail().read(source), spoolFolder);
    } catch (IOException | RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private void readAll(StreamReader reader) throws IOException {
    boolean ended = false;
    for (StreamElement e = reader.next(); e != null; e = reader.next()) {
      switch (e) {
        case StreamElement.FileHeader _, StreamElement.Configuration _ -> {}
        case Command command -> {
          if (commands.size() == MAX_COMMANDS) {
            throw new StreamException.LimitExceeded(
                "more than " + MAX_COMMANDS + " commands", e.streamOffset(), "checkpoint");
          }
          commands.add(command);
        }
        case RamSection section -> {
          if (section.phase() == RamSection.Phase.START) {
            StreamCheckpointStream.refuseMapped(section);
            prepare(reader);
          }
          ramSections++;
          try (Indexer indexer = new Indexer(reader)) {
            section.pages().forEachRecord(indexer);
          }
        }
        case DeviceSection early ->
            throw new StreamException.Unsupported(
                "device section \"" + early.header().idstr() + "\" before RAM",
                e.streamOffset(),
                "checkpoint");
        case StreamElement.IterableSection s ->
            throw new StreamException.Unsupported(
                "live section \"" + s.header().idstr() + "\"", s.streamOffset(), "checkpoint");
        case StreamElement.PackagedStream p ->
            throw new StreamException.Unsupported(
                "PACKAGED command", p.streamOffset(), "checkpoint");
        case StreamElement.DeviceStateTail tail -> {
          devices = tail.deviceState();
          devicesOffset = tail.streamOffset();
          ended = true;
        }
        case StreamElement.EndOfFile eof -> {
          devicesOffset = eof.streamOffset();
          ended = true;
        }
        case StreamElement.VmDescription vmdesc ->
            devices = new DeviceState(devices.sections(), Optional.of(vmdesc.json()));
      }
    }
    if (!ended || index.length == 0) {
      throw new StreamException.Unsupported(
          "stream without RAM", reader.streamOffset(), "checkpoint");
    }
  }

  private void prepare(StreamReader reader) {
    List<RamBlock> list = reader.ramBlocks();
    records = new long[list.size()];
    index = new PageIndex[list.size()];
    for (RamBlock block : list) {
      long pages = block.usedLength() / reader.targetPageSize();
      index[block.index()] = new PageIndex(pages, arena, indexBudget);
    }
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
      PageIndex pages = index[block.index()];
      records[block.index()]++;
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
      int got = source.read(at, page);
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
    return pages == null ? PageIndex.MISSING : pages.get(pageOffset / pageSize);
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
    return new IndexedStream(this, source);
  }

  /// How the pages of each RAM block are stored. Counted anew at each call.
  public List<BlockPages> blockPages() {
    List<BlockPages> all = new ArrayList<>();
    for (RamBlock block : blocks) {
      long data = 0;
      long zero = 0;
      long pages = block.usedLength() / pageSize;
      PageIndex of = index[block.index()];
      for (long page = 0; of != null && page < pages; page++) {
        long entry = of.get(page);
        zero += entry == PageIndex.ZERO ? 1 : 0;
        data += entry != PageIndex.ZERO && entry != PageIndex.MISSING ? 1 : 0;
      }
      all.add(new BlockPages(block, data, zero, pages - data - zero, records[block.index()]));
    }
    return all;
  }

  /// The device sections, if vmdesc allows to delimit them.
  public Optional<List<DeviceSection>> deviceSections() {
    return DeviceSections.split(devices, devicesOffset);
  }

  /// The commands in the stream, in order.
  public List<Command> commands() {
    return List.copyOf(commands);
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
