// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.command.MigrationCommand;
import dev.tidemark.stream.vmstate.VmDescription;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The records inside a PACKAGED command.
///
/// Format: `postcopy_start` in `migration/migration.c`, QEMU 10.0.2.
final class PackageReader {
  private static final String CONTEXT = "package";
  private static final int SIZE_COMMAND = 5;
  private static final int WINDOW_BYTES = 128 << 10;

  private final StreamWindow in;
  private final long end;
  private @Nullable Boolean footers;

  private PackageReader(PackagedStream of) {
    ByteSource bytes = new SourceTail(ByteSource.of(of.bytes()), -of.contentOffset());
    in = StreamWindow.over(bytes, WINDOW_BYTES);
    in.base = of.contentOffset();
    end = of.contentOffset() + of.bytes().length;
  }

  /// Checks what can be told without a layout.
  static void check(PackagedStream packaged) throws StreamException {
    commands(packaged);
  }

  static List<Command> commands(PackagedStream packaged) throws StreamException {
    PackageReader reader = new PackageReader(packaged);
    return read(
        () -> {
          List<Command> found = new ArrayList<>();
          reader.refuseHeader();
          while (reader.type() == StreamDescriptor.COMMAND) {
            found.add(reader.command());
          }
          if (reader.in.streamOffset() < reader.end) {
            reader.requireType(StreamDescriptor.SECTION_FULL);
          }
          return List.copyOf(found);
        });
  }

  /// What stands between the commands. Where the sections begin, the commands before say; where
  /// they
  /// end, only the last bytes: a RUN, and before it a PING where a footer, or the package's
  /// beginning, stands before that.
  static byte[] deviceSections(PackagedStream packaged, boolean footers) throws StreamException {
    byte[] bytes = packaged.bytes();
    int start = 0;
    for (Command command : commands(packaged)) {
      start += SIZE_COMMAND + command.data().length;
    }
    int end = bytes.length;
    if (end - start >= SIZE_COMMAND && isCommand(bytes, end - SIZE_COMMAND, Command.POSTCOPY_RUN)) {
      end -= SIZE_COMMAND;
    }
    int ping = end - SIZE_COMMAND - Integer.BYTES;
    if (ping >= start
        && isCommand(bytes, ping, Command.PING)
        && (!footers || isFooter(bytes, start, ping))) {
      end = ping;
    }
    if (end > start && footers && !isFooter(bytes, start, end)) {
      throw new StreamException.Malformed(
          "package that does not end with a section or RUN",
          packaged.contentOffset() + end,
          CONTEXT);
    }
    return Arrays.copyOfRange(bytes, start, end);
  }

  private static boolean isCommand(byte[] bytes, int at, int command) {
    ByteBuffer in = ByteBuffer.wrap(bytes, at, SIZE_COMMAND);
    return in.get() == StreamDescriptor.COMMAND
        && in.getShort() == command
        && in.getShort() == Math.max(0, Command.fixedLength(command));
  }

  private static boolean isFooter(byte[] bytes, int start, int end) {
    return end - start > StreamDescriptor.SIZE_FOOTER
        && bytes[end - StreamDescriptor.SIZE_FOOTER] == StreamDescriptor.SECTION_FOOTER;
  }

  static Optional<List<StreamElement>> split(PackagedStream packaged, VmDescription layout)
      throws StreamException {
    PackageReader reader = new PackageReader(packaged);
    return read(
        () -> {
          List<StreamElement> found = new ArrayList<>();
          reader.refuseHeader();
          while (reader.in.streamOffset() < reader.end) {
            if (reader.type() == StreamDescriptor.COMMAND) {
              found.add(reader.command());
              continue;
            }
            DeviceSection section =
                reader.type() == StreamDescriptor.SECTION_FULL ? reader.section(layout) : null;
            if (section == null) {
              return Optional.empty();
            }
            found.add(section);
          }
          return Optional.of(List.copyOf(found));
        });
  }

  private interface Parse<T> {
    T parse() throws IOException;
  }

  /// Bytes in memory fail for no other reason than what they hold.
  private static <T> T read(Parse<T> parse) throws StreamException {
    try {
      return parse.parse();
    } catch (StreamException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The type of the record that comes next; -1 at the end.
  private int type() throws IOException {
    return in.ensure(1) ? in.peek() : -1;
  }

  private void refuseHeader() throws IOException {
    if (in.ensure(4) && in.segment.get(StreamWindow.BE32, in.position) == StreamDescriptor.MAGIC) {
      throw in.malformed("file header in a package", in.streamOffset(), CONTEXT);
    }
  }

  private void requireType(int wanted) throws IOException {
    if (type() != wanted) {
      throw in.malformed(
          "element type 0x" + Integer.toHexString(type()) + " in a package",
          in.streamOffset(),
          CONTEXT);
    }
  }

  private Command command() throws IOException {
    long at = in.streamOffset();
    in.position++;
    int command = in.be16(CONTEXT);
    int length = in.be16(CONTEXT);
    if (command == Command.PACKAGED) {
      throw in.malformed("package in a package", at, CONTEXT);
    }
    Command read = new Command(at, command, in.bytes(length, CONTEXT));
    MigrationCommand.decode(read);
    return read;
  }

  /// The next device section; null if the layout does not tell its end.
  private @Nullable DeviceSection section(VmDescription layout) throws IOException {
    long at = in.streamOffset();
    in.position++;
    int id = in.be32(CONTEXT);
    String idstr = in.countedString(CONTEXT);
    SectionHeader header = new SectionHeader(id, idstr, in.be32(CONTEXT), in.be32(CONTEXT));
    Optional<VmDescription.Device> device = layout.device(idstr, header.instanceId());
    if (device.isEmpty() || device.get().bodySize() > end - in.streamOffset()) {
      return null;
    }
    byte[] body = in.bytes((int) device.get().bodySize(), CONTEXT);
    if (footers == null) {
      footers = type() == StreamDescriptor.SECTION_FOOTER;
    }
    if (!footers) {
      return new DeviceSection(at, header, body, false);
    }
    boolean stands =
        in.ensure(StreamDescriptor.SIZE_FOOTER)
            && in.u8(CONTEXT) == StreamDescriptor.SECTION_FOOTER
            && in.be32(CONTEXT) == id;
    return stands ? new DeviceSection(at, header, body, true) : null;
  }

  static byte[] encode(List<? extends StreamElement> elements) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (StreamWriter out = MigrationStream.write(Channels.newChannel(bytes))) {
      for (StreamElement element : elements) {
        boolean fits =
            element instanceof DeviceSection
                || (element instanceof Command c && c.command() != Command.PACKAGED);
        if (!fits) {
          throw new IllegalArgumentException(element.getClass().getSimpleName() + " in a package");
        }
        out.with(element);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
