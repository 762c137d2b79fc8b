// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.Corpus.Kind;
import dev.tidemark.stream.fixture.CorpusStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Good bytes, with all that a campaign over them takes.
///
/// @param what the bytes are
/// @param good the bytes
/// @param subjects each of which reads them
/// @param positions where to damage them
record Ground(String what, byte[] good, List<? extends Subject> subjects, int[] positions) {
  /// A stream of the corpus, thinned; with its channels, where it has such.
  static Ground thinned(CorpusStream stream) throws IOException {
    byte[] main = Thinned.of(stream);
    if (stream.kind() == Kind.MULTIFD) {
      List<byte[]> channels = ThinnedChannels.of(Corpus.channels(stream.name()), main);
      byte[] framed = MultifdSubject.framed(channels, main);
      return new Ground(
          "thinned, with channels",
          framed,
          List.of(MultifdSubject.values()),
          EveryByte.inConnections(framed));
    }
    int start = (int) stream.entry().streamOffset();
    List<? extends Subject> subjects =
        start > 0 ? List.of(StreamSubject.startingAt(start)) : List.of(StreamSubject.values());
    return new Ground(
        "thinned",
        main,
        stream.kind() == Kind.EARLY_SECTION ? StreamSubject.ofFiles() : subjects,
        EveryByte.inStream(main, start));
  }

  /// What stands beside a stream's main channel, but for multifd channels: return paths, and the
  /// other connections of a postcopy, thinned.
  static List<Ground> beside(CorpusStream stream) throws IOException {
    List<Ground> all = new ArrayList<>();
    for (String file : stream.entry().files()) {
      byte[] bytes = Corpus.bytes(stream.name(), file);
      if (file.endsWith("return")) {
        List<ReturnPathSubject> subjects = List.of(ReturnPathSubject.values());
        all.add(new Ground(file, bytes, subjects, Positions.all(bytes)));
      } else if (!file.startsWith("channel-")) {
        byte[] main = Thinned.of(stream);
        byte[] thinned = ConnectionSubject.thinned(main, file, bytes);
        all.add(
            new Ground(
                file + ", thinned",
                thinned,
                ConnectionSubject.of(main, file),
                ConnectionSubject.positions(main, file, thinned)));
      }
    }
    return all;
  }
}
