// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.fixture.ScriptEncoder;
import dev.tidemark.stream.fixture.StreamScript;
import dev.tidemark.stream.fixture.StreamScript.Advice;
import dev.tidemark.stream.fixture.StreamScript.Command;
import dev.tidemark.stream.fixture.StreamScript.Early;
import dev.tidemark.stream.fixture.StreamScript.EmptyPart;
import dev.tidemark.stream.fixture.StreamScript.Live;
import dev.tidemark.stream.fixture.StreamScript.PageRecord;
import dev.tidemark.stream.fixture.StreamScript.PageRecord.Kind;
import dev.tidemark.stream.fixture.StreamScript.Shape;
import dev.tidemark.stream.fixture.StreamScript.Step;
import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.fixture.StreamSpec.Block;
import dev.tidemark.stream.fixture.StreamSpec.Device;
import dev.tidemark.stream.fixture.StreamSpec.Page;
import dev.tidemark.stream.multifd.MultifdChannelWriter;
import dev.tidemark.stream.multifd.MultifdInitialPacket;
import dev.tidemark.stream.multifd.MultifdMethod;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import dev.tidemark.stream.multifd.RamPacketHeader;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamPages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// Tiny valid streams, to start fuzzing and the campaign from. Their pages have 1 KiB, so that most
/// of their bytes are structure.
public final class Seeds {
  private Seeds() {}

  /// vmdesc of the devices in the packages of [#streams].
  static final String LAYOUT =
      "{\"devices\":[{\"name\":\"p60/d\",\"instance_id\":0,\"fields\":[{\"size\":3}]},"
          + "{\"name\":\"p61/d\",\"instance_id\":1,\"fields\":[{\"size\":0}]}]}";

