// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.stream.vmstate.VmdescLayout.Field;
import dev.tidemark.stream.vmstate.VmdescLayout.Vmsd;
import dev.tidemark.stream.vmstate.VmstateValue.Array;
import dev.tidemark.stream.vmstate.VmstateValue.Bitmap;
import dev.tidemark.stream.vmstate.VmstateValue.Buffer;
import dev.tidemark.stream.vmstate.VmstateValue.Capability;
import dev.tidemark.stream.vmstate.VmstateValue.Gtree;
import dev.tidemark.stream.vmstate.VmstateValue.Node;
import dev.tidemark.stream.vmstate.VmstateValue.Null;
import dev.tidemark.stream.vmstate.VmstateValue.Opaque;
import dev.tidemark.stream.vmstate.VmstateValue.Queue;
import dev.tidemark.stream.vmstate.VmstateValue.Scalar;
import dev.tidemark.stream.vmstate.VmstateValue.Scalars;
import dev.tidemark.stream.vmstate.VmstateValue.Struct;
import dev.tidemark.stream.vmstate.VmstateValue.Subsection;
import dev.tidemark.stream.vmstate.VmstateValue.Unused;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/*
 * A field's extent, `size` times `array_len`, decides where the next field starts, whatever is in it. So a field that
 * turns out not to be as vmdesc says becomes opaque by itself, and the rest goes on. Only where an extent is wrong,
 * or a subsection is not where it must be, the rest of the section is lost.
 *
 * Time and memory: each byte is looked at once for each level of nesting, and values are counted, since arrays of
 * structs without bytes could have any length. Levels are bounded by those of the JSON.
 */
/// Decodes the body of one device section.
final class VmstateDecoder {
  /// Values of one machine. A machine with many devices has 20,000: an array of numbers counts one.
  static final int VALUES = 1 << 20;

  private static final int SUBSECTION = 0x05;

  private final byte[] body;
  private final Budget budget;
  private int at;

  VmstateDecoder(byte[] body, Budget budget) {
    this.body = body;
    this.budget = budget;
  }

  /// How many values may still be made.
  static final class Budget {
    private int left = VALUES;

    void take() throws Exhausted {
      if (left == 0) {
        throw new Exhausted();
      }
      left--;
    }
  }

  /// A section's values.
  ///
  /// @param fields what could be decoded
  /// @param rest what stands behind it
  record Result(Struct fields, Optional<Opaque> rest) {}

  Result section(Vmsd layout) {
    MemberList members = new MemberList();
    List<Subsection> subsections = new ArrayList<>();
    Optional<Opaque> rest = Optional.empty();
    int done = 0;
    try {
      for (Field field : layout.fields()) {
        members.add(field.name(), topField(field));
        done = at;
      }
      for (Vmsd subsection : layout.subsections()) {
        subsections.add(subsection(subsection, body.length));
        done = at;
      }
      if (done < body.length) {
        throw new Misfit((body.length - done) + " bytes that vmdesc does not describe");
      }
    } catch (Misfit e) {
      rest = Optional.of(opaque("unknown", done, body.length, e.reason));
    }
    Struct fields =
        new Struct("struct", layout.name(), layout.version(), members.members(), subsections);
    return new Result(fields, rest);
  }

  /// As [#field], but opaque if there are too many values.
  private VmstateValue topField(Field field) throws Misfit {
    int start = at;
    try {
      return field(field, body.length);
    } catch (Exhausted e) {
      at = start + (int) field.extent();
      return opaque(field.type(), start, at, e.reason);
    }
  }

  private VmstateValue field(Field field, int end) throws Misfit {
    long extent = field.extent();
    if (extent > end - at) {
      throw new Misfit(
          "field \"%s\" of %d bytes where %d are left".formatted(field.name(), extent, end - at));
    }
    if (field.arrayLength() < 0) {
      return element(field);
    }
    Optional<ScalarType> scalar = ScalarType.of(field.type());
    if (scalar.isPresent() && scalar.get().size() == field.size()) {
      budget.take();
      return new Scalars(scalar.get(), bytes((int) extent));
    }
    budget.take();
    List<VmstateValue> elements = new ArrayList<>();
    for (int i = 0; i < field.count(); i++) {
      elements.add(element(field));
    }
    return new Array(elements);
  }

  private VmstateValue element(Field field) throws Exhausted {
    int start = at;
    int end = at + field.size();
    budget.take();
    try {
      VmstateValue value = typed(field, end);
      if (at != end) {
        throw new Misfit((end - at) + " of " + field.size() + " bytes not described");
      }
      return value;
    } catch (Exhausted e) {
      throw e;
    } catch (Misfit e) {
      at = end;
      return opaque(field.type(), start, end, e.reason);
    }
  }

