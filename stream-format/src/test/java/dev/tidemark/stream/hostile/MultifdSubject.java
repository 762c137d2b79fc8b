// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.multifd.MultifdChannelReader;
import dev.tidemark.stream.multifd.MultifdChannelWriter;
import dev.tidemark.stream.multifd.MultifdCheckpointStream;
import dev.tidemark.stream.multifd.MultifdPacket;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;

/// The ways to read the connections of a multifd migration, which stand in the bytes one behind the
/// other, each behind its length as be32; the main stream best comes last, so that a cut is one of
/// it. A length that is more than what is left means what is left.
public enum MultifdSubject implements Subject {
  /// Merged, from stored connections.
  MERGED {
    @Override
    void read(List<Input> connections) throws IOException {
      List<ByteSource> sources = connections.stream().map(Input::source).toList();
      merge(MultifdCheckpointStream.open(SETTINGS, sources));
    }
  },
  /// Merged, from connections that give a few hundred bytes a read.
  MERGED_PIECES {
    @Override
    void read(List<Input> connections) throws IOException {
      merge(
          MultifdCheckpointStream.openChannels(
              SETTINGS, connections.stream().map(c -> c.channel(509)).toList()));
    }
  },
  /// Each channel by itself, its packets written again.
  CHANNELS {
    @Override
    void read(List<Input> connections) throws IOException {
      for (Input connection : connections.subList(0, connections.size() - 1)) {
        copy(connection);
      }
      // The main stream, so that what cuts it is noticed.
      StreamSubject.RECORDS.read(connections.getLast());
    }
  };

  private static final int MOST_CONNECTIONS = 8;

  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);

  /// Connections as one array.
  ///
  /// @param channels the channels
  /// @param main the main stream
  public static byte[] framed(List<byte[]> channels, byte[] main) {
    List<byte[]> all = new ArrayList<>(channels);
    all.add(main);
    ByteBuffer out = ByteBuffer.allocate(all.stream().mapToInt(c -> 4 + c.length).sum());
    all.forEach(connection -> out.putInt(connection.length).put(connection));
    return out.array();
  }

  /// Where the main stream starts: behind the last length.
  static int mainAt(byte[] framed) {
    int at = 0;
    ByteBuffer lengths = ByteBuffer.wrap(framed);
    while (at + 4 + lengths.getInt(at) < framed.length) {
      at += 4 + lengths.getInt(at);
    }
    return at + 4;
  }

  @Override
  public void read(byte[] bytes, int length) throws IOException {
    List<Input> connections = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(bytes, 0, length);
    while (in.remaining() >= 4 && connections.size() < MOST_CONNECTIONS) {
      int own = Math.min(in.getInt() & Integer.MAX_VALUE, in.remaining());
      connections.add(new Input(bytes, in.position(), own));
      in.position(in.position() + own);
    }
    if (connections.isEmpty()) {
      throw new StreamException.Truncated("no connection", length, "connections");
    }
    read(connections);
  }

  /// Right behind the main stream's EOF, since vmdesc is optional.
  @Override
  public boolean mayEnd(byte[] bytes, int length) {
    return length > mainAt(bytes) && StreamSubject.SEEKABLE.mayEnd(bytes, length);
  }

  abstract void read(List<Input> connections) throws IOException;

  private static void merge(MultifdCheckpointStream merged) throws IOException {
    try (merged) {
      Taker taker = new Taker(merged.targetPageSize(), 0);
      merged.forEachPage(taker);
      merged.deviceState().vmdesc();
    }
  }

  private static void copy(Input connection) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MultifdChannelReader in = MultifdChannelReader.open(SETTINGS, connection.source())) {
      MultifdChannelWriter writer = null;
      for (MultifdPacket packet = in.next(); packet != null; packet = in.next()) {
        if (writer == null) {
          writer = new MultifdChannelWriter(Channels.newChannel(out), in.targetPageSize());
          writer.initial(in.initial());
        }
        writer.with(packet);
      }
      if (writer != null) {
        writer.close();
        ByteBuffer was =
            ByteBuffer.wrap(connection.bytes(), connection.from(), connection.length());
        int differs = ByteBuffer.wrap(out.toByteArray()).mismatch(was);
        if (differs >= 0) {
          throw new AssertionError("a copy that differs at 0x" + Integer.toHexString(differs));
        }
      }
    }
  }
}