  /// Streams with each element and record there is, in each shape.
  public static List<byte[]> streams() {
    List<byte[]> seeds = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      seeds.add(spec((i & 1) == 0, (i & 2) == 0, (i & 4) == 0, (i & 8) == 0).encode());
    }
    for (Advice advice : Advice.values()) {
      for (boolean on : new boolean[] {true, false}) {
        seeds.add(script(advice, on, List.of(), false));
        seeds.add(script(advice, on, List.of("x-ignore-shared"), false));
        seeds.add(script(advice, on, List.of(), true));
      }
    }
    seeds.add(script(Advice.NONE, true, List.of("mapped-ram"), false));
    seeds.add(script(Advice.BITMAPS, false, List.of("x-ignore-shared", "mapped-ram"), false));
    return List.copyOf(seeds);
  }

  /// Streams with device sections in front of RAM, which only vmdesc delimits.
  public static List<byte[]> early() {
    Shape shape = new Shape(1024, "m", true, false, List.of(), Advice.NONE, false, true, true, 1);
    return List.of(
        new ScriptEncoder(
                new StreamScript(
                    shape,
                    blocks(),
                    List.of(new Early(5)),
                    List.of(new Early(7), record(Kind.PAGE, 0)),
                    List.of(),
                    List.of(new StreamScript.Device("d", 0, 4))))
            .bytes());
  }

  /// Multifd connections, as [MultifdSubject] takes them.
  public static List<byte[]> connections() {
    List<byte[]> seeds = new ArrayList<>();
    for (boolean perSection : new boolean[] {false, true}) {
      for (MultifdMethod method : MultifdMethod.values()) {
        if (method.isWritten()) {
          seeds.add(connections(method, perSection));
        }
      }
    }
    return List.copyOf(seeds);
  }

  /// Pages of 64 KiB, so that packets are small; their content compresses to little, and without
  /// compression all pages are zero.
  private static byte[] connections(MultifdMethod method, boolean perSection) {
    int pageSize = 65536;
    RamBlock block = new RamBlock(0, "a", 2L * pageSize);
    List<byte[]> channels = new ArrayList<>();
    try {
      for (int id = 0; id < 2; id++) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (MultifdChannelWriter channel =
            new MultifdChannelWriter(Channels.newChannel(out), pageSize)) {
          channel.initial(new MultifdInitialPacket(MultifdInitialPacket.NO_UUID, id));
          channel.with(RamPacket.sync(0));
          int normal = method == MultifdMethod.NONE ? 0 : 1;
          RamPages pages =
              visitor -> {
                if (normal == 1) {
                  visitor.page(
                      block, 0, MemorySegment.ofArray(new byte[pageSize]).fill((byte) 7), 0);
                }
                visitor.zeroPage(block, pageSize);
              };
          if (id == 1) {
            channel.with(
                new RamPacket(0, RamPacketHeader.of(method, pageSize, 1, "a", normal, 1), pages));
          }
          channel.with(RamPacket.sync(2));
        }
        channels.add(out.toByteArray());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Shape shape =
        new Shape(pageSize, "m", true, false, List.of(), Advice.NONE, false, true, true, 1);
    byte[] main =
        new ScriptEncoder(
                new StreamScript(
                    shape,
                    List.of(new StreamScript.Block("a", 2, 0, 0)),
                    List.of(),
                    List.of(),
                    List.of(record(Kind.ZERO, 0)),
                    List.of(new StreamScript.Device("d", 0, 4))))
            .bytes();
    return MultifdSubject.framed(channels, perSection ? main : flushed(main));
  }

  /// The same with a flush word in front of each EOS of RAM.
  private static byte[] flushed(byte[] main) {
    String eos = "0000000000000010" + "7e00000002";
    String hex = HexFormat.of().formatHex(main);
    return hex(hex.replace(eos, "0000000000000200" + eos));
  }

  /// Return paths.
  public static List<byte[]> returnPaths() {
    return List.of(
        hex(
            "0002"
                + "0004"
                + "00000001" // PONG
                + "0003"
                + "0013"
                + "0000000000002000"
                + "00001000"
                + name("pc.ram") // REQ_PAGES_ID
                + "0004"
                + "000c"
                + "0000000000003000"
                + "00001000" // REQ_PAGES
                + "0005"
                + "0002"
                + name("a")
                + "0000000000000008"
                + "ff00000000000080"
                + "0123456789abcdef" // RECV_BITMAP
                + "0006"
                + "0004"
                + "00000001" // RESUME_ACK
                + "0007"
                + "0000" // SWITCHOVER_ACK
                + "0001"
                + "0004"
                + "00000000"), // SHUT
        hex("0007" + "0000" + "0001" + "0004" + "00000001"));
  }

  private static PageRecord record(Kind kind, int page) {
    return new PageRecord(kind, 0, page, 70 + page, false);
  }

  private static List<StreamScript.Block> blocks() {
    return List.of(
        new StreamScript.Block("pc.ram", 3, 21, 0xc0000), new StreamScript.Block("b", 1, 0, 0));
  }

  private static byte[] script(
      Advice advice, boolean on, List<String> capabilities, boolean packaged) {
    Shape shape = new Shape(1024, "m", true, on, capabilities, advice, !on, on, on, on ? 1 : 2);
    List<Step> body = new ArrayList<>();
    if (capabilities.isEmpty()) {
      for (Kind kind : Kind.values()) {
        body.add(record(kind, 1));
      }
      body.add(new EmptyPart());
    }
    for (Live device : Live.values()) {
      body.add(new StreamScript.LiveSection(device, 4));
      body.add(new StreamScript.LiveSection(device, 2));
    }
    List<StreamScript.Device> devices =
        List.of(new StreamScript.Device("d", 0, 3), new StreamScript.Device("d", 1, 0));
    for (int command : new int[] {4, 6, 9, 10, 11, 5}) {
      body.add(new Command(command, 1));
    }
    if (packaged) {
      body.add(new StreamScript.Packaged(devices));
      body.add(record(Kind.ZERO, 2));
    }
    List<Step> head = List.of(new Command(1, 0), new Command(2, 7));
    List<PageRecord> last = List.of(record(Kind.DELTA, 1), record(Kind.ZERO, 2));
    return new ScriptEncoder(new StreamScript(shape, blocks(), head, body, last, devices)).bytes();
  }

  /// The stream that has most.
  public static byte[] richest() {
    return spec(true, true, true, true).encode();
  }

  private static StreamSpec spec(boolean footers, boolean uuid, boolean vmdesc, boolean end) {
    return new StreamSpec(
        1024,
        footers,
        true,
        uuid,
        vmdesc,
        end,
        List.of(new Block("pc.ram", 3), new Block("b", 1)),
        List.of(
            List.of(),
            List.of(new Page(0, 0, 300, true), new Page(0, 1, 0, false), new Page(0, 0, 5, false)),
            List.of(new Page(0, 0, -1, false), new Page(1, 0, 0, true), new Page(0, 2, 0, false))),
        List.of(new Device("timer", 0, 12), new Device("a", 1, 0)),
        List.of(11));
  }

  /// Whole streams of records that no [StreamSpec] has, written out.
  public static List<byte[]> byHand() {
    String head = "5145564d00000003" + "07" + "00000001" + "6d";
    String bits = "05" + name("configuration/target-page-bits") + "00000001" + "0000000a";
    String capabilities = "05" + name("configuration/capabilities") + "00000001" + "00000001";
    String start = "01" + "00000002" + name("ram") + "00000000" + "00000004";
    String eos = "0000000000000010" + "7e00000002";
    return List.of(
        // x-ignore-shared: an address behind the used length.
        hex(
            head
                + bits
                + capabilities
                + name("x-ignore-shared")
                + start
                + "0000000000000804"
                + "0161"
                + "0000000000000800"
                + "00000000000c0000"
                + eos
                + "00"),
        // Postcopy advised: a host page size behind the used length.
        hex(
            head
                + bits
                + "0800010000"
                + "0800020004"
                + "00000001"
                + "0800030010"
                + "0000000000201000"
                + "0000000000000400"
                + start
                + "0000000000000804"
                + "0161"
                + "0000000000000800"
                + "0000000000200000"
                + eos
                + "00"),
        // A device section, its footer, EOF, and zeroes behind it.
        hex(
            head
                + bits
                + start
                + "0000000000000404"
                + "0161"
                + "0000000000000400"
                + eos
                + "04"
                + "00000005"
                + "0164"
                + "00000000"
                + "00000001"
                + "cafe"
                + "7e00000005"
                + "00"
                + "000000"),
        // XBZRLE, COMPRESS_PAGE, HOOK, a live section, PACKAGED.
        hex(
            head
                + bits
                + start
                + "0000000000000404"
                + "0161"
                + "0000000000000400"
                + "0000000000000042"
                + "0161"
                + "00"
                + "0000000000000060"
                + "01"
                + "0003"
                + "0001ff"
                + eos
                + "00"),
        hex(
            head
                + bits
                + start
                + "0000000000000404"
                + "0161"
                + "0000000000000400"
                + "0000000000000100"
                + "0161"
                + "00000008"
                + "789c030000000001"
                + eos
                + "00"),
        hex(
            head
                + "01"
                + "00000003"
                + name("dirty-bitmap")
                + "00000000"
                + "00000001"
                + "01"
                + "7e00000003"
                + start
                + "0000000000001004"
                + "0161"
                + "0000000000001000"
                + eos
                + "08"
                + "0007"
                + "0004"
                + "00000005"
                + "08"
                + "0004"
                + "0000"
                + "00"));
  }

  /// vmdesc texts, some with device sections behind a NUL byte.
  public static List<byte[]> vmdescs() {
    String spec = spec(true, true, true, true).json();
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    try {
      both.write(spec.getBytes(StandardCharsets.US_ASCII));
      both.write(0);
      both.write(spec(true, true, true, true).deviceSections());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.of(
        both.toByteArray(),
        ascii("{\"page_size\":4096,\"devices\":[]}"),
        ascii(
            """
            {"configuration":{"vmsd_name":"configuration","version":1,"fields":[]},"page_size":4096,
             "devices":[{"name":"d","instance_id":0,"vmsd_name":"v","version":3,"fields":[
              {"name":"b","array_len":5,"type":"struct","struct":{"vmsd_name":"s","version":1,
               "fields":[{"name":"x","index":0,"type":"uint32","size":4}]},"size":4}],
              "subsections":[{"vmsd_name":"v/s","version":1,"fields":[
               {"name":"q","type":"qtailq","vmsd_name":"e","version":1,"fields":[],"size":9}]}]}]}
            """));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits);
  }

  private static String name(String name) {
    return HexFormat.of().toHexDigits((byte) name.length()) + HexFormat.of().formatHex(ascii(name));
  }
}
