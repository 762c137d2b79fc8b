// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.stream.vmstate.VmstateValue.Array;
import dev.tidemark.stream.vmstate.VmstateValue.Bitmap;
import dev.tidemark.stream.vmstate.VmstateValue.Buffer;
import dev.tidemark.stream.vmstate.VmstateValue.Capability;
import dev.tidemark.stream.vmstate.VmstateValue.Gtree;
import dev.tidemark.stream.vmstate.VmstateValue.Member;
import dev.tidemark.stream.vmstate.VmstateValue.Node;
import dev.tidemark.stream.vmstate.VmstateValue.Null;
import dev.tidemark.stream.vmstate.VmstateValue.Opaque;
import dev.tidemark.stream.vmstate.VmstateValue.Queue;
import dev.tidemark.stream.vmstate.VmstateValue.Scalar;
import dev.tidemark.stream.vmstate.VmstateValue.Scalars;
import dev.tidemark.stream.vmstate.VmstateValue.Struct;
import dev.tidemark.stream.vmstate.VmstateValue.Subsection;
import dev.tidemark.stream.vmstate.VmstateValue.Unused;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Writes values. Their sizes are known, so that one buffer is enough.
final class VmstateEncoder {
  private VmstateEncoder() {}

  static WireBytes bytes(VmstateValue value) {
    ByteBuffer out = ByteBuffer.allocate(value.size());
    write(out, value);
    return WireBytes.slice(out.array(), 0, out.capacity());
  }

  static void write(ByteBuffer out, VmstateValue value) {
    switch (value) {
      case Scalar s -> number(out, s.value(), s.kind().size());
      case Scalars s -> s.bytes().writeTo(out);
      case Buffer b -> b.bytes().writeTo(out);
      case Unused u -> u.bytes().writeTo(out);
      case Bitmap b -> b.words().writeTo(out);
      case Opaque o -> o.bytes().writeTo(out);
      case Null() -> out.put((byte) '0');
      case Capability c -> {
        out.put((byte) c.name().length());
        c.name().writeTo(out);
      }
      case Array a -> a.elements().forEach(e -> write(out, e));
      case Struct s -> struct(out, s);
      case Queue q -> {
        for (Struct element : q.elements()) {
          struct(out.put((byte) 1), element);
        }
        out.put((byte) 0);
      }
      case Gtree t -> {
        out.putInt(t.nodes().size());
        for (Node node : t.nodes()) {
          write(out.put((byte) 1), node.key());
          struct(out, node.value());
        }
        out.put((byte) 0);
      }
    }
  }

  private static void struct(ByteBuffer out, Struct struct) {
    for (Member member : struct.members()) {
      write(out, member.value());
    }
    for (Subsection subsection : struct.subsections()) {
      byte[] name = subsection.name().getBytes(StandardCharsets.UTF_8);
      out.put((byte) 5).put((byte) name.length).put(name).putInt(subsection.version());
      struct(out, subsection.fields());
    }
  }

  private static void number(ByteBuffer out, long value, int size) {
    for (int shift = size * 8 - 8; shift >= 0; shift -= 8) {
      out.put((byte) (value >>> shift));
    }
  }
}
