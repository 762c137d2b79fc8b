// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.vmstate.VmstateValue.Array;
import dev.tidemark.stream.vmstate.VmstateValue.Opaque;
import dev.tidemark.stream.vmstate.VmstateValue.Struct;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/// For any vmdesc and bytes that fit it, all is decoded, and encodes to the same bytes.
class VmstatePropertyTest {
  @Property(tries = 300)
  void decodedAndEncodedIsTheSame(@ForAll long seed) throws StreamException {
    Writer writer = new Writer(new SplittableRandom(seed));
    String vmsd = writer.vmsd("d", 0);
    byte[] body = writer.out.toByteArray();
    String json = "{\"devices\":[{\"name\":\"d\",\"instance_id\":0," + vmsd + "}]}";
    VmdescLayout layout = VmdescLayout.parse(json, 0);
    assertThat(layout.devices().getFirst().vmsd().bodySize()).isEqualTo(body.length);
    assertThat(VmDescription.parse(json, 0)).isEqualTo(layout.lengths());
    DeviceVmstate device =
        DeviceVmstate.decode(
            new DeviceSection(0, new SectionHeader(1, "d", 0, 1), body, true),
            layout.devices().getFirst().vmsd());
    assertThat(device.rest()).isEmpty();
    assertNothingOpaque(device.fields());
    assertThat(device.toSection().body()).isEqualTo(body);
    assertThat(device.fields().size()).isEqualTo(body.length);
  }

  /// Bytes that do not fit: nothing is lost.
  @Property(tries = 300)
  void otherBytesStayTheSame(@ForAll long seed) throws StreamException {
    SplittableRandom random = new SplittableRandom(seed);
    Writer writer = new Writer(random);
    String json = "{\"devices\":[{\"name\":\"d\",\"instance_id\":0," + writer.vmsd("d", 0) + "}]}";
    byte[] body = new byte[random.nextInt(writer.out.size() * 2 + 1)];
    random.nextBytes(body);
    DeviceVmstate device =
        DeviceVmstate.decode(
            new DeviceSection(0, new SectionHeader(1, "d", 0, 1), body, true),
            VmdescLayout.parse(json, 0).devices().getFirst().vmsd());
    assertThat(device.toSection().body()).isEqualTo(body);
  }

  private static void assertNothingOpaque(VmstateValue value) {
    switch (value) {
      case Opaque o -> assertThat(o.type()).isEqualTo("hand-written");
      case Array a -> a.elements().forEach(VmstatePropertyTest::assertNothingOpaque);
      case Struct s -> {
        s.members().forEach(m -> assertNothingOpaque(m.value()));
        s.subsections().forEach(sub -> assertNothingOpaque(sub.fields()));
      }
      case VmstateValue.Queue q -> q.elements().forEach(VmstatePropertyTest::assertNothingOpaque);
      case VmstateValue.Gtree t -> t.nodes().forEach(n -> assertNothingOpaque(n.value()));
      default -> {}
    }
  }

  /// Writes a body as QEMU does, and the vmdesc that goes with it.
  private static final class Writer {
    private static final List<ScalarType> TYPES = List.of(ScalarType.values());

    private final SplittableRandom random;
    private ByteArrayOutputStream out = new ByteArrayOutputStream();

    Writer(SplittableRandom random) {
      this.random = random;
    }

    String vmsd(String name, int depth) {
      List<String> fields = new ArrayList<>();
      for (int i = random.nextInt(5); i > 0; i--) {
        fields.add(field("f" + fields.size() + (random.nextBoolean() ? ".x[1]" : ""), depth));
      }
      StringBuilder json = new StringBuilder();
      json.append("\"vmsd_name\":\"%s\",\"version\":%d,\"fields\":[".formatted(name, 1));
      json.append(String.join(",", fields)).append(']');
      if (depth < 4 && random.nextInt(3) == 0) {
        List<String> subsections = new ArrayList<>();
        for (int i = random.nextInt(1, 3); i > 0; i--) {
          String sub = name + "/" + i;
          out.write(5);
          out.write(sub.length());
          out.writeBytes(sub.getBytes(StandardCharsets.US_ASCII));
          out.writeBytes(new byte[] {0, 0, 0, 1});
          subsections.add("{" + vmsd(sub, depth + 1) + "}");
        }
        json.append(",\"subsections\":[").append(String.join(",", subsections)).append(']');
      }
      return json.toString();
    }

