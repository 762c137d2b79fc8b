// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.stream.StreamException;
import java.io.IOException;

/// Says whether a subject behaved: it read the bytes, or threw a [StreamException] whose offset
/// lies
/// in them.
public final class Judge {
  private Judge() {}

  /// Has bytes read.
  ///
  /// @param subject the reader
  /// @param bytes the first `length` of them count
  /// @param length how many
  /// @return whether they were read to their end
  /// @throws AssertionError if the subject threw anything else, or an offset outside the bytes
  public static boolean reads(Subject subject, byte[] bytes, int length) {
    try {
      subject.read(bytes, length);
      return true;
    } catch (StreamException e) {
      if (e.streamOffset() < 0 || e.streamOffset() > length) {
        throw new AssertionError("offset outside " + length + " bytes: " + e.getMessage(), e);
      }
      return false;
    } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw new AssertionError(e.toString(), e);
    }
  }

  /// Whether a subject takes good bytes as it should: reads them, or refuses them if it may.
  ///
  /// @param subject the reader
  /// @param good the bytes
  /// @throws AssertionError as [#reads]
  public static boolean takes(Subject subject, byte[] good) {
    if (reads(subject, good, good.length)) {
      return true;
    }
    try {
      subject.read(good, good.length);
      return false;
    } catch (StreamException.Unsupported e) {
      return subject.mayRefuse();
    } catch (IOException e) {
      return false;
    }
  }
}
