// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.command;

import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/// A `MIG_CMD_*` command of the source to the destination, with its payload taken apart.
///
/// [#decode] and [#encode] lead to and from [Command], the element of the stream. Commands are
/// values and immutable.
///
/// Format: `loadvm_process_command` in `migration/savevm.c`, QEMU 10.0.2.
public sealed interface MigrationCommand {
  /// `MIG_CMD_OPEN_RETURN_PATH`: the destination may answer from now on.
  record OpenReturnPath() implements MigrationCommand {}

  /// `MIG_CMD_PING`: the destination answers with a PONG of the same value.
  ///
  /// @param value any number
  record Ping(int value) implements MigrationCommand {}

  /// `MIG_CMD_POSTCOPY_ADVISE`: postcopy may follow.
  ///
  /// @param pageSizes of RAM; absent where only dirty bitmaps will go on in postcopy
  record PostcopyAdvise(Optional<PageSizes> pageSizes) implements MigrationCommand {}

  /// What source and destination must have in common for postcopy of RAM.
  ///
  /// @param hostPageSizes the host page sizes of all RAM blocks, or-ed together
  /// @param targetPageSize target page size in bytes
  record PageSizes(long hostPageSizes, long targetPageSize) {}

  /// `MIG_CMD_POSTCOPY_LISTEN`: RAM may be asked for from now on.
  record PostcopyListen() implements MigrationCommand {}

  /// `MIG_CMD_POSTCOPY_RUN`: the guest goes on at the destination.
  record PostcopyRun() implements MigrationCommand {}

  /// `MIG_CMD_POSTCOPY_RAM_DISCARD`: what has been sent of these pages is out of date.
  ///
  /// @param block name of the RAM block, 1 to 255 characters, each one byte (Latin-1)
  /// @param ranges at least one; QEMU sends at most 12 in a command
  record PostcopyRamDiscard(String block, List<Range> ranges) implements MigrationCommand {
    /// Most ranges that fit behind a name of one character.
    public static final int MAX_RANGES = 4095;

    /// Copies the list and checks that it fits into a command.
    public PostcopyRamDiscard {
      byte[] name = Payload.name(block);
      ranges = List.copyOf(ranges);
      if (ranges.isEmpty() || Payload.discardBytes(name.length, ranges.size()) > 0xffff) {
        throw new IllegalArgumentException(ranges.size() + " ranges");
      }
    }
  }

  /// A range of a RAM block.
  ///
  /// @param start offset in the block in bytes
  /// @param length in bytes
  record Range(long start, long length) {}

  /// `MIG_CMD_PACKAGED` alone. In a stream it comes together with what it announces, as
  /// [dev.tidemark.stream.StreamElement.PackagedStream].
  ///
  /// @param size bytes of the package; unsigned
  record Packaged(int size) implements MigrationCommand {}

  /// `MIG_CMD_ENABLE_COLO`: checkpoints will follow the migration.
  record EnableColo() implements MigrationCommand {}

  /// `MIG_CMD_POSTCOPY_RESUME`: a broken postcopy goes on over this connection.
  record PostcopyResume() implements MigrationCommand {}

  /// `MIG_CMD_RECV_BITMAP`: the destination is to say which pages of a block it has.
  ///
  /// @param block name of the RAM block, 1 to 255 characters, each one byte (Latin-1)
  record ReceivedBitmapRequest(String block) implements MigrationCommand {
    /// Checks the name.
    public ReceivedBitmapRequest {
      Payload.name(block);
    }
  }

  /// `MIG_CMD_SWITCHOVER_START`: the source has stopped for good.
  record SwitchoverStart() implements MigrationCommand {}

  /// Takes a command's payload apart.
  ///
  /// @param command as read from a stream
  /// @throws StreamException.Malformed if the number is none of QEMU's, or the payload is not of
  /// the
  ///     command's form
  static MigrationCommand decode(Command command) throws StreamException {
    Payload in = Payload.of(command);
    MigrationCommand decoded =
        switch (command.command()) {
          case Command.OPEN_RETURN_PATH -> new OpenReturnPath();
          case Command.PING -> new Ping(in.be32());
          case Command.POSTCOPY_ADVISE ->
              new PostcopyAdvise(
                  command.data().length == 0
                      ? Optional.empty()
                      : Optional.of(new PageSizes(in.be64(), in.be64())));
          case Command.POSTCOPY_LISTEN -> new PostcopyListen();
          case Command.POSTCOPY_RUN -> new PostcopyRun();
          case Command.POSTCOPY_RAM_DISCARD -> in.discard();
          case Command.PACKAGED -> new Packaged(in.be32());
          case Command.ENABLE_COLO -> new EnableColo();
          case Command.POSTCOPY_RESUME -> new PostcopyResume();
          case Command.RECV_BITMAP -> new ReceivedBitmapRequest(in.countedString());
          case Command.SWITCHOVER_START -> new SwitchoverStart();
          default -> throw in.unknown(command);
        };
    in.end();
    return decoded;
  }

  /// The command as an element of a stream; equal commands give equal bytes.
  default Command encode() {
    return switch (this) {
      case OpenReturnPath _ -> command(Command.OPEN_RETURN_PATH);
      case Ping(int value) -> new Command(0, Command.PING, bytes(4).putInt(value).array());
      case PostcopyAdvise(Optional<PageSizes> sizes) ->
          sizes
              .map(
                  s ->
                      new Command(
                          0,
                          Command.POSTCOPY_ADVISE,
                          bytes(16).putLong(s.hostPageSizes()).putLong(s.targetPageSize()).array()))
              .orElseGet(() -> command(Command.POSTCOPY_ADVISE));
      case PostcopyListen _ -> command(Command.POSTCOPY_LISTEN);
      case PostcopyRun _ -> command(Command.POSTCOPY_RUN);
      case PostcopyRamDiscard discard ->
          new Command(0, Command.POSTCOPY_RAM_DISCARD, Payload.encode(discard));
      case Packaged(int size) -> new Command(0, Command.PACKAGED, bytes(4).putInt(size).array());
      case EnableColo _ -> command(Command.ENABLE_COLO);
      case PostcopyResume _ -> command(Command.POSTCOPY_RESUME);
      case ReceivedBitmapRequest(String block) -> {
        byte[] name = Payload.name(block);
        yield new Command(
            0,
            Command.RECV_BITMAP,
            bytes(1 + name.length).put((byte) name.length).put(name).array());
      }
      case SwitchoverStart _ -> command(Command.SWITCHOVER_START);
    };
  }

  private static Command command(int number) {
    return new Command(0, number, new byte[0]);
  }

  private static ByteBuffer bytes(int count) {
    return ByteBuffer.allocate(count);
  }
}
