// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import com.github.luben.zstd.Zstd;
import dev.tidemark.checkpoint.archive.ArchiveCheckpoint;
import dev.tidemark.checkpoint.compressed.Codec;
import dev.tidemark.checkpoint.compressed.Codecs;
import dev.tidemark.checkpoint.libvirt.Images;
import dev.tidemark.stream.hostile.MultifdSubject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

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

  private static final String DEVICE = "04 00000005 0164 00000000 00000001 cafe 7e 00000005";

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
    String vmdesc = "{\"devices\":[{\"name\":\"d\",\"instance_id\":0,\"fields\":[{\"size\":2}]}]}";
    byte[] devices =
        stream(
            HEAD,
            START,
            BLOCKS,
            END_OF_BODY,
            DEVICE,
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
    byte[] mapped = mapped();
    all.put("mapped-ram header", mapped);
    all.put("MAPPED_RAM_HDR_VERSION", mapped);
    all.put("MAPPED_RAM_FILE_OFFSET_ALIGNMENT", mapped);
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
    shapes(all, whole, devices);
    return all;
  }

  private static void shapes(Map<String, byte[]> all, byte[] whole, byte[] devices) {
    all.put("target page of 4 KiB", whole);
    for (int kib : new int[] {16, 64}) {
      String bits = kib == 16 ? "0000000e" : "00000010";
      String size = kib == 16 ? "4000" : "10000";
      String list =
          "0".repeat(16 - size.length())
              + size.substring(0, size.length() - 1)
              + "4 0161"
              + "0".repeat(16 - size.length())
              + size;
      all.put(
          "target page of " + kib + " KiB",
          subsection("configuration/target-page-bits", bits, list));
    }
    String end = "03 00000002" + END_OF_BODY;
    String eos = "0000000000000010";
    all.put("no configuration", stream(HEADER, START, BLOCKS, END_OF_BODY, end, EOF));
    all.put("no footers", stream(HEAD, START, BLOCKS, eos, "03 00000002" + eos, EOF));
    all.put("no vmdesc", whole);
    all.put(
        "no RAM END",
        stream(HEAD, START, BLOCKS, END_OF_BODY, "02 00000002" + END_OF_BODY, DEVICE, EOF));
    all.put("RAM START alone", stream(HEAD, START, BLOCKS, END_OF_BODY, DEVICE, EOF));
    all.put("empty RAM PART", whole);
    all.put("several RAM ENDs", stream(HEAD, START, BLOCKS, END_OF_BODY, end, end, EOF));
    byte[] vmdesc = Arrays.copyOfRange(devices, vmdescAt(devices), devices.length);
    all.put(
        "early device section",
        stream(HEAD, DEVICE, START, BLOCKS, END_OF_BODY, end, EOF, hexOf(vmdesc)));
    all.put("iterable device before RAM", iterable("dirty-bitmap", "00000001", "01"));
    all.put(
        "RAM behind a package",
        stream(
            HEAD,
            START,
            BLOCKS,
            END_OF_BODY,
            "08 0007 0004 0000000a 08 0004 0000 08 0005 0000",
            "02 00000002 0000000000000002 0161 00" + END_OF_BODY,
            end,
            EOF));
    all.put(
        "COLO checkpoint",
        stream(
            HEAD, "08 0008 0000", START, BLOCKS, END_OF_BODY, end, EOF, hexOf(vmdesc), "00000003"));
    // A page's record and nothing before it; and what a source asks first.
    all.put("preempt channel", stream("0000000000000008 0161" + "ab".repeat(4096)));
    all.put("recovery connection", stream("08 000a 0002 0161 08 0009 0000 00"));
  }

  private static int vmdescAt(byte[] stream) {
    return new String(stream, StandardCharsets.ISO_8859_1).indexOf("{\"devices\"") - 5;
  }

  private static String hexOf(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  /// A bitmap with its first bit set, and one page.
  private static byte[] mapped() {
    String capability =
        "05" + name("configuration/capabilities") + "00000001 00000001" + name("mapped-ram");
    int header = stream(HEAD, capability, START, BLOCKS).length;
    String bitmapAt = HexFormat.of().toHexDigits((long) header + 28);
    return stream(
        HEAD,
        capability,
        START,
        BLOCKS,
        "00000001 0000000000001000" + bitmapAt + "0000000000001000",
        "0100000000000000",
        "00".repeat(4096 - header - 28 - 8),
        "ab".repeat(4096),
        END_OF_BODY,
        "03 00000002" + END_OF_BODY,
        EOF);
  }

  /// Return paths, by row.
  static Map<String, byte[]> returnPaths() {
    Map<String, byte[]> all = new LinkedHashMap<>();
    all.put("MIG_RP_MSG_INVALID", stream("0000 0000"));
    all.put("MIG_RP_MSG_SHUT", stream("0001 0004 00000000"));
    all.put("MIG_RP_MSG_PONG", stream("0002 0004 00000001"));
    all.put("MIG_RP_MSG_REQ_PAGES_ID", stream("0003 000e 0000000000002000 00001000 0161"));
    all.put("MIG_RP_MSG_REQ_PAGES", stream("0004 000c 0000000000003000 00001000"));
    all.put(
        "MIG_RP_MSG_RECV_BITMAP",
        stream("0005 0002 0161 0000000000000008 ff00000000000080 0123456789abcdef"));
    all.put("MIG_RP_MSG_RESUME_ACK", stream("0006 0004 00000001"));
    all.put("MIG_RP_MSG_SWITCHOVER_ACK", stream("0007 0000"));
    return all;
  }

  /// Multifd connections, by row: a channel and its main stream, of two pages of 64 KiB.
  static Map<String, byte[]> connections() {
    Map<String, byte[]> all = new LinkedHashMap<>();
    String sync = packet(0x01, 0, 0, "");
    String zero = packet(0x00, 0, 1, "");
    byte[] plain = connections(FLUSH, "", sync + zero + sync);
    for (String name :
        new String[] {
          "MULTIFD_MAGIC",
          "MULTIFD_VERSION",
          "MULTIFD_FLAG_SYNC",
          "sync once a round",
          "zero pages in packets"
        }) {
      all.put(name, plain);
    }
    byte[] page = new byte[65536];
    Arrays.fill(page, (byte) 5);
    String content = hexOf(page);
    all.put("MULTIFD_FLAG_NOCOMP", connections(FLUSH, "", sync + packet(0, 1, 0, content) + sync));
    String length = "00010000";
    Map<String, String> payloads = new LinkedHashMap<>();
    payloads.put("ZLIB", hexOf(flushed(page)));
    payloads.put("ZSTD", hexOf(Zstd.compress(page)));
    payloads.put("QPL", length + content);
    payloads.put("UADK", length + content);
    payloads.put("QATZIP", hexOf(gzip(page)));
    int flag = 0x02;
    for (Map.Entry<String, String> payload : payloads.entrySet()) {
      String packet = packet(flag, 1, 0, payload.getValue());
      all.put("MULTIFD_FLAG_" + payload.getKey(), connections(FLUSH, "", sync + packet + sync));
      flag <<= 1;
    }
    String device =
        "11223344 00000001 00000040" + padded("0000:00:05.0/vfio") + "00000000 00000002 cafe";
    all.put("MULTIFD_FLAG_DEVICE_STATE", connections(FLUSH, "", sync + device + sync));
    all.put("sync after each section", connections("", "", sync + zero + sync));
    all.put("pages in a SYNC packet", connections(FLUSH, "", sync + packet(0x01, 0, 1, "")));
    all.put(
        "zero pages in the main stream",
        connections(FLUSH, "0000000000010002 0161 00", sync + zero + sync));
    return all;
  }

  private static final String FLUSH = "0000000000000200";

  private static byte[] connections(String flush, String record, String packets) {
    byte[] main =
        stream(
            HEAD,
            "05" + name("configuration/target-page-bits") + "00000001 00000010",
            START,
            "0000000000020004 0161 0000000000020000",
            flush + END_OF_BODY,
            "03 00000002" + record + flush + END_OF_BODY,
            EOF);
    byte[] channel = stream("11223344 00000001" + "00".repeat(56) + packets);
    return MultifdSubject.framed(List.of(channel), main);
  }

  /// A RAM packet of block "a", whose pages are from its first on; of target pages of 64 KiB, so
  /// that
  /// there are 8 offsets.
  private static String packet(int flags, int normal, int zero, String payload) {
    boolean empty = normal + zero == 0;
    StringBuilder offsets = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      offsets.append(HexFormat.of().toHexDigits(i < normal + zero ? i * 65536L : 0));
    }
    return "11223344 00000001"
        + HexFormat.of().toHexDigits(flags)
        + (empty ? "00000000" : "00000008")
        + HexFormat.of().toHexDigits(normal)
        + HexFormat.of().toHexDigits(payload.length() / 2)
        + "0000000000000001"
        + HexFormat.of().toHexDigits(zero)
        + "00".repeat(28)
        + (empty ? "00".repeat(256) : padded("a"))
        + offsets
        + payload;
  }

  private static String padded(String name) {
    return hexOf(Arrays.copyOf(ascii(name), 256));
  }

  /// The first chunk of a deflate stream that goes on.
  private static byte[] flushed(byte[] page) {
    try (Deflater deflater = new Deflater()) {
      deflater.setInput(page);
      byte[] out = new byte[1024];
      int length = deflater.deflate(out, 0, out.length, Deflater.SYNC_FLUSH);
      return Arrays.copyOf(out, length);
    }
  }

  private static byte[] gzip(byte[] page) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(page);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
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
  static Map<String, byte[]> files() throws IOException {
    Map<String, byte[]> all = new LinkedHashMap<>();
    all.put("migration stream", ascii("QEVM"));
    all.put("Tidemark archive", ArchiveCheckpoint.fileStart());
    byte[] stream = Objects.requireNonNull(streams().get("RAM_SAVE_FLAG_PAGE"));
    byte[] image = Images.of(0).with(stream);
    all.put("libvirt save image", image);
    byte[] part = image.clone();
    System.arraycopy(ascii("Part"), 0, part, 12, 4);
    all.put("incomplete libvirt save image", part);
    all.put("qcow2 internal snapshot", dev.tidemark.checkpoint.qcow2.Images.small());
    all.put("ELF dump", bytes("7f454c46 02010100"));
    all.put("raw RAM", new byte[4096]);
    all.put("kdump", ascii("KDUMP   "));
    all.put("flattened kdump", ascii("makedumpfile"));
    all.put("Windows dump", ascii("PAGEDU64"));
    all.put("LiME", ascii("EMiL"));
    for (Codec codec : Codec.values()) {
      all.put(codec.toString(), Codecs.compress(codec, stream));
    }
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
