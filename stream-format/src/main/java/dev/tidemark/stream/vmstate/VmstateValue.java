// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import java.nio.charset.StandardCharsets;
import java.util.List;

/// The value of a field of device state.
///
/// A value knows its bytes: what was decoded encodes to the same bytes. Values are immutable.
///
/// Format: `vmstate_save_state_v` in `migration/vmstate.c` and `migration/vmstate-types.c`, QEMU
/// 10.0.2.
public sealed interface VmstateValue {
  /// QEMU's name of the type, such as `uint32`.
  String type();

  /// Bytes on the wire.
  int size();

  /// One number.
  ///
  /// @param kind which type
  /// @param value with its sign; for an unsigned type of 8 bytes all 64 bits
  record Scalar(ScalarType kind, long value) implements VmstateValue {
    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if the value does not fit
    public Scalar {
      if (!kind.holds(value)) {
        throw new IllegalArgumentException(value + " is out of range of " + kind.wireName());
      }
    }

    @Override
    public String type() {
      return kind.wireName();
    }

    @Override
    public int size() {
      return kind.size();
    }

    /// Whether it is not 0.
    public boolean isTrue() {
      return value != 0;
    }

    /// Whether a `timer` will fire.
    public boolean isArmed() {
      return value != -1;
    }

    /// The same field with another value.
    ///
    /// @param newValue as [#value]
    /// @throws IllegalArgumentException if the value does not fit
    public Scalar with(long newValue) {
      return new Scalar(kind, newValue);
    }
  }

  /// An array of numbers, all of one type.
  ///
  /// @param kind type of each
  /// @param bytes all of them; a multiple of the type's size
  record Scalars(ScalarType kind, WireBytes bytes) implements VmstateValue {
    /// Checks the length.
    public Scalars {
      if (bytes.length() % kind.size() != 0) {
        throw new IllegalArgumentException(bytes.length() + " bytes of " + kind.wireName());
      }
    }

    @Override
    public String type() {
      return kind.wireName();
    }

    @Override
    public int size() {
      return bytes.length();
    }

    /// How many numbers there are.
    public int count() {
      return bytes.length() / kind.size();
    }

    /// One of them.
    ///
    /// @param index from 0
    public Scalar get(int index) {
      return new Scalar(kind, kind.extend(bytes.number(index * kind.size(), kind.size())));
    }

    /// The same with another number in one place.
    ///
    /// @param index from 0
    /// @param value what to put there, of the same type
    public Scalars with(int index, Scalar value) {
      return new Scalars(kind, bytes.with(index * kind.size(), VmstateEncoder.bytes(value)));
    }
  }

  /// `buffer`: bytes.
  record Buffer(WireBytes bytes) implements VmstateValue {
    @Override
    public String type() {
      return "buffer";
    }

    @Override
    public int size() {
      return bytes.length();
    }
  }

  /// `unused_buffer`: room where an older version had fields; zeroes, and nobody reads it.
  record Unused(WireBytes bytes) implements VmstateValue {
    @Override
    public String type() {
      return "unused_buffer";
    }

    @Override
    public int size() {
      return bytes.length();
    }
  }

  /// `bitmap`: 64-bit words, big-endian; bit 0 is the lowest of the first word.
  ///
  /// @param words a multiple of 8 bytes
  record Bitmap(WireBytes words) implements VmstateValue {
    /// Checks the length.
    public Bitmap {
      if (words.length() % 8 != 0) {
        throw new IllegalArgumentException("bitmap of " + words.length() + " bytes");
      }
    }

    @Override
    public String type() {
      return "bitmap";
    }

    @Override
    public int size() {
      return words.length();
    }

    /// One bit.
    ///
    /// @param bit from 0
    public boolean get(int bit) {
      return (words.number(bit / 64 * 8, 8) >>> (bit % 64) & 1) != 0;
    }
  }

