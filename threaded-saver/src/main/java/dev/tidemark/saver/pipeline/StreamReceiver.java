// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver.pipeline;

import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.archive.ArchivePrologue;
import dev.tidemark.checkpoint.archive.ArchiveWriter;
import dev.tidemark.checkpoint.archive.PagePipeline;
import dev.tidemark.saver.SaveMethod;
import dev.tidemark.saver.SaveOptions;
import dev.tidemark.saver.SaveStage;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Takes QEMU's migration stream: the first version of each page goes on to the archive, a page
/// that is sent again goes into the [DirtyPageTable].
///
/// [#receive] runs in the reader's thread until the stream has ended. Then [#drain] and [#finish]
/// may be called by another. [#guestStopped] and the counters may be called by any.
public final class StreamReceiver implements PageVisitor, AutoCloseable {
  /// Enough blocks that neither side waits for a single slow write, small beside the table.
  private static final int BLOCKS = 64;

  /// The table is made for it before the stream comes: it takes a while, in which a small VM would
  /// be through.
  private static final int USUAL_PAGE_SIZE = 4096;

  /// Bytes of guest memory in all; more is not refused for its own sake, but since what is kept per
  /// page would not fit.
  private static final long MAX_RAM = 16L << 40;

  private final ThrottledChannel channel;
  private final CheckpointTarget target;
  private final SaveOptions options;
  private int pageSize;
  private final Stages stages;
  private final long reserveBytes;

  private @Nullable StreamReader reader;
  private @Nullable ArchiveWriter writer;
  private volatile @Nullable PagePipeline pipeline;
  private DirtyPageTable table;
  private long[][] seen = {};
  private @Nullable DeviceState deviceState;
  private Optional<byte[]> configuration = Optional.empty();

  private final Object restLock = new Object();
  private volatile boolean stopped;
  private boolean stoppedTold;
  private volatile boolean writesWhileStopped;

  private volatile long ramBytes;
  private volatile List<RamBlock> ramBlocks = List.of();
  private volatile @Nullable Instant lastPageTime;
  private volatile @Nullable Instant endTime;
  private volatile long endNanos;
  private long pagesSent;
  private long zeroPages;
  private long pagesResent;
  private long tablePeakPages;
  private long spills;
  private long pagesSpilled;
  private long pagesSpilledWhileStopped;

  /// A receiver for one stream.
  ///
  /// @param channel where the stream comes from
  /// @param target where the archive goes; neither committed nor aborted here
  /// @param options the save's
  /// @param stages told of the stages up to the device state
  public StreamReceiver(
      ThrottledChannel channel, CheckpointTarget target, SaveOptions options, Stages stages) {
    this.channel = channel;
    this.target = target;
    this.options = options;
    this.stages = stages;
    this.reserveBytes = reserveOf(options.bufferBytes());
    this.table = new DirtyPageTable(USUAL_PAGE_SIZE, options.bufferBytes(), reserveBytes);
    this.writesWhileStopped = options.method() == SaveMethod.STOP_COPY;
  }

  /// How many bytes of a buffer are kept for the last iteration: 64 MiB, or half of a small buffer.
  ///
  /// @param bufferBytes size of the buffer
  public static long reserveOf(long bufferBytes) {
    return Math.min(64L << 20, bufferBytes / 2);
  }

  /// Reads the stream to its end.
  ///
  /// @throws IOException if it breaks off, is no such stream, or cannot be stored
  public void receive() throws IOException {
    try {
      readStream();
    } catch (IOException e) {
      // A thread of the pipeline that fails shuts the channel down: then the stream's end is not
      // the cause.
      PagePipeline running = pipeline;
      if (running != null) {
        running.throwFailure();
      }
      throw e;
    }
  }

  private void readStream() throws IOException {
    // Closed with this, not here: QEMU waits for an answer on the same channel.
    StreamReader reader =
        MigrationStream.of(TargetPageSize.detect()).withDeviceTail().read(channel);
    this.reader = reader;
    RamSection start = null;
    for (StreamElement element = reader.next(); element != null; element = reader.next()) {
      switch (element) {
        case StreamElement.FileHeader _ -> {}
        case StreamElement.Configuration c -> configuration = Optional.of(c.bytes());
        // OPEN_RETURN_PATH and PING speak to a destination that answers; a stored stream has none.
        case StreamElement.Command _ -> {}
        case RamSection ram -> {
          if (ram.phase() == RamSection.Phase.START) {
            refuseMapped(ram);
            start = ram;
          } else if (start != null && pipeline == null) {
            begin(start, reader);
          }
          takePages(ram);
        }
        case StreamElement.DeviceSection d ->
            throw new StreamException.Unsupported(
                "device section \"" + d.header().idstr() + "\"",
                d.streamOffset(),
                "migration stream");
        case StreamElement.IterableSection s ->
            throw new StreamException.Unsupported(
                "live section \"" + s.header().idstr() + "\"",
                s.streamOffset(),
                "migration stream");
        case StreamElement.PackagedStream p ->
            throw new StreamException.Unsupported(
                "PACKAGED command", p.streamOffset(), "migration stream");
        case StreamElement.DeviceStateTail tail -> deviceState = tail.deviceState();
        case StreamElement.EndOfFile _, StreamElement.VmDescription _ -> {}
      }
      if (deviceState != null) {
        // QEMU waits for an answer now: nothing more comes, and nothing more is asked for.
        endTime = Instant.now();
        endNanos = System.nanoTime();
        return;
      }
    }
    throw new StreamException.Truncated("no device state", channel.bytes(), "migration stream");
  }

