// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// A 64-bit little-endian ELF core, read by plain code of its own.
///
/// @param machine `e_machine`
/// @param headerSize `e_ehsize`
/// @param notes all of PT_NOTE
/// @param loads in file order
record ElfFile(int machine, int headerSize, List<Note> notes, List<Load> loads) {
  private static final int PT_LOAD = 1;
  private static final int PT_NOTE = 4;

  /// A PT_LOAD.
  ///
  /// @param fileSize bytes that are in the file
  record Load(long virtual, long physical, long fileSize, long size, long offset) {
    /// The same wherever it stands in the file.
    Load anywhere() {
      return new Load(virtual, physical, fileSize, size, 0);
    }
  }

  /// A note.
  record Note(String name, int type, byte[] content) {
    /// Name, type and length.
    String kind() {
      return name + "/" + type + "/" + content.length;
    }
  }

  static ElfFile read(Path file) throws IOException {
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer header = bytes(in, 0, 64);
      int count = header.getShort(56) & 0xffff;
      List<Note> notes = List.of();
      List<Load> loads = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        ByteBuffer program = bytes(in, header.getLong(32) + 56L * i, 56);
        if (program.getInt(0) == PT_NOTE) {
          notes = notes(bytes(in, program.getLong(8), (int) program.getLong(32)));
        } else if (program.getInt(0) == PT_LOAD) {
          loads.add(
              new Load(
                  program.getLong(16),
                  program.getLong(24),
                  program.getLong(32),
                  program.getLong(40),
                  program.getLong(8)));
        }
      }
      return new ElfFile(header.getShort(18), header.getShort(52), notes, loads);
    }
  }

  private static ByteBuffer bytes(FileChannel in, long position, int size) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining() && in.read(bytes, position + bytes.position()) > 0) {}
    return bytes;
  }

  private static List<Note> notes(ByteBuffer in) {
    List<Note> notes = new ArrayList<>();
    in.position(0);
    while (in.hasRemaining()) {
      byte[] name = new byte[in.getInt()];
      byte[] content = new byte[in.getInt()];
      int type = in.getInt();
      in.get(name).position((in.position() + 3) & ~3);
      in.get(content).position((in.position() + 3) & ~3);
      String text = new String(name, 0, name.length - 1, StandardCharsets.US_ASCII);
      notes.add(new Note(text, type, content));
    }
    return notes;
  }

  /// The first place where a range of guest-physical memory differs from that of another file; -1
  /// if
  /// it is the same. Each range must be in one load of each file.
  long mismatch(Path own, ElfFile other, Path others, long physical, long size) throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileChannel a = FileChannel.open(own, StandardOpenOption.READ);
        FileChannel b = FileChannel.open(others, StandardOpenOption.READ)) {
      return map(a, physical, size, arena).mismatch(other.map(b, physical, size, arena));
    }
  }

  private MemorySegment map(FileChannel file, long physical, long size, Arena arena)
      throws IOException {
    for (Load load : loads) {
      if (physical >= load.physical() && physical + size <= load.physical() + load.fileSize()) {
        long offset = load.offset() + physical - load.physical();
        return file.map(FileChannel.MapMode.READ_ONLY, offset, size, arena);
      }
    }
    throw new AssertionError("no load at 0x" + Long.toHexString(physical));
  }
}
