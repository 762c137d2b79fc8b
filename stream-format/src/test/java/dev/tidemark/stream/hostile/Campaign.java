// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/// Damages good bytes and has subjects read what is left: cut off at a position, a byte flipped
/// there, or a length of 2, 4 or 8 bytes put there at its extremes.
///
/// A case is a position and a damage; subjects take turns. Runs in whatever memory its JVM has:
/// running out of it is a find like any other.
public final class Campaign {
  private static final int MOST_FINDS = 20;

  private final Path findsFolder;
  private final List<String> finds = new ArrayList<>();
  private long cases;

  private long end = Long.MAX_VALUE;
  private boolean late;

  /// What is being done, for whoever watches whether it ends.
  private volatile String current = "";

  /// A campaign without a case yet.
  ///
  /// @param findsFolder where each damaged input goes that a subject does not stand
  public Campaign(Path findsFolder) {
    this.findsFolder = findsFolder;
  }

  private enum Damage {
    CUT(0, 0),
    FLIP_LOW(1, 0x01),
    FLIP_HIGH(1, 0x80),
    FLIP_ALL(1, 0xff),
    NONE_16(2, 0),
    MOST_16(2, -1),
    NONE_32(4, 0),
    ONE_32(4, 1),
    MOST_SIGNED_32(4, Integer.MAX_VALUE),
    LEAST_SIGNED_32(4, Integer.MIN_VALUE),
    MOST_32(4, -1),
    NONE_64(8, 0),
    MOST_SIGNED_64(8, Long.MAX_VALUE),
    LEAST_SIGNED_64(8, Long.MIN_VALUE),
    MOST_64(8, -1),
    HUGE_PAGE_64(8, 1L << 62 | 8),
    HUGE_LIST_64(8, 1L << 45 | 4);

    final int size;
    final long value;

    Damage(int size, long value) {
      this.size = size;
      this.value = value;
    }

    /// Does it to bytes.
    ///
    /// @return how many bytes are left
    int apply(byte[] bytes, int at) {
      ByteBuffer view = ByteBuffer.wrap(bytes);
      switch (size) {
        case 0 -> {
          return at;
        }
        case 1 -> bytes[at] ^= (byte) value;
        case 2 -> view.putShort(at, (short) value);
        case 4 -> view.putInt(at, (int) value);
        default -> view.putLong(at, value);
      }
      return bytes.length;
    }
  }

  /// Runs one.
  ///
  /// @param name of the good bytes
  /// @param good what all subjects must read; damaged in place and mended
  /// @param subjects take turns, so that each gets its share of all positions and damages
  /// @param positions where to damage
  /// @param most how many cases; if there are more, as many are drawn by a fixed seed
  public void run(
      String name, byte[] good, List<? extends Subject> subjects, int[] positions, long most)
      throws IOException {
    run(name, good, subjects, positions, most, Damage.values());
  }

  /// Runs all cases; every subject gets each.
  void each(Ground on) throws IOException {
    for (Subject subject : on.subjects()) {
      run(on.what(), on.good(), List.of(subject), on.positions(), Long.MAX_VALUE);
    }
  }

  /// Runs all cases; every subject gets every cut, and they take turns with the rest.
  void eachCut(Ground on) throws IOException {
    for (Subject subject : on.subjects()) {
      run(on.what(), on.good(), List.of(subject), on.positions(), Long.MAX_VALUE, Damage.CUT);
    }
    Damage[] others =
        Arrays.stream(Damage.values()).filter(d -> d != Damage.CUT).toArray(Damage[]::new);
    run(on.what(), on.good(), on.subjects(), on.positions(), Long.MAX_VALUE, others);
  }

  private void run(
      String name,
      byte[] good,
      List<? extends Subject> subjects,
      int[] positions,
      long most,
      Damage... damages)
      throws IOException {
    for (Subject subject : subjects) {
      current = name + " whole, " + subject;
      if (!Judge.takes(subject, good)) {
        throw new AssertionError(subject + " does not read " + name + " as it is");
      }
    }
    long all = (long) positions.length * damages.length;
    Random random = new Random(name.hashCode());
    for (long i = 0; i < Math.min(all, most) && !over(); i++) {
      long drawn = all <= most ? i : random.nextLong(all);
      int position = positions[(int) (drawn / damages.length)];
      Damage damage = damages[(int) (drawn % damages.length)];
      // A step that shares no factor with the number of damages: over the positions, every subject
      // gets every damage.
      Subject subject = subjects.get((int) ((drawn + drawn / damages.length) % subjects.size()));
      if (position + damage.size <= good.length) {
        attempt(name, good, subject, position, damage);
      }
    }
  }

  /// Whether nothing more is tried; says so where there is no other sign.
  private boolean over() {
    late |= System.nanoTime() > end;
    return late || finds.size() >= MOST_FINDS;
  }

  private void attempt(String name, byte[] good, Subject subject, int position, Damage damage)
      throws IOException {
    long before = position + 8 <= good.length ? ByteBuffer.wrap(good).getLong(position) : 0;
    byte[] end = tail(good, position);
    current = name + " at 0x" + Integer.toHexString(position) + " " + damage + ", " + subject;
    int length = damage.apply(good, position);
    try {
      cases++;
      boolean whole = Judge.reads(subject, good, length);
      if (whole && damage == Damage.CUT && !subject.mayEnd(good, length)) {
        throw new AssertionError("cut, and taken for whole");
      }
    } catch (AssertionError e) {
      keep(e, good, length);
    } finally {
      if (end.length == 0) {
        ByteBuffer.wrap(good).putLong(position, before);
      } else {
        System.arraycopy(end, 0, good, position, end.length);
      }
    }
  }

  /// The bytes from a position on, where there are fewer than 8.
  private static byte[] tail(byte[] good, int position) {
    int length = good.length - position;
    byte[] end = new byte[length < 8 ? length : 0];
    System.arraycopy(good, position, end, 0, end.length);
    return end;
  }

  private void keep(AssertionError e, byte[] bytes, int length) throws IOException {
    Files.createDirectories(findsFolder);
    MessageDigest sha = sha256();
    sha.update(bytes, 0, length);
    String hash = HexFormat.of().formatHex(sha.digest(), 0, 6);
    String cause = e.getCause() == null ? "Assertion" : e.getCause().getClass().getSimpleName();
    Path file = findsFolder.resolve(cause + "-" + hash + ".bin");
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(bytes, 0, length);
    }
    finds.add(file.getFileName() + ": " + current + ": " + e.getMessage());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// What subjects did not stand, one line each: file, case, what happened.
  public List<String> finds() {
    return List.copyOf(finds);
  }

  /// How many cases have been run.
  public long cases() {
    return cases;
  }

  /// Tries no more cases from a time on.
  ///
  /// @param nanoTime by [System#nanoTime]
  void endAt(long nanoTime) {
    end = nanoTime;
  }

  /// Whether every case was tried: neither too late, nor had too much been found.
  boolean whole() {
    return !late && finds.size() < MOST_FINDS;
  }

  /// The case at hand.
  String current() {
    return current;
  }
}
