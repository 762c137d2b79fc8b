// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.vmstate.MachineVmstate;
import dev.tidemark.stream.vmstate.VmstateValue;
import java.util.Arrays;
import java.util.Optional;

/// Decodes device state made to take as much memory and time as can be had, as a program, so that
/// its JVM's memory bounds what that may be: `VmstateMemoryMain CASE`.
///
/// Prints how it ended, and after how many milliseconds.
public final class VmstateMemoryMain {
  private static final int MANY = 64 << 20;

  private VmstateMemoryMain() {}

  /// Runs it.
  ///
  /// @param args the name of a [Case]
  @SuppressWarnings("SystemOut")
  public static void main(String[] args) {
    Case attack = Case.valueOf(args[0]);
    DeviceState state = state(attack.json(), attack.bodySize);
    long start = System.nanoTime();
    String end;
    try {
      MachineVmstate machine = MachineVmstate.decode(state);
      if (!Arrays.equals(machine.encode().sections(), state.sections())) {
        throw new AssertionError("other bytes than were decoded");
      }
      end =
          machine.devices().isEmpty() || machine.devices().getFirst().fields().members().isEmpty()
              ? "decoded"
              : kind(machine.devices().getFirst().fields().members().getFirst().value());
    } catch (StreamException e) {
      end = e.getClass().getSimpleName();
    }
    System.out.println(end + " " + (System.nanoTime() - start) / 1_000_000);
  }

  private static String kind(VmstateValue value) {
    return value.getClass().getSimpleName();
  }

  /// What is tried.
  enum Case {
    /// 100 MB in one string.
    HUNDRED_MEGABYTES_OF_JSON(0) {
      @Override
      String json() {
        return "{\"x\":\"" + "y".repeat(100_000_000) + "\"}";
      }
    },
    /// As much JSON as is read, all of it fields without anything.
    EMPTY_FIELDS(0) {
      @Override
      String json() {
        return device("{},".repeat(MANY / 3 - 100) + "{}");
      }
    },
    /// As much JSON as is read, all of it fields of different names.
    NAMED_FIELDS(0) {
      @Override
      String json() {
        StringBuilder json = new StringBuilder(MANY);
        for (int i = 0; json.length() < MANY - 1000; i++) {
          json.append("{\"name\":\"").append(i).append("\"},");
        }
        return device(json + "{}");
      }
    },
    /// As much JSON as is read, none of which means anything.
    UNKNOWN_KEYS(0) {
      @Override
      String json() {
        return "{\"x\":[" + "[{}],".repeat(MANY / 5 - 100) + "0]}";
      }
    },
    /// As many different keys as fit.
    DIFFERENT_KEYS(0) {
      @Override
      String json() {
        StringBuilder json = new StringBuilder(MANY).append('{');
        for (int i = 0; json.length() < MANY - 1000; i++) {
          json.append('"').append(i).append("\":0,");
        }
        return json + "\"x\":0}";
      }
    },
    /// Structs of one byte, more than are decoded.
    TINY_STRUCTS(16 << 20) {
      @Override
      String json() {
        return device(
            "{\"name\":\"s\",\"array_len\":16777216,\"type\":\"struct\",\"struct\":{\"fields\":["
                + "{\"name\":\"x\",\"type\":\"uint8\",\"size\":1}]},\"size\":1}");
      }
    },
    /// As many structs of one byte as are decoded.
    MOST_TINY_STRUCTS(520_000) {
      @Override
      String json() {
        return device(
            "{\"name\":\"s\",\"array_len\":520000,\"type\":\"struct\",\"struct\":{\"fields\":["
                + "{\"name\":\"x\",\"type\":\"uint8\",\"size\":1}]},\"size\":1}");
      }
    },
    /// Arrays of arrays of nothing.
    NOTHING(0) {
      @Override
      String json() {
        String fields = "";
        for (int i = 0; i < 40; i++) {
          fields =
              "{\"name\":\"s\",\"type\":\"struct\",\"struct\":{\"fields\":["
                  + fields
                  + "]},\"size\":0,\"array_len\":2147483647}";
        }
        return device(fields);
      }
    },
    /// A body that is all list elements of nothing.
    LONG_LIST(16 << 20) {
      @Override
      String json() {
        return device(
            "{\"name\":\"q\",\"type\":\"qtailq\",\"vmsd_name\":\"e\",\"version\":1,\"fields\":[],"
                + "\"size\":16777216}");
      }
    },
    /// As deep as is read.
    DEEP(0) {
      @Override
      String json() {
        String open = "{\"name\":\"s\",\"type\":\"struct\",\"size\":0,\"struct\":{\"fields\":[";
        return device(open.repeat(80) + "]}}".repeat(80));
      }
    };

    final int bodySize;

    Case(int bodySize) {
      this.bodySize = bodySize;
    }

    abstract String json();
  }

  private static String device(String fields) {
    return "{\"page_size\":4096,\"devices\":[{\"name\":\"d\",\"instance_id\":0,\"vmsd_name\":\"d\","
        + "\"version\":1,\"fields\":["
        + fields
        + "]}]}";
  }

  /// One section `d` with a body of ones, which mark list elements.
  private static DeviceState state(String json, int bodySize) {
    byte[] sections = new byte[15 + bodySize + 5];
    Arrays.fill(sections, 15, 15 + bodySize, (byte) 1);
    sections[0] = 4;
    sections[4] = 9;
    sections[5] = 1;
    sections[6] = 'd';
    sections[15 + bodySize] = 0x7e;
    sections[15 + bodySize + 4] = 9;
    return new DeviceState(sections, Optional.of(json));
  }
}
