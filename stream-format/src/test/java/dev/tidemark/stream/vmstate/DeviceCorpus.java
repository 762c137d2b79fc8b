// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.Configuration;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.MemorySource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/// Device state of real QEMU machines; see `corpus/devices/MANIFEST.md`.
final class DeviceCorpus {
  /// Those with many devices.
  static final List<String> NAMES = List.of("pc-10.0", "q35-10.0", "virt-10.0");

  /// Postcopy sends no vmdesc: its package is laid out as another stream of the same machine.
  private static final Map<String, String> SIBLINGS =
      Map.of(
          "pc-10.0-postcopy", "pc-10.0-switchover-ack",
          "pc-10.0-postcopy-preempt", "pc-10.0-switchover-ack",
          "pc-10.0-postcopy-recovery", "pc-10.0-switchover-ack",
          "pc-7.2-postcopy", "pc-7.2-background");

  /// Its main channel broke in the middle of RAM, behind the package.
  private static final String BROKEN = "pc-10.0-postcopy-recovery";

  private DeviceCorpus() {}

  /// The device sections of a stream, and what tells their layout.
  ///
  /// @param sections in stream order, those before RAM and in packages too
  /// @param layout absent where neither the stream nor one of the same machine has vmdesc
  /// @param bytesOutside device state that could not be cut into sections
  record Sections(List<DeviceSection> sections, Optional<String> layout, int bytesOutside) {}

  /// All of a stream of [Corpus].
  ///
  /// @param name of the stream
  static Sections sections(String name) throws IOException {
    Optional<String> layout = vmdesc(SIBLINGS.getOrDefault(name, name));
    List<DeviceSection> sections = new ArrayList<>();
    int outside = 0;
    try (StreamReader in = read(name)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        switch (e) {
          case DeviceSection section -> sections.add(section);
          case PackagedStream packaged when layout.isPresent() ->
              packaged.resolve(VmDescription.parse(layout.get(), 0)).orElseThrow().stream()
                  .filter(DeviceSection.class::isInstance)
                  .forEach(section -> sections.add((DeviceSection) section));
          case PackagedStream packaged -> outside += packaged.bytes().length;
          case DeviceStateTail tail -> outside += tail.sectionsLength();
          default -> {}
        }
      }
    } catch (StreamException.Truncated e) {
      if (!name.equals(BROKEN)) {
        throw e;
      }
    }
    return new Sections(sections, layout, outside);
  }

  /// The devices of a stream of [Corpus]; none if nothing tells their layout.
  static MachineVmstate machine(String name) throws IOException {
    Sections sections = sections(name);
    List<DeviceVmstate> devices =
        sections.layout().isEmpty()
            ? List.of()
            : DeviceVmstate.decode(
                sections.sections(), VmdescLayout.parse(sections.layout().get(), 0));
    return new MachineVmstate(devices, Optional.empty(), sections.layout());
  }

  /// The configuration section; absent in streams of old machine types.
  static Optional<Configuration> configuration(String name) throws IOException {
    try (StreamReader in = read(name)) {
      in.next();
      return in.next() instanceof Configuration configuration
          ? Optional.of(configuration)
          : Optional.empty();
    }
  }

  private static Optional<String> vmdesc(String name) throws IOException {
    try (StreamReader in = read(name)) {
      for (StreamElement e = in.next(); e != null; e = in.next()) {
        if (e instanceof StreamElement.VmDescription vmdesc) {
          return Optional.of(vmdesc.json());
        }
        if (e instanceof DeviceStateTail tail) {
          return tail.vmdesc();
        }
      }
    }
    return Optional.empty();
  }

  private static StreamReader read(String name) throws IOException {
    return MigrationStream.of(TargetPageSize.of(Corpus.entry(name).targetPageSize()))
        .read(new MemorySource(Corpus.bytes(name)), Corpus.entry(name).streamOffset());
  }

  static DeviceState state(String name) throws IOException {
    byte[] bytes = bytes(name + ".bin.gz");
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    int json = bytes.length - 1;
    while (bytes[json] != '{' || bytes.length - json != buffer.getInt(json - 4)) {
      json--;
    }
    return new DeviceStateTail(0, bytes, json - 6).deviceState();
  }

  /// What `info registers -a` said.
  static String registers(String name) throws IOException {
    return new String(bytes(name + ".registers"), StandardCharsets.US_ASCII);
  }

  private static byte[] bytes(String file) throws IOException {
    try (InputStream in = DeviceCorpus.class.getResourceAsStream("/corpus/devices/" + file)) {
      if (in == null) {
        throw new IOException("no device state " + file);
      }
      return file.endsWith(".gz") ? new GZIPInputStream(in).readAllBytes() : in.readAllBytes();
    }
  }
}
