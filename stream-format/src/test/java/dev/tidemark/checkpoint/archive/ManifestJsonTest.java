// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.stream.StreamException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class ManifestJsonTest {
  @Test
  void spellingIsStable() {
    Manifest manifest =
        new Manifest(
            "0.1.0",
            Instant.parse("2026-11-01T12:34:56.789Z"),
            "precopy",
            "10.0.2",
            "Debian 1:10.0.2",
            "x86_64",
            "pc-q35-10.0",
            "running",
            List.of("events", "return-path"),
            List.of("address-space: memory"),
            Optional.of(
                new Manifest.CommandLine(
                    "/usr/bin/qemu", List.of("-m", "512"), "/", List.of("secret0"))),
            List.of(new Manifest.Disk("virtio0", "a \"b\".img", "raw", true)),
            new Manifest.Timing(
                Optional.of(Duration.ofNanos(7_500_000)), Duration.ofSeconds(2), 10, 3));
    String json = ManifestJson.write(manifest);
    assertThat(json)
        .isEqualTo(
            """
            {
              "tidemark_version" : "0.1.0",
              "created" : "2026-11-01T12:34:56.789Z",
              "method" : "precopy",
              "qemu_version" : "10.0.2",
              "qemu_package" : "Debian 1:10.0.2",
              "target" : "x86_64",
              "machine_type" : "pc-q35-10.0",
              "run_state" : "running",
              "capabilities" : [ "events", "return-path" ],
              "memory_map" : [ "address-space: memory" ],
              "command_line" : {
                "executable" : "/usr/bin/qemu",
                "arguments" : [ "-m", "512" ],
                "working_directory" : "/",
                "removed" : [ "secret0" ]
              },
              "disks" : [ {
                "device" : "virtio0",
                "file" : "a \\"b\\".img",
                "format" : "raw",
                "read_only" : true
              } ],
              "timing" : {
                "pause_ns" : 7500000,
                "stream_time_ns" : 2000000000,
                "pages_received" : 10,
                "pages_resent" : 3
              }
            }
            """);
  }

  @Property(tries = 200)
  void whatIsWrittenIsRead(
      @ForAll @StringLength(max = 20) String text,
      @ForAll List<@StringLength(max = 8) String> texts,
      @ForAll @LongRange(min = 0, max = Long.MAX_VALUE) long nanos,
      @ForAll boolean flag)
      throws StreamException {
    Manifest.CommandLine line = new Manifest.CommandLine(text, texts, text, texts);
    Duration duration = Duration.ofNanos(nanos);
    Manifest manifest =
        new Manifest(
            text,
            Instant.ofEpochSecond(nanos >>> 30, 1 + (nanos & 0xffff)),
            text,
            text,
            text,
            text,
            text,
            text,
            texts,
            texts,
            flag ? Optional.of(line) : Optional.empty(),
            texts.stream().map(t -> new Manifest.Disk(t, text, t, flag)).toList(),
            new Manifest.Timing(
                flag ? Optional.empty() : Optional.of(duration), duration, nanos, 1));
    assertThat(ManifestJson.read(ManifestJson.write(manifest), 0)).isEqualTo(manifest);
  }

  @Test
  void unknownFieldsAreIgnoredAndMissingOnesEmpty() throws StreamException {
    Manifest manifest =
        ManifestJson.read(
            "{\"later\": {\"a\": [1, {}]}, \"method\": \"precopy\","
                + " \"timing\": {\"x\": null, \"pages_resent\": 4}, \"more\": []}",
            0);
    assertThat(manifest.method()).isEqualTo("precopy");
    assertThat(manifest.timing().pagesResent()).isEqualTo(4);
    assertThat(manifest.timing().pause()).isEmpty();
    assertThat(manifest.qemuVersion()).isEmpty();
    assertThat(manifest.commandLine()).isEmpty();
  }

  @Test
  void whatIsNoManifestIsMalformed() {
    for (String json :
        new String[] {
          "",
          "[]",
          "{",
          "{}{}",
          "null",
          "{\"method\": 3}",
          "{\"created\": \"yesterday\"}",
          "{\"disks\": [1]}",
          "{\"disks\": [",
          "{\"capabilities\": [null]}",
          "{\"disks\": [{\"read_only\": 1}]}",
          "{\"timing\": {\"pause_ns\": 1.5}}",
          "{\"timing\": {\"pause_ns\": 99999999999999999999}}",
          "{\"x\": " + "[".repeat(100_000),
        }) {
      assertThatThrownBy(() -> ManifestJson.read(json, 0x123))
          .as(json)
          .isInstanceOf(StreamException.Malformed.class)
          .hasMessageContaining("at offset 0x123 while reading manifest");
    }
  }
}
