// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.Corpus.Kind;
import dev.tidemark.stream.fixture.CorpusStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// The hostile campaign as a program, so that its JVM's memory bounds what readers may take:
/// `CampaignMain FOLDER CASES STRIDE [STREAM…]`.
///
/// FOLDER takes the finds; CASES bounds the cases of each stream when it is thinned; streams as
/// they
/// are get a quarter of it, and fewer by their size; STRIDE is how many bytes of content one
/// position
/// stands for; without STREAM all of the corpus are damaged. Exits with 0 if there was no find,
/// with
/// 1 if there was, with 3 if a case took longer than a minute.
public final class CampaignMain {
  /// Instead of a stream: a subject that allocates what a length says, to prove that the campaign
  /// would notice.
  static final String GREEDY = "greedy";

  /// As many cases as there are.
  static final long ALL = Long.MAX_VALUE / 2;

  /// Streams up to this size get all the cases that are asked for.
  private static final long USUAL_BYTES = 400_000;

  /// Of streams as they are, each case of which takes long, so many times fewer cases are run than
  /// of thinned ones.
  private static final int WHOLE = 4;

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private CampaignMain() {}

  /// Runs it.
  ///
  /// @param args as above
  @SuppressWarnings("SystemOut")
  public static void main(String[] args) throws IOException {
    Campaign campaign = new Campaign(Path.of(args[0]));
    watch(campaign::current);
    long most = Long.parseLong(args[1]);
    int stride = Integer.parseInt(args[2]);
    List<String> streams = args.length > 3 ? List.of(args).subList(3, args.length) : Corpus.names();
    long start = System.nanoTime();
    if (streams.equals(List.of(GREEDY))) {
      greedy(campaign);
    } else {
      tiny(campaign, most);
      for (String name : streams) {
        Ground on = Ground.thinned(CorpusStream.of(name));
        long share = on.good().length > USUAL_BYTES ? most / WHOLE : most;
        campaign.run(name + " " + on.what(), on.good(), on.subjects(), on.positions(), share);
        corpus(campaign, Corpus.entry(name), most / WHOLE, stride);
      }
    }
    System.out.printf(
        "%d cases in %d s, heap of at most %d MiB%n",
        campaign.cases(),
        (System.nanoTime() - start) / 1_000_000_000,
        Runtime.getRuntime().maxMemory() >> 20);
    campaign.finds().forEach(System.out::println);
    System.exit(campaign.finds().isEmpty() ? 0 : 1);
  }

  /// A stream of the corpus, with whatever stands beside the main channel.
  static void corpus(Campaign campaign, Corpus.Entry entry, long most, int stride)
      throws IOException {
    String name = entry.name();
    for (String file : entry.files()) {
      if (file.endsWith("return")) {
        byte[] bytes = Corpus.bytes(name, file);
        List<ReturnPathSubject> subjects = List.of(ReturnPathSubject.values());
        campaign.run(name + " " + file, bytes, subjects, Positions.all(bytes), most);
      }
    }
    if (entry.files().contains("recovery")) {
      // The connection that broke: nobody reads it to its end.
      return;
    }
    byte[] bytes = Corpus.bytes(name);
    if (entry.kind() == Kind.MULTIFD) {
      byte[] framed = MultifdSubject.framed(Corpus.channels(name), bytes);
      List<MultifdSubject> subjects = List.of(MultifdSubject.values());
      int[] positions = Positions.inConnections(framed, stride);
      campaign.run(name, framed, subjects, positions, share(most, framed));
    } else if (entry.streamOffset() == 0) {
      // Those whose pages are counted from elsewhere cannot be told from those at the file's start.
      List<StreamSubject> subjects =
          entry.kind() == Kind.EARLY_SECTION
              ? StreamSubject.ofFiles()
              : List.of(StreamSubject.values());
      int[] positions = Positions.inStream(bytes, stride);
      campaign.run(name, bytes, subjects, positions, share(most, bytes));
    }
    if (entry.kind() == Kind.PLAIN) {
      // Each case decodes some ten thousand fields.
      int[] devices = Positions.inDevices(bytes, stride);
      campaign.run(
          name + " devices",
          bytes,
          List.of(VmstateSubject.IN_STREAM),
          devices,
          share(most, bytes) / 14);
    }
  }

  /// How many cases a stream gets of those asked for.
  private static long share(long most, byte[] bytes) {
    return most == ALL ? most : Math.min(most, 10 + most * USUAL_BYTES / bytes.length);
  }

  /// Small inputs of every reader, damaged at each byte. A new reader is put in here.
  static void tiny(Campaign campaign, long most) throws IOException {
    List<StreamSubject> streams = List.of(StreamSubject.values());
    byte[] richest = Seeds.richest();
    for (StreamSubject subject : streams) {
      // Every subject by itself: each sees each case.
      campaign.run(
          "richest seed", richest, List.of(subject), Positions.inStream(richest, 61), 2 * most);
    }
    int number = 0;
    for (byte[] seed : Seeds.streams()) {
      campaign.run("seed " + number++, seed, streams, Positions.inStream(seed, 61), most);
    }
    for (byte[] seed : Seeds.early()) {
      campaign.run(
          "early " + number++, seed, StreamSubject.ofFiles(), Positions.inStream(seed, 61), most);
    }
    for (byte[] seed : Seeds.connections()) {
      int[] positions = Positions.inConnections(seed, 61);
      List<MultifdSubject> subjects = List.of(MultifdSubject.values());
      campaign.run("connections " + number++, seed, subjects, positions, most);
    }
    for (byte[] seed : Seeds.returnPaths()) {
      List<ReturnPathSubject> subjects = List.of(ReturnPathSubject.values());
      campaign.run("return path " + number++, seed, subjects, Positions.all(seed), ALL);
    }
    for (byte[] seed : Seeds.vmdescs()) {
      campaign.run(
          "vmdesc " + number, seed, List.of(VmdescSubject.values()), Positions.all(seed), most);
      campaign.run(
          "vmstate " + number++,
          seed,
          List.of(VmstateSubject.BESIDE_VMDESC),
          Positions.all(seed),
          most);
    }
  }

  private static void greedy(Campaign campaign) throws IOException {
    byte[] good = new byte[8];
    Subject greedy =
        (bytes, length) -> {
          int asked = length < 4 ? 4 : new byte[ByteBuffer.wrap(bytes).getInt(0) >>> 1].length;
          if (asked > length) {
            throw new StreamException.Truncated("the stream ends", length, GREEDY);
          }
        };
    campaign.run(GREEDY, good, List.of(greedy), new int[] {0}, Long.MAX_VALUE);
  }

  /// Ends the program if a case does not.
  ///
  /// @param cases tells the one at hand; nothing while the first is being prepared
  static void watch(Supplier<String> cases) {
    Thread watch =
        new Thread(
            () -> {
              LongSupplier now = System::nanoTime;
              String seen = "";
              long since = now.getAsLong();
              while (!Thread.currentThread().isInterrupted()) {
                String current = cases.get();
                if (current.isEmpty() || !current.equals(seen)) {
                  seen = current;
                  since = now.getAsLong();
                } else if (now.getAsLong() - since > PATIENCE.toNanos()) {
                  System.err.println("does not end: " + current);
                  Runtime.getRuntime().halt(3);
                }
                try {
                  Thread.sleep(500);
                } catch (InterruptedException e) {
                  return;
                }
              }
            },
            "watch");
    watch.setDaemon(true);
    watch.start();
  }
}
