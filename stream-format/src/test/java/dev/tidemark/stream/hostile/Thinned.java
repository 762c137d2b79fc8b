// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.EndOfFile;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamElement.VmDescription;
import dev.tidemark.stream.StreamTransform;
import dev.tidemark.stream.fixture.Corpus.Kind;
import dev.tidemark.stream.fixture.CorpusStream;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.ram.RamRecord;
import dev.tidemark.stream.vmstate.DeviceSections;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A stream of the corpus with less of the same in it, so that each of its bytes can be damaged in
/// every way: QEMU's bytes, put together anew by the library's own writer.
///
/// Of RAM records stay: in every section the first and the last; the first of each block; of
/// records that follow upon each other in the same way (kind of the one before, own kind,
/// CONTINUE), two, with the one
/// before. A PART of which only that much would stay which others have
/// shown is left out; of iterable sections of the same kind and length two stay. Of devices stay
/// those in front of RAM, the first, the last and two short ones, in sections and in vmdesc.
///
/// One serves one stream.
final class Thinned implements StreamTransform {
  private static final int ALIKE = 2;

  private final CorpusStream stream;
  private final Set<String> devices;
  private final Map<String, Integer> shown = new HashMap<>();
  private final Set<Integer> blocks = new HashSet<>();
  private final Set<String> early = new HashSet<>();
  private boolean beforeRam = true;
  private int parts;
  private int blockBefore = -1;

  private Thinned(CorpusStream stream) throws IOException {
    this.stream = stream;
    this.devices = few(stream);
  }

  /// Thins one.
  ///
  /// @return a whole file; one that breaks off has been given an EOF
  static byte[] of(CorpusStream stream) throws IOException {
    Thinned thinned = new Thinned(stream);
    byte[] bytes = stream.transformed(SourceKind.SEEKABLE, thinned);
    byte[] eof = new byte[stream.isBrokenOff() ? 1 : 0];
    int start = (int) stream.entry().streamOffset();
    return ByteBuffer.allocate(start + bytes.length + eof.length)
        .position(start)
        .put(bytes)
        .put(eof)
        .array();
  }

  /// The first, the last, and the two shortest in between.
  private static Set<String> few(CorpusStream stream) throws IOException {
    List<String> all = stream.layout().devices().stream().map(VmdescText::name).toList();
    Set<String> few = new HashSet<>(List.of(all.getFirst(), all.getLast()));
    stream.layout().devices().stream()
        .sorted((a, b) -> Long.compare(a.bodySize(), b.bodySize()))
        .map(VmdescText::name)
        .filter(name -> !few.contains(name))
        .limit(2)
        .toList()
        .forEach(few::add);
    return few;
  }

  @Override
  public void accept(Sink out, StreamElement element) throws IOException {
    switch (element) {
      case RamSection ram -> ram(out, ram);
      case IterableSection section -> {
        String like = section.phase() + section.header().idstr() + section.body().length;
        if (shown.merge(like, 1, Integer::sum) <= ALIKE) {
          out.with(section);
        }
      }
      case DeviceSection device -> {
        if (stays(device.header())) {
          out.with(device);
        }
      }
      case DeviceStateTail tail -> {
        for (StreamElement e : cut(tail)) {
          accept(out, e);
        }
      }
      case PackagedStream packaged -> {
        List<StreamElement> all = packaged.resolve(stream.layout()).orElseThrow();
        out.with(
            PackagedStream.of(
                all.stream()
                    .filter(e -> !(e instanceof DeviceSection d) || stays(d.header()))
                    .toList()));
      }
      case VmDescription(long at, String json) -> {
        VmdescText text = VmdescText.of(json);
        out.with(new VmDescription(at, text.with(this::stays)));
      }
      case StreamElement.FileHeader _,
          StreamElement.Configuration _,
          StreamElement.Command _,
          EndOfFile _ ->
          out.with(element);
    }
  }

  private boolean stays(SectionHeader header) {
    return stays(VmdescText.name(header));
  }

  /// One that stands in front of RAM stays: it is what makes the stream what it is.
  private boolean stays(String name) {
    if (beforeRam) {
      early.add(name);
    }
    return devices.contains(name) || early.contains(name);
  }

