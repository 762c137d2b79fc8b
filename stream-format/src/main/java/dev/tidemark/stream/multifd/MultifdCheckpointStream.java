// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.Configuration;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.EndOfFile;
import dev.tidemark.stream.StreamElement.FileHeader;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamElement.VmDescription;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamRecordVisitor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The main stream and the channels of a multifd migration, merged: a checkpoint, in one pass.
///
/// At each sync point of the main stream all channels are read up to their next SYNC, one after the
/// other; so a page of a later epoch comes after, and replaces, that of an earlier one. Within an
/// epoch nothing orders the channels, nor the main stream's zero pages, and it does not matter: a
/// source sends no page twice, or sends it the same, or once more in a later epoch (QEMU 7.2 does).
///
/// The connections may be given in any order; which is which, their first bytes say. They must not
/// wait for one another: stored ones do not. A live source does, since it goes on with the main
/// stream only when all channels have been read; whoever receives from one has to read all
/// connections at once and store what comes.
///
/// Zero pages of packets are zero pages here. A QEMU destination clears such a page only if it has
/// been received before, and else takes its memory for zero, which for ROM need not be so.
///
/// State of devices inside the channels is [StreamException.Unsupported]. Commands of the main
/// stream are dropped.
///
/// Format: `multifd_recv_sync_main` in `migration/multifd.c`, `ram_load_precopy` in
/// `migration/ram.c`, QEMU 10.0.2.
public final class MultifdCheckpointStream implements CheckpointStream {
  private static final String CONTEXT = "checkpoint";

  private final ChannelSorter sorted;
  private final StreamReader main;
  private final List<MultifdChannelReader> channels;
  private boolean footersKnown;
  private final DeviceState.Builder state = new DeviceState.Builder();
  private @Nullable RamSection start;
  private @Nullable DeviceState devices;
  private boolean visited;
  private boolean perSection;
  private int syncs;

  private MultifdCheckpointStream(ChannelSorter sorted) {
    this.sorted = sorted;
    this.main = sorted.main();
    this.channels = sorted.channels();
  }

  /// Reads stored connections up to the block list of the main stream.
  ///
  /// @param settings how to read
  /// @param sources the main stream and all channels, in any order; closed with the result
  /// @throws StreamException if they are not one main stream and all of its channels
  /// @throws IOException if one cannot be read; then all are closed
  public static MultifdCheckpointStream open(
      MigrationStream settings, List<? extends ByteSource> sources) throws IOException {
    return begun(ChannelSorter.ofSources(settings, sources));
  }

  /// Reads connections that come piece by piece up to the block list of the main stream. All are
  /// read by the calling thread, so that none may wait for another.
  ///
  /// @param settings how to read
  /// @param inputs the main stream and all channels, in any order, in blocking mode; closed with
  ///     the result
  /// @throws StreamException if they are not one main stream and all of its channels
  /// @throws IOException if one cannot be read; then all are closed
  public static MultifdCheckpointStream openChannels(
      MigrationStream settings, List<? extends ReadableByteChannel> inputs) throws IOException {
    return begun(ChannelSorter.ofChannels(settings, inputs));
  }

  private static MultifdCheckpointStream begun(ChannelSorter sorted) throws IOException {
    MultifdCheckpointStream stream = new MultifdCheckpointStream(sorted);
    try {
      stream.readToBlockList();
      return stream;
    } catch (IOException | RuntimeException e) {
      sorted.close();
      throw e;
    }
  }

  private void readToBlockList() throws IOException {
    while (start == null) {
      switch (next("RAM")) {
        case RamSection section -> start = section;
        case FileHeader _, Configuration _, Command _ -> {}
        case DeviceSection early -> state.early(early);
        case IterableSection section -> state.iterable(section);
        case PackagedStream e -> throw notHere(e);
        case DeviceStateTail e -> throw unsupported("stream without RAM", e);
        case EndOfFile e -> throw unsupported("stream without RAM", e);
        case VmDescription e -> throw unsupported("stream without RAM", e);
      }
    }
    if (main.configuration().uuid().isPresent()) {
      ChannelSorter.checkUuid(channels, main.configuration().uuid().get());
    }
    for (MultifdChannelReader channel : channels) {
      channel.ramBlocks(main.targetPageSize(), main.ramBlocks());
    }
  }

  private static StreamException unsupported(String what, StreamElement at) {
    return new StreamException.Unsupported(what, at.streamOffset(), CONTEXT);
  }

  private static StreamException notHere(PackagedStream e) {
    return unsupported("PACKAGED command", e);
  }

  private StreamElement next(String what) throws IOException {
    StreamElement element = main.next();
    if (element == null) {
      throw new StreamException.Truncated("stream without " + what, main.streamOffset(), CONTEXT);
    }
    // Behind a section its footer has been read.
    footersKnown |=
        visited || element instanceof DeviceSection || element instanceof IterableSection;
    return element;
  }

