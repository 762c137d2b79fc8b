// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.OptionalLong;
import java.util.Set;

/// The demo guest and what it is told to do. Starts with [#DEFAULT]; each `with` method changes one
/// thing.
///
/// @param workingSetBytes size of the working set, at least 64 KiB
/// @param bytesPerSecond how fast it is rewritten; absent: without a limit
/// @param fill what data pages are made of
/// @param tickMillis a tick line comes every so many milliseconds; 0: none
/// @param checksAll whether a walk checks all pages, not only the working set
/// @param halts whether the guest halts once its memory is filled
public record DemoGuest(
    long workingSetBytes,
    OptionalLong bytesPerSecond,
    Fill fill,
    int tickMillis,
    boolean checksAll,
    boolean halts) {
  /// 128 MiB at 64 MiB a second, random, a tick each millisecond, everything checked.
  public static final DemoGuest DEFAULT =
      new DemoGuest(128L << 20, OptionalLong.of(64L << 20), Fill.RANDOM, 1, true, false);

  private static final String RESOURCE = "guest.elf";

  /// Checks the ranges.
  public DemoGuest {
    if (workingSetBytes < 64 << 10) {
      throw new IllegalArgumentException("the working set must be at least 64 KiB");
    }
    if (tickMillis < 0 || bytesPerSecond.orElse(0) < 0) {
      throw new IllegalArgumentException("rates and times must not be negative");
    }
  }

  /// The same with another working set.
  ///
  /// @param bytes its size, at least 64 KiB
  public DemoGuest withWorkingSet(long bytes) {
    return new DemoGuest(bytes, bytesPerSecond, fill, tickMillis, checksAll, halts);
  }

  /// The same at another rate.
  ///
  /// @param rate bytes a second; absent: without a limit
  public DemoGuest withRate(OptionalLong rate) {
    return new DemoGuest(workingSetBytes, rate, fill, tickMillis, checksAll, halts);
  }

  /// The same with other data.
  ///
  /// @param other what data pages are made of
  public DemoGuest withFill(Fill other) {
    return new DemoGuest(workingSetBytes, bytesPerSecond, other, tickMillis, checksAll, halts);
  }

  /// The value of QEMU's `-append`.
  public String parameters() {
    String rate = bytesPerSecond.isPresent() ? "" + bytesPerSecond.getAsLong() : "max";
    return "ws=%d rate=%s fill=%s tick=%d check=%s halt=%s"
        .formatted(
            workingSetBytes, rate, fill.wireName(), tickMillis, onOff(checksAll), onOff(halts));
  }

  private static String onOff(boolean value) {
    return value ? "on" : "off";
  }

  /// Writes the guest's program to a new file that nobody else can read.
  ///
  /// @param file the file, which does not exist
  /// @throws IOException if it cannot be written
  static void writeProgram(Path file) throws IOException {
    try (InputStream in = DemoGuest.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new FileNotFoundException("the demo guest is missing in this build");
      }
      try (SeekableByteChannel out =
          Files.newByteChannel(
              file,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        ByteBuffer bytes = ByteBuffer.wrap(in.readAllBytes());
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
      }
    }
  }
}
