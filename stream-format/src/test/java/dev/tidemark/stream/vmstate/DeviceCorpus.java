// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.fixture.MemorySource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;

/// Device state of real QEMU machines; see `corpus/devices/MANIFEST.md`.
final class DeviceCorpus {
  /// Those with many devices.
  static final List<String> NAMES = List.of("pc-10.0", "q35-10.0", "virt-10.0");

  private DeviceCorpus() {}

  /// Device state of every machine of both corpora, by name.
  static Map<String, DeviceState> all() throws IOException {
    Map<String, DeviceState> all = new TreeMap<>();
    for (String name : NAMES) {
      all.put("devices/" + name, state(name));
    }
    for (String name : Corpus.plain()) {
      try (StreamCheckpoint checkpoint =
          StreamCheckpoint.open(new MemorySource(Corpus.bytes(name)))) {
        all.put(name, checkpoint.deviceState());
      }
    }
    return all;
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
