// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.fixture.StreamSpec;
import dev.tidemark.stream.fixture.StreamSpec.Block;
import dev.tidemark.stream.fixture.StreamSpec.Device;
import dev.tidemark.stream.fixture.StreamSpec.Page;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// Tiny valid streams, to start fuzzing and the campaign from. Their pages have 1 KiB, so that most
/// of their bytes are structure.
public final class Seeds {
  private Seeds() {}

  /// Streams with each of the elements that [StreamSpec] knows, with and without footers,
  /// configuration, vmdesc and END.
  public static List<byte[]> streams() {
    List<byte[]> seeds = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      seeds.add(spec((i & 1) == 0, (i & 2) == 0, (i & 4) == 0, (i & 8) == 0).encode());
    }
    return List.copyOf(seeds);
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