    private String field(String name, int depth) {
      int start = out.size();
      String head = "{\"name\":\"" + name + "\",";
      return switch (random.nextInt(depth < 4 ? 13 : 6)) {
        case 0, 1, 2 -> {
          ScalarType type = TYPES.get(random.nextInt(TYPES.size()));
          bytes(type.size());
          yield head + type(type.wireName(), type.size());
        }
        case 3 -> {
          ScalarType type = TYPES.get(random.nextInt(TYPES.size()));
          int count = random.nextInt(2, 6);
          bytes(type.size() * count);
          yield head + "\"array_len\":" + count + "," + type(type.wireName(), type.size());
        }
        case 4 -> {
          String[] types = {"buffer", "unused_buffer", "bitmap", "hand-written"};
          int size = random.nextInt(4) * 8;
          bytes(size);
          yield head + type(types[random.nextInt(types.length)], size);
        }
        case 5 -> {
          if (random.nextBoolean()) {
            out.write('0');
            yield head + type("nullptr", 1);
          }
          int length = random.nextInt(9);
          out.write(length);
          bytes(length);
          yield head + type("capability", length + 1);
        }
        case 6, 7 -> {
          String vmsd = vmsd("s", depth + 1);
          yield head
              + "\"type\":\"struct\",\"struct\":{"
              + vmsd
              + "},\"size\":"
              + (out.size() - start)
              + "}";
        }
        case 8 -> {
          String kind = random.nextBoolean() ? "vstruct" : "tmp";
          String vmsd = vmsd("v", depth + 1);
          yield head
              + "\"type\":\""
              + kind
              + "\","
              + vmsd
              + ",\"size\":"
              + (out.size() - start)
              + "}";
        }
        case 9 -> compressed(head, depth);
        case 10 -> pointers(head, depth);
        case 11 -> {
          StringBuilder json = new StringBuilder(head + "\"type\":\"qtailq\"");
          for (int i = random.nextInt(4); i > 0; i--) {
            out.write(1);
            json.append(',').append(vmsd("q", depth + 1));
          }
          out.write(0);
          yield json.append(",\"size\":").append(out.size() - start).append('}').toString();
        }
        default -> {
          int count = random.nextInt(4);
          boolean direct = random.nextBoolean();
          out.writeBytes(ByteBuffer.allocate(4).putInt(count).array());
          StringBuilder json = new StringBuilder(head + "\"type\":\"gtree\"");
          for (int i = 0; i < count; i++) {
            out.write(1);
            if (direct) {
              bytes(8);
            } else {
              json.append(',').append(vmsd("k", depth + 1));
            }
            json.append(',').append(vmsd("v", depth + 1));
          }
          out.write(0);
          yield json.append(",\"size\":").append(out.size() - start).append('}').toString();
        }
      };
    }

    /// An array of pointers: structs that differ, each described, with runs of null between them.
    /// The last one has no index.
    private String pointers(String head, int depth) {
      List<String> objects = new ArrayList<>();
      int count = random.nextInt(1, 6);
      for (int i = 0; i < count; i++) {
        String index = i == count - 1 ? "" : "\"index\":" + i + ",";
        int start = out.size();
        if (random.nextBoolean()) {
          String vmsd = vmsd("p", depth + 1);
          int size = out.size() - start;
          objects.add(
              head
                  + index
                  + "\"type\":\"struct\",\"struct\":{"
                  + vmsd
                  + "},\"size\":"
                  + size
                  + "}");
        } else if (random.nextBoolean()) {
          out.write('0');
          objects.add(head + index + type("nullptr", 1));
        } else {
          int nulls = random.nextInt(2, 5);
          out.writeBytes("0".repeat(nulls).getBytes(StandardCharsets.US_ASCII));
          objects.add(head + "\"array_len\":" + nulls + "," + type("nullptr", 1));
        }
      }
      return String.join(",", objects);
    }

    /// A compressed array of structs: one description, and elements of the same form.
    private String compressed(String head, int depth) {
      ByteArrayOutputStream outer = out;
      out = new ByteArrayOutputStream();
      String vmsd = vmsd("c", depth + 1);
      byte[] element = out.toByteArray();
      out = outer;
      int count = random.nextInt(2, 5);
      for (int i = 0; i < count; i++) {
        out.writeBytes(element);
      }
      return head
          + "\"array_len\":"
          + count
          + ",\"type\":\"struct\",\"struct\":{"
          + vmsd
          + "},\"size\":"
          + element.length
          + "}";
    }

    private static String type(String type, int size) {
      return "\"type\":\"" + type + "\",\"size\":" + size + "}";
    }

    private void bytes(int count) {
      byte[] bytes = new byte[count];
      random.nextBytes(bytes);
      out.writeBytes(bytes);
    }
  }
}
