// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.fixture.PieceChannel;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Reads connections in the ways of tests.
final class Merging {
  static final MigrationStream SETTINGS = MigrationStream.of(TargetPageSize.detect());

  private Merging() {}

  static MigrationStream settings(int pageSize) {
    return MigrationStream.of(TargetPageSize.of(pageSize));
  }

  static MultifdCheckpointStream open(MigrationStream settings, List<byte[]> connections)
      throws IOException {
    return MultifdCheckpointStream.open(
        settings, connections.stream().map(ByteSource::of).toList());
  }

  /// The same, read in pieces.
  static MultifdCheckpointStream openPieces(
      MigrationStream settings, List<byte[]> connections, int piece) throws IOException {
    return MultifdCheckpointStream.openChannels(
        settings, connections.stream().map(bytes -> PieceChannel.ofSize(bytes, piece)).toList());
  }

  /// The next packet, which there must be.
  static MultifdPacket next(MultifdChannelReader in) throws IOException {
    return Objects.requireNonNull(in.next(), "the channel has ended");
  }

  /// All pages, newest version.
  static Map<String, byte[]> image(MultifdCheckpointStream merged) throws IOException {
    MultifdSpec.Image image = new MultifdSpec.Image(merged.targetPageSize());
    merged.forEachPage(image);
    return image.pages;
  }

  static void assertSame(Map<String, byte[]> actual, Map<String, byte[]> expected) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach((key, page) -> assertThat(actual.get(key)).as(key).isEqualTo(page));
  }

  /// True if it reads to its end; fails on any exception but ours, and on offsets outside.
  static boolean reads(MigrationStream settings, List<byte[]> connections) throws IOException {
    try (MultifdCheckpointStream merged = open(settings, connections)) {
      merged.forEachPage(new MultifdSpec.Image(merged.targetPageSize()));
      assertThat(merged.deviceState().sections()).isNotEmpty();
      return true;
    } catch (StreamException e) {
      long longest = connections.stream().mapToLong(bytes -> bytes.length).max().orElse(0);
      assertThat(e.streamOffset()).as("%s", e).isBetween(0L, longest);
      return false;
    }
  }
}
