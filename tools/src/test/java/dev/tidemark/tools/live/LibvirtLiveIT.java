// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.libvirt.LibvirtCheckpoint;
import dev.tidemark.checkpoint.libvirt.LibvirtDomain;
import dev.tidemark.checkpoint.libvirt.LibvirtFormat;
import dev.tidemark.checkpoint.libvirt.LibvirtWriter;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Images that `virsh save` makes hold the RAM that the domain had; `virsh restore` takes ours.
@Timeout(300)
class LibvirtLiveIT {
  private static LiveLibvirt libvirt;

  @BeforeAll
  static void startsADomain() throws Exception {
    libvirt = LiveLibvirt.start();
    libvirt.createDomain();
  }

  @AfterAll
  static void endsIt() throws Exception {
    if (libvirt != null) {
      libvirt.close();
    }
  }

  /// The domain goes from image to image: what one test restores, the next one saves.
  @ParameterizedTest
  @EnumSource
  void anImageHoldsItsRamAndOursIsRestored(LibvirtFormat format) throws Exception {
    Path image = libvirt.folder().resolve("virsh." + format);
    Path ours = libvirt.folder().resolve("ours." + format);
    libvirt.virsh("suspend " + LiveLibvirt.DOMAIN);
    Map<String, String> ram = libvirt.ramHashes();
    libvirt.virsh(
        "save %s %s --running --image-format %s".formatted(LiveLibvirt.DOMAIN, image, format));

    try (LibvirtCheckpoint checkpoint = (LibvirtCheckpoint) Checkpoint.open(image)) {
      assertThat(checkpoint.format()).isEqualTo(CheckpointFormat.LIBVIRT);
      assertThat(checkpoint.content()).isEqualTo(format);
      assertThat(checkpoint.disagreement()).isEmpty();
      assertThat(checkpoint.header().wasRunning()).isTrue();
      assertThat(checkpoint.header().cookie()).isPresent();
      LibvirtDomain domain = LibvirtDomain.of(checkpoint.header().xml());
      assertThat(domain.name()).contains(LiveLibvirt.DOMAIN);
      assertThat(domain.machine()).contains(checkpoint.configuration().machineType());
      assertThat(hashes(checkpoint)).isEqualTo(ram);
      write(checkpoint, format, ours);
    }
    try (Checkpoint checkpoint = Checkpoint.open(ours)) {
      assertThat(hashes(checkpoint)).isEqualTo(ram);
    }

    int printed = libvirt.serialFrom(0).length();
    libvirt.virsh("restore " + ours);
    // Two whole walks of the guest look at all of its memory.
    String text = libvirt.awaitSerial(printed, "(?s).*\nwalk .*\nwalk .*\n.*");
    assertThat(text).doesNotContain("tidemark-guest", "wrong ", "panic", "error");
    Files.delete(image);
    Files.delete(ours);
  }

  private static void write(LibvirtCheckpoint checkpoint, LibvirtFormat format, Path file)
      throws IOException {
    try (CheckpointStream in = checkpoint.stream();
        FileTarget target = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      LibvirtWriter.write(in, target, LibvirtWriter.Options.of(format, checkpoint.header()));
      target.commit();
    }
  }

  private static Map<String, String> hashes(Checkpoint checkpoint) throws Exception {
    Map<String, String> hashes = new TreeMap<>();
    byte[] page = new byte[checkpoint.targetPageSize()];
    for (RamBlock block : checkpoint.ramBlocks()) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (long at = 0; at < block.usedLength(); at += page.length) {
        checkpoint.readPage(block, at, MemorySegment.ofArray(page));
        digest.update(page);
      }
      hashes.put(block.idstr(), HexFormat.of().formatHex(digest.digest()));
    }
    return hashes;
  }
}
