// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.StreamWriter;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.ram.RamRecord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/// The ways to read the other connections of a postcopy: the one that preempts, and the one over
/// which it goes on when the main one broke.
final class ConnectionSubject implements Subject {
  private static final int PAGE_SIZE = 4096;

  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.of(PAGE_SIZE)).withWindow(128 << 10);

  /// How many records of a section, or of the connection, stay.
  private static final int RECORDS = 3;

  private final StreamReader main;
  private final boolean preempt;
  private final int piece;

  private ConnectionSubject(StreamReader main, boolean preempt, int piece) {
    this.main = main;
    this.preempt = preempt;
    this.piece = piece;
  }

  /// At random, as a pipe, and as one that gives little at once.
  ///
  /// @param main the main stream
  /// @param file `preempt` or `recovery`
  static List<Subject> of(byte[] main, String file) throws IOException {
    List<Subject> subjects = new ArrayList<>();
    for (int piece : new int[] {0, Integer.MAX_VALUE, 61}) {
      subjects.add(new ConnectionSubject(read(main), file.equals("preempt"), piece));
    }
    return subjects;
  }

  private static StreamReader read(byte[] main) throws IOException {
    StreamReader in = SETTINGS.read(new Input(main, 0, main.length).source());
    while (in.next() != null) {}
    return in;
  }

  /// A connection with a few records of its own, written anew.
  static byte[] thinned(byte[] main, String file, byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Input input = new Input(bytes, 0, bytes.length);
    try (StreamReader of = read(main);
        StreamWriter writer = MigrationStream.write(Channels.newChannel(out))) {
      if (file.equals("preempt")) {
        few(of.preempt(input.source())).forEachRecord(writer.beginPreempt());
      } else {
        writer.transform(
            of.resumed(input.source()),
            (sink, e) ->
                sink.with(
                    e instanceof RamSection(long at, var phase, var header, var list, var pages)
                        ? new RamSection(at, phase, header, list, few(pages))
                        : e));
      }
    }
    return out.toByteArray();
  }

  private static RamPages few(RamPages pages) throws IOException {
    List<RamRecord> all = RamRecord.listOf(pages, PAGE_SIZE);
    return RamPages.of(all.subList(0, Math.min(RECORDS, all.size())));
  }

  /// Every byte but what lies between the edges of a page.
  static int[] positions(byte[] main, String file, byte[] bytes) throws IOException {
    BitSet inside = new BitSet(bytes.length);
    int[] at = new int[1];
    new ConnectionSubject(read(main), file.equals("preempt"), 0)
        .read(
            bytes,
            bytes.length,
            pages -> {
              for (RamRecord record : RamRecord.listOf(pages, PAGE_SIZE)) {
                if (record instanceof RamRecord.Page page) {
                  while (!isAt(page.content(), bytes, at[0])) {
                    at[0]++;
                  }
                  EveryByte.inside(inside, at[0], at[0] + PAGE_SIZE);
                  at[0] += PAGE_SIZE;
                }
              }
            });
    return EveryByte.positions(0, bytes, inside, EveryByte.STRIDE);
  }

  private static boolean isAt(byte[] content, byte[] bytes, int at) {
    return Arrays.equals(content, 0, PAGE_SIZE, bytes, at, at + PAGE_SIZE);
  }

  /// One that preempts may, between records; where that is, `PostcopyConnectionsTest` counts.
  @Override
  public boolean mayEnd(byte[] bytes, int length) {
    return preempt;
  }

  @Override
  public void read(byte[] bytes, int length) throws IOException {
    read(bytes, length, pages -> pages.forEachRecord(new Taker(PAGE_SIZE, 0)));
  }

  private interface Taking {
    void take(RamPages pages) throws IOException;
  }

  private void read(byte[] bytes, int length, Taking taking) throws IOException {
    Input input = new Input(bytes, 0, length);
    if (preempt) {
      taking.take(piece == 0 ? main.preempt(input.source()) : main.preempt(input.channel(piece)));
      return;
    }
    StreamReader in =
        piece == 0 ? main.resumed(input.source()) : main.resumed(input.channel(piece));
    for (StreamElement e = in.next(); e != null; e = in.next()) {
      if (e instanceof RamSection ram) {
        taking.take(ram.pages());
      }
    }
  }

  @Override
  public String toString() {
    return "connection in pieces of " + piece;
  }
}
