// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamReader;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Finds out which of several connections is the main stream and which are its channels, by their
/// first four bytes, as a QEMU destination does.
///
/// Format: `migration_ioc_process_incoming` in `migration/migration.c`, QEMU 10.0.2.
final class ChannelSorter implements Closeable {
  private static final int MAIN_MAGIC = 0x5145564d;
  private static final String CONTEXT = "multifd channels";

  private final MigrationStream settings;
  private @Nullable StreamReader main;
  private final List<MultifdChannelReader> channels = new ArrayList<>();

  private ChannelSorter(MigrationStream settings) {
    this.settings = settings;
  }

  /// Sorts stored connections. Closes all of them if that fails.
  static ChannelSorter ofSources(MigrationStream settings, List<? extends ByteSource> sources)
      throws IOException {
    ChannelSorter sorter = new ChannelSorter(settings);
    try {
      for (int i = 0; i < sources.size(); i++) {
        byte[] magic = new byte[4];
        int got = sources.get(i).read(0, MemorySegment.ofArray(magic));
        sorter.add(i, magic, got, sources.get(i));
      }
      sorter.check();
      return sorter;
    } catch (IOException | RuntimeException e) {
      closeAll(e, sources, sorter);
      throw e;
    }
  }

  /// Sorts connections that are read piece by piece. Closes all of them if that fails.
  static ChannelSorter ofChannels(
      MigrationStream settings, List<? extends ReadableByteChannel> inputs) throws IOException {
    ChannelSorter sorter = new ChannelSorter(settings);
    try {
      for (int i = 0; i < inputs.size(); i++) {
        ByteBuffer magic = ByteBuffer.allocate(4);
        while (magic.hasRemaining() && inputs.get(i).read(magic) >= 0) {
          // Until the first four bytes are there.
        }
        sorter.add(i, magic.array(), magic.position(), new Peeked(magic.flip(), inputs.get(i)));
      }
      sorter.check();
      return sorter;
    } catch (IOException | RuntimeException e) {
      closeAll(e, inputs, sorter);
      throw e;
    }
  }

  private static void closeAll(
      Exception cause, List<? extends Closeable> inputs, ChannelSorter sorter) {
    List<Closeable> all = new ArrayList<>(inputs);
    all.add(sorter);
    for (Closeable input : all) {
      try {
        input.close();
      } catch (IOException e) {
        cause.addSuppressed(e);
      }
    }
  }

  private void add(int index, byte[] magic, int length, Closeable input) throws IOException {
    if (length < 4) {
      throw new StreamException.Truncated(
          "the connection ends", Math.max(0, length), "connection " + index);
    }
    int found = ByteBuffer.wrap(magic).getInt();
    if (found == MAIN_MAGIC) {
      if (main != null) {
        throw new StreamException.Malformed("a second main stream", 0, "connection " + index);
      }
      main = openMain(input);
    } else if (found == MultifdPacketDescriptor.MAGIC) {
      channels.add(openChannel(input));
    } else {
      throw new StreamException.Malformed(
          "magic 0x" + Integer.toHexString(found), 0, "connection " + index);
    }
  }

  private StreamReader openMain(Closeable input) throws IOException {
    MigrationStream tail = settings.withDeviceTail();
    return input instanceof ByteSource source
        ? tail.read(source)
        : tail.read((ReadableByteChannel) input);
  }

  private MultifdChannelReader openChannel(Closeable input) throws IOException {
    return input instanceof ByteSource source
        ? MultifdChannelReader.open(settings, source)
        : MultifdChannelReader.open(settings, (ReadableByteChannel) input);
  }

  private void check() throws StreamException {
    if (main == null) {
      throw new StreamException.Malformed("no main stream", 0, CONTEXT);
    }
    if (channels.isEmpty()) {
      throw new StreamException.Malformed("no channel beside the main stream", 0, CONTEXT);
    }
    channels.sort(Comparator.comparingInt(channel -> channel.initial().id()));
    UUID uuid = channels.getFirst().initial().uuid();
    for (int i = 0; i < channels.size(); i++) {
      MultifdInitialPacket initial = channels.get(i).initial();
      if (i > 0 && initial.id() == channels.get(i - 1).initial().id()) {
        throw initialWrong(initial, "a second channel " + initial.id(), false);
      }
      if (!initial.uuid().equals(uuid)) {
        throw initialWrong(initial, "uuid " + initial.uuid() + " instead of " + uuid, true);
      }
    }
    // Ascending and each once: the first that is not its own index shows a gap.
    for (int i = 0; i < channels.size(); i++) {
      if (channels.get(i).initial().id() != i) {
        throw initialWrong(
            channels.get(i).initial(),
            "channel " + i + " is missing: there are " + channels.size() + " channels",
            false);
      }
    }
  }

  /// Checks the channels' uuid against the main stream's, which says it only with `validate-uuid`.
  static void checkUuid(List<MultifdChannelReader> channels, UUID expected) throws StreamException {
    for (MultifdChannelReader channel : channels) {
      UUID found = channel.initial().uuid();
      if (!found.equals(expected)) {
        throw initialWrong(channel.initial(), "uuid " + found + " instead of " + expected, true);
      }
    }
  }

  private static StreamException initialWrong(
      MultifdInitialPacket initial, String what, boolean uuid) {
    return new StreamException.Malformed(
        what,
        uuid ? MultifdPacketDescriptor.INITIAL_UUID : MultifdPacketDescriptor.INITIAL_ID,
        "multifd channel " + initial.id() + " initial packet");
  }

  StreamReader main() {
    if (main == null) {
      throw new AssertionError();
    }
    return main;
  }

  /// The channels by their ids.
  List<MultifdChannelReader> channels() {
    return channels;
  }

  @Override
  public void close() throws IOException {
    List<Closeable> all = new ArrayList<>(channels);
    if (main != null) {
      all.add(main);
    }
    IOException failure = null;
    for (Closeable each : all) {
      try {
        each.close();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /// A channel whose first bytes have been read.
  private static final class Peeked implements ReadableByteChannel {
    private final ByteBuffer first;
    private final ReadableByteChannel rest;

    Peeked(ByteBuffer first, ReadableByteChannel rest) {
      this.first = first;
      this.rest = rest;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      if (!first.hasRemaining()) {
        return rest.read(target);
      }
      int count = Math.min(first.remaining(), target.remaining());
      target.put(first.slice(first.position(), count));
      first.position(first.position() + count);
      return count;
    }

    @Override
    public boolean isOpen() {
      return rest.isOpen();
    }

    @Override
    public void close() throws IOException {
      rest.close();
    }
  }
}