  private VmstateValue typed(Field field, int end) throws Misfit {
    Optional<ScalarType> scalar = ScalarType.of(field.type());
    if (scalar.isPresent()) {
      ScalarType kind = scalar.get();
      need(kind.size() == field.size(), "size is not " + kind.size());
      return new Scalar(kind, kind.extend(bytes(kind.size()).number(0, kind.size())));
    }
    return switch (field.type()) {
      case "buffer" -> new Buffer(bytes(field.size()));
      case "unused_buffer" -> new Unused(bytes(field.size()));
      case "bitmap" -> {
        need(field.size() % 8 == 0, "size is no multiple of 8");
        yield new Bitmap(bytes(field.size()));
      }
      case "nullptr" -> {
        need(field.size() == 1 && body[at] == '0', "no null marker");
        at = end;
        yield new Null();
      }
      case "capability" -> {
        need(at < end, "no length");
        int length = body[at++] & 0xff;
        need(length == end - at, "length does not fit");
        yield new Capability(bytes(length));
      }
      case "struct", "vstruct", "tmp" -> {
        need(field.groups().size() == 1, "no layout");
        yield struct(field.type(), field.groups().getFirst(), end);
      }
      case "qtailq", "qlist" -> queue(field, end);
      case "gtree" -> gtree(field, end);
      default -> new Opaque(field.type(), bytes(field.size()), "layout is not in vmdesc");
    };
  }

  private Struct struct(String type, Vmsd layout, int end) throws Misfit {
    MemberList members = new MemberList();
    for (Field field : layout.fields()) {
      members.add(field.name(), field(field, end));
    }
    List<Subsection> subsections = new ArrayList<>(layout.subsections().size());
    for (Vmsd subsection : layout.subsections()) {
      subsections.add(subsection(subsection, end));
    }
    return new Struct(type, layout.name(), layout.version(), members.members(), subsections);
  }

  private Subsection subsection(Vmsd layout, int end) throws Misfit {
    byte[] name = layout.name().getBytes(StandardCharsets.UTF_8);
    int header = 2 + name.length + 4;
    boolean found =
        name.length <= 255
            && end - at >= header
            && body[at] == SUBSECTION
            && (body[at + 1] & 0xff) == name.length
            && bytesAre(at + 2, name);
    need(found, "no subsection \"" + layout.name() + "\"");
    int version = (int) WireBytes.slice(body, at + 2 + name.length, 4).number(0, 4);
    at += header;
    budget.take();
    return new Subsection(layout.name(), version, struct("struct", layout, end));
  }

  private Queue queue(Field field, int end) throws Misfit {
    List<Struct> elements = new ArrayList<>();
    while (marker(end)) {
      budget.take();
      elements.add(struct("struct", group(field, elements.size(), 1), end));
    }
    return new Queue(field.type(), elements);
  }

  private Gtree gtree(Field field, int end) throws Misfit {
    need(end - at >= 4, "no count");
    long count = bytes(4).number(0, 4);
    // Each node has its key's and its value's layout, or only its value's.
    int perNode = field.groups().size() == count * 2 ? 2 : 1;
    List<Node> nodes = new ArrayList<>();
    while (marker(end)) {
      budget.take();
      int first = nodes.size() * perNode;
      VmstateValue key;
      if (perNode == 2) {
        key = struct("struct", group(field, first, perNode), end);
      } else {
        need(end - at >= 8, "no key");
        key = new Scalar(ScalarType.UINT64, bytes(8).number(0, 8));
      }
      nodes.add(new Node(key, struct("struct", group(field, first + perNode - 1, perNode), end)));
    }
    need(nodes.size() == count, "count is not " + nodes.size());
    return new Gtree(nodes);
  }

  /// The layout of the n-th description of a list. In a compressed array only the first list is
  /// described, and another may be longer: then its elements are as the last ones.
  private static Vmsd group(Field field, int n, int perNode) throws Misfit {
    List<Vmsd> groups = field.groups();
    need(groups.size() >= perNode, "no layout");
    return groups.get(n < groups.size() ? n : groups.size() - perNode + Math.floorMod(n, perNode));
  }

  private boolean marker(int end) throws Misfit {
    need(at < end && body[at] >= 0 && body[at] <= 1, "no list marker");
    return body[at++] == 1;
  }

  private boolean bytesAre(int from, byte[] expected) {
    return java.util.Arrays.equals(
        body, from, from + expected.length, expected, 0, expected.length);
  }

  private WireBytes bytes(int length) {
    at += length;
    return WireBytes.slice(body, at - length, length);
  }

  private Opaque opaque(String type, int from, int to, String reason) {
    return new Opaque(type, WireBytes.slice(body, from, to - from), reason);
  }

  private static void need(boolean fits, String otherwise) throws Misfit {
    if (!fits) {
      throw new Misfit(otherwise);
    }
  }

  /// Bytes that are not as vmdesc says.
  static sealed class Misfit extends Exception {
    private static final long serialVersionUID = 1L;
    final String reason;

    Misfit(String reason) {
      super(reason, null, false, false);
      this.reason = reason;
    }
  }

  /// Too many values.
  static final class Exhausted extends Misfit {
    private static final long serialVersionUID = 1L;

    Exhausted() {
      super("more than " + VALUES + " values");
    }
  }
}