  private static void refuseMapped(RamSection start) throws StreamException {
    if (start.blockList().stream().anyMatch(entry -> entry.mappedRam().isPresent())) {
      throw new StreamException.Unsupported("mapped-ram", start.streamOffset(), "migration stream");
    }
  }

  private void takePages(RamSection ram) throws IOException {
    ram.pages().forEach(this);
    if (ram.phase() == RamSection.Phase.END) {
      lastPageTime = Instant.now();
      tellStopped();
      stages.reached(SaveStage.DEVICE_STATE);
    }
  }

  /// The block list is here, and what stands behind it: whether sections have footers is known.
  private void begin(RamSection start, StreamReader reader) throws IOException {
    List<RamBlock> blocks = reader.ramBlocks();
    pageSize = reader.targetPageSize();
    long bytes = 0;
    for (RamBlock block : blocks) {
      bytes += block.usedLength();
      if (bytes > MAX_RAM || bytes < 0) {
        throw new StreamException.LimitExceeded(
            "more than 16 TiB of RAM", start.streamOffset(), "RAM block list");
      }
    }
    seen = new long[blocks.size()][];
    for (RamBlock block : blocks) {
      seen[block.index()] = new long[(int) (block.usedLength() / pageSize / 64) + 1];
    }
    ArchivePrologue prologue =
        new ArchivePrologue(
            configuration,
            new byte[0],
            blocks,
            pageSize,
            start.header().sectionId(),
            reader.footers());
    ArchiveWriter archive = ArchiveWriter.begin(target, options.archive(), prologue);
    writer = archive;
    if (pageSize != USUAL_PAGE_SIZE) {
      table.close();
      table = new DirtyPageTable(pageSize, options.bufferBytes(), reserveBytes);
    }
    PagePipeline started =
        new PagePipeline(archive, BLOCKS, options.compressors(), channel::shutdown);
    pipeline = started;
    ramBytes = bytes;
    ramBlocks = blocks;
    restIfAllowed();
  }

  @Override
  public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
      throws IOException {
    pagesSent++;
    if (isFirst(block.index(), pageOffset)
        && mayWrite()
        && pipeline().page(block.index(), pageOffset, window, windowOffset)) {
      return;
    }
    while (!table.put(block.index(), pageOffset, window, windowOffset, stopped)) {
      spill();
    }
    notePeak();
  }

  @Override
  public void zeroPage(RamBlock block, long pageOffset) throws IOException {
    pagesSent++;
    zeroPages++;
    if (isFirst(block.index(), pageOffset)
        && mayWrite()
        && pipeline().zeroPage(block.index(), pageOffset)) {
      return;
    }
    while (!table.putZero(block.index(), pageOffset)) {
      spill();
    }
    notePeak();
  }

  /// The guest stands: from now on everything goes into the table, and nothing is written.
  public void guestStopped() {
    stopped = true;
    channel.release();
    restIfAllowed();
  }

  /// Under one lock with [#writeFromNowOn], so that threads told to go on are not put to rest late.
  private void restIfAllowed() {
    synchronized (restLock) {
      PagePipeline running = pipeline;
      if (running != null && stopped && !writesWhileStopped) {
        running.rest(true);
      }
    }
  }

  private void writeFromNowOn() {
    synchronized (restLock) {
      writesWhileStopped = true;
      pipeline().rest(false);
    }
  }

  /// Writes what is in the table, in address order.
  ///
  /// @throws IOException if it cannot be written
  public void drain() throws IOException {
    writeFromNowOn();
    if (!table.drainTo(new PipelineSink())) {
      throw new IllegalStateException("the pipeline refused pages while it does not rest");
    }
  }

  /// Waits until all is written and completes the archive; it is not committed.
  ///
  /// @param state the device state to store
  /// @param manifest what is noted beside it
  /// @return size of the file in bytes
  /// @throws IOException if it cannot be written
  public long finish(DeviceState state, Manifest manifest) throws IOException {
    settle();
    ArchiveWriter archive = writer();
    archive.finish(state, manifest);
    return archive.fileBytes();
  }

  /// Waits until all pages are written and ends the threads.
  ///
  /// @throws IOException if they cannot be written
  void settle() throws IOException {
    pipeline().finish();
  }

