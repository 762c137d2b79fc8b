// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.vmstate.VmstateValue.Array;
import dev.tidemark.stream.vmstate.VmstateValue.Bitmap;
import dev.tidemark.stream.vmstate.VmstateValue.Capability;
import dev.tidemark.stream.vmstate.VmstateValue.Gtree;
import dev.tidemark.stream.vmstate.VmstateValue.Null;
import dev.tidemark.stream.vmstate.VmstateValue.Opaque;
import dev.tidemark.stream.vmstate.VmstateValue.Queue;
import dev.tidemark.stream.vmstate.VmstateValue.Scalar;
import dev.tidemark.stream.vmstate.VmstateValue.Scalars;
import dev.tidemark.stream.vmstate.VmstateValue.Struct;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class VmstateDecoderTest {
  private static DeviceVmstate decode(String fields, String hex) throws StreamException {
    return decode(fields, "", hex);
  }

  /// A device `d` with fields and subsections in vmdesc's JSON.
  private static DeviceVmstate decode(String fields, String subsections, String hex)
      throws StreamException {
    String json =
        "{\"page_size\":4096,\"devices\":[{\"name\":\"d\",\"instance_id\":0,\"vmsd_name\":\"d\","
            + "\"version\":1,\"fields\":["
            + fields
            + "]"
            + (subsections.isEmpty() ? "" : ",\"subsections\":[" + subsections + "]")
            + "}]}";
    byte[] body = HexFormat.of().parseHex(hex.replace(" ", ""));
    DeviceVmstate device =
        DeviceVmstate.decode(
            new DeviceSection(0, new SectionHeader(7, "d", 0, 1), body, true),
            VmdescLayout.parse(json, 0).devices().getFirst().vmsd());
    assertThat(device.toSection().body()).isEqualTo(body);
    return device;
  }

  private static String field(String name, String type, int size) {
    return "{\"name\":\"%s\",\"type\":\"%s\",\"size\":%d}".formatted(name, type, size);
  }

  private static VmstateValue only(String type, String hex) throws StreamException {
    DeviceVmstate device = decode(field("f", type, hex.length() / 2), hex);
    assertThat(device.rest()).isEmpty();
    return device.find(device.path("f")).orElseThrow();
  }

  @Test
  void numbersHaveTheirSigns() throws StreamException {
    assertThat(only("int8", "ff")).isEqualTo(new Scalar(ScalarType.INT8, -1));
    assertThat(only("uint8", "ff")).isEqualTo(new Scalar(ScalarType.UINT8, 255));
    assertThat(only("int16", "8000")).isEqualTo(new Scalar(ScalarType.INT16, -32768));
    assertThat(only("uint32", "fffffffe")).isEqualTo(new Scalar(ScalarType.UINT32, 0xfffffffeL));
    assertThat(only("uint64", "ffffffffffffffff")).isEqualTo(new Scalar(ScalarType.UINT64, -1));
    assertThat(only("bool", "02")).isEqualTo(new Scalar(ScalarType.BOOL, 2));
    assertThat(((Scalar) only("bool", "02")).isTrue()).isTrue();
  }

  @Test
  void namesThatLeadAstrayAreRead() throws StreamException {
    // Less or equal, not little-endian.
    assertThat(only("int32 le", "00000001")).isEqualTo(new Scalar(ScalarType.INT32_LE, 1));
    assertThat(ScalarType.UINT64_EQUAL.signed()).isFalse();
    assertThat(only("int64 equal", "8000000000000000"))
        .isEqualTo(new Scalar(ScalarType.UINT64_EQUAL, Long.MIN_VALUE));
    assertThat(only("uint8 equal", "ff")).isEqualTo(new Scalar(ScalarType.UINT8_EQUAL, 255));
    assertThat(((Scalar) only("timer", "ffffffffffffffff")).isArmed()).isFalse();
    assertThat(((Scalar) only("timer", "0000000000000000")).isArmed()).isTrue();
  }

  @Test
  void otherKindsAreRead() throws StreamException {
    Bitmap bitmap = (Bitmap) only("bitmap", "00000000000000028000000000000000");
    assertThat(bitmap.get(0)).isFalse();
    assertThat(bitmap.get(1)).isTrue();
    assertThat(bitmap.get(127)).isTrue();
    assertThat(((Capability) only("capability", "03616263")).text()).isEqualTo("abc");
    assertThat(only("nullptr", "30")).isEqualTo(new Null());
    assertThat(only("nullptr", "31")).isInstanceOf(Opaque.class);
    assertThat(only("fd", "")).isInstanceOf(Opaque.class);
    assertThat(only("CPU_Double_U", "3ff0000000000000"))
        .isEqualTo(new Scalar(ScalarType.CPU_DOUBLE, Double.doubleToLongBits(1)));
  }

  @Test
  void aNumberOfAnotherSizeIsKeptAsBytes() throws StreamException {
    DeviceVmstate device =
        decode(field("a", "uint32", 3) + "," + field("b", "uint8", 1), "01020304");
    assertThat(device.find(device.path("a")))
        .contains(
            new Opaque("uint32", WireBytes.of((byte) 1, (byte) 2, (byte) 3), "size is not 4"));
    assertThat(device.find(device.path("b"))).contains(new Scalar(ScalarType.UINT8, 4));
  }

  @Test
  void elementsOfOneNameAreOneArray() throws StreamException {
    // As QEMU 10.0 writes two elements that may differ: the last one has no index.
    String struct = "\"struct\":{\"vmsd_name\":\"e\",\"version\":1,\"fields\":[%s]}";
    DeviceVmstate device =
        decode(
            "{\"name\":\"p\",\"index\":0,\"type\":\"struct\","
                + struct.formatted(field("x", "uint8", 1))
                + ",\"size\":1},{\"name\":\"p\",\"type\":\"nullptr\",\"size\":1},"
                + "{\"name\":\"p\",\"type\":\"struct\","
                + struct.formatted(field("x", "uint8", 1) + "," + field("y", "uint8", 1))
                + ",\"size\":2}",
            "05 30 0607");
    assertThat(((Array) device.find(device.path("p")).orElseThrow()).elements()).hasSize(3);
    assertThat(device.find(device.path("p[0].x"))).contains(new Scalar(ScalarType.UINT8, 5));
    assertThat(device.find(device.path("p[1]"))).contains(new Null());
    assertThat(device.find(device.path("p[2].y"))).contains(new Scalar(ScalarType.UINT8, 7));
    assertThat(device.find(device.path("p[3].y"))).isEmpty();
    assertThat(device.find(device.path("p[0].y"))).isEmpty();
  }

  @Test
  void namesMayHoldDotsAndBrackets() throws StreamException {
    DeviceVmstate device =
        decode(
            "{\"name\":\"env.cr[0]\",\"array_len\":2,\"type\":\"uint8\",\"size\":1},"
                + field("env.cr", "uint8", 1)
                + ","
                + "{\"name\":\"env\",\"type\":\"struct\",\"struct\":{\"vmsd_name\":\"s\",\"version\":0,"
                + "\"fields\":["
                + field("ip", "uint8", 1)
                + "]},\"size\":1}",
            "01020304");
    assertThat(device.find(device.path("env.cr[0][1]"))).contains(new Scalar(ScalarType.UINT8, 2));
    assertThat(device.find(device.path("env.cr"))).contains(new Scalar(ScalarType.UINT8, 3));
    assertThat(device.find(device.path("env.ip"))).contains(new Scalar(ScalarType.UINT8, 4));
  }

  @Test
  void listsHaveADescriptionForEachElement() throws StreamException {
    String element = "\"vmsd_name\":\"e\",\"version\":1,\"fields\":[%s]";
    DeviceVmstate device =
        decode(
            "{\"name\":\"q\",\"type\":\"qtailq\","
                + element.formatted(field("x", "uint8", 1))
                + ","
                + element.formatted(field("y", "uint16", 2))
                + ",\"size\":6}",
            "01 aa 01 bbcc 00");
    Queue queue = (Queue) device.find(device.path("q")).orElseThrow();
    assertThat(queue.elements()).hasSize(2);
    assertThat(device.find(device.path("q[0].x"))).contains(new Scalar(ScalarType.UINT8, 0xaa));
    assertThat(device.find(device.path("q[1].y"))).contains(new Scalar(ScalarType.UINT16, 0xbbcc));
  }

  @Test
  void treesHaveKeys() throws StreamException {
    String value = "\"vmsd_name\":\"v\",\"version\":1,\"fields\":[" + field("x", "uint8", 1) + "]";
    String key = "\"vmsd_name\":\"k\",\"version\":1,\"fields\":[" + field("n", "uint16", 2) + "]";
    DeviceVmstate direct =
        decode(
            "{\"name\":\"t\",\"type\":\"gtree\"," + value + "," + value + ",\"size\":25}",
            "00000002 01 0000000000000007 aa 01 0000000000000009 bb 00");
    assertThat(direct.find(direct.path("t[1].key"))).contains(new Scalar(ScalarType.UINT64, 9));
    assertThat(direct.find(direct.path("t[0].value.x")))
        .contains(new Scalar(ScalarType.UINT8, 0xaa));
    DeviceVmstate structs =
        decode(
            "{\"name\":\"t\",\"type\":\"gtree\"," + key + "," + value + ",\"size\":9}",
            "00000001 01 1234 bb 00");
    assertThat(((Gtree) structs.find(structs.path("t")).orElseThrow()).nodes()).hasSize(1);
    VmstatePath path = structs.path("t[0].key.n");
    assertThat(structs.find(path)).contains(new Scalar(ScalarType.UINT16, 0x1234));
    assertThat(structs.with(path, 0x4321).toSection().body())
        .isEqualTo(HexFormat.of().parseHex("00000001014321bb00"));
  }

  @Test
  void subsectionsAreFoundByTheirNames() throws StreamException {
    String inner =
        "{\"vmsd_name\":\"d/s/t\",\"version\":2,\"fields\":[" + field("z", "uint8", 1) + "]}";
    DeviceVmstate device =
        decode(
            field("a", "uint8", 1),
            "{\"vmsd_name\":\"d/s\",\"version\":1,\"fields\":["
                + field("y", "uint8", 1)
                + "],\"subsections\":["
                + inner
                + "]}",
            "01 05 03642f73 00000001 02 05 05642f732f74 00000002 03");
    assertThat(device.rest()).isEmpty();
    assertThat(device.find(device.path("d/s:y"))).contains(new Scalar(ScalarType.UINT8, 2));
    VmstatePath path = VmstatePath.parse("d:d/s:d/s/t:z");
    assertThat(device.find(path)).contains(new Scalar(ScalarType.UINT8, 3));
    assertThat(device.with(path, 9).find(path)).contains(new Scalar(ScalarType.UINT8, 9));
  }

  @Test
  void aSubsectionThatIsNotThereEndsTheSection() throws StreamException {
    DeviceVmstate device =
        decode(
            field("a", "uint8", 1),
            "{\"vmsd_name\":\"d/s\",\"version\":1,\"fields\":[]}",
            "01 05 03642f78 00000001");
    assertThat(device.find(device.path("a"))).contains(new Scalar(ScalarType.UINT8, 1));
    assertThat(device.rest().map(Opaque::reason)).contains("no subsection \"d/s\"");
  }

  @Test
  void aStructThatDoesNotFillItsSizeIsKeptAsBytes() throws StreamException {
    DeviceVmstate device =
        decode(
            "{\"name\":\"s\",\"array_len\":2,\"type\":\"struct\",\"struct\":{\"vmsd_name\":\"e\","
                + "\"version\":1,\"fields\":["
                + field("x", "uint8", 1)
                + "]},\"size\":2},"
                + field("b", "uint8", 1),
            "0102030405");
    assertThat(device.find(device.path("s[1]")))
        .contains(
            new Opaque("struct", WireBytes.of((byte) 3, (byte) 4), "1 of 2 bytes not described"));
    assertThat(device.find(device.path("b"))).contains(new Scalar(ScalarType.UINT8, 5));
  }

  @Test
  void changesAreHeldAgainstTheField() throws StreamException {
    DeviceVmstate device =
        decode(
            field("a", "uint8", 1)
                + ",{\"name\":\"m\",\"array_len\":3,\"type\":\"int16\",\"size\":2}",
            "01 000200030004");
    assertThat(device.with(device.path("m[1]"), -2).toSection().body())
        .isEqualTo(HexFormat.of().parseHex("010002fffe0004"));
    for (long value : new long[] {-1, 256}) {
      assertThatThrownBy(() -> device.with(device.path("a"), value))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(value + " is out of range of uint8");
    }
    assertThatThrownBy(() -> device.with(device.path("m"), 1)).hasMessage("no number d/0:m");
    assertThatThrownBy(() -> device.with(device.path("x"), new Null()))
        .hasMessage("no field d/0:x");
    assertThatThrownBy(
            () -> device.with(device.path("m"), new Scalars(ScalarType.INT16, WireBytes.of())))
        .hasMessage("d/0:m has 6 bytes of int16, not 0 of int16");
  }

  @Test
  void aSectionOfAnotherLengthEndsBeforeTheNext() throws StreamException {
    String json =
        "{\"page_size\":4096,\"devices\":["
            + device("a", field("x", "uint8", 1))
            + ","
            + device("b", field("x", "uint16", 2))
            + ","
            + device("c", field("x", "uint8", 1))
            + "]}";
    byte[] sections =
        HexFormat.of()
            .parseHex(
                "0400000001016100000000000000010a7e00000001"
                    + "0400000002016200000000000000010b0c0d7e00000002"
                    + "0400000003016300000000000000010e7e00000003");
    DeviceState state = new DeviceState(sections, Optional.of(json));
    MachineVmstate machine = MachineVmstate.decode(state);
    assertThat(machine.rest()).isEmpty();
    assertThat(machine.devices())
        .extracting(d -> d.header().idstr())
        .containsExactly("a", "b", "c");
    assertThat(machine.devices().get(1).rest().map(Opaque::reason))
        .contains("1 bytes that vmdesc does not describe");
    assertThat(machine.find(VmstatePath.parse("c:x"))).contains(new Scalar(ScalarType.UINT8, 14));
    assertThat(machine.encode().sections()).isEqualTo(sections);
  }

  private static String device(String name, String fields) {
    return "{\"name\":\"%s\",\"instance_id\":0,\"vmsd_name\":\"%s\",\"version\":1,\"fields\":[%s]}"
        .formatted(name, name, fields);
  }

  @Test
  void pathsAreTextAndBack() {
    for (String text :
        List.of(
            "cpu/0:env.eip",
            "0000:00:03.0/e1000/0:mac_reg[12]",
            "0000:00:10.0:01.0/e1000/0:x",
            "0000:00:06.0/0:0:0/scsi-disk/0:x",
            "0000:00:0a.0/1/usb-ptr/0:hid.ptr.queue[3].xdx",
            "0000:00:0a.0/1.2/0:0:0/scsi-disk/0:",
            "cpu/4294967295:cpu/vfp:cpu/vfp/fpcr_fpsr:fpcr")) {
      assertThat(VmstatePath.parse(text).toString()).isEqualTo(text);
    }
    assertThat(VmstatePath.parse("cpu:env.eip")).isEqualTo(new VmstatePath("cpu", 0, "env.eip"));
    assertThat(VmstatePath.parse("0000:00:03.0/e1000:mac_reg[12]"))
        .isEqualTo(new VmstatePath("0000:00:03.0/e1000", 0, "mac_reg[12]"));
    for (String text : List.of("", "cpu", ":x", "0000:00:03.0/e1000")) {
      assertThatThrownBy(() -> VmstatePath.parse(text))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void valuesAreEqualByContent() throws StreamException {
    Struct a = decode(field("a", "buffer", 2), "0102").fields();
    assertThat(decode(field("a", "buffer", 2), "0102").fields()).isEqualTo(a).hasSameHashCodeAs(a);
    assertThat(decode(field("a", "buffer", 2), "0103").fields()).isNotEqualTo(a);
  }
}
