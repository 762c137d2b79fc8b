// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import java.nio.file.Path;
import java.util.List;

/// The VM of a demo. Starts with [#DEFAULT]; each `with` method changes one thing.
///
/// @param qemu QEMU's program: a path, or a name to look for on `PATH`
/// @param type the machine type, `pc` or `q35`
/// @param accelerator `tcg` or `kvm`
/// @param memoryBytes size of its RAM, at least [#MIN_MEMORY], a multiple of 1 MiB
/// @param guest what its guest does
public record DemoMachine(
    String qemu, String type, String accelerator, long memoryBytes, DemoGuest guest) {
  /// The least RAM that the guest works in.
  public static final long MIN_MEMORY = 32L << 20;

  /// QEMU rounds sizes up to multiples of this.
  private static final int ODD_KIB = 8;

  /// 512 MiB, `pc`, TCG, the installed QEMU.
  public static final DemoMachine DEFAULT =
      new DemoMachine("qemu-system-x86_64", "pc", "tcg", 512L << 20, DemoGuest.DEFAULT);

  /// Checks the ranges.
  public DemoMachine {
    if (memoryBytes < MIN_MEMORY || memoryBytes % (1 << 20) != 0) {
      throw new IllegalArgumentException("the memory must be whole MiB, at least 32");
    }
    if (guest.workingSetBytes() > memoryBytes / 2) {
      throw new IllegalArgumentException("the working set must be at most half of the memory");
    }
    if (!List.of("pc", "q35").contains(type)) {
      throw new IllegalArgumentException("no such machine: '" + type + "'; there is: pc, q35");
    }
    if (!List.of("tcg", "kvm").contains(accelerator)) {
      throw new IllegalArgumentException(
          "no such accelerator: '" + accelerator + "'; there is: tcg, kvm");
    }
  }

  /// The same in another QEMU.
  ///
  /// @param program a path, or a name to look for on `PATH`
  public DemoMachine withQemu(String program) {
    return new DemoMachine(program, type, accelerator, memoryBytes, guest);
  }

  /// The same of another type.
  ///
  /// @param other `pc` or `q35`
  public DemoMachine withType(String other) {
    return new DemoMachine(qemu, other, accelerator, memoryBytes, guest);
  }

  /// The same on another accelerator.
  ///
  /// @param other `tcg` or `kvm`
  public DemoMachine withAccelerator(String other) {
    return new DemoMachine(qemu, type, other, memoryBytes, guest);
  }

  /// The same with other sizes.
  ///
  /// @param bytes size of its RAM
  /// @param other what its guest does, its working set at most half of that
  public DemoMachine with(long bytes, DemoGuest other) {
    return new DemoMachine(qemu, type, accelerator, bytes, other);
  }

  /// QEMU's arguments. The guest cannot begin before somebody has connected to `serial`.
  ///
  /// @param oddSize whether RAM is to be a little smaller, so that it is no multiple of 256 KiB
  List<String> arguments(Path program, Path serial, Path qmp, boolean oddSize) {
    return List.of(
        "-name",
        "tidemark-demo",
        "-machine",
        type,
        "-accel",
        accelerator,
        "-m",
        oddSize ? (memoryBytes >> 10) - ODD_KIB + "K" : (memoryBytes >> 20) + "M",
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-qmp",
        "unix:" + escaped(qmp) + ",server=on,wait=off",
        "-chardev",
        "socket,id=guest,path=" + escaped(serial) + ",server=on,wait=on",
        "-serial",
        "chardev:guest",
        "-kernel",
        program.toString(),
        "-append",
        guest.parameters());
  }

  private static String escaped(Path path) {
    return path.toString().replace(",", ",,");
  }
}
