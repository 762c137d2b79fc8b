// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.Corpus.Kind;
import dev.tidemark.stream.fixture.CorpusStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A part of the whole campaign as a program, so that its JVM's memory bounds what readers may
/// take: `CampaignPart FOLDER PART SECONDS`.
///
/// PART is [#SEEDS] or a stream of the corpus. Writes a row of the summary's table for each thing
/// it
/// damages into `FOLDER/PART.rows`, and ends early after SECONDS. Exits as [CampaignMain] does, and
/// with 1 also where it ended early.
public final class CampaignPart {
  /// The part that is no stream: tiny ones that were made by hand, of every reader.
  static final String SEEDS = "seeds";

  /// How a row ends that has nothing left to be tried or mended.
  static final String DONE = "| 0 | all |";

  /// Cases of a whole stream, drawn; large streams get fewer.
  private static final int DRAWN = 4000;

  private final List<String> rows = new ArrayList<>();
  private final Path folder;
  private final String part;
  private final long end;

  private CampaignPart(Path folder, String part, long seconds) {
    this.folder = folder;
    this.part = part;
    this.end = System.nanoTime() + seconds * 1_000_000_000;
  }

  /// All parts, the small ones first.
  static List<String> all() {
    List<String> all = new ArrayList<>(List.of(SEEDS));
    all.addAll(
        Corpus.names(Arrays.stream(Kind.values()).filter(k -> !late(k)).toArray(Kind[]::new)));
    all.addAll(
        Corpus.names(Arrays.stream(Kind.values()).filter(k -> late(k)).toArray(Kind[]::new)));
    return all;
  }

  private static boolean late(Kind kind) {
    return kind == Kind.MULTIFD || kind == Kind.MAPPED_RAM;
  }

  /// Runs it.
  ///
  /// @param args as above
  @SuppressWarnings("SystemOut")
  public static void main(String[] args) throws IOException {
    CampaignPart part = new CampaignPart(Path.of(args[0]), args[1], Long.parseLong(args[2]));
    if (args[1].equals(SEEDS)) {
      part.row("every byte, every subject", 0, 0, c -> CampaignMain.tiny(c, CampaignMain.ALL));
    } else {
      part.stream(CorpusStream.of(args[1]));
    }
    Files.write(part.folder.resolve(part.part + ".rows"), part.rows);
    System.exit(part.rows.stream().allMatch(row -> row.endsWith(DONE)) ? 0 : 1);
  }

  private interface Work {
    void into(Campaign campaign) throws IOException;
  }

  /// Does something, and says what in a row.
  @SuppressWarnings("SystemOut")
  private void row(String what, int bytes, int positions, Work work) throws IOException {
    Campaign campaign = new Campaign(folder);
    campaign.endAt(end);
    CampaignMain.watch(campaign);
    long start = System.nanoTime();
    work.into(campaign);
    rows.add(
        String.format(
            "| %s | %s | %d | %d | %d | %d | %d | %s |",
            part,
            what,
            bytes,
            positions,
            campaign.cases(),
            (System.nanoTime() - start) / 1_000_000_000,
            campaign.finds().size(),
            campaign.whole() ? "all" : "ended early"));
    System.out.println(rows.getLast());
    campaign.finds().forEach(System.out::println);
  }

  private void stream(CorpusStream stream) throws IOException {
    byte[] main = Thinned.of(stream);
    thinned(stream, main);
    for (String file : stream.entry().files()) {
      byte[] bytes = Corpus.bytes(stream.name(), file);
      if (file.endsWith("return")) {
        List<Subject> subjects = List.of(ReturnPathSubject.values());
        int[] positions = Positions.all(bytes);
        row(file, bytes.length, positions.length, c -> c.each(file, bytes, subjects, positions));
      } else if (!file.startsWith("channel-")) {
        connection(file, ConnectionSubject.thinned(main, file, bytes), main);
      }
    }
    devices(stream);
    drawn(stream);
  }

  private void thinned(CorpusStream stream, byte[] main) throws IOException {
    int start = (int) stream.entry().streamOffset();
    if (stream.kind() == Kind.MULTIFD) {
      byte[] framed =
          MultifdSubject.framed(ThinnedChannels.of(Corpus.channels(stream.name()), main), main);
      int[] positions = EveryByte.inConnections(framed);
      List<Subject> subjects = List.of(MultifdSubject.values());
      row(
          "thinned, with channels",
          framed.length,
          positions.length,
          c -> c.eachCut("thinned", framed, subjects, positions));
    } else {
      int[] positions = EveryByte.inStream(main, start);
      row(
          "thinned",
          main.length,
          positions.length,
          c -> {
            if (stream.kind() == Kind.MAPPED_RAM) {
              c.run("thinned", main, subjects(stream, start), positions, CampaignMain.ALL);
            } else {
              c.each("thinned", main, subjects(stream, start), positions);
            }
          });
    }
  }

  private static List<Subject> subjects(CorpusStream stream, int start) {
    if (start > 0) {
      return List.of(StreamSubject.startingAt(start));
    }
    return stream.kind() == Kind.EARLY_SECTION
        ? List.copyOf(StreamSubject.ofFiles())
        : List.of(StreamSubject.values());
  }

  private void connection(String file, byte[] bytes, byte[] main) throws IOException {
    List<Subject> subjects = ConnectionSubject.of(main, file);
    int[] positions = ConnectionSubject.positions(main, file, bytes);
    row(
        file + ", thinned",
        bytes.length,
        positions.length,
        c -> c.each(file, bytes, subjects, positions));
  }

  private void devices(CorpusStream stream) throws IOException {
    EveryDevice every = new EveryDevice();
    List<EveryDevice.Device> devices = List.of();
    for (CorpusStream s : CorpusStream.all()) {
      devices = every.of(s);
      if (s.equals(stream)) {
        break;
      }
    }
    List<EveryDevice.Device> own = devices;
    if (!own.isEmpty()) {
      row(
          own.size() + " devices",
          own.stream().mapToInt(d -> d.bytes().length).sum(),
          own.stream().mapToInt(d -> d.positions().length).sum(),
          c -> {
            for (EveryDevice.Device d : own) {
              c.eachCut(d.name(), d.bytes(), List.of(StreamSubject.values()), d.positions());
              c.each(d.name(), d.bytes(), List.of(VmstateSubject.IN_STREAM), d.positions());
            }
          });
    }
  }

  private void drawn(CorpusStream stream) throws IOException {
    if (stream.entry().streamOffset() == 0 && !stream.isBrokenOff()) {
      row(
          "whole, drawn",
          Corpus.bytes(stream.name()).length,
          0,
          c -> CampaignMain.corpus(c, stream.entry(), DRAWN, EveryByte.STRIDE));
    }
  }
}
