// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.mappedram;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointFormat;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.PageKind;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.MappedRam;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.vmstate.DeviceSections;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// A mapped-ram file with random access: a page is one bit of a bitmap and one read. Nothing is
/// indexed; opening reads what stands between the regions and the device state.
///
/// With and without multifd the file is the same, and so it is read. Pages that it does not store
/// are [PageKind#ZERO]: none is [PageKind#MISSING]. Offsets of exceptions count from the start of
/// the stream.
///
/// The file of a background snapshot is [StreamException.Unsupported]: QEMU leaves its bitmaps
/// empty. [MappedRamRepair] makes it whole.
///
/// May be used by several threads at once.
///
/// Format: `mapped_ram_setup_ramblock` in `migration/ram.c`, QEMU 10.0.2.
public final class MappedRamCheckpoint implements Checkpoint {
  private final MappedRamFile file;
  private final StoredBits bits;
  private final List<RamBlock> blocks;

  private MappedRamCheckpoint(MappedRamFile file, StoredBits bits) {
    this.file = file;
    this.bits = bits;
    this.blocks = file.blocks();
  }

  /// Opens a file that begins with the stream.
  ///
  /// @param source closed with the checkpoint, left open if this throws
  /// @throws StreamException if it is no mapped-ram file, or a damaged one
  /// @throws IOException if it cannot be read
  public static MappedRamCheckpoint open(ByteSource source) throws IOException {
    return open(source, 0);
  }

  /// Opens a file in which the stream starts at some offset; the places of bitmaps and pages count
  /// from the start of the file all the same.
  ///
  /// @param source closed with the checkpoint, left open if this throws
  /// @param start where the stream starts, in bytes, 0 or more
  /// @throws StreamException if it is no mapped-ram file, or a damaged one
  /// @throws IOException if it cannot be read
  public static MappedRamCheckpoint open(ByteSource source, long start) throws IOException {
    return open(source, start, MigrationStream.of(TargetPageSize.detect()));
  }

  /// Opens a file.
  ///
  /// @param source closed with the checkpoint, left open if this throws
  /// @param start where the stream starts, in bytes, 0 or more
  /// @param settings how to read
  /// @throws StreamException if it is no mapped-ram file, or a damaged one
  /// @throws IOException if it cannot be read
  public static MappedRamCheckpoint open(ByteSource source, long start, MigrationStream settings)
      throws IOException {
    MappedRamFile file = MappedRamFile.read(settings, source, start);
    StoredBits bits = new StoredBits(file);
    if (!file.ramEnded() && !bits.anySet()) {
      throw MappedRam.emptyBitmaps(file.ramOffset());
    }
    return new MappedRamCheckpoint(file, bits);
  }

  /// Whether the stream in a file has the capability `mapped-ram`, by its configuration section.
  /// One
  /// that is damaged up to there has not.
  ///
  /// @param source the file
  /// @param start where the stream starts, in bytes, 0 or more
  /// @throws IOException if it cannot be read
  public static boolean isMappedRam(ByteSource source, long start) throws IOException {
    return MappedRamFile.isMappedRam(source, start);
  }

  @Override
  public CheckpointFormat format() {
    return CheckpointFormat.MAPPED_RAM;
  }

  @Override
  public MachineConfiguration configuration() {
    return file.configuration();
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return blocks;
  }

  @Override
  public int targetPageSize() {
    return file.pageSize();
  }

  @Override
  public PageKind pageKind(RamBlock block, long pageOffset) throws IOException {
    check(block, pageOffset);
    return bits.isSet(block, pageOffset / file.pageSize()) ? PageKind.DATA : PageKind.ZERO;
  }

  @Override
  public PageKind readPage(RamBlock block, long pageOffset, MemorySegment target)
      throws IOException {
    PageKind kind = pageKind(block, pageOffset);
    MemorySegment page = target.asSlice(0, file.pageSize());
    if (kind == PageKind.DATA) {
      long at = file.place(block.index()).pagesOffset() + pageOffset;
      file.read(at, page, "mapped-ram pages");
    } else {
      page.fill((byte) 0);
    }
    return kind;
  }

  private void check(RamBlock block, long pageOffset) {
    if (block.index() < 0
        || block.index() >= blocks.size()
        || !blocks.get(block.index()).equals(block)) {
      throw new IllegalArgumentException("RAM block of another checkpoint: " + block);
    }
    if (pageOffset < 0 || pageOffset >= block.usedLength() || pageOffset % file.pageSize() != 0) {
      throw new IllegalArgumentException("page offset " + pageOffset + " of " + block);
    }
  }

  @Override
  public DeviceState deviceState() {
    return file.devices();
  }

  /// The device sections behind RAM, if vmdesc allows to delimit them.
  public Optional<List<DeviceSection>> deviceSections() {
    return DeviceSections.split(file.devices(), file.devicesOffset());
  }

  @Override
  public Optional<Manifest> manifest() {
    return Optional.empty();
  }

  /// All pages, those that are not stored as zero pages. Neighbouring ones are read together, holes
  /// are not read; of a source that has its bytes in memory they are handed out where they are.
  @Override
  public CheckpointStream stream() {
    return new MappedRamPages(file, bits);
  }

  @Override
  public void close() throws IOException {
    file.source().close();
  }
}
