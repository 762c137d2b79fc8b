// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.Configuration;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.EndOfFile;
import dev.tidemark.stream.StreamElement.FileHeader;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.fixture.ScriptEncoder;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.fixture.StreamScript;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.fixture.Streams;
import dev.tidemark.stream.ram.DeltaVisitor;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.ram.RamRecordVisitor;
import dev.tidemark.stream.vmstate.VmDescription;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomGenerator;

/// Any stream of any form is read as what it was made of, and written again as it was read.
class StreamPropertyTest {
  private static final MigrationStream PLAIN =
      MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);

  @Provide
  Arbitrary<StreamScript> scripts() {
    return Streams.scripts();
  }

  @Provide
  Arbitrary<StreamSpec> specs() {
    return Streams.specs();
  }

  /// Settings that know what the stream does not tell, or not early enough.
  private static MigrationStream settings(
      StreamScript script, ScriptEncoder encoded, SourceKind kind) throws IOException {
    boolean told =
        script.shape().pageSize() == TargetPageSize.DEFAULT_BYTES
            || (script.shape().pageBits() && !script.shape().machine().isEmpty())
            || (script.hasVmdesc() && kind == SourceKind.SEEKABLE);
    TargetPageSize pageSize =
        told ? TargetPageSize.detect() : TargetPageSize.of(script.shape().pageSize());
    MigrationStream settings = MigrationStream.of(pageSize).withWindow(128 << 10);
    boolean seen = script.hasVmdesc() && kind == SourceKind.SEEKABLE;
    return encoded.earlyLayout().isEmpty() || seen
        ? settings
        : settings.withLayout(VmDescription.parse(encoded.earlyLayout(), 0));
  }

  @Property(tries = 1000)
  void anyStreamIsWrittenAsItWasRead(
      @ForAll("scripts") StreamScript script, @ForAll SourceKind kind) throws IOException {
    ScriptEncoder encoded = new ScriptEncoder(script);
    byte[] bytes = encoded.bytes();
    assertThat(transformed(settings(script, encoded, kind), kind, bytes, StreamTransform.IDENTITY))
        .isEqualTo(bytes);
  }

  @Property(tries = 1000)
  void anyStreamReadsAsTheElementsItWasMadeOf(
      @ForAll("scripts") StreamScript script, @ForAll SourceKind kind) throws IOException {
    ScriptEncoder encoded = new ScriptEncoder(script);
    List<String> lines = new ArrayList<>();
    try (StreamReader in = kind.open(settings(script, encoded, kind), encoded.bytes())) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof DeviceStateTail tail && tail.resolve().isPresent()) {
          assertThat(kind)
              .as("what cannot see vmdesc beforehand")
              .isNotEqualTo(SourceKind.SEEKABLE);
          for (StreamElement part : tail.resolve().get()) {
            describe(part, encoded, in, lines);
          }
        } else {
          describe(e, encoded, in, lines);
        }
      }
    }
    assertThat(lines).isEqualTo(expected(script, encoded));
  }

  /// Pages of a mapped-ram stream are no records.
  private static List<String> expected(StreamScript script, ScriptEncoder encoded) {
    return encoded.elements().stream()
        .filter(line -> !script.shape().mapped() || !line.startsWith("  "))
        .toList();
  }

  @Property(tries = 1000)
  void anyStreamReadsAsTheRamItHolds(
      @ForAll("scripts") StreamScript script, @ForAll SourceKind kind) throws IOException {
    ScriptEncoder encoded = new ScriptEncoder(script);
    assertSame(image(settings(script, encoded, kind), kind, encoded.bytes()), encoded.image());
  }

  /// Made anew by public constructors. Records stay records; a mapped-ram file gets QEMU's places.
  @Property(tries = 1000)
  void rebuiltStreamHoldsTheSame(@ForAll("scripts") StreamScript script, @ForAll SourceKind kind)
      throws IOException {
    ScriptEncoder encoded = new ScriptEncoder(script);
    byte[] bytes = encoded.bytes();
    byte[] again =
        transformed(
            settings(script, encoded, kind),
            kind,
            bytes,
            (out, e) -> {
              if (out instanceof StreamWriter writer) {
                writer.footers(script.shape().footers()).targetPageSize(script.shape().pageSize());
              }
              out.with(rebuilt(e));
            });
    if (script.shape().mapped()) {
      SourceKind from = SourceKind.SEEKABLE;
      assertSame(image(settings(script, encoded, from), from, again), encoded.image());
    } else {
      assertThat(again).isEqualTo(bytes);
    }
  }

  /// A dropped section takes the name with it that the next one's first record continues.
  @Property(tries = 300)
  void droppedSectionsDoNotMovePages(@ForAll("specs") StreamSpec spec) throws IOException {
    int[] seen = {0};
    byte[] bytes =
        transformed(
            PLAIN,
            SourceKind.PIPE,
            spec.encode(),
            (out, e) -> {
              if (!(e instanceof RamSection) || seen[0]++ != 1) {
                out.with(e);
              }
            });
    StreamSpec without =
        new StreamSpec(
            spec.pageSize(),
            spec.footers(),
            spec.configuration(),
            spec.uuid(),
            spec.vmdesc(),
            spec.end(),
            spec.blocks(),
            Stream.concat(spec.parts().stream().limit(1), spec.parts().stream().skip(2)).toList(),
            spec.devices(),
            spec.commands());
    assertSame(image(PLAIN, SourceKind.SEEKABLE, bytes), without.image());
  }

  @Property(tries = 100)
  void zeroesBehindVmdescArePassedOver(
      @ForAll("scripts") StreamScript script, @ForAll SourceKind kind) throws IOException {
    ScriptEncoder encoded = new ScriptEncoder(script);
    Assume.that(script.hasVmdesc());
    byte[] bytes = encoded.bytes();
    byte[] padded = Arrays.copyOf(bytes, bytes.length + 777);
    MigrationStream settings = settings(script, encoded, kind);
    assertThat(transformed(settings, kind, padded, StreamTransform.IDENTITY)).isEqualTo(bytes);
  }

  /// The generator makes all there is, or the properties claim more than they try.
  @Example
  void everyConstructIsGenerated() {
    Set<String> seen = new TreeSet<>();
    Random random = new Random(1);
    RandomGenerator<StreamScript> generator = Streams.scripts().generator(1000, true);
    for (int i = 0; i < 500; i++) {
      StreamScript script = generator.next(random).value();
      StreamScript.Shape shape = script.shape();
      seen.add("page size " + shape.pageSize());
      seen.add("footers " + shape.footers());
      seen.add("vmdesc " + script.hasVmdesc());
      seen.add("configuration " + !shape.machine().isEmpty());
      seen.add("uuid " + shape.uuid());
      seen.add("advice " + shape.advice());
      seen.add("ENDs " + shape.ends());
      seen.add("mapped " + shape.mapped());
      for (String line : new ScriptEncoder(script).elements()) {
        String[] words = line.strip().split(" ", -1);
        int first = words[0].startsWith("0x") ? 1 : 0;
        seen.add(words[first]);
        if (line.contains(" continued")) {
          seen.add(words[first] + " continued");
        }
        if (words[first].equals("command") || words[first].equals("ram")) {
          seen.add(words[first] + " " + words[first + 1]);
        } else if (words[first].equals("live")) {
          seen.add(words[first + 3] + " " + words[first + 1]);
        } else if (line.contains("-early ")) {
          seen.add("early device");
        }
        seen.addAll(Stream.of(" host ", " at ").filter(field -> line.contains(field)).toList());
      }
    }
    List<String> all = new ArrayList<>();
    for (boolean on : new boolean[] {false, true}) {
      for (String flag : new String[] {"footers", "vmdesc", "configuration", "uuid", "mapped"}) {
        all.add(flag + " " + on);
      }
    }
    for (int pageSize : new int[] {4096, 16384, 65536}) {
      all.add("page size " + pageSize);
    }
    for (String phase : new String[] {"START", "PART", "END"}) {
      all.add("ram " + phase);
      for (String live :
          new String[] {
            "dirty-bitmap", "spapr/htab", "s390-storage_attributes", "0000:00:05.0/vfio"
          }) {
        all.add(live + " " + phase);
      }
    }
    for (int command : new int[] {1, 2, 3, 4, 5, 6, 8, 9, 10, 11}) {
      all.add("command " + command);
    }
    for (String record : new String[] {"PAGE", "ZERO", "DELTA", "COMPRESSED"}) {
      all.add(record);
      all.add(record + " continued");
    }
    all.addAll(
        List.of(
            "header",
            "package",
            "device",
            "early device",
            "tail",
            "EOF",
            "vmdesc",
            "flush",
            "command",
            "configuration",
            "ram",
            "live",
            " host ",
            " at ",
            "ENDs 0",
            "ENDs 1",
            "ENDs 2",
            "advice NONE",
            "advice BITMAPS",
            "advice RAM"));
    assertThat(seen).containsExactlyInAnyOrderElementsOf(all);
  }

  private static StreamElement rebuilt(StreamElement element) {
    return switch (element) {
      case FileHeader(long at, int version) -> new FileHeader(at, version);
      case Configuration c -> Configuration.of(c.machine());
      case Command(long at, int command, byte[] data) -> new Command(at, command, data.clone());
      case RamSection(long at, var phase, var header, var list, var pages) ->
          new RamSection(at, phase, header, list, new Anew(pages));
      case IterableSection(long at, var phase, var header, byte[] body, boolean footer) ->
          new IterableSection(at, phase, header, body.clone(), footer);
      case PackagedStream(long at, byte[] bytes) -> new PackagedStream(at, bytes.clone());
      case DeviceSection(long at, var header, byte[] body, boolean footer) ->
          new DeviceSection(at, header, body.clone(), footer);
      case DeviceStateTail(long at, byte[] bytes, int length) ->
          new DeviceStateTail(at, bytes.clone(), length);
      case EndOfFile(long at) -> new EndOfFile(at);
      case StreamElement.VmDescription(long at, String json) ->
          new StreamElement.VmDescription(at, json);
    };
  }

  /// The same pages and records, not known to the writer.
  private record Anew(RamPages pages) implements RamPages {
    @Override
    public void forEach(PageVisitor visitor) throws IOException {
      pages.forEach(visitor);
    }

    @Override
    public void forEachRecord(RamRecordVisitor visitor) throws IOException {
      pages.forEachRecord(visitor);
    }
  }

  private static byte[] transformed(
      MigrationStream settings, SourceKind kind, byte[] bytes, StreamTransform transform)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (StreamReader in = kind.open(settings, bytes);
        StreamWriter writer = MigrationStream.write(Channels.newChannel(out))) {
      writer.transform(in, transform);
    }
    return out.toByteArray();
  }

  private static Map<String, byte[]> image(MigrationStream settings, SourceKind kind, byte[] bytes)
      throws IOException {
    Map<String, byte[]> image = new TreeMap<>();
    try (StreamReader in = kind.open(settings, bytes)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof RamSection ram) {
          ram.pages().forEach(new Image(image, in.targetPageSize()));
        }
      }
    }
    return image;
  }

  private static void assertSame(Map<String, byte[]> actual, Map<String, byte[]> expected) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach((key, page) -> assertThat(actual.get(key)).as(key).isEqualTo(page));
  }

  private static byte[] bytes(MemorySegment window, long at, int length) {
    return window.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
  }

  private record Image(Map<String, byte[]> pages, int pageSize) implements DeltaVisitor {
    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      pages.put(StreamSpec.key(block.idstr(), pageOffset), bytes(window, windowOffset, pageSize));
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      pages.put(StreamSpec.key(block.idstr(), pageOffset), new byte[pageSize]);
    }

    @Override
    public void xbzrlePage(
        RamBlock block, long pageOffset, MemorySegment window, long windowOffset, int length) {
      String key = StreamSpec.key(block.idstr(), pageOffset);
      byte[] page = pages.getOrDefault(key, new byte[pageSize]).clone();
      ScriptEncoder.apply(page, bytes(window, windowOffset, length));
      pages.put(key, page);
    }
  }

  /// An element as [ScriptEncoder#elements] writes it.
  private static void describe(
      StreamElement element, ScriptEncoder encoded, StreamReader in, List<String> lines)
      throws IOException {
    lines.add(ScriptEncoder.line(element.streamOffset(), text(element, encoded)));
    if (element instanceof RamSection ram
        && ram.blockList().stream().noneMatch(StreamPropertyTest::isMapped)) {
      ram.pages().forEachRecord(new Records(lines, in.targetPageSize()));
    }
  }

  private static boolean isMapped(RamBlockEntry entry) {
    return entry.mappedRam().isPresent();
  }

  private static String text(StreamElement element, ScriptEncoder encoded) throws IOException {
    return switch (element) {
      case FileHeader header -> "header " + header.version();
      case Configuration c ->
          "configuration "
              + c.machine().machineType()
              + " "
              + (c.machine().targetPageBits().isPresent()
                  ? c.machine().targetPageBits().getAsInt()
                  : "-")
              + " "
              + c.machine().capabilities()
              + " "
              + c.machine().uuid().map(Object::toString).orElse("-");
      case Command c -> "command " + c.command() + " " + ScriptEncoder.digest(c.data());
      case RamSection ram -> "ram " + ram.phase() + list(ram.blockList());
      case IterableSection s ->
          "live "
              + s.phase()
              + " "
              + s.header().sectionId()
              + " "
              + s.header().idstr()
              + " "
              + ScriptEncoder.digest(s.body());
      case PackagedStream p ->
          "package " + ScriptEncoder.digest(p.bytes()) + " " + parts(p, encoded);
      case DeviceSection d -> device(d);
      case DeviceStateTail tail ->
          "tail " + ScriptEncoder.digest(tail.bytes()) + " " + tail.sectionsLength();
      case EndOfFile _ -> "EOF";
      case StreamElement.VmDescription v -> "vmdesc " + v.json();
    };
  }

  private static String device(DeviceSection d) {
    return "device "
        + d.header().sectionId()
        + " "
        + d.header().idstr()
        + " "
        + d.header().instanceId()
        + " "
        + ScriptEncoder.digest(d.body());
  }

  private static String list(List<RamBlockEntry> entries) {
    StringBuilder list = new StringBuilder();
    for (RamBlockEntry entry : entries) {
      list.append(" ").append(entry.block().idstr() + ":" + entry.block().usedLength());
      entry.hostPageSize().ifPresent(size -> list.append(" host " + size));
      entry.address().ifPresent(at -> list.append(" at " + at));
      entry
          .mappedRam()
          .ifPresent(m -> list.append(" bitmap " + m.bitmapOffset() + " pages " + m.pagesOffset()));
    }
    return list.toString();
  }

  private static List<String> parts(PackagedStream packaged, ScriptEncoder encoded)
      throws IOException {
    Optional<List<StreamElement>> parts =
        packaged.resolve(VmDescription.parse(encoded.layout(), 0));
    List<String> lines = new ArrayList<>();
    for (StreamElement part : parts.orElseThrow()) {
      lines.add(
          part instanceof DeviceSection d ? device(d) : "command " + ((Command) part).command());
    }
    return lines;
  }

  private record Records(List<String> lines, int pageSize) implements RamRecordVisitor {
    private void add(
        String kind, RamBlock block, long pageOffset, boolean continued, String content) {
      String key = StreamSpec.key(block.idstr(), pageOffset);
      lines.add("  " + kind + " " + key + (continued ? " continued " : " ") + content);
    }

    @Override
    public void page(
        RamBlock block, long pageOffset, boolean continued, MemorySegment window, long at) {
      byte[] page = bytes(window, at, pageSize);
      add("PAGE", block, pageOffset, continued, ScriptEncoder.digest(page));
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset, boolean continued, byte fill) {
      add("ZERO", block, pageOffset, continued, "" + Byte.toUnsignedInt(fill));
    }

    @Override
    public void xbzrlePage(
        RamBlock block,
        long pageOffset,
        boolean continued,
        MemorySegment window,
        long at,
        int length) {
      byte[] delta = bytes(window, at, length);
      add("DELTA", block, pageOffset, continued, ScriptEncoder.digest(delta));
    }

    @Override
    public void compressedPage(
        RamBlock block,
        long pageOffset,
        boolean continued,
        MemorySegment window,
        long at,
        int length) {
      byte[] zlib = bytes(window, at, length);
      add("COMPRESSED", block, pageOffset, continued, ScriptEncoder.digest(zlib));
    }

    @Override
    public void multifdFlush() {
      lines.add("  flush");
    }
  }
}
