// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.checkpoint.archive.ArchiveCheckpoint;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.Deflater;

/// The smallest input that has what a row of `FORMAT_COVERAGE.md` is about, for each row, written
/// out by the format's own words.
final class CoverageExamples {
  private static final String HEADER = "5145564d 00000003";

  /// Header and configuration of machine type "m".
  private static final String HEAD = HEADER + "07 00000001 6d";

  private static final String START = "01 00000002" + name("ram") + "00000000 00000004";

  /// One block "a" of one page.
  private static final String BLOCKS = "0000000000001004 0161 0000000000001000";

  private static final String END_OF_BODY = "0000000000000010 7e 00000002";

  private static final String EOF = "00";

  private CoverageExamples() {}

  private static String name(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
    return HexFormat.of().toHexDigits((byte) bytes.length) + HexFormat.of().formatHex(bytes);
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  private static byte[] stream(String... parts) {
    return bytes(String.join("", parts));
  }

  private static byte[] part(String record) {
    return stream(HEAD, START, BLOCKS, END_OF_BODY, "02 00000002", record, END_OF_BODY, EOF);
  }

  private static byte[] command(String command) {
    return stream(HEAD, "08", command, START, BLOCKS, END_OF_BODY, EOF);
  }

  private static byte[] subsection(String subsection, String body, String blocks) {
    return stream(HEAD, "05", name(subsection), "00000001", body, START, blocks, END_OF_BODY, EOF);
  }

  private static byte[] capability(String capability, String blocks) {
    return subsection("configuration/capabilities", "00000001" + name(capability), blocks);
  }

  /// START, PART and END of a section that is not RAM, before RAM's.
  private static byte[] iterable(String idstr, String version, String body) {
    return stream(
        HEAD,
        "01 00000007" + name(idstr) + "00000000" + version + body + "7e 00000007",
        START,
        BLOCKS,
        END_OF_BODY,
        "02 00000007" + body + "7e 00000007",
        "03 00000007" + body + "7e 00000007",
        "03 00000002" + END_OF_BODY,
        EOF);
  }

  /// Migration streams, by row.
  static Map<String, byte[]> streams() {
    Map<String, byte[]> all = new LinkedHashMap<>();
    byte[] whole =
        stream(
            HEAD,
            "08 000b 0000",
            START,
            BLOCKS,
            END_OF_BODY,
            "02 00000002" + END_OF_BODY,
            "03 00000002" + END_OF_BODY,
            EOF);
    for (String name :
        new String[] {
          "FILE_MAGIC",
          "FILE_VERSION",
          "EOF",
          "SECTION_START",
          "SECTION_PART",
          "SECTION_END",
          "CONFIGURATION",
          "COMMAND",
          "SECTION_FOOTER"
        }) {
      all.put("QEMU_VM_" + name, whole);
    }
    all.put("QEMU_VM_FILE_VERSION_COMPAT", stream("5145564d 00000002"));
    String device = "04 00000005 0164 00000000 00000001 cafe 7e 00000005";
    String vmdesc = "{\"devices\":[{\"name\":\"d\",\"instance_id\":0,\"fields\":[{\"size\":2}]}]}";
    byte[] devices =
        stream(
            HEAD,
            START,
            BLOCKS,
            END_OF_BODY,
            device,
            EOF,
            "06" + HexFormat.of().toHexDigits(vmdesc.length()),
            HexFormat.of().formatHex(vmdesc.getBytes(StandardCharsets.US_ASCII)));
    all.put("QEMU_VM_SECTION_FULL", devices);
    all.put("QEMU_VM_VMDESCRIPTION", devices);
    byte[] bits = subsection("configuration/target-page-bits", "0000000c", BLOCKS);
    all.put("QEMU_VM_SUBSECTION", bits);

    all.put("configuration/target-page-bits", bits);
    all.put("configuration/uuid", subsection("configuration/uuid", "ab".repeat(16), BLOCKS));
    all.put("configuration/capabilities", capability("auto-converge", BLOCKS));

    all.put("RAM_SAVE_FLAG_FULL", part("0000000000000001"));
    all.put("RAM_SAVE_FLAG_ZERO", part("0000000000000002 0161 00"));
    all.put("RAM_SAVE_FLAG_MEM_SIZE", whole);
    all.put("RAM_SAVE_FLAG_PAGE", part("0000000000000008 0161" + "ab".repeat(4096)));
    all.put("RAM_SAVE_FLAG_EOS", whole);
    all.put("RAM_SAVE_FLAG_CONTINUE", part("0000000000000002 0161 00" + "0000000000000022 00"));
    all.put(
        "RAM_SAVE_FLAG_XBZRLE",
        part("0000000000000002 0161 00" + "0000000000000060 01 0003 0001ff"));
    all.put("RAM_SAVE_FLAG_HOOK", part("0000000000000080"));
    all.put(
        "RAM_SAVE_FLAG_COMPRESS_PAGE",
        part(
            "0000000000000100 0161"
                + HexFormat.of().toHexDigits(deflatedZeroPage().length)
                + HexFormat.of().formatHex(deflatedZeroPage())));
    all.put("RAM_SAVE_FLAG_MULTIFD_FLUSH", part("0000000000000200"));

    all.put("used_length", whole);
    String advise = "08 0003 0010 0000000000201000 0000000000001000";
    all.put("page_size", stream(HEAD, advise, START, BLOCKS, "0000000000200000", END_OF_BODY, EOF));
    all.put("address", capability("x-ignore-shared", BLOCKS + "00000000000c0000"));
    all.put(
        "mapped-ram header",
        capability(
            "mapped-ram",
            // Version, page size, bitmap at 0x100, pages at 0x100000; then nothing that counts.
            BLOCKS + "00000001 0000000000001000 0000000000000100 0000000000100000"));
    all.put(
        "page_size with address",
        stream(
            HEAD,
            "05" + name("configuration/capabilities") + "00000001 00000001",
            name("x-ignore-shared"),
            advise,
            START,
            BLOCKS,
            "0000000000200000 00000000000c0000",
            END_OF_BODY,
            EOF));

    all.put("MIG_CMD_INVALID", command("0000 0000"));
    all.put("MIG_CMD_OPEN_RETURN_PATH", command("0001 0000"));
    all.put("MIG_CMD_PING", command("0002 0004 00000001"));
    all.put("MIG_CMD_POSTCOPY_ADVISE", command("0003 0010 0000000000001000 0000000000001000"));
    all.put("MIG_CMD_POSTCOPY_LISTEN", command("0004 0000"));
    all.put("MIG_CMD_POSTCOPY_RUN", command("0005 0000"));
    all.put(
        "MIG_CMD_POSTCOPY_RAM_DISCARD",
        command("0006 0014 00 0161 00 0000000000000000 0000000000001000"));
    all.put(
        "MIG_CMD_PACKAGED",
        stream(
            HEAD,
            START,
            BLOCKS,
            END_OF_BODY,
            "08 0007 0004 0000000a 08 0004 0000 08 0005 0000",
            "03 00000002" + END_OF_BODY,
            EOF));
    all.put("MIG_CMD_ENABLE_COLO", command("0008 0000"));
    all.put("MIG_CMD_POSTCOPY_RESUME", command("0009 0000"));
    all.put("MIG_CMD_RECV_BITMAP", command("000a 0002 0161"));
    all.put("MIG_CMD_SWITCHOVER_START", command("000b 0000"));

    all.put("ram", whole);
    all.put("dirty-bitmap", iterable("dirty-bitmap", "00000001", "01"));
    all.put(
        "s390-storage_attributes",
        iterable("s390-storage_attributes", "00000000", "0000000000000001"));
    all.put("spapr/htab", iterable("spapr/htab", "00000001", "ffffffff"));
    all.put("vfio", iterable("0000:00:05.0/vfio", "00000001", "ffffffffef100001"));
    all.put("block", iterable("block", "00000001", "0000000000000002"));
    return all;
  }

  private static byte[] deflatedZeroPage() {
    Deflater deflater = new Deflater();
    deflater.setInput(new byte[4096]);
    deflater.finish();
    byte[] out = new byte[64];
    int length = deflater.deflate(out);
    deflater.end();
    return Arrays.copyOf(out, length);
  }

  /// First bytes of files, by row.
  static Map<String, byte[]> files() {
    Map<String, byte[]> all = new LinkedHashMap<>();
    all.put("migration stream", ascii("QEVM"));
    all.put("Tidemark archive", ArchiveCheckpoint.fileStart());
    all.put("libvirt save image", ascii("LibvirtQemudSave"));
    all.put("incomplete libvirt save image", ascii("LibvirtQemudPart"));
    all.put("qcow2 internal snapshot", bytes("514649fb 00000003"));
    all.put("ELF dump", bytes("7f454c46 02010100"));
    all.put("kdump", ascii("KDUMP   "));
    all.put("flattened kdump", ascii("makedumpfile"));
    all.put("Windows dump", ascii("PAGEDU64"));
    all.put("LiME", ascii("EMiL"));
    all.put("gzip", bytes("1f8b0800"));
    all.put("bzip2", ascii("BZh9"));
    all.put("xz", bytes("fd377a585a00"));
    all.put("lzop", bytes("894c5a4f000d0a1a0a"));
    all.put("zstd", bytes("28b52ffd"));
    return all;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /// A device's members in vmdesc, and how long its body is.
  record Layout(String members, int length) {}

  private static Layout field(String type, int size) {
    return new Layout(
        "\"fields\":[{\"name\":\"f\",\"type\":\"" + type + "\",\"size\":" + size + "}]", size);
  }

  /// Layouts of devices, by row.
  static Map<String, Layout> layouts() {
    Map<String, Layout> all = new LinkedHashMap<>();
    for (String type : new String[] {"bool", "int8", "uint8", "uint8 equal", "nullptr"}) {
      all.put(type, field(type, 1));
    }
    for (String type : new String[] {"int16", "uint16", "uint16 equal"}) {
      all.put(type, field(type, 2));
    }
    for (String type :
        new String[] {"int32", "uint32", "int32 equal", "uint32 equal", "int32 le"}) {
      all.put(type, field(type, 4));
    }
    for (String type :
        new String[] {
          "int64", "uint64", "int64 equal", "timer", "CPU_Double_U", "float64", "bitmap"
        }) {
      all.put(type, field(type, 8));
    }
    all.put("buffer", field("buffer", 77));
    all.put("unused_buffer", field("unused_buffer", 5));
    all.put("capability", field("capability", 11));
    all.put("fd", field("fd", 0));
    all.put("any other type", field("pci irq state", 16));
    String inner = "\"vmsd_name\":\"s\",\"version\":1,\"fields\":[{\"name\":\"x\",\"size\":4}]";
    all.put(
        "struct",
        new Layout(
            "\"fields\":[{\"name\":\"f\",\"type\":\"struct\",\"struct\":{"
                + inner
                + "},\"size\":4}]",
            4));
    for (String type : new String[] {"vstruct", "tmp", "qtailq", "qlist", "gtree"}) {
      all.put(
          type,
          new Layout(
              "\"fields\":[{\"name\":\"f\",\"type\":\"" + type + "\"," + inner + ",\"size\":9}]",
              9));
    }
    all.put(
        "array_len",
        new Layout(
            "\"fields\":[{\"name\":\"f\",\"array_len\":5,\"type\":\"uint32\",\"size\":4}]", 20));
    all.put(
        "index",
        new Layout(
            "\"fields\":[{\"name\":\"f\",\"index\":0,\"type\":\"uint32\",\"size\":4},"
                + "{\"name\":\"f\",\"type\":\"uint32\",\"size\":4}]",
            8));
    all.put(
        "subsections",
        new Layout(
            "\"vmsd_name\":\"v\",\"version\":1,\"fields\":[],\"subsections\":[{\"vmsd_name\":\"v/s\","
                + "\"version\":1,\"fields\":[{\"name\":\"x\",\"type\":\"bool\",\"size\":1}]}]",
            6 + 3 + 1));
    all.put(
        "old-style handler",
        new Layout(
            "\"size\":33,\"fields\":[{\"name\":\"data\",\"size\":33,\"type\":\"buffer\"}]", 33));
    all.put(
        "repeated keys",
        new Layout(
            "\"fields\":[{\"name\":\"f\",\"type\":\"qlist\","
                + inner
                + ","
                + inner
                + ",\"size\":7}]",
            7));
    return all;
  }
}
