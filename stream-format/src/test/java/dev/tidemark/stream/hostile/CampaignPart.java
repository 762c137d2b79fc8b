// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.Corpus.Entry;
import dev.tidemark.stream.fixture.Corpus.Kind;
import dev.tidemark.stream.fixture.CorpusStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A part of the whole campaign as a program, so that its JVM's memory bounds what readers may
/// take: `CampaignPart FOLDER PART SECONDS`.
///
/// PART is [#SEEDS]; a stream of the corpus, thinned, with what stands beside it; or one with
/// [#DEVICES], [#DRAWN] or [#EACH] behind its name. Writes a row of
/// the summary's table for each thing
/// it
/// damages into `FOLDER/PART.rows`, and ends early after SECONDS. Exits as [CampaignMain] does, and
/// with 1 also where it ended early.
public final class CampaignPart {
  /// The part that is no stream: tiny ones that were made by hand, of every reader.
  static final String SEEDS = "seeds";

  /// What a part's name ends with that takes the devices of a stream, where they are new.
  static final String DEVICES = ".devices";

  /// What a part's name ends with that takes a stream as it is, in cases that are drawn.
  static final String DRAWN = ".drawn";

  /// What a part's name ends with that gives each case of a thinned stream to every subject.
  static final String EACH = ".each";

  /// How a row ends that has nothing left to be tried or mended.
  static final String DONE = "| 0 | all |";

  /// Cases of a whole stream, drawn; large streams get fewer.
  private static final int MOST_DRAWN = 4000;

  private final List<String> rows = new ArrayList<>();
  private final Path folder;
  private final String part;

  /// The stream's.
  private final String name;

  private final long end;
  private volatile Campaign current;

  private CampaignPart(Path folder, String part, long seconds) {
    this.folder = folder;
    this.current = new Campaign(folder);
    this.part = part;
    this.name = part.replaceFirst("\\.[a-z]+$", "");
    this.end = System.nanoTime() + seconds * 1_000_000_000;
  }

  /// All parts, the quick ones first.
  static List<String> all() {
    List<String> all = new ArrayList<>();
    List<String> early = Corpus.entries().stream().filter(e -> !late(e)).map(Entry::name).toList();
    List<String> late = Corpus.entries().stream().filter(e -> late(e)).map(Entry::name).toList();
    all.addAll(early);
    Corpus.names().forEach(name -> all.add(name + DEVICES));
    all.addAll(late);
    Corpus.names().forEach(name -> all.add(name + DRAWN));
    all.add(SEEDS);
    early.forEach(name -> all.add(name + EACH));
    return all;
  }

  private static boolean late(Entry entry) {
    return entry.kind() == Kind.MULTIFD || entry.kind() == Kind.MAPPED_RAM;
  }

  /// Runs it.
  ///
  /// @param args as above
  @SuppressWarnings("SystemOut")
  public static void main(String[] args) throws IOException {
    CampaignPart part = new CampaignPart(Path.of(args[0]), args[1], Long.parseLong(args[2]));
    CampaignMain.watch(() -> part.current.current());
    part.run();
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
    current = campaign;
    long start = System.nanoTime();
    work.into(campaign);
    rows.add(
        String.format(
            "| %s | %s | %d | %d | %d | %d | %d | %s |",
            name,
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

  private void run() throws IOException {
    if (part.equals(SEEDS)) {
      row("every byte", 0, 0, c -> CampaignMain.tiny(c, CampaignMain.ALL));
      return;
    }
    CorpusStream stream = CorpusStream.of(name);
    switch (part.substring(name.length())) {
      case DEVICES -> devices(stream);
      case DRAWN -> drawn(stream);
      case EACH -> {
        Ground thinned = Ground.thinned(stream);
        row(thinned.what() + ", every subject", thinned, c -> c.each(thinned));
      }
      default -> thinned(stream);
    }
  }

  private void thinned(CorpusStream stream) throws IOException {
    Ground thinned = Ground.thinned(stream);
    row(
        thinned,
        c -> {
          if (stream.kind() == Kind.MAPPED_RAM) {
            turns(c, thinned);
          } else {
            c.eachCut(thinned);
          }
        });
    for (Ground beside : Ground.beside(stream)) {
      row(beside, c -> c.each(beside));
    }
  }

  private static void turns(Campaign campaign, Ground on) throws IOException {
    campaign.run(on.what(), on.good(), on.subjects(), on.positions(), CampaignMain.ALL);
  }

  private void row(Ground on, Work work) throws IOException {
    row(on.what(), on, work);
  }

  private void row(String what, Ground on, Work work) throws IOException {
    row(what, on.good().length, on.positions().length, work);
  }

  private void devices(CorpusStream stream) throws IOException {
    EveryDevice every = new EveryDevice();
    List<Ground> devices = List.of();
    for (CorpusStream s : CorpusStream.all()) {
      devices = every.of(s);
      if (s.equals(stream)) {
        break;
      }
    }
    List<Ground> own = devices;
    if (!own.isEmpty()) {
      row(
          own.size() + " devices",
          own.stream().mapToInt(d -> d.good().length).sum(),
          own.stream().mapToInt(d -> d.positions().length).sum(),
          c -> {
            for (Ground device : own) {
              turns(c, device);
              List<Subject> fields = List.of(VmstateSubject.IN_STREAM);
              c.each(new Ground(device.what(), device.good(), fields, device.positions()));
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
          c -> CampaignMain.corpus(c, stream.entry(), MOST_DRAWN, EveryByte.STRIDE));
    }
  }
}
