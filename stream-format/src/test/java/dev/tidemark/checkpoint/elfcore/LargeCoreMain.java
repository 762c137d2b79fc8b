// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.elfcore;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.memory.MadeCheckpoint;
import dev.tidemark.checkpoint.memory.MemoryMap;
import dev.tidemark.checkpoint.raw.RawWriter;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// Writes a migration stream with 16 GiB of RAM, and of that an ELF core and a raw file.
public final class LargeCoreMain {
  private static final long GIB = 1L << 30;

  private LargeCoreMain() {}

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    Path stream = folder.resolve("stream");
    MadeCheckpoint made =
        new MadeCheckpoint("pc-q35-10.0", 4096, new DeviceState(new byte[0], Optional.empty()))
            .with("pc.ram", 16 * GIB);
    byte[] mark = {1, 2, 3, 4};
    made.put(made.ramBlocks().getFirst(), 15 * GIB, mark);
    try (CheckpointStream in = made.stream();
        FileChannel out =
            FileChannel.open(stream, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      CheckpointStreamWriter.write(in, out, CheckpointStreamWriter.Options.DEFAULT);
    }
    try (Checkpoint in = Checkpoint.open(stream);
        FileTarget core = FileTarget.create(folder.resolve("core"), FileTarget.Options.DEFAULT);
        FileTarget raw = FileTarget.create(folder.resolve("raw"), FileTarget.Options.DEFAULT)) {
      MemoryMap map = MemoryMap.of(in);
      ElfCoreWriter.write(in, map, core, ElfCoreWriter.Options.DEFAULT);
      core.commit();
      RawWriter.physical(in, map, raw, Progress.NONE);
      raw.commit();
    }
  }
}
