// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
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
import dev.tidemark.stream.command.MigrationCommand;
import dev.tidemark.stream.fixture.CorpusStream;
import dev.tidemark.stream.fixture.SourceKind;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.fixture.Streams;
import dev.tidemark.stream.ram.MappedRam;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.ram.RamRecord;
import dev.tidemark.stream.vmstate.DeviceSections;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Every element taken apart and put together again by public constructors gives the same bytes:
/// an element holds all there is to say of its part of the stream. Multifd channels have theirs in
/// [dev.tidemark.stream.multifd].
class StreamRebuildTest {
  static Stream<Arguments> corpus() {
    return CorpusStream.by(CorpusStream.all(), SourceKind.values());
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void corpusIsRebuilt(CorpusStream stream, SourceKind kind) throws IOException {
    Rebuild rebuild = new Rebuild(Optional.of(stream.layout()), stream.entry().targetPageSize());
    assertThat(stream.transformed(kind, rebuild)).isEqualTo(stream.rewrittenBytes());
    // No device state was taken as it is: each section was found, and put in its place again.
    assertThat(rebuild.sections).isEqualTo(stream.layout().devices().size());
  }

  @Provide
  Arbitrary<StreamSpec> specs() {
    return Streams.specs();
  }

  @Property(tries = 300)
  void anyStreamIsRebuilt(@ForAll("specs") StreamSpec spec, @ForAll SourceKind kind)
      throws IOException {
    byte[] bytes = spec.encode();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    MigrationStream settings = MigrationStream.of(TargetPageSize.detect()).withWindow(128 << 10);
    try (StreamReader in = kind.open(settings, bytes);
        StreamWriter writer = MigrationStream.write(Channels.newChannel(out))) {
      writer.transform(in, new Rebuild(Optional.empty(), spec.pageSize()));
    }
    assertThat(out.toByteArray()).isEqualTo(bytes);
  }

  private static final class Rebuild implements StreamTransform {
    private final Optional<dev.tidemark.stream.vmstate.VmDescription> layout;
    private final int pageSize;
    int sections;

    Rebuild(Optional<dev.tidemark.stream.vmstate.VmDescription> layout, int pageSize) {
      this.layout = layout;
      this.pageSize = pageSize;
    }

    @Override
    public void accept(Sink out, StreamElement element) throws IOException {
      for (StreamElement rebuilt : rebuilt(element)) {
        out.with(rebuilt);
      }
    }

    private List<StreamElement> rebuilt(StreamElement element) throws IOException {
      return switch (element) {
        case FileHeader header -> {
          assertThat(header).isEqualTo(new FileHeader());
          yield List.of(new FileHeader());
        }
        case Configuration(_, _, MachineConfiguration machine) ->
            List.of(
                Configuration.of(
                    new MachineConfiguration(
                        machine.machineType(),
                        machine.targetPageBits(),
                        List.copyOf(machine.capabilities()),
                        machine.uuid())));
        case Command command -> List.of(MigrationCommand.decode(command).encode());
        case RamSection(_, var phase, var header, var list, var pages) ->
            List.of(
                new RamSection(
                    0,
                    phase,
                    header(header),
                    list.stream().map(Rebuild::entry).toList(),
                    RamPages.of(RamRecord.listOf(pages, pageSize), pageSize)));
        case IterableSection(_, var phase, var header, byte[] body, boolean footer) ->
            List.of(new IterableSection(0, phase, header(header), body.clone(), footer));
        case PackagedStream packaged -> List.of(packaged(packaged));
        case DeviceSection(_, var header, byte[] body, boolean footer) -> {
          sections++;
          yield List.of(new DeviceSection(0, header(header), body.clone(), footer));
        }
        case DeviceStateTail tail -> tail(tail);
        case EndOfFile _ -> List.of(new EndOfFile(0));
        case VmDescription(_, String json) -> List.of(new VmDescription(0, json));
      };
    }

    private static SectionHeader header(SectionHeader of) {
      return new SectionHeader(of.sectionId(), of.idstr(), of.instanceId(), of.versionId());
    }

    private static RamBlockEntry entry(RamBlockEntry of) {
      RamBlock block = of.block();
      return new RamBlockEntry(
          new RamBlock(block.index(), block.idstr(), block.usedLength()),
          of.hostPageSize(),
          of.address(),
          of.mappedRam().map(place -> new MappedRam(place.bitmapOffset(), place.pagesOffset())));
    }

    /// A package has no vmdesc of its own: that of a stream of the same machine cuts it.
    private PackagedStream packaged(PackagedStream packaged) throws IOException {
      List<StreamElement> elements = new ArrayList<>();
      for (StreamElement element : packaged.resolve(layout.orElseThrow()).orElseThrow()) {
        elements.addAll(rebuilt(element));
      }
      return PackagedStream.of(elements);
    }

    /// Cut by its own vmdesc, or by that of a stream of the same machine; one that neither fits is
    /// made of its parts.
    private List<StreamElement> tail(DeviceStateTail tail) throws IOException {
      Optional<List<StreamElement>> cut = tail.resolve();
      DeviceState state = tail.deviceState();
      if (cut.isEmpty() && layout.isPresent()) {
        cut =
            DeviceSections.split(state.sections(), layout.get(), tail.streamOffset())
                .map(
                    sections ->
                        Stream.<StreamElement>concat(sections.stream(), Stream.of(new EndOfFile(0)))
                            .toList());
      }
      List<StreamElement> elements = new ArrayList<>();
      if (cut.isPresent()) {
        for (StreamElement element : cut.get()) {
          elements.addAll(rebuilt(element));
        }
        return elements;
      }
      return List.of(
          new DeviceStateTail(
              0, Arrays.copyOf(tail.bytes(), tail.bytes().length), state.sections().length));
    }
  }
}
