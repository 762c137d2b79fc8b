// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.stream;

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
import dev.tidemark.stream.ram.MappedRam;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A migration stream read as a checkpoint, in one pass, from a file, a pipe or a live source.
///
/// XBZRLE deltas come to a [dev.tidemark.stream.ram.DeltaVisitor]; any other visitor gets
/// [StreamException.Unsupported] where the first stands. A [dev.tidemark.checkpoint.PageSpool] is
/// one.
///
/// Commands (OPEN_RETURN_PATH, PING and the like) belong to a connection, not to the VM, and are
/// dropped. Of a postcopy stream the device state is that of its package. Pages that a mapped-ram
/// file does not store are zero pages.
///
/// What would lose pages is [StreamException.Unsupported]: a postcopy stream whose pages went over
/// another channel, and the mapped-ram file of a background snapshot, whose bitmaps QEMU leaves
/// empty, and the main channel of multifd, whose pages are in the other channels. That is known
/// when
/// all pages have been visited.
public final class StreamCheckpointStream implements CheckpointStream {
  private final StreamReader reader;
  private boolean footersKnown;
  private final DeviceState.Builder state = new DeviceState.Builder();
  private @Nullable RamSection start;
  private long startOffset;
  private boolean mapped;
  private boolean pagesElsewhere;
  private @Nullable DeviceState devices;

  private StreamCheckpointStream(StreamReader reader) {
    this.reader = reader;
  }

  /// Reads a stored stream up to its block list.
  ///
  /// @param settings how to read
  /// @param source closed with the result
  /// @throws IOException if the stream cannot be read, or does not begin as one; then `source` is
  ///     closed
  public static StreamCheckpointStream open(MigrationStream settings, ByteSource source)
      throws IOException {
    return open(settings, source, 0);
  }

  /// Reads a stored stream that starts somewhere in its file up to its block list.
  ///
  /// @param settings how to read
  /// @param source closed with the result
  /// @param streamStart where the stream starts in it, in bytes, 0 or more
  /// @throws IOException if the stream cannot be read, or does not begin as one; then `source` is
  ///     closed
  public static StreamCheckpointStream open(
      MigrationStream settings, ByteSource source, long streamStart) throws IOException {
    StreamReader reader;
    try {
      reader = settings.withDeviceTail().read(source, streamStart);
    } catch (IOException | RuntimeException e) {
      source.close();
      throw e;
    }
    return begun(reader);
  }

  /// Reads a stream from a channel up to its block list.
  ///
  /// @param settings how to read
  /// @param channel in blocking mode; closed with the result
  /// @throws IOException if the stream cannot be read, or does not begin as one; then `channel` is
  ///     closed
  public static StreamCheckpointStream open(MigrationStream settings, ReadableByteChannel channel)
      throws IOException {
    return begun(settings.read(channel));
  }

  /// Reads a stream from a channel that does not start where its file does, up to its block list.
  ///
  /// @param settings how to read
  /// @param channel in blocking mode; closed with the result
  /// @param streamStart where the channel's first byte stood in its file, 0 or more
  /// @throws IOException if the stream cannot be read, or does not begin as one; then `channel` is
  ///     closed
  public static StreamCheckpointStream open(
      MigrationStream settings, ReadableByteChannel channel, long streamStart) throws IOException {
    return begun(settings.read(channel, streamStart));
  }

  /// The device state of a stream whose pages stand elsewhere: its RAM sections are empty.
  ///
  /// @param settings how to read
  /// @param source closed when this returns or throws
  /// @throws StreamException.Malformed if there is a page
  /// @throws IOException if the stream cannot be read
  public static DeviceState stateOf(MigrationStream settings, ByteSource source)
      throws IOException {
    try (StreamCheckpointStream stream = open(settings, source)) {
      stream.pagesElsewhere = true;
      stream.forEachPage(NoPages.INSTANCE);
      return stream.deviceState();
    }
  }

