// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.Configuration;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.FileHeader;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.command.MigrationCommand;
import dev.tidemark.stream.vmstate.GlobalState;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

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

  /// A rule about pages as a rule about streams: pages of every RAM section are visited and written
  /// anew, and nothing else is changed. Blocks are named once and continued then.
  ///
  /// Pages must stand in the stream itself: [StreamException.Unsupported] where they are deltas to
  /// former versions (XBZRLE). Words that call for the multifd channels are not handed on, so that
  /// a
  /// multifd stream is to be merged first. Where the stream is of the `mapped-ram` kind, the rule
  /// is
  /// applied twice and must do the same both times, without changing the order of pages.
  ///
  /// @param rule what to do with the pages
  static StreamTransform transformingPages(PageTransform rule) {
    return (out, element) -> {
      if (element instanceof RamSection(long at, var phase, var header, var list, var pages)) {
        out.with(
            new RamSection(at, phase, header, list, visitor -> pages.forEach(rule.into(visitor))));
      } else {
        out.with(element);
      }
    };
  }

  /// RAM encoded anew, as [#transformingPages] does it, with no page changed.
  static StreamTransform reencodingRam() {
    return transformingPages(PageTransform.IDENTITY);
  }

  /// Drops vmdesc.
  static StreamTransform withoutVmdesc() {
    return (out, element) -> {
      switch (element) {
        case StreamElement.VmDescription _ -> {}
        case DeviceStateTail(long at, byte[] bytes, int length) ->
            out.with(new DeviceStateTail(at, Arrays.copyOf(bytes, length + 1), length));
        default -> out.with(element);
      }
    };
  }

  /// Drops commands, PACKAGED not among them: those of a connection, for example, where a stream is
  /// stored that was meant for a peer.
  ///
  /// @param which the command numbers to drop
  static StreamTransform withoutCommands(IntPredicate which) {
    return (out, element) -> {
      if (!(element instanceof Command command && which.test(command.command()))) {
        out.with(element);
      }
    };
  }

  /// Adds commands where QEMU puts those for a peer: behind the configuration section, or behind
  /// the
  /// header where there is none. Has state: serves one stream.
  ///
  /// @param commands in order
  static StreamTransform withCommands(List<MigrationCommand> commands) {
    return new StreamTransform() {
      private boolean added;

      @Override
      public void accept(Sink out, StreamElement element) throws IOException {
        if (!(element instanceof FileHeader || element instanceof Configuration)) {
          add(out);
        }
        out.with(element);
      }

      @Override
      public void atEnd(Sink out) throws IOException {
        add(out);
      }

      private void add(Sink out) throws IOException {
        if (!added) {
          added = true;
          for (MigrationCommand command : commands) {
            out.with(command.encode());
          }
        }
      }
    };
  }

  /// Rewrites the run state in `globalstate`, wherever that is: a section, a tail or a package. A
  /// destination goes to that state when it has loaded the stream.
  ///
  /// @param runState such as `running` or `paused`, 1 to 31 characters
  static StreamTransform withRunState(String runState) {
    // Refuses a state that does not fit now, not at the end of a stream.
    GlobalState.withRunState(new byte[0], runState);
    return (out, element) ->
        out.with(
            switch (element) {
              case DeviceSection(long at, var header, byte[] body, boolean footer)
                  when header.idstr().equals("globalstate") ->
                  new DeviceSection(
                      at, header, GlobalState.withRunState(header, body, runState), footer);
              case DeviceStateTail(long at, byte[] bytes, int length) -> {
                byte[] changed = bytes.clone();
                byte[] sections = Arrays.copyOf(bytes, length);
                System.arraycopy(
                    GlobalState.withRunState(sections, runState), 0, changed, 0, length);
                yield new DeviceStateTail(at, changed, length);
              }
              case PackagedStream(long at, byte[] bytes) ->
                  new PackagedStream(at, GlobalState.withRunState(bytes, runState));
              default -> element;
            });
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
