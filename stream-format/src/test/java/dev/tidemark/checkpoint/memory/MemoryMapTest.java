// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamBlock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryMapTest {
  private static final long MIB = 1 << 20;

  /// What QEMU 10.0.2 shows of a `pc` with 32 MiB, shortened.
  private static final List<String> PC =
      """
      FlatView #0
       AS "I/O", root: io
       Root memory region: io
        0000000000000000-0000000000000007 (prio 0, i/o): dma-chan

      FlatView #1
       AS "cpu-smm-0", root: memory
       Root memory region: memory
        0000000000000000-0000000001ffffff (prio 0, ram): pc.ram

      FlatView #2
       AS "memory", root: system
       AS "cpu-memory-0", root: system
       Root memory region: system
        0000000000000000-000000000009ffff (prio 0, ram): pc.ram
        00000000000a0000-00000000000bffff (prio 1, i/o): vga-lowmem
        00000000000c0000-00000000000c9fff (prio 0, rom): pc.ram @00000000000c0000
        00000000000ca000-00000000000effff (prio 0, ram): pc.ram @00000000000ca000
        00000000000f0000-00000000000fffff (prio 0, rom): pc.ram @00000000000f0000
        0000000000100000-0000000001ffffff (prio 0, ram): pc.ram @0000000000100000
        00000000fd000000-00000000fdffffff (prio 1, ram): vga.vram
        00000000febf0000-00000000febf017f (prio 0, i/o): edid
        00000000febf0400-00000000febf041f (prio 0, i/o): vga ioports remapped
        00000000fffc0000-00000000ffffffff (prio 0, rom): pc.bios

      FlatView #3
       AS "i440FX", root: bus master container
       Root memory region: (none)
        No rendered FlatView

      """
          .lines()
          .toList();

  private static final List<RamBlock> BLOCKS =
      blocks(
          "pc.ram=32M", "0000:00:02.0/vga.vram=16M", "/rom@etc/acpi/tables=128K", "pc.bios=256K");

  /// Blocks as `NAME=SIZE`, the size with K, M or G.
  private static List<RamBlock> blocks(String... words) {
    List<RamBlock> blocks = new ArrayList<>();
    for (String word : words) {
      int at = word.lastIndexOf('=');
      blocks.add(new RamBlock(blocks.size(), word.substring(0, at), size(word.substring(at + 1))));
    }
    return blocks;
  }

  private static long size(String text) {
    int shift = 10 * ("KMG".indexOf(text.charAt(text.length() - 1)) + 1);
    return Long.parseLong(text.substring(0, text.length() - 1)) << shift;
  }

  private static List<String> system(String... ranges) {
    List<String> lines = new ArrayList<>(List.of("FlatView #0", " AS \"memory\", root: system"));
    lines.add(" Root memory region: system");
    lines.addAll(List.of(ranges));
    return lines;
  }

  private static String text(MemoryRange range) {
    return "%x+%x %s@%x"
        .formatted(range.start(), range.length(), range.block().idstr(), range.blockOffset());
  }

  private static List<String> texts(List<MemoryRange> ranges) {
    return ranges.stream().map(MemoryMapTest::text).toList();
  }

  @Test
  void systemMemoryIsTakenFromAllFlatViews() throws StreamException {
    MemoryMap map = MemoryMap.ofMtree(PC, BLOCKS);
    assertThat(texts(map.ranges()))
        .containsExactly(
            "0+a0000 pc.ram@0",
            "c0000+a000 pc.ram@c0000",
            "ca000+26000 pc.ram@ca000",
            "f0000+10000 pc.ram@f0000",
            "100000+1f00000 pc.ram@100000",
            "fd000000+1000000 0000:00:02.0/vga.vram@0",
            "fffc0000+40000 pc.bios@0");
    assertThat(map.ranges().get(1).kind()).isEqualTo(MemoryKind.ROM);
    assertThat(map.unplaced()).extracting(RamBlock::idstr).containsExactly("/rom@etc/acpi/tables");
    assertThat(map.absent()).isEmpty();
  }

  @Test
  void dumpedRangesAreMergedInABlockOnly() throws StreamException {
    assertThat(texts(MemoryMap.ofMtree(PC, BLOCKS).dumped()))
        .containsExactly(
            "0+a0000 pc.ram@0",
            "c0000+1f40000 pc.ram@c0000",
            "fd000000+1000000 0000:00:02.0/vga.vram@0",
            "fffc0000+40000 pc.bios@0");
    List<RamBlock> nodes = blocks("n0=1M", "n1=1M");
    assertThat(
            texts(
                MemoryMap.ofMtree(
                        system(
                            "  0-fffff (prio 0, ram): n0",
                            "  100000-17ffff (prio 0, ram): n1",
                            "  180000-1bffff (prio 0, ram): n1 @00000000000c0000"),
                        nodes)
                    .dumped()))
        .containsExactly("0+100000 n0@0", "100000+80000 n1@0", "180000+40000 n1@c0000");
  }

  @Test
  void flashAndNvdimmsAreShownButNotDumped() throws StreamException {
    MemoryMap map =
        MemoryMap.ofMtree(
            system(
                "  0000000000000000-0000000003ffffff (prio 0, romd): virt.flash0",
                "  0000000004000000-0000000004ffffff (prio 0, nv-ram): nv",
                "  0000000005000000-0000000005ffffff (prio 0, ramd): 0000:01:00.0 BAR 0",
                "  0000000040000000-0000000040ffffff (prio -1, ram): mach-virt.ram"),
            blocks("virt.flash0=64M", "nv=16M", "mach-virt.ram=16M"));
    assertThat(map.ranges())
        .extracting(MemoryRange::kind)
        .containsExactly(MemoryKind.ROM_DEVICE, MemoryKind.NON_VOLATILE, MemoryKind.RAM);
    assertThat(texts(map.dumped())).containsExactly("40000000+1000000 mach-virt.ram@0");
  }

  @Test
  void whatAcceleratorsAddIsNoPartOfTheName() throws StreamException {
    MemoryMap map =
        MemoryMap.ofMtree(
            system(
                "  0-fffff (prio 0, ram): pc.ram KVM",
                "  100000-1fffff (prio 0, ram): pc.ram @0000000000100000 KVM gmemfd=20",
                "  200000-2fffff (prio 0, ram): a name",
                "  300000-3fffff (prio 0, ram): a name KVM gmemfd=21\r"),
            blocks("pc.ram=2M", "a name=1M"));
    assertThat(texts(map.ranges()))
        .containsExactly(
            "0+100000 pc.ram@0",
            "100000+100000 pc.ram@100000",
            "200000+100000 a name@0",
            "300000+100000 a name@0");
  }

  @Test
  void memoryOfNoBlockOrOfOneOfSeveralIsNamed() throws StreamException {
    MemoryMap map =
        MemoryMap.ofMtree(
            system(
                "  0-fffff (prio 0, ram): pc.ram",
                "  200000-2fffff (prio 0, ram): vga.vram",
                "  300000-3fffff (prio 0, ram): gone @0000000000001000"),
            blocks("pc.ram=1M", "0000:00:02.0/vga.vram=1M", "0000:00:03.0/vga.vram=1M"));
    assertThat(map.absent()).containsExactly("0x200000 vga.vram", "0x300000 gone");
    assertThat(map.unplaced()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "  0-fffff (prio 0, ram) pc.ram",
        "  0-fffff (prio 0, ram): ",
        "  fffff-0 (prio 0, ram): pc.ram",
        "  0-1fffffff (prio 0, ram): pc.ram",
        "  0-fffff (prio 0, ram): pc.ram @fffffffffffff000",
        "  0-fffff (prio 0, ram): pc.ram @7fffffffffffffff",
        "  0-fffff (prio 0, ram): pc.ram @0000000002000000",
        "  8000000000000000-80000000000fffff (prio 0, ram): pc.ram",
        "  0-ffffffffffffffff (prio 0, ram): pc.ram",
        "  0-7fffffffffffffff (prio 0, ram): pc.ram",
        "  10000000000000000-100000000000fffff (prio 0, ram): pc.ram",
        "  0-fffff (prio 99999999999999999999, ram): pc.ram",
        "  hello"
      })
  void aBadLineIsNamedByItsOffset(String line) {
    assertThatThrownBy(
            () -> MemoryMap.ofMtree(system("  f0000000-f00fffff (prio 1, i/o): x", line), BLOCKS))
        .isInstanceOf(StreamException.class)
        .hasMessageEndingWith("at offset 0x68 while reading memory map");
  }

  @Test
  void overlapIsAnError() {
    assertThatThrownBy(
            () ->
                MemoryMap.ofMtree(
                    system(
                        "  0-fffff (prio 0, ram): pc.ram",
                        "  ff000-1fffff (prio 0, ram): vga.vram"),
                    BLOCKS))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining("ranges that overlap at 0xff000");
    assertThatThrownBy(() -> MemoryMap.parse(List.of("0 pc.ram", "0x1fff000 pc.bios"), BLOCKS))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining("ranges that overlap at 0x1fff000");
  }

  @Test
  void noMapAndTwoMapsAreErrors() {
    assertThatThrownBy(() -> MemoryMap.ofMtree(List.of("hello"), BLOCKS))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining("no address space \"memory\"");
    List<String> twice = new ArrayList<>(PC);
    twice.addAll(PC);
    assertThatThrownBy(() -> MemoryMap.ofMtree(twice, BLOCKS))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining("address space \"memory\" twice");
  }

  @Test
  void rangesAndWhatTheyShowAreLimited() {
    List<String> many = new ArrayList<>(system());
    for (long i = 0; i <= MemoryMap.MAX_RANGES; i++) {
      many.add("  %x-%x (prio 0, ram): pc.ram".formatted(i << 12, (i << 12) + 0xfff));
    }
    assertThatThrownBy(() -> MemoryMap.ofMtree(many, BLOCKS))
        .isInstanceOf(StreamException.LimitExceeded.class)
        .hasMessageContaining("more than 65520 ranges");
    List<String> again = new ArrayList<>();
    for (long i = 0; i < 5; i++) {
      again.add("0x%x pc.ram".formatted(i << 32));
    }
    assertThatThrownBy(() -> MemoryMap.parse(again, BLOCKS))
        .isInstanceOf(StreamException.LimitExceeded.class)
        .hasMessageContaining("ranges that show RAM more than twice");
  }

  @ParameterizedTest
  @CsvSource({
    "pc-i440fx-10.0, 1G, 40000000, 0",
    "pc-i440fx-10.0, 3G, c0000000, 0",
    "pc-i440fx-2.0, 3583M, dff00000, 0",
    "pc-i440fx-2.0, 3584M, c0000000, 20000000",
    "pc, 5G, c0000000, 80000000",
    "pc-i440fx-rhel7.6.0, 5G, c0000000, 80000000",
    "pc-i440fx-1.7, 3584M, e0000000, 0",
    "pc-1.0, 4G, e0000000, 20000000",
    "pc-q35-10.0, 2815M, aff00000, 0",
    "pc-q35-10.0, 2816M, 80000000, 30000000",
    "q35, 3G, 80000000, 40000000",
    "pc-q35-1.7, 3G, b0000000, 10000000",
    "'', 2815M, aff00000, 0"
  })
  void aPcIsSplitByItsType(String type, String size, String low, String high) {
    MemoryMap map = MemoryMap.ofMachine(type, blocks("pc.ram=" + size, "pc.bios=256K"));
    List<String> expected = new ArrayList<>();
    long end = Long.parseLong(low, 16);
    expected.add("0+a0000 pc.ram@0");
    expected.add("c0000+%x pc.ram@c0000".formatted(end - 0xc0000));
    expected.add("fffc0000+40000 pc.bios@0");
    if (!high.equals("0")) {
      expected.add("100000000+" + high + " pc.ram@" + low);
    }
    assertThat(texts(map.ranges())).isEqualTo(expected);
    assertThat(map.unplaced()).isEmpty();
  }

  @Test
  void otherMachinesHaveTheirOwnRules() {
    assertThat(
            texts(MemoryMap.ofMachine("microvm", blocks("microvm.ram=4G", "pc.bios=64K")).ranges()))
        .containsExactly(
            "0+f0000 microvm.ram@0",
            "f0000+10000 pc.bios@0",
            "100000+bff00000 microvm.ram@100000",
            "ffff0000+10000 pc.bios@0",
            "100000000+40000000 microvm.ram@c0000000");
    assertThat(
            texts(
                MemoryMap.ofMachine("isapc", blocks("pc.ram=16M", "pc.rom=128K", "pc.bios=128K"))
                    .ranges()))
        .containsExactly(
            "0+a0000 pc.ram@0",
            "c0000+20000 pc.rom@0",
            "e0000+20000 pc.bios@0",
            "100000+f00000 pc.ram@100000",
            "fffe0000+20000 pc.bios@0");
    assertThat(texts(MemoryMap.ofMachine("virt-10.0", blocks("mach-virt.ram=8G")).ranges()))
        .containsExactly("40000000+200000000 mach-virt.ram@0");
    assertThat(texts(MemoryMap.ofMachine("virt", blocks("riscv_virt_board.ram=1G")).ranges()))
        .containsExactly("80000000+40000000 riscv_virt_board.ram@0");
    assertThat(texts(MemoryMap.ofMachine("virt", blocks("loongarch.ram=1G")).ranges()))
        .containsExactly("0+10000000 loongarch.ram@0", "80000000+30000000 loongarch.ram@10000000");
    assertThat(texts(MemoryMap.ofMachine("s390-ccw-virtio-10.0", blocks("s390.ram=1G")).ranges()))
        .containsExactly("0+40000000 s390.ram@0");
    assertThat(texts(MemoryMap.ofMachine("pseries-10.0", blocks("ppc_spapr.ram=1G")).ranges()))
        .containsExactly("0+40000000 ppc_spapr.ram@0");
  }

  @Test
  void flashChipsEndAt4GiB() {
    assertThat(
            texts(
                MemoryMap.ofMachine(
                        "pc-q35-10.0", blocks("pc.ram=1G", "system.flash0=3M", "system.flash1=1M"))
                    .ranges()))
        .endsWith("ffc00000+100000 system.flash1@0", "ffd00000+300000 system.flash0@0");
  }

  @Test
  void backendsTakeThePlaceOfMainRam() {
    List<RamBlock> nodes = blocks("ram-node1=1G", "ram-node0=2G", "pc.bios=256K", "pc.rom=128K");
    assertThat(texts(MemoryMap.ofMachine("pc-q35-10.0", nodes).ranges()))
        .containsExactly(
            "0+a0000 ram-node0@0",
            "c0000+7ff40000 ram-node0@c0000",
            "fffc0000+40000 pc.bios@0",
            "100000000+40000000 ram-node1@0");
    assertThat(texts(MemoryMap.ofMachine("virt-10.0", blocks("/objects/m0=1G")).ranges()))
        .containsExactly("40000000+40000000 /objects/m0@0");
    // One may be a DIMM; a node may be missing.
    assertThat(MemoryMap.ofMachine("pc-q35-10.0", blocks("a=1G", "b=1G")).ranges()).isEmpty();
    assertThat(MemoryMap.ofMachine("pc-q35-10.0", blocks("ram-node1=1G")).ranges()).isEmpty();
    // A DIMM beside the machine's own RAM.
    assertThat(MemoryMap.ofMachine("pc-q35-10.0", blocks("pc.ram=1G", "dimm=1G")).unplaced())
        .extracting(RamBlock::idstr)
        .containsExactly("dimm");
  }

  @Test
  void whatIsNotKnownIsLeftOut() {
    for (String type : List.of("raspi4b", "virt", "", "none", "pc-x")) {
      MemoryMap map = MemoryMap.ofMachine(type, blocks("ram=5G", "pc.rom=1M"));
      assertThat(map.ranges()).isEmpty();
      assertThat(map.unplaced()).hasSize(2);
    }
    // So much that the place of its upper part depends on the CPU.
    assertThat(MemoryMap.ofMachine("pc-q35-10.0", blocks("pc.ram=1000G")).ranges()).isEmpty();
    assertThat(MemoryMap.ofMachine("pc-q35-10.0", blocks("pc.ram=3G", "pc.bios=3G")).unplaced())
        .extracting(RamBlock::idstr)
        .containsExactly("pc.bios");
    RamBlock huge = new RamBlock(0, "pc.ram", Long.MAX_VALUE - 4095);
    for (String type : List.of("pc", "q35", "microvm", "isapc", "virt-1", "s390-ccw-virtio", "")) {
      assertThat(MemoryMap.ofMachine(type, List.of(huge)).ranges()).allMatch(r -> r.end() > 0);
    }
  }

  @Test
  void aUserGivesAMap() throws StreamException {
    List<RamBlock> blocks = blocks("pc.ram=2G", "0000:00:02.0/vga.vram=16M", "a b=1M", "c%=1M");
    MemoryMap map =
        MemoryMap.parse(
            List.of(
                "# low",
                "",
                "  0 pc.ram 0 1073741824  # half of it",
                "0x100000000\tpc.ram 0x40000000",
                "0xFD000000 vga.vram",
                "0xf0000000 a%20b 0 4096",
                "0xf1000000 c%25"),
            blocks);
    assertThat(texts(map.ranges()))
        .containsExactly(
            "0+40000000 pc.ram@0",
            "f0000000+1000 a b@0",
            "f1000000+100000 c%@0",
            "fd000000+1000000 0000:00:02.0/vga.vram@0",
            "100000000+40000000 pc.ram@40000000");
    assertThat(map.unplaced()).isEmpty();
    assertThat(texts(MemoryMap.parse(map.lines(), blocks).ranges())).isEqualTo(texts(map.ranges()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "0 pc.ram 0 1 2",
        "pc.ram 0",
        "0x pc.ram",
        "-1 pc.ram",
        "0xffffffffffffffff pc.ram",
        "0x7fffffffffffffff pc.ram",
        "9999999999999999999 pc.ram",
        "0 nothing",
        "0 pc.ram 0x2000000",
        "0 pc.ram 0x7fffffffffffffff 1",
        "0 pc.ram 0 0",
        "0 pc.ram 0 0x2000001",
        "0 pc.ram 1 0x2000000"
      })
  void aWrongLineOfAUserIsNamedByItsOffset(String line) {
    assertThatThrownBy(() -> MemoryMap.parse(List.of("# a", line), BLOCKS))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageEndingWith("at offset 0x4 while reading memory map");
  }

  @Test
  void aLongLineIsRefused() {
    assertThatThrownBy(() -> MemoryMap.parse(List.of(" ".repeat(1 << 20)), BLOCKS))
        .isInstanceOf(StreamException.LimitExceeded.class);
    assertThatThrownBy(
            () ->
                MemoryMap.ofMtree(system("  0-1 (prio 0, ram): " + "@a ".repeat(1 << 20)), BLOCKS))
        .isInstanceOf(StreamException.Malformed.class);
  }

  @Test
  void aRangeIsFoundByAnyAddressInIt() throws StreamException {
    MemoryMap map = MemoryMap.ofMtree(PC, BLOCKS);
    assertThat(map.at(0).map(MemoryMapTest::text)).contains("0+a0000 pc.ram@0");
    assertThat(map.at(0x9_ffff).map(MemoryMapTest::text)).contains("0+a0000 pc.ram@0");
    assertThat(map.at(0xa_0000)).isEmpty();
    assertThat(map.at(32 * MIB - 1).map(MemoryMapTest::text))
        .contains("100000+1f00000 pc.ram@100000");
    assertThat(map.at(32 * MIB)).isEmpty();
    assertThat(map.at(0xffff_ffffL).map(MemoryMapTest::text)).contains("fffc0000+40000 pc.bios@0");
    assertThat(map.at(1L << 32)).isEmpty();
    assertThat(map.at(-1)).isEmpty();
  }

  @Test
  void rangesLieInTheirBlocks() {
    RamBlock block = new RamBlock(0, "a", 4096);
    for (long[] bad :
        new long[][] {
          {-1, 1, 0}, {0, 0, 0}, {0, 4097, 0}, {0, 1, 4096}, {0, 1, -1}, {Long.MAX_VALUE, 1, 0}
        }) {
      assertThatThrownBy(() -> new MemoryRange(bad[0], bad[1], block, bad[2], MemoryKind.RAM))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