  private static StreamCheckpointStream begun(StreamReader reader) throws IOException {
    StreamCheckpointStream stream = new StreamCheckpointStream(reader);
    try {
      stream.readToBlockList();
      return stream;
    } catch (IOException | RuntimeException e) {
      reader.close();
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
        case PackagedStream e -> throw noRam(e);
        case DeviceStateTail e -> throw noRam(e);
        case EndOfFile e -> throw noRam(e);
        case VmDescription e -> throw noRam(e);
      }
    }
    startOffset = start.streamOffset();
    mapped = isMapped(start);
  }

  static boolean isMapped(RamSection start) {
    return start.blockList().stream().anyMatch(entry -> entry.mappedRam().isPresent());
  }

  /// What is wrong with a stream that has no content, and not even all pages: a real VM has
  /// firmware at least.
  static StreamException noContent(long startOffset) {
    return new StreamException.Unsupported(
        "no page has content: they are in the multifd channels, which are files of their own",
        startOffset,
        "checkpoint");
  }

  static StreamException stateTwice(StreamElement at) {
    return new StreamException.Malformed(
        "device state a second time", at.streamOffset(), "checkpoint");
  }

  private static StreamException noRam(StreamElement at) {
    return new StreamException.Unsupported("stream without RAM", at.streamOffset(), "checkpoint");
  }

  private StreamElement next(String what) throws IOException {
    StreamElement element = reader.next();
    if (element == null) {
      throw new StreamException.Truncated(
          "stream without " + what, reader.streamOffset(), "checkpoint");
    }
    // Behind a section its footer has been read.
    footersKnown |=
        (startOffset > 0 && start == null)
            || element instanceof DeviceSection
            || element instanceof IterableSection;
    return element;
  }

  @Override
  public MachineConfiguration configuration() {
    return reader.configuration();
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return reader.ramBlocks();
  }

  @Override
  public int targetPageSize() {
    return reader.targetPageSize();
  }

  @Override
  public boolean eachPageOnce() {
    return false;
  }

  @Override
  public boolean footers() {
    // Where it cannot be known yet: machine types that write no configuration write no footers.
    return reader.footers() && (footersKnown || !configuration().machineType().isEmpty());
  }

  @Override
  public byte[] earlySections() {
    return state.early();
  }

  @Override
  public void forEachPage(PageVisitor visitor) throws IOException {
    RamSection first = start;
    if (first == null || devices != null) {
      throw new IllegalStateException("the pages have been visited");
    }
    start = null;
    DiscardedPages discarded = new DiscardedPages(ramBlocks(), targetPageSize());
    PassedPages pages = PassedPages.to(visitor, ramBlocks(), targetPageSize(), discarded);
    if (mapped) {
      pages.beginMapped();
    }
    first.pages().forEach(pages);
    if (mapped) {
      pages.endMapped();
    }
    boolean early = !pages.hasPages();
    boolean ended = false;
    byte @Nullable [] packaged = null;
    while (devices == null) {
      StreamElement element = next("device state");
      switch (element) {
        case RamSection section -> {
          ended |= section.phase() == RamSection.Phase.END;
          section.pages().forEach(pages);
        }
        case Command command -> discarded.take(command);
        case IterableSection section -> state.iterable(section);
        case DeviceSection section -> {
          if (!early) {
            throw new StreamException.Unsupported(
                "device section \"" + section.header().idstr() + "\" behind pages",
                section.streamOffset(),
                "checkpoint");
          }
          state.early(section);
        }
        case PackagedStream p -> {
          if (packaged != null) {
            throw stateTwice(p);
          }
          packaged = p.deviceSections(reader.footers());
        }
        case DeviceStateTail tail -> {
          if (packaged != null) {
            throw stateTwice(tail);
          }
          DeviceState behind = tail.deviceState();
          devices = state.build(behind.sections(), behind.vmdesc());
        }
        case EndOfFile _ ->
            devices = state.build(packaged == null ? new byte[0] : packaged, vmdesc());
        case FileHeader e -> throw new AssertionError(e);
        case Configuration e -> throw new AssertionError(e);
        case VmDescription e -> throw new AssertionError(e);
      }
    }
    discarded.checkAllReceived();
    if (!pages.hasContent() && !pagesElsewhere) {
      checkWithoutContent(pages, ended);
    }
  }

  private void checkWithoutContent(PassedPages pages, boolean ended) throws StreamException {
    if (mapped) {
      if (!ended) {
        throw MappedRam.emptyBitmaps(startOffset);
      }
      return;
    }
    long all = 0;
    for (RamBlock block : ramBlocks()) {
      all += block.usedLength() / targetPageSize();
    }
    if (pages.records() < all) {
      throw noContent(startOffset);
    }
  }

  private Optional<String> vmdesc() throws IOException {
    return reader.next() instanceof VmDescription vmdesc
        ? Optional.of(vmdesc.json())
        : Optional.empty();
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
    reader.close();
  }
}
