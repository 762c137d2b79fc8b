// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import java.io.IOException;

/// A flat-map over stream elements: pass an element on, drop it, replace it, or add to it.
///
/// ```java
/// StreamTransform withoutCommands =
///     (out, element) -> {
///       if (!(element instanceof StreamElement.Command)) {
///         out.with(element);
///       }
///     };
/// ```
///
/// One with state serves one stream only.
@FunctionalInterface
public interface StreamTransform {
  /// Passes every element on.
  StreamTransform IDENTITY = Sink::with;

  /// Takes an element.
  ///
  /// @param out takes what comes of it
  /// @param element the next one of the stream; a RAM section's pages are a loan that ends when
  ///     this returns
  /// @throws IOException if the sink throws
  void accept(Sink out, StreamElement element) throws IOException;

  /// Called once after the last element.
  ///
  /// @param out takes what is still to come
  /// @throws IOException if the sink throws
  default void atEnd(Sink out) throws IOException {}

  /// This one, and another behind it.
  ///
  /// @param next takes what this one puts out
  default StreamTransform andThen(StreamTransform next) {
    StreamTransform first = this;
    return new StreamTransform() {
      @Override
      public void accept(Sink out, StreamElement element) throws IOException {
        first.accept(e -> next.accept(out, e), element);
      }

      @Override
      public void atEnd(Sink out) throws IOException {
        first.atEnd(e -> next.accept(out, e));
        next.atEnd(out);
      }
    };
  }

  /// Where elements go.
  @FunctionalInterface
  interface Sink {
    /// Takes an element.
    ///
    /// @param element the next one
    /// @throws IOException if it cannot be written, or the pages on loan in it cannot be read
    void with(StreamElement element) throws IOException;
  }
}
