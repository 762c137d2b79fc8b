// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.Manifest;
import java.util.List;
import org.junit.jupiter.api.Test;

class SecretScrubberTest {
  @Test
  void dataOfASecretIsRemovedAndNamed() {
    Manifest.CommandLine line = scrub("-object", "secret,id=sec0,data=hunter,,2,format=raw");
    assertThat(line.arguments()).containsExactly("-object", "secret,id=sec0,data=,format=raw");
    assertThat(line.removed()).containsExactly("-object data");
  }

  @Test
  void dataOfASecretInJsonIsRemoved() {
    Manifest.CommandLine line =
        scrub(
            "-object",
            "{\"qom-type\":\"secret\",\"id\":\"s\",\"data\":\"a\\\"b\",\"format\":\"raw\"}");
    assertThat(line.arguments().get(1))
        .isEqualTo("{\"qom-type\":\"secret\",\"id\":\"s\",\"data\":\"\",\"format\":\"raw\"}");
    assertThat(line.removed()).containsExactly("-object data");
  }

  @Test
  void passwordsInClearAreRemoved() {
    Manifest.CommandLine line = scrub("-spice", "port=5930,password=geheim,disable-ticketing=off");
    assertThat(line.arguments())
        .containsExactly("-spice", "port=5930,password=,disable-ticketing=off");
    assertThat(line.removed()).containsExactly("-spice password");
  }

  @Test
  void whatRefersToASecretOrAsksForOneStays() {
    List<String> arguments =
        List.of(
            "-vnc",
            ":1,password=on",
            "-drive",
            "file=a.qcow2,encrypt.key-secret=sec0",
            "-object",
            "secret,id=sec0,file=key.txt",
            "-device",
            "x,metadata=1",
            "-m",
            "512");
    Manifest.CommandLine line = SecretScrubber.scrub("/usr/bin/qemu", arguments, "/");
    assertThat(line.arguments()).isEqualTo(arguments);
    assertThat(line.removed()).isEmpty();
  }

  @Test
  void aDollarInASecretDoesNoHarm() {
    Manifest.CommandLine line = scrub("-object", "secret,id=s,data=$1\\x");
    assertThat(line.arguments()).containsExactly("-object", "secret,id=s,data=");
  }

  private static Manifest.CommandLine scrub(String... arguments) {
    return SecretScrubber.scrub("/usr/bin/qemu", List.of(arguments), "/");
  }
}
