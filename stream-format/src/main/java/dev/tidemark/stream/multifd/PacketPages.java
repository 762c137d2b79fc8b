// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// The pages of a packet that is being made; all of one block, and no more than fit.
final class PacketPages implements PageVisitor {
  private final int pageSize;
  private final int capacity;
  private final MemorySegment content =
      Arena.ofAuto().allocate(MultifdPacketDescriptor.PACKET_BYTES, 4096);
  private final ByteBuffer view = content.asByteBuffer();
  private final long[] normalOffsets;
  private final long[] zeroOffsets;
  private int normal;
  private int zero;
  private @Nullable RamBlock block;

  PacketPages(int pageSize) {
    this.pageSize = pageSize;
    this.capacity = MultifdPacketDescriptor.pageCount(pageSize);
    this.normalOffsets = new long[capacity];
    this.zeroOffsets = new long[capacity];
  }

  @Override
  public void page(RamBlock of, long pageOffset, MemorySegment window, long windowOffset) {
    enter(of);
    MemorySegment.copy(window, windowOffset, content, (long) normal * pageSize, pageSize);
    normalOffsets[normal++] = pageOffset;
  }

  @Override
  public void zeroPage(RamBlock of, long pageOffset) {
    enter(of);
    zeroOffsets[zero++] = pageOffset;
  }

  /// A page without bytes in the making, whose content is zeroes.
  void pageOfZeroes(RamBlock of, long pageOffset) {
    enter(of);
    content.asSlice((long) normal * pageSize, pageSize).fill((byte) 0);
    normalOffsets[normal++] = pageOffset;
  }

  private void enter(RamBlock of) {
    if (!hasRoomFor(of)) {
      throw new IllegalArgumentException("pages that do not fit in one packet");
    }
    block = of;
  }

  /// Whether one more page of a block fits.
  boolean hasRoomFor(RamBlock of) {
    RamBlock mine = block;
    return mine == null || (normal + zero < capacity && mine.index() == of.index());
  }

  boolean isEmpty() {
    return block == null;
  }

  @Nullable RamBlock block() {
    return block;
  }

  int normal() {
    return normal;
  }

  int zero() {
    return zero;
  }

  int capacity() {
    return capacity;
  }

  MemorySegment content() {
    return content;
  }

  /// The content, for an encoder.
  ByteBuffer view() {
    return view.limit(normal * pageSize).position(0);
  }

  /// The entry of the offset array.
  long offset(int index) {
    return index < normal ? normalOffsets[index] : zeroOffsets[index - normal];
  }

  void clear() {
    normal = 0;
    zero = 0;
    block = null;
  }
}
