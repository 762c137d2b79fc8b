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
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A migration stream read as a checkpoint, in one pass, from a file, a pipe or a live source.
///
/// Commands (OPEN_RETURN_PATH, PING and the like) belong to a connection, not to the VM, and are
/// dropped.
public final class StreamCheckpointStream implements CheckpointStream {
  private final StreamReader reader;
  private @Nullable RamSection start;
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
    StreamReader reader;
    try {
      reader = settings.withDeviceTail().read(source);
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
        case RamSection section -> {
          refuseMapped(section);
          start = section;
        }
        case FileHeader _, Configuration _, Command _ -> {}
        case DeviceSection early ->
            throw new StreamException.Unsupported(
                "device section \"" + early.header().idstr() + "\" before RAM",
                early.streamOffset(),
                "checkpoint");
        case IterableSection e -> throw notHere(e);
        case PackagedStream e -> throw notHere(e);
        case DeviceStateTail e -> throw noRam(e);
        case EndOfFile e -> throw noRam(e);
        case VmDescription e -> throw noRam(e);
      }
    }
  }

  /// A page that a mapped-ram file does not store is zero, and one that a stream does not have is
  /// missing: read as a stream, such a file would lose that.
  static void refuseMapped(RamSection start) throws StreamException {
    if (start.blockList().stream().anyMatch(entry -> entry.mappedRam().isPresent())) {
      throw new StreamException.Unsupported("mapped-ram file", start.streamOffset(), "checkpoint");
    }
  }

  private static StreamException noRam(StreamElement at) {
    return new StreamException.Unsupported("stream without RAM", at.streamOffset(), "checkpoint");
  }

  private static StreamException notHere(StreamElement e) {
    return new StreamException.Unsupported(
        e instanceof IterableSection s
            ? "live section \"" + s.header().idstr() + "\""
            : "PACKAGED command",
        e.streamOffset(),
        "checkpoint");
  }

  private StreamElement next(String what) throws IOException {
    StreamElement element = reader.next();
    if (element == null) {
      throw new StreamException.Truncated(
          "stream without " + what, reader.streamOffset(), "checkpoint");
    }
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
  public void forEachPage(PageVisitor visitor) throws IOException {
    if (start == null || devices != null) {
      throw new IllegalStateException("the pages have been visited");
    }
    start.pages().forEach(visitor);
    start = null;
    while (devices == null) {
      switch (next("device state")) {
        case RamSection section -> section.pages().forEach(visitor);
        case Command _ -> {}
        case IterableSection e -> throw notHere(e);
        case PackagedStream e -> throw notHere(e);
        case DeviceStateTail tail -> devices = tail.deviceState();
        case EndOfFile _ -> devices = withoutSections();
        case FileHeader e -> throw new AssertionError(e);
        case Configuration e -> throw new AssertionError(e);
        case DeviceSection e -> throw new AssertionError(e);
        case VmDescription e -> throw new AssertionError(e);
      }
    }
  }

  private DeviceState withoutSections() throws IOException {
    StreamElement behind = reader.next();
    return new DeviceState(
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
    reader.close();
  }
}
