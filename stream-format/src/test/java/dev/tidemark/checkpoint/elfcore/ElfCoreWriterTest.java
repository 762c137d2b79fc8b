// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.elfcore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.checkpoint.memory.GuestMemory;
import dev.tidemark.checkpoint.memory.MadeCheckpoint;
import dev.tidemark.checkpoint.memory.MemoryMap;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.fixture.Corpus;
import dev.tidemark.stream.vmstate.CpuRegisters;
import dev.tidemark.stream.vmstate.CpuRegisters.Aarch64;
import dev.tidemark.stream.vmstate.CpuRegisters.X86;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmstatePath;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ElfCoreWriterTest {
  private static final int PAGE = 4096;

  @TempDir Path folder;

  /// A file that was written, and what was said of it.
  private record Written(byte[] all, ByteBuffer bytes, ElfCoreWriter.Result result) {
    long loadAddress(int number) {
      return bytes.getLong(64 + 56 * (1 + number) + 24);
    }

    long loadSize(int number) {
      return bytes.getLong(64 + 56 * (1 + number) + 32);
    }

    long loadOffset(int number) {
      return bytes.getLong(64 + 56 * (1 + number) + 8);
    }

    byte[] notes() {
      byte[] notes = new byte[(int) bytes.getLong(64 + 32)];
      bytes.get((int) bytes.getLong(64 + 8), notes);
      return notes;
    }
  }

  private Written write(Checkpoint in, MemoryMap map) throws IOException {
    Path file = folder.resolve("core");
    Files.deleteIfExists(file);
    try (FileTarget out = FileTarget.create(file, FileTarget.Options.DEFAULT)) {
      ElfCoreWriter.Result result =
          ElfCoreWriter.write(in, map, out, ElfCoreWriter.Options.DEFAULT);
      out.commit();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
      assertThat(Files.size(file)).isEqualTo(result.bytes());
      byte[] bytes = Files.readAllBytes(file);
      ByteOrder order = bytes[5] == 1 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
      return new Written(bytes, ByteBuffer.wrap(bytes).order(order), result);
    }
  }

  private static byte[] filled(int size, int value) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replaceAll("\\s+|#.*", ""));
  }

  @Test
  void goldenBytes() throws IOException {
    MadeCheckpoint in =
        new MadeCheckpoint("microvm")
            .with("microvm.ram", 2 * PAGE)
            .with("pc.bios", filled(PAGE, 0xbb));
    in.put(in.ramBlocks().getFirst(), PAGE, filled(PAGE, 0xaa));
    MemoryMap map =
        MemoryMap.parse(List.of("0x100000000 pc.bios", "0x1000 microvm.ram"), in.ramBlocks());
    Written core = write(in, map);
    byte[] expected = new byte[4 * PAGE];
    byte[] front =
        hex(
            """
            7f454c46 02 01 01 00 0000000000000000
            0400 3e00 01000000 0000000000000000
            4000000000000000 0000000000000000
            00000000 4000 3800 0300 0000 0000 0000
            """
                // PT_NOTE: nothing is known of the CPU
                + """
            04000000 00000000 e800000000000000 0000000000000000 0000000000000000
            0000000000000000 0000000000000000 0000000000000000
            """
                + """
            01000000 00000000 0010000000000000 0010000000000000 0010000000000000
            0020000000000000 0020000000000000 0000000000000000
            """
                + """
            01000000 00000000 0030000000000000 0000000001000000 0000000001000000
            0010000000000000 0010000000000000 0000000000000000
            """);
    System.arraycopy(front, 0, expected, 0, front.length);
    Arrays.fill(expected, 2 * PAGE, 3 * PAGE, (byte) 0xaa);
    Arrays.fill(expected, 3 * PAGE, 4 * PAGE, (byte) 0xbb);
    assertThat(core.all()).isEqualTo(expected);
    assertThat(core.result())
        .isEqualTo(
            new ElfCoreWriter.Result(
                4 * PAGE,
                2,
                3 * PAGE,
                0,
                List.of(
                    "registers are missing: without vmdesc the device state cannot be decoded")));
  }

  @Test
  void aRealPcHasItsRamAndRegisters() throws IOException {
    try (Checkpoint in = Checkpoint.open(ByteSource.of(Corpus.bytes("pc-10.0-busy")))) {
      Written core = write(in, MemoryMap.of(in));
      // Not in long mode.
      assertThat(core.bytes().getShort(18)).isEqualTo((short) 3);
      assertThat(core.result().loads()).isEqualTo(3);
      assertThat(core.result().cpus()).isEqualTo(1);
      assertThat(core.loadAddress(2)).isEqualTo(0xfffc_0000L);
      GuestMemory memory = new GuestMemory(in, MemoryMap.of(in));
      for (int load = 0; load < 3; load++) {
        byte[] bytes = new byte[(int) core.loadSize(load)];
        assertThat(memory.read(core.loadAddress(load), MemorySegment.ofArray(bytes)))
            .isEqualTo(bytes.length);
        int at = (int) core.loadOffset(load);
        assertThat(Arrays.equals(core.all(), at, at + bytes.length, bytes, 0, bytes.length))
            .isTrue();
      }
      assertThat(core.result().warnings())
          .containsExactly(
              "RAM block \"/rom@etc/acpi/tables\" is missing: its guest-physical address is not known",
              "RAM block \"pc.rom\" is missing: its guest-physical address is not known",
              "RAM block \"/rom@etc/table-loader\" is missing: its guest-physical address is not known",
              "RAM block \"/rom@etc/acpi/rsdp\" is missing: its guest-physical address is not known");
    }
  }

  /// The device state of a corpus stream with some numbers changed.
  private static DeviceState changed(String name, Object... pathsAndValues) throws IOException {
    try (Checkpoint in = Checkpoint.open(ByteSource.of(Corpus.bytes(name)))) {
      MachineVmstate machine = MachineVmstate.decode(in.deviceState());
      for (int i = 0; i < pathsAndValues.length; i += 2) {
        machine =
            machine.with(
                VmstatePath.parse((String) pathsAndValues[i]), (Long) pathsAndValues[i + 1]);
      }
      return machine.encode();
    }
  }

  private Written writeWith(DeviceState state, String machine, String block, int size)
      throws IOException {
    MadeCheckpoint in = new MadeCheckpoint(machine, PAGE, state).with(block, size);
    return write(in, MemoryMap.of(in));
  }

  @Test
  void longModeOfTheFirstCpuMakesItX86_64() throws IOException {
    DeviceState state =
        changed(
            "pc-10.0-busy",
            "cpu/0:env.efer",
            0x500L,
            "cpu/0:env.kernelgsbase",
            0x1122_3344_5566_7788L,
            "cpu/0:env.regs[8]",
            0x88L,
            "cpu/0:env.segs[4].base",
            0xf5L);
    Written core = writeWith(state, "pc-i440fx-10.0", "pc.ram", PAGE);
    assertThat(core.bytes().getShort(18)).isEqualTo((short) 62);
    ByteBuffer notes = ByteBuffer.wrap(core.notes()).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(notes.capacity()).isEqualTo(20 + 336 + 20 + 440);
    X86 cpu = (X86) CpuRegisters.of(MachineVmstate.decode(state)).getFirst();
    // namesz, descsz, type, name
    assertThat(Arrays.copyOf(core.notes(), 20))
        .isEqualTo(hex("05000000 50010000 01000000 434f5245 00000000"));
    assertThat(notes.getInt(20 + 32)).isEqualTo(1);
    assertThat(notes.getLong(20 + 112 + 8 * 9)).isEqualTo(0x88);
    assertThat(notes.getLong(20 + 112 + 8 * 16)).isEqualTo(cpu.general().rip());
    assertThat(notes.getLong(20 + 112 + 8 * 21)).isEqualTo(0xf5);
    int qemu = 20 + 336;
    assertThat(Arrays.copyOfRange(core.notes(), qemu, qemu + 28))
        .isEqualTo(hex("05000000 b8010000 00000000 51454d55 00000000 01000000 b8010000"));
    assertThat(notes.getLong(qemu + 20 + 8 + 8 * 16)).isEqualTo(cpu.general().rip());
    assertThat(notes.getLong(qemu + 20 + 392)).isEqualTo(cpu.control().cr0());
    assertThat(notes.getLong(qemu + 20 + 432)).isEqualTo(0x1122_3344_5566_7788L);
  }

  @Test
  void armIsOfTheByteOrderOfEl1() throws IOException {
    DeviceState little = changed("virt-10.0-busy");
    Aarch64 cpu = (Aarch64) CpuRegisters.of(MachineVmstate.decode(little)).getFirst();
    List<Long> ids = new ArrayList<>(cpu.control().system().keySet());
    long sctlr = 0x6030_0000_0013_c080L;
    String path = "cpu/0:cpreg_vmstate_values[" + ids.indexOf(sctlr) + "]";
    long value = cpu.control().system().getOrDefault(sctlr, -1L);
    DeviceState big =
        changed(
            "virt-10.0-busy",
            path,
            value | 1 << 25,
            "cpu/0:cpu/vfp:env.vfp.zregs[3].d[0]",
            1L,
            "cpu/0:cpu/vfp:env.vfp.zregs[3].d[1]",
            2L);
    for (boolean isBig : new boolean[] {false, true}) {
      DeviceState state = isBig ? big : little;
      Written core = writeWith(state, "virt-10.0", "mach-virt.ram", PAGE);
      ByteOrder order = isBig ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
      assertThat(core.bytes().order()).isEqualTo(order);
      assertThat(core.bytes().getShort(18)).isEqualTo((short) 183);
      assertThat(core.bytes().getInt(0) == 0x7f454c46).isEqualTo(isBig);
      assertThat(core.loadAddress(0)).isEqualTo(0x4000_0000L);
      ByteBuffer notes = ByteBuffer.wrap(core.notes()).order(order);
      assertThat(notes.capacity()).isEqualTo(20 + 392 + 20 + 528);
      assertThat(notes.getInt(4)).isEqualTo(392);
      assertThat(notes.getLong(20 + 112)).isEqualTo(cpu.general().x().getFirst());
      assertThat(notes.getLong(20 + 112 + 8 * 32)).isEqualTo(cpu.general().pc());
      assertThat(notes.getInt(20 + 392 + 8)).isEqualTo(2);
      if (isBig) {
        assertThat(notes.getLong(20 + 392 + 20 + 16 * 3)).isEqualTo(2);
        assertThat(notes.getLong(20 + 392 + 20 + 16 * 3 + 8)).isEqualTo(1);
      }
    }
  }

  @Test
  void registersOfAArch32AreMissing() throws IOException {
    DeviceState state = changed("virt-10.0-busy", "cpu/0:cpsr", 0x1d3L);
    Written core = writeWith(state, "virt-10.0", "mach-virt.ram", PAGE);
    assertThat(core.bytes().getShort(18)).isEqualTo((short) 183);
    assertThat(core.notes()).isEmpty();
    assertThat(core.result().warnings())
        .containsExactly("registers of CPU 0 are missing: they are of no kind that is known");
  }

  @Test
  void withoutVmdescThereAreNoRegisters() throws IOException {
    try (Checkpoint in = Checkpoint.open(ByteSource.of(Corpus.bytes("pc-10.0-no-vmdesc")))) {
      Written core = write(in, MemoryMap.of(in));
      assertThat(core.notes()).isEmpty();
      assertThat(core.bytes().getShort(18)).isEqualTo((short) 62);
      assertThat(core.result().warnings())
          .startsWith("registers are missing: without vmdesc the device state cannot be decoded");
    }
    Written broken =
        writeWith(
            new DeviceState(new byte[] {4}, Optional.of("{\"devices\": 7")), "pc", "pc.ram", PAGE);
    assertThat(broken.notes()).isEmpty();
    assertThat(broken.result().warnings())
        .hasSize(1)
        .first()
        .asString()
        .startsWith("registers are missing: ");
  }

  @Test
  void otherArchitecturesHaveTheirNumber() throws IOException {
    Object[][] machines = {
      {"s390-ccw-virtio-10.0", "s390.ram", 22, 2},
      {"pseries-10.0", "ppc_spapr.ram", 21, 1},
      {"virt", "riscv_virt_board.ram", 243, 1},
      {"virt", "loongarch.ram", 258, 1},
      {"sbsa-ref", "sbsa-ref.ram", 183, 1}
    };
    for (Object[] machine : machines) {
      Written core =
          writeWith(
              new DeviceState(new byte[0], Optional.empty()),
              (String) machine[0],
              (String) machine[1],
              PAGE);
      assertThat((int) core.bytes().getShort(18)).isEqualTo((int) machine[2]);
      assertThat((int) core.bytes().get(5)).isEqualTo((int) machine[3]);
    }
  }

  /// Device state of a `vmcoreinfo` device.
  private static DeviceState vmcoreinfo(int has, int format, int size, long address) {
    byte[] name = "vmcoreinfo".getBytes(StandardCharsets.US_ASCII);
    ByteBuffer section = ByteBuffer.allocate(1 + 4 + 1 + name.length + 8 + 17 + 5);
    section.put((byte) 4).putInt(9).put((byte) name.length).put(name).putInt(0).putInt(1);
    section.put((byte) has).putShort((short) 1).putShort((short) format);
    section.putInt(size).putLong(address);
    section.put((byte) 0x7e).putInt(9);
    String[][] fields = {
      {"has_vmcoreinfo", "bool", "1"},
      {"vmcoreinfo.host_format", "uint16", "2"},
      {"vmcoreinfo.guest_format", "uint16", "2"},
      {"vmcoreinfo.size", "uint32", "4"},
      {"vmcoreinfo.paddr", "uint64", "8"}
    };
    List<String> described = new ArrayList<>();
    for (String[] field : fields) {
      described.add("{\"name\":\"%s\",\"type\":\"%s\",\"size\":%s}".formatted((Object[]) field));
    }
    String json =
        "{\"page_size\":4096,\"devices\":[{\"name\":\"vmcoreinfo\",\"instance_id\":0,"
            + "\"vmsd_name\":\"vmcoreinfo\",\"version\":1,\"fields\":["
            + String.join(",", described)
            + "]}]}";
    return new DeviceState(section.array(), Optional.of(json));
  }

  @Test
  void theGuestsNoteIsCopied() throws IOException {
    byte[] note = hex("0b000000 06000000 00000000 564d434f5245494e464f0000 413d310a420a 0000 ffff");
    MadeCheckpoint in =
        new MadeCheckpoint("pc", PAGE, vmcoreinfo(1, 1, note.length, 0x1ff0))
            .with("pc.ram", 4 * PAGE);
    in.put(in.ramBlocks().getFirst(), 0x1ff0, note);
    Written core = write(in, MemoryMap.of(in));
    // Without what stands behind it.
    assertThat(core.notes()).isEqualTo(Arrays.copyOf(note, note.length - 2));
  }

  @Test
  void aBadNoteOfTheGuestIsLeftOut() throws IOException {
    List<DeviceState> bad =
        List.of(
            vmcoreinfo(1, 2, 64, 0),
            vmcoreinfo(1, 1, 11, 0),
            vmcoreinfo(1, 1, (1 << 20) + 1, 0),
            vmcoreinfo(1, 1, -1, 0),
            vmcoreinfo(1, 1, 64, -1),
            vmcoreinfo(1, 1, 64, Long.MAX_VALUE),
            vmcoreinfo(1, 1, 64, 4 * PAGE - 8),
            vmcoreinfo(1, 1, 64, 0));
    for (DeviceState state : bad) {
      MadeCheckpoint in =
          new MadeCheckpoint("pc", PAGE, state).with("pc.ram", filled(4 * PAGE, 0x7f));
      Written core = write(in, MemoryMap.of(in));
      assertThat(core.notes()).isEmpty();
      assertThat(core.result().warnings())
          .filteredOn(w -> w.startsWith("the guest's VMCOREINFO is missing: "))
          .hasSize(1);
    }
    MadeCheckpoint none =
        new MadeCheckpoint("pc", PAGE, vmcoreinfo(0, 1, 64, 0)).with("pc.ram", PAGE);
    assertThat(write(none, MemoryMap.of(none)).result().warnings())
        .noneMatch(w -> w.contains("VMCOREINFO"));
  }

  @Test
  void memoryWithoutAPlaceIsNamed() throws IOException {
    MadeCheckpoint in = new MadeCheckpoint("pc").with("pc.ram", PAGE).with("dimm", PAGE);
    List<String> lines =
        List.of(
            "FlatView #0",
            " AS \"memory\", root: system",
            "  0000000000000000-0000000000000fff (prio 0, ram): pc.ram",
            "  0000000000001000-0000000000001fff (prio 0, ram): gone");
    assertThat(write(in, MemoryMap.ofMtree(lines, in.ramBlocks())).result().warnings())
        .contains(
            "RAM block \"dimm\" is missing: its guest-physical address is not known",
            "memory at 0x1000 gone is missing: the checkpoint does not hold it");
    assertThatThrownBy(() -> write(in, MemoryMap.ofMachine("none", in.ramBlocks())))
        .isInstanceOf(StreamException.Unsupported.class)
        .hasMessageContaining("no RAM block has a known guest-physical address");
  }

  @Test
  void moreCpusThanAnyMachineHasAreNotWritten() throws IOException {
    int cpus = 9000;
    ByteBuffer sections = ByteBuffer.allocate(cpus * (1 + 4 + 1 + 3 + 8 + 9 + 5));
    List<String> described = new ArrayList<>();
    for (int i = 0; i < cpus; i++) {
      sections.put((byte) 4).putInt(i).put((byte) 3).put(new byte[] {'c', 'p', 'u'});
      sections.putInt(i).putInt(12).putLong(0).put((byte) 0);
      sections.put((byte) 0x7e).putInt(i);
      described.add(
          "{\"name\":\"cpu\",\"instance_id\":%d,\"vmsd_name\":\"cpu\",\"version\":12,\"fields\":["
                  .formatted(i)
              + "{\"name\":\"env.eip\",\"type\":\"uint64\",\"size\":8},"
              + "{\"name\":\"env.segs\",\"type\":\"uint8\",\"size\":1}]}");
    }
    String json = "{\"page_size\":4096,\"devices\":[" + String.join(",", described) + "]}";
    Written core =
        writeWith(new DeviceState(sections.array(), Optional.of(json)), "pc", "pc.ram", PAGE);
    assertThat(core.notes()).isEmpty();
    assertThat(core.result().warnings())
        .containsExactly("registers are missing: there are 9000 CPUs");
  }

  @Test
  void progressEndsWithAll() throws IOException {
    MadeCheckpoint in = new MadeCheckpoint("pc").with("pc.ram", 64 << 20);
    List<Long> told = new ArrayList<>();
    try (FileTarget out = FileTarget.create(folder.resolve("core"), FileTarget.Options.DEFAULT)) {
      ElfCoreWriter.write(
          in,
          MemoryMap.of(in),
          out,
          new ElfCoreWriter.Options(
              (done, total) -> {
                assertThat(total).isEqualTo((64 << 20) - 0x2_0000);
                told.add(done);
              }));
    }
    assertThat(told).isSorted().hasSizeGreaterThan(10).endsWith((64L << 20) - 0x2_0000);
  }
}