  /// Sections by the layout of a stream of the same machine.
  private List<StreamElement> cut(DeviceStateTail tail) throws IOException {
    DeviceState state = tail.deviceState();
    Optional<List<DeviceSection>> sections =
        DeviceSections.split(state.sections(), stream.layout(), tail.streamOffset());
    List<StreamElement> all = new ArrayList<>(sections.orElseThrow());
    all.add(new EndOfFile(0));
    return all;
  }

  private void ram(Sink out, RamSection ram) throws IOException {
    beforeRam = false;
    if (stream.kind() == Kind.MAPPED_RAM) {
      out.with(ram);
      return;
    }
    int pageSize = stream.entry().targetPageSize();
    List<RamRecord> all = RamRecord.listOf(ram.pages(), pageSize);
    boolean[] stays = new boolean[all.size()];
    boolean news = showing(all, stays);
    boolean part = ram.phase() == RamSection.Phase.PART;
    if (part && ++parts > ALIKE && !news && stream.kind() != Kind.MULTIFD) {
      return;
    }
    List<RamRecord> few = new ArrayList<>();
    for (int i = 0; i < stays.length; i++) {
      if (stays[i]) {
        few.add(naming(all.get(i)));
      }
    }
    out.with(
        new RamSection(
            ram.streamOffset(),
            ram.phase(),
            ram.header(),
            ram.blockList(),
            RamPages.of(few, pageSize)));
  }

  /// Which records stay.
  ///
  /// @return whether there is one among them for another reason than where it stands
  private boolean showing(List<RamRecord> all, boolean[] stays) {
    boolean news = false;
    RamRecord before = null;
    for (int i = 0; i < stays.length; i++) {
      RamRecord record = all.get(i);
      boolean shows = shown.merge(way(before, record), 1, Integer::sum) <= ALIKE;
      shows |= block(record) >= 0 && blocks.add(block(record));
      if (shows && i > 0) {
        stays[i - 1] = true;
      }
      news |= shows;
      stays[i] =
          shows || i == 0 || i == stays.length - 1 || record instanceof RamRecord.MultifdFlush;
      before = record;
    }
    return news;
  }

  /// The record, naming its block if the one that stays before it is of another, in whichever
  /// section.
  private RamRecord naming(RamRecord record) {
    if (block(record) < 0 || block(record) == blockBefore) {
      return record;
    }
    blockBefore = block(record);
    return switch (record) {
      case RamRecord.Page(var block, long at, _, byte[] bytes) ->
          new RamRecord.Page(block, at, false, bytes);
      case RamRecord.ZeroPage(var block, long at, _, byte fill) ->
          new RamRecord.ZeroPage(block, at, false, fill);
      case RamRecord.XbzrlePage(var block, long at, _, byte[] bytes) ->
          new RamRecord.XbzrlePage(block, at, false, bytes);
      case RamRecord.CompressedPage(var block, long at, _, byte[] bytes) ->
          new RamRecord.CompressedPage(block, at, false, bytes);
      case RamRecord.MultifdFlush flush -> flush;
    };
  }

  static int block(RamRecord record) {
    return switch (record) {
      case RamRecord.Page page -> page.block().index();
      case RamRecord.ZeroPage page -> page.block().index();
      case RamRecord.XbzrlePage page -> page.block().index();
      case RamRecord.CompressedPage page -> page.block().index();
      case RamRecord.MultifdFlush _ -> -1;
    };
  }

  static String way(@Nullable RamRecord before, RamRecord record) {
    boolean continued =
        switch (record) {
          case RamRecord.Page page -> page.continued();
          case RamRecord.ZeroPage page -> page.continued();
          case RamRecord.XbzrlePage page -> page.continued();
          case RamRecord.CompressedPage page -> page.continued();
          case RamRecord.MultifdFlush _ -> false;
        };
    String kind = record.getClass().getSimpleName();
    String former = before == null ? "" : before.getClass().getSimpleName();
    return former + " " + kind + " " + continued;
  }
}