  /// The device state; only after [#receive].
  public DeviceState deviceState() {
    DeviceState state = deviceState;
    if (state == null) {
      throw new IllegalStateException("the stream has not ended");
    }
    return state;
  }

  /// The RAM blocks; only after [#receive].
  public List<RamBlock> ramBlocks() {
    return ramBlocks;
  }

  /// Used length of all RAM blocks together; 0 before the block list has come.
  public long ramBytes() {
    return ramBytes;
  }

  /// How many pages are in the table; for the draining thread.
  public long tablePages() {
    return table.size();
  }

  /// When the last page had come; absent before, and where the stream has no end of RAM.
  public Optional<Instant> lastPageTime() {
    return Optional.ofNullable(lastPageTime);
  }

  /// When the stream had ended; only after [#receive].
  public Instant endTime() {
    Instant end = endTime;
    if (end == null) {
      throw new IllegalStateException("the stream has not ended");
    }
    return end;
  }

  /// When the stream had ended, by [System#nanoTime]; 0 before.
  public long endNanos() {
    return endNanos;
  }

  /// The counters; exact once [#receive] has returned.
  public Counters counters() {
    return new Counters(
        pagesSent,
        zeroPages,
        pagesResent,
        tablePeakPages,
        spills,
        pagesSpilled,
        pagesSpilledWhileStopped);
  }

  /// Ends the threads and gives the memory back.
  @Override
  public void close() throws IOException {
    StreamReader in = reader;
    if (in != null) {
      in.close();
    }
    PagePipeline running = pipeline;
    if (running != null) {
      running.close();
    }
    ArchiveWriter archive = writer;
    if (archive != null) {
      archive.close();
    }
    table.close();
  }

  /// Marks a page as received. While it is the first of its kind it may go straight to the archive.
  private boolean isFirst(int block, long pageOffset) {
    long page = pageOffset / pageSize;
    long[] words = seen[block];
    long bit = 1L << page;
    int word = (int) (page >>> 6);
    if ((words[word] & bit) == 0) {
      words[word] |= bit;
      return true;
    }
    if (pagesResent++ == 0) {
      stages.reached(SaveStage.LATER_PASS);
    }
    return false;
  }

  private boolean mayWrite() {
    if (pagesSent == 1) {
      stages.reached(SaveStage.FIRST_PASS);
    }
    if (stopped && !stoppedTold) {
      tellStopped();
    }
    return !stopped || writesWhileStopped;
  }

  private void tellStopped() {
    if (stopped && !stoppedTold) {
      stoppedTold = true;
      stages.reached(SaveStage.STOPPED);
    }
  }

  private void notePeak() {
    if (stopped && !stoppedTold) {
      tellStopped();
    }
    tablePeakPages = Math.max(tablePeakPages, table.size());
  }

  /// Makes room: writes the table, until it is empty or the guest stands and the reserve is free.
  private void spill() throws IOException {
    if (stopped && !writesWhileStopped) {
      // Even the reserve is used up: nothing is left but to write while the guest stands.
      writeFromNowOn();
    }
    spills++;
    int before = table.size();
    table.drainTo(new PipelineSink());
    int written = before - table.size();
    pagesSpilled += written;
    if (stopped) {
      pagesSpilledWhileStopped += written;
    }
  }

  private PagePipeline pipeline() {
    PagePipeline running = pipeline;
    if (running == null) {
      throw new IllegalStateException("no RAM section has begun");
    }
    return running;
  }

  private ArchiveWriter writer() {
    ArchiveWriter archive = writer;
    if (archive == null) {
      throw new IllegalStateException("no RAM section has begun");
    }
    return archive;
  }

  /// What a receiver has counted.
  ///
  /// @param pagesSent page records received, zero pages included
  /// @param zeroPages of these, zero pages
  /// @param pagesResent of these, how many replaced an earlier version
  /// @param tablePeakPages most pages in the table at once
  /// @param spills how often the table was emptied early
  /// @param pagesSpilled how many pages that wrote
  /// @param pagesSpilledWhileStopped how many of them while the guest stood
  public record Counters(
      long pagesSent,
      long zeroPages,
      long pagesResent,
      long tablePeakPages,
      long spills,
      long pagesSpilled,
      long pagesSpilledWhileStopped) {}

  /// Told when a stage is reached; each at most once, in the reader's thread.
  @FunctionalInterface
  public interface Stages {
    /// A stage is reached.
    ///
    /// @param stage which
    void reached(SaveStage stage);
  }

  private final class PipelineSink implements DirtyPageTable.Sink<IOException> {
    @Override
    public boolean page(int block, long pageOffset, MemorySegment window, long windowOffset)
        throws IOException {
      return pipeline().page(block, pageOffset, window, windowOffset);
    }

    @Override
    public boolean zeroPage(int block, long pageOffset) throws IOException {
      return pipeline().zeroPage(block, pageOffset);
    }
  }
}
