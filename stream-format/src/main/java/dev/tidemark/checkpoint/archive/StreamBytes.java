// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamWriter;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamRecords;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.List;

/// What stands around the pages in the body: the migration stream's beginning and its end.
///
/// Format: `migration/savevm.c` and `ram_save_setup` in `migration/ram.c`, QEMU 10.0.2.
final class StreamBytes {
  private static final int MAGIC = 0x5145564d;
  private static final int VERSION = 3;

  private static final int EOF = 0x00;
  private static final int SECTION_START = 0x01;
  private static final int SECTION_PART = 0x02;
  private static final int SECTION_END = 0x03;
  private static final int VMDESCRIPTION = 0x06;
  private static final int CONFIGURATION = 0x07;
  private static final int SECTION_FOOTER = 0x7e;

  private static final String RAM = "ram";
  private static final int RAM_INSTANCE_ID = 0;
  private static final int RAM_VERSION_ID = 4;

  private StreamBytes() {}

  /// Everything before the first page: header, configuration, early sections, the START section of
  /// RAM with the block list, and the head of the one PART section.
  static byte[] prologue(ArchivePrologue prologue, RamLayout layout) {
    ByteSink sink = new ByteSink().be32(MAGIC).be32(VERSION);
    prologue.configuration().ifPresent(c -> sink.u8(CONFIGURATION).bytes(c));
    sink.bytes(prologue.earlySections());
    sink.u8(SECTION_START).be32(prologue.ramSectionId());
    sink.u8(RAM.length()).bytes(RAM.getBytes(US_ASCII));
    sink.be32(RAM_INSTANCE_ID).be32(RAM_VERSION_ID);
    sink.be64(layout.bytes() | RamRecords.MEM_SIZE);
    List<RamBlock> blocks = layout.blocks();
    for (int i = 0; i < blocks.size(); i++) {
      byte[] name = layout.name(i);
      sink.u8(name.length).bytes(name).be64(blocks.get(i).usedLength());
    }
    end(sink, prologue);
    sink.u8(SECTION_PART).be32(prologue.ramSectionId());
    return sink.toByteArray();
  }

  /// What ends the PART section, whose head is the prologue's last.
  static byte[] partEnd(ArchivePrologue prologue) {
    ByteSink sink = new ByteSink();
    end(sink, prologue);
    return sink.toByteArray();
  }

  /// An empty END section of RAM.
  static byte[] ramEnd(ArchivePrologue prologue) {
    ByteSink sink = new ByteSink();
    sink.u8(SECTION_END).be32(prologue.ramSectionId());
    end(sink, prologue);
    return sink.toByteArray();
  }

  private static void end(ByteSink sink, ArchivePrologue prologue) {
    sink.be64(RamRecords.EOS);
    if (prologue.footers()) {
      sink.u8(SECTION_FOOTER).be32(prologue.ramSectionId());
    }
  }

  /// The sections of iterable devices other than RAM, as they stand in the stream.
  static byte[] live(DeviceState state) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (StreamWriter out = MigrationStream.write(Channels.newChannel(bytes))) {
      for (IterableSection section : state.iterable()) {
        out.with(section);
      }
    }
    return bytes.toByteArray();
  }

  /// Everything behind the last page.
  ///
  /// @param live what [#live] has made of the state
  static byte[] epilogue(ArchivePrologue prologue, DeviceState state, byte[] live) {
    ByteSink sink =
        new ByteSink()
            .bytes(partEnd(prologue))
            .bytes(live)
            .bytes(ramEnd(prologue))
            .bytes(state.sections())
            .u8(EOF);
    state
        .vmdesc()
        .ifPresent(
            json -> {
              byte[] bytes = json.getBytes(UTF_8);
              sink.u8(VMDESCRIPTION).be32(bytes.length).bytes(bytes);
            });
    return sink.toByteArray();
  }

  /// Bytes between the device sections and vmdesc, without or with one.
  static int afterDevices(boolean vmdesc) {
    return vmdesc ? 1 + 1 + 4 : 1;
  }

  /// Whether [#afterDevices] bytes are what has to stand there.
  static boolean isAfterDevices(byte[] bytes, int at, boolean vmdesc, int vmdescLength) {
    return bytes[at] == EOF
        && (!vmdesc
            || (bytes[at + 1] == VMDESCRIPTION
                && Integer.reverseBytes(Bytes.getInt(bytes, at + 2)) == vmdescLength));
  }
}
