// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.command;

import static dev.tidemark.stream.fixture.Hex.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.command.MigrationCommand.EnableColo;
import dev.tidemark.stream.command.MigrationCommand.OpenReturnPath;
import dev.tidemark.stream.command.MigrationCommand.Packaged;
import dev.tidemark.stream.command.MigrationCommand.PageSizes;
import dev.tidemark.stream.command.MigrationCommand.Ping;
import dev.tidemark.stream.command.MigrationCommand.PostcopyAdvise;
import dev.tidemark.stream.command.MigrationCommand.PostcopyListen;
import dev.tidemark.stream.command.MigrationCommand.PostcopyRamDiscard;
import dev.tidemark.stream.command.MigrationCommand.PostcopyResume;
import dev.tidemark.stream.command.MigrationCommand.PostcopyRun;
import dev.tidemark.stream.command.MigrationCommand.Range;
import dev.tidemark.stream.command.MigrationCommand.ReceivedBitmapRequest;
import dev.tidemark.stream.command.MigrationCommand.SwitchoverStart;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class MigrationCommandTest {
  /// The payload of each command, as QEMU writes it.
  private static final Map<MigrationCommand, String> GOLDEN =
      Map.ofEntries(
          Map.entry(new OpenReturnPath(), "0001"),
          Map.entry(new Ping(0xcafe), "0002 0000cafe"),
          Map.entry(new PostcopyAdvise(Optional.empty()), "0003"),
          Map.entry(
              new PostcopyAdvise(Optional.of(new PageSizes(0x201000, 0x1000))),
              "0003 0000000000201000 0000000000001000"),
          Map.entry(new PostcopyListen(), "0004"),
          Map.entry(new PostcopyRun(), "0005"),
          Map.entry(
              new PostcopyRamDiscard(
                  "pc.ram", List.of(new Range(0x20000, 0x70000), new Range(0x100000, 0x1000))),
              "0006 00 06 70632e72616d 00" // version, name, terminator
                  + "0000000000020000 0000000000070000"
                  + "0000000000100000 0000000000001000"),
          Map.entry(new Packaged(0x3434), "0007 00003434"),
          Map.entry(new EnableColo(), "0008"),
          Map.entry(new PostcopyResume(), "0009"),
          Map.entry(new ReceivedBitmapRequest("pc.ram"), "000a 06 70632e72616d"),
          Map.entry(new SwitchoverStart(), "000b"));

  @Test
  void goldenBytes() throws StreamException {
    for (Map.Entry<MigrationCommand, String> golden : GOLDEN.entrySet()) {
      byte[] bytes = bytes(golden.getValue());
      Command encoded = golden.getKey().encode();
      assertThat(encoded.command()).isEqualTo(bytes[1]);
      assertThat(encoded.data()).isEqualTo(Arrays.copyOfRange(bytes, 2, bytes.length));
      assertThat(MigrationCommand.decode(encoded)).isEqualTo(golden.getKey());
    }
    assertThat(GOLDEN.keySet().stream().map(c -> c.encode().command()).distinct()).hasSize(11);
  }

  @Provide
  Arbitrary<MigrationCommand> commands() {
    Arbitrary<String> names =
        Arbitraries.strings().withCharRange((char) 1, (char) 255).ofMinLength(1).ofMaxLength(255);
    Arbitrary<Range> ranges =
        Combinators.combine(Arbitraries.longs(), Arbitraries.longs()).as(Range::new);
    return Arbitraries.oneOf(
        Arbitraries.integers().map(Ping::new),
        Arbitraries.integers().map(Packaged::new),
        names.map(ReceivedBitmapRequest::new),
        Combinators.combine(Arbitraries.longs(), Arbitraries.longs())
            .as((host, target) -> new PostcopyAdvise(Optional.of(new PageSizes(host, target)))),
        Combinators.combine(names, ranges.list().ofMinSize(1).ofMaxSize(40))
            .as(PostcopyRamDiscard::new));
  }

  @Property(tries = 500)
  void anyCommandDecodesToItself(@ForAll("commands") MigrationCommand command)
      throws StreamException {
    assertThat(MigrationCommand.decode(command.encode())).isEqualTo(command);
  }

  /// Whatever the payload, it is decoded to what encodes to it, or refused at an offset inside.
  @Property(tries = 2000)
  void anyPayloadIsDecodedOrRefused(@ForAll("numbers") int number, @ForAll byte[] data) {
    Command command = new Command(1000, number, data);
    try {
      assertThat(MigrationCommand.decode(command).encode().data()).isEqualTo(data);
    } catch (StreamException e) {
      assertThat(e).isInstanceOf(StreamException.Malformed.class);
      assertThat(e.streamOffset()).isBetween(1001L, 1005L + data.length);
    }
  }

  @Provide
  Arbitrary<Integer> numbers() {
    return Arbitraries.integers().between(0, 13);
  }

  @Test
  void payloadsOfAnotherFormAreRefusedWhereTheyAreWrong() {
    fails(Command.PING, "0000", "payload of 2 bytes at offset 0x69");
    fails(Command.PING, "00000000 00", "1 bytes too many at offset 0x6d");
    fails(Command.POSTCOPY_ADVISE, "0000000000001000", "payload of 8 bytes at offset 0x71");
    fails(Command.POSTCOPY_RUN, "00", "1 bytes too many at offset 0x69");
    fails(Command.RECV_BITMAP, "", "payload of 0 bytes at offset 0x69");
    fails(Command.RECV_BITMAP, "00", "empty name at offset 0x69");
    fails(Command.RECV_BITMAP, "02 61", "payload of 2 bytes at offset 0x6a");
    fails(Command.POSTCOPY_RAM_DISCARD, "01", "version 1 of a list of ranges at offset 0x69");
    fails(Command.POSTCOPY_RAM_DISCARD, "00 01 61 62", "0x62 behind a name at offset 0x6c");
    fails(Command.POSTCOPY_RAM_DISCARD, "00 01 61 00", "ranges of 0 bytes at offset 0x6d");
    fails(Command.POSTCOPY_RAM_DISCARD, "00 01 61 00 00", "ranges of 1 bytes at offset 0x6d");
    fails(12, "", "unknown command 0xc at offset 0x65");
    fails(0, "", "unknown command 0x0 at offset 0x65");
  }

  private static void fails(int number, String hex, String message) {
    assertThatThrownBy(() -> MigrationCommand.decode(new Command(100, number, bytes(hex))))
        .isInstanceOf(StreamException.Malformed.class)
        .hasMessageContaining(message);
  }

  @Test
  void whatDoesNotFitCannotBeMade() throws StreamException {
    List<Range> most = Collections.nCopies(PostcopyRamDiscard.MAX_RANGES, new Range(0, 1));
    PostcopyRamDiscard full = new PostcopyRamDiscard("a".repeat(12), most);
    assertThat(MigrationCommand.decode(full.encode())).isEqualTo(full);
    assertThatThrownBy(() -> new PostcopyRamDiscard("a".repeat(13), most))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new PostcopyRamDiscard("a", List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ReceivedBitmapRequest(""))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ReceivedBitmapRequest("\u0100"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
