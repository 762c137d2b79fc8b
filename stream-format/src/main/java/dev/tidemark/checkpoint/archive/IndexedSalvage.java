// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;

/// What is whole in an archive whose sections are: pages are found by the index, and those whose
/// newest version stands in a damaged block are lost, whatever older versions there are.
final class IndexedSalvage implements Salvage {
  private final ArchiveCheckpoint checkpoint;
  private final Set<Long> damaged = new HashSet<>();
  private boolean examined;

  /// @param checkpoint closed with this
  IndexedSalvage(ArchiveCheckpoint checkpoint) {
    this.checkpoint = checkpoint;
  }

  @Override
  public SalvageReport examine(Progress progress) throws IOException {
    Facts facts = checkpoint.facts();
    long first = facts.prologueBlocks();
    long end = first + facts.pageBlocks();
    Queue<BlockReader> free = new ArrayBlockingQueue<>(256);
    RecordParser parser = new RecordParser(checkpoint.layout());
    long[] block = {first};
    try (InOrder threads = new InOrder("tidemark-salvage")) {
      threads.forEach(
          first,
          end,
          number -> load(number, free),
          reader -> {
            if (!isWhole(reader, parser, block[0])) {
              damaged.add(block[0]);
            }
            free.offer(reader);
            progress.advanced(checkpoint.table().offset(++block[0]), checkpoint.input().size());
          });
    }
    examined = true;
    return report();
  }

  /// A reader that holds a block, or nothing if that is damaged.
  private BlockReader load(long block, Queue<BlockReader> free) throws IOException {
    BlockReader idle = free.poll();
    BlockReader reader = idle == null ? checkpoint.newBlockReader() : idle;
    try {
      reader.load(block);
    } catch (StreamException.Malformed e) {
      // The reader says that it holds nothing.
    }
    return reader;
  }

  private boolean isWhole(BlockReader reader, RecordParser parser, long block) throws IOException {
    if (reader.block() != block) {
      return false;
    }
    try {
      parser.parse(reader.decoder(), checkpoint.table().offset(block), NoRecords.INSTANCE);
      return true;
    } catch (StreamException.Malformed e) {
      return false;
    }
  }

  private SalvageReport report() throws IOException {
    PageIndex index = checkpoint.index();
    LostPages lost = new LostPages(checkpoint.layout());
    long kept = 0;
    for (long run = 0; run < index.runs(); run++) {
      long from = index.firstPage(run);
      long to = index.firstPage(run + 1);
      long location = index.location(run);
      if (PageLocation.isData(location) && damaged.contains(PageLocation.block(location))) {
        lost.add(from, to);
      } else if (PageLocation.kind(location) != PageKind.MISSING) {
        kept += to - from;
      }
    }
    return new SalvageReport(
        Optional.empty(),
        true,
        checkpoint.facts().pageBlocks() - damaged.size(),
        damaged.size(),
        kept,
        lost.count(),
        lost.ranges(),
        manifest().isPresent(),
        deviceStateDamage());
  }

  private Optional<String> deviceStateDamage() throws IOException {
    try {
      checkpoint.deviceState();
      return Optional.empty();
    } catch (StreamException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public Optional<Manifest> manifest() {
    return checkpoint.manifest();
  }

  @Override
  public MachineConfiguration configuration() {
    return checkpoint.configuration();
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return checkpoint.ramBlocks();
  }

  @Override
  public int targetPageSize() {
    return checkpoint.targetPageSize();
  }

  @Override
  public boolean eachPageOnce() {
    return true;
  }

  @Override
  public boolean footers() {
    return checkpoint.facts().prologue().footers();
  }

  @Override
  public byte[] earlySections() {
    return checkpoint.facts().prologue().earlySections();
  }

  @Override
  public void forEachPage(PageVisitor visitor) throws IOException {
    if (!examined) {
      examine(Progress.NONE);
    }
    new ArchiveStream(checkpoint, damaged::contains).forEachPage(visitor);
  }

  @Override
  public DeviceState deviceState() throws IOException {
    return checkpoint.deviceState();
  }

  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