  @Override
  public MachineConfiguration configuration() {
    return main.configuration();
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return main.ramBlocks();
  }

  @Override
  public int targetPageSize() {
    return main.targetPageSize();
  }

  /// How many channels there are beside the main stream.
  public int channelCount() {
    return channels.size();
  }

  /// Always false: a source sends a page again when it has changed.
  @Override
  public boolean eachPageOnce() {
    return false;
  }

  @Override
  public boolean footers() {
    // Where it cannot be known yet: machine types that write no configuration write no footers.
    return main.footers() && (footersKnown || !configuration().machineType().isEmpty());
  }

  @Override
  public byte[] earlySections() {
    return state.early();
  }

  @Override
  public void forEachPage(PageVisitor visitor) throws IOException {
    if (start == null || visited) {
      throw new IllegalStateException("the pages have been visited");
    }
    visited = true;
    Merged merged = new Merged(visitor);
    start.pages().forEachRecord(merged);
    // Not said anywhere: a source that syncs once a round of the page scan does it here first.
    perSection = syncs == 0;
    endOfSection(visitor);
    DeviceState found = null;
    while (found == null) {
      switch (next("device state")) {
        case RamSection section -> {
          section.pages().forEachRecord(merged);
          endOfSection(visitor);
        }
        case Command _ -> {}
        case IterableSection section -> state.iterable(section);
        case PackagedStream e -> throw notHere(e);
        case DeviceStateTail tail ->
            found = state.build(tail.deviceState().sections(), tail.vmdesc());
        case EndOfFile _ -> found = withoutSections();
        case FileHeader e -> throw new AssertionError(e);
        case Configuration e -> throw new AssertionError(e);
        case DeviceSection early -> state.early(early);
        case VmDescription e -> throw new AssertionError(e);
      }
    }
    checkEnds();
    devices = found;
  }

  private void endOfSection(PageVisitor visitor) throws IOException {
    if (perSection) {
      sync(visitor);
    }
  }

  /// Reads all channels up to their next SYNC.
  private void sync(PageVisitor visitor) throws IOException {
    syncs++;
    for (MultifdChannelReader channel : channels) {
      if (!channel.readToSync(visitor)) {
        throw new StreamException.Truncated(
            "the channel ends before SYNC " + syncs,
            channel.streamOffset(),
            "multifd channel " + channel.initial().id());
      }
    }
  }

  /// Packets without anything may follow the last SYNC: QEMU before 9.0 sends one for each SYNC
  /// that it has put into a packet with pages.
  private void checkEnds() throws IOException {
    for (MultifdChannelReader channel : channels) {
      for (MultifdPacket more = channel.next(); more != null; more = channel.next()) {
        boolean empty =
            more instanceof RamPacket ram
                && !ram.header().isSync()
                && ram.header().normalPages() + ram.header().zeroPages() == 0;
        if (!empty) {
          throw new StreamException.Malformed(
              "packet behind the last of " + syncs + " sync points",
              more.streamOffset(),
              "multifd channel " + channel.initial().id());
        }
      }
    }
  }

  private DeviceState withoutSections() throws IOException {
    StreamElement behind = main.next();
    return state.build(
        new byte[0],
        behind instanceof VmDescription vmdesc ? Optional.of(vmdesc.json()) : Optional.empty());
  }

  @Override
  public DeviceState deviceState() {
    if (devices == null) {
      throw new IllegalStateException("the pages have not been visited");
    }
    return devices;
  }

  @Override
  public void close() throws IOException {
    sorted.close();
  }

  /// Records of the main stream, and at each flush word what the channels have.
  private final class Merged implements RamRecordVisitor {
    private final PageVisitor visitor;
    private final MemorySegment filled = Arena.ofAuto().allocate(targetPageSize());

    Merged(PageVisitor visitor) {
      this.visitor = visitor;
    }

    @Override
    public void page(
        RamBlock block, long pageOffset, boolean continued, MemorySegment window, long windowOffset)
        throws IOException {
      visitor.page(block, pageOffset, window, windowOffset);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset, boolean continued, byte fill)
        throws IOException {
      if (fill == 0) {
        visitor.zeroPage(block, pageOffset);
      } else {
        visitor.filledPage(block, pageOffset, fill, filled.fill(fill), 0);
      }
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
      throw refused("XBZRLE record", windowOffset);
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
      throw refused("COMPRESS_PAGE record", windowOffset);
    }

    @Override
    public void multifdFlush() throws IOException {
      sync(visitor);
    }

    private StreamException refused(String what, long windowOffset) {
      return new StreamException.Unsupported(
          what + " beside multifd channels", main.streamOffsetOf(windowOffset), "RAM record");
    }
  }
}