  /// `capability`: a counted string.
  ///
  /// @param name at most 255 bytes
  record Capability(WireBytes name) implements VmstateValue {
    /// Checks the length.
    public Capability {
      if (name.length() > 255) {
        throw new IllegalArgumentException("name of " + name.length() + " bytes");
      }
    }

    @Override
    public String type() {
      return "capability";
    }

    @Override
    public int size() {
      return 1 + name.length();
    }

    /// The name as text.
    public String text() {
      return new String(name.toArray(), StandardCharsets.UTF_8);
    }
  }

  /// `nullptr`: a pointer of an array that points nowhere.
  record Null() implements VmstateValue {
    @Override
    public String type() {
      return "nullptr";
    }

    @Override
    public int size() {
      return 1;
    }
  }

  /// Bytes whose layout vmdesc does not tell, or tells wrongly.
  ///
  /// @param type type that vmdesc names, such as `virtio`
  /// @param bytes all of the field
  /// @param reason why it is not decoded
  record Opaque(String type, WireBytes bytes, String reason) implements VmstateValue {
    @Override
    public int size() {
      return bytes.length();
    }
  }

  /// Several values under one name.
  ///
  /// @param elements in stream order; null pointers may stand among them
  record Array(List<VmstateValue> elements) implements VmstateValue {
    /// Copies the list.
    public Array {
      elements = List.copyOf(elements);
    }

    @Override
    public String type() {
      return elements.isEmpty() ? "array" : elements.getFirst().type();
    }

    @Override
    public int size() {
      return elements.stream().mapToInt(VmstateValue::size).sum();
    }
  }

  /// `struct`, `vstruct` or `tmp`: named fields, then subsections.
  ///
  /// @param type one of these three
  /// @param vmsdName name of the vmstate description
  /// @param version version of the layout
  /// @param members the fields in stream order
  /// @param subsections what stands behind them
  record Struct(
      String type, String vmsdName, int version, List<Member> members, List<Subsection> subsections)
      implements VmstateValue {
    /// Copies the lists.
    public Struct {
      members = List.copyOf(members);
      subsections = List.copyOf(subsections);
    }

    @Override
    public int size() {
      return members.stream().mapToInt(m -> m.value().size()).sum()
          + subsections.stream().mapToInt(Subsection::size).sum();
    }
  }

  /// A field of a struct.
  ///
  /// @param name as in vmdesc; no two fields of a struct have the same
  /// @param value what it holds
  record Member(String name, VmstateValue value) {}

  /// A part that is only there when a device needs it, with its own name and version.
  ///
  /// @param name its full name, such as `cpu/xss`; at most 255 bytes
  /// @param version as it stands in the stream
  /// @param fields what it holds; its type is `struct`
  record Subsection(String name, int version, Struct fields) {
    /// Bytes on the wire, header included.
    public int size() {
      return 1 + 1 + name.getBytes(StandardCharsets.UTF_8).length + 4 + fields.size();
    }
  }

  /// `qtailq` or `qlist`: each element behind a 1, and a 0 at the end.
  ///
  /// @param type one of these two
  /// @param elements in stream order
  record Queue(String type, List<Struct> elements) implements VmstateValue {
    /// Copies the list.
    public Queue {
      elements = List.copyOf(elements);
    }

    @Override
    public int size() {
      return 1 + elements.stream().mapToInt(e -> 1 + e.size()).sum();
    }
  }

  /// `gtree`: be32 count, each node behind a 1, and a 0 at the end.
  ///
  /// @param nodes in stream order
  record Gtree(List<Node> nodes) implements VmstateValue {
    /// Copies the list.
    public Gtree {
      nodes = List.copyOf(nodes);
    }

    @Override
    public String type() {
      return "gtree";
    }

    @Override
    public int size() {
      return 5 + nodes.stream().mapToInt(n -> 1 + n.key().size() + n.value().size()).sum();
    }
  }

  /// A node of a `gtree`.
  ///
  /// @param key a `uint64`, or a struct
  /// @param value what stands behind it
  record Node(VmstateValue key, Struct value) {}
}
