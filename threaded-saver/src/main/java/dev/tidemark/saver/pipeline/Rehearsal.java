// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver.pipeline;

import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.saver.SaveOptions;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.RamSection.Phase;
import dev.tidemark.stream.StreamWriter;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/// A save without a VM, before the first real one of a process: a small made-up stream goes through
/// the whole pipeline and is thrown away.
///
/// What is slow the first time (loading classes and native libraries, running code that is not
/// compiled yet) must not happen while a guest stands. A small VM is sent, stopped and ended in a
/// tenth of a second.
public final class Rehearsal {
  private static final int PAGE = 4096;
  private static final int PAGES = 1024;
  private static final int PASSES = 3;
  private static final RamBlock BLOCK = new RamBlock(0, "rehearsal", (long) PAGES * PAGE);
  private static final SectionHeader RAM = SectionHeader.ram(2);
  private static final StreamElement.DeviceSection DEVICE =
      new StreamElement.DeviceSection(
          0, new SectionHeader(5, "rehearsal", 0, 1), new byte[] {0, 0, 0, 1}, true);
  private static final String VMDESC =
      """
      {"page_size": 4096, "devices": [{"name": "rehearsal", "instance_id": 0, \
      "vmsd_name": "rehearsal", "version": 1, "fields": [{"name": "n", "type": "uint32", "size": 4}]}]}""";

  private static boolean done;

  private Rehearsal() {}

  /// Rehearses, the first time it is called.
  public static synchronized void run() {
    if (done) {
      return;
    }
    done = true;
    try {
      byte[] stream = stream();
      ThrottledChannel channel =
          new ThrottledChannel(
              Channels.newChannel(new ByteArrayInputStream(stream)),
              () -> {},
              OptionalLong.empty());
      SaveOptions options = SaveOptions.builder().bufferBytes(SaveOptions.MIN_BUFFER).build();
      try (StreamReceiver receiver =
          new StreamReceiver(channel, new Nowhere(), options, stage -> {})) {
        receiver.receive();
        receiver.drain();
        receiver.settle();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] stream() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(PASSES * PAGES * (PAGE + 16));
    try (StreamWriter out = MigrationStream.write(Channels.newChannel(bytes))) {
      out.with(new StreamElement.FileHeader());
      out.with(
          StreamElement.Configuration.of(
              new MachineConfiguration(
                  "rehearsal", OptionalInt.empty(), List.of(), Optional.empty())));
      out.beginRam(Phase.START, RAM, List.of(RamBlockEntry.of(BLOCK))).end();
      SplittableRandom random = new SplittableRandom(1);
      byte[] content = new byte[PAGE];
      for (int pass = 0; pass < PASSES; pass++) {
        var part = out.beginRam(pass == PASSES - 1 ? Phase.END : Phase.PART, RAM, List.of());
        random.nextBytes(content);
        for (int page = 0; page < PAGES; page++) {
          if (page % 4 == 0) {
            part.zeroPage(BLOCK, (long) page * PAGE);
          } else {
            part.page(BLOCK, (long) page * PAGE, MemorySegment.ofArray(content), 0);
          }
        }
        part.end();
      }
      out.with(DEVICE);
      out.with(new StreamElement.EndOfFile(0));
      out.with(new StreamElement.VmDescription(0, VMDESC));
    }
    return bytes.toByteArray();
  }

  /// Takes everything and keeps nothing.
  private static final class Nowhere implements CheckpointTarget {
    @Override
    public void append(MemorySegment bytes) {}

    @Override
    public void sync() {}

    @Override
    public void commit() {}

    @Override
    public void abort() {}
  }
}
