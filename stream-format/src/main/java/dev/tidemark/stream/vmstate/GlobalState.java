// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.SectionHeader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/// The `globalstate` section: the run state that a destination goes to.
///
/// ```
/// +------------------+--------------------------+-----------------------------+
/// | be32 strlen + 1  | run state, NUL-padded    | flags of newer QEMU, zeroes |
/// | 4 bytes          | 32 bytes (older: 100)    | 68 bytes                    |
/// +------------------+--------------------------+-----------------------------+
/// ```
///
/// It is the one device section that a checkpoint tool has to edit: `stop` before a migration
/// stores `paused`. It is found by its header and footer, so that vmdesc is not needed.
///
/// Format: `vmstate_globalstate` in `migration/global_state.c`, QEMU 10.0.2.
public final class GlobalState {
  private static final byte[] HEADER = header();
  private static final int SIZE_BODY = 104;
  private static final int SIZE_RUN_STATE = 32;

  private GlobalState() {}

  private static byte[] header() {
    byte[] name = "globalstate".getBytes(StandardCharsets.US_ASCII);
    // Counted name, instance id 0, version id 1.
    return ByteBuffer.allocate(1 + name.length + 8)
        .put((byte) name.length)
        .put(name)
        .putInt(0)
        .putInt(1)
        .array();
  }

  /// The run state that device state says.
  ///
  /// @param sections device sections as they stand in the stream
  /// @return such as `running` or `paused`; empty if there is no such section
  public static Optional<String> runState(byte[] sections) {
    int body = find(sections);
    if (body < 0) {
      return Optional.empty();
    }
    int length = ByteBuffer.wrap(sections).getInt(body) - 1;
    return Optional.of(new String(sections, body + 4, length, StandardCharsets.US_ASCII));
  }

  /// The same sections with another run state.
  ///
  /// @param sections device sections as they stand in the stream; not changed
  /// @param runState such as `running` or `paused`, at most 31 characters
  /// @return a copy; unchanged if there is no such section
  public static byte[] withRunState(byte[] sections, String runState) {
    byte[] name = runState.getBytes(StandardCharsets.US_ASCII);
    if (name.length == 0 || name.length >= SIZE_RUN_STATE) {
      throw new IllegalArgumentException("run state \"" + runState + "\"");
    }
    byte[] copy = sections.clone();
    int body = find(copy);
    if (body >= 0) {
      ByteBuffer.wrap(copy).putInt(body, name.length + 1);
      Arrays.fill(copy, body + 4, body + 4 + SIZE_RUN_STATE, (byte) 0);
      System.arraycopy(name, 0, copy, body + 4, name.length);
    }
    return copy;
  }

  /// The same body of a `globalstate` section with another run state.
  ///
  /// @param header of the section
  /// @param body of the section; not changed
  /// @param runState such as `running` or `paused`, at most 31 characters
  /// @return a copy; unchanged if it is not of that form
  public static byte[] withRunState(SectionHeader header, byte[] body, String runState) {
    byte[] name = header.idstr().getBytes(StandardCharsets.ISO_8859_1);
    byte[] section =
        ByteBuffer.allocate(1 + 4 + 1 + name.length + 8 + body.length)
            .put((byte) 0x04)
            .putInt(header.sectionId())
            .put((byte) name.length)
            .put(name)
            .putInt(header.instanceId())
            .putInt(header.versionId())
            .put(body)
            .array();
    byte[] changed = withRunState(section, runState);
    return Arrays.copyOfRange(changed, changed.length - body.length, changed.length);
  }

  /// The same device state with another run state.
  ///
  /// @param state not changed
  /// @param runState such as `running` or `paused`, at most 31 characters
  public static DeviceState withRunState(DeviceState state, String runState) {
    return state.withSections(withRunState(state.sections(), runState));
  }

  /// Where the body starts, or -1. The last one counts: it stands near the end, and a guest can
  /// write what looks like it into a device's buffer before.
  private static int find(byte[] sections) {
    ByteBuffer in = ByteBuffer.wrap(sections);
    for (int at = sections.length - HEADER.length - SIZE_BODY; at >= 5; at--) {
      if (sections[at - 5] == 0x04
          && Arrays.equals(sections, at, at + HEADER.length, HEADER, 0, HEADER.length)
          && isBody(in, at + HEADER.length, in.getInt(at - 4))) {
        return at + HEADER.length;
      }
    }
    return -1;
  }

  private static boolean isBody(ByteBuffer in, int at, int sectionId) {
    int length = in.getInt(at);
    if (length < 2 || length > SIZE_RUN_STATE || in.get(at + 4 + length - 1) != 0) {
      return false;
    }
    int end = at + SIZE_BODY;
    return end == in.limit()
        || in.get(end) == 0x04
        || (in.limit() - end >= 5 && in.get(end) == 0x7e && in.getInt(end + 1) == sectionId);
  }
}
