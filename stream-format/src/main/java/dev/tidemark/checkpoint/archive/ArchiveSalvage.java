// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.CheckpointTarget;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;

/// Saves what is whole in a damaged archive: one that was cut, whose writer did not end, or with
/// changed bytes.
///
/// Blocks have their own checksums, so that each is kept or lost for itself. Where the sections are
/// whole, lost pages are known by the index. Where they are not, the body is read front to back and
/// its prologue, pages and device state are found in it; index, table, digests and trailer are made
/// anew, and the manifest is kept if it is whole.
///
/// An archive without device state would load nowhere, so none is made: what pages there are can be
/// taken from [#open].
public final class ArchiveSalvage {
  private ArchiveSalvage() {}

  /// Opens what is whole, to be visited once. Its device state is refused where it is not whole;
  /// its
  /// pages are not.
  ///
  /// @param in the damaged archive; not closed
  /// @throws StreamException if it is no archive, or the header or the RAM block list are lost
  /// @throws IOException if it cannot be read
  public static CheckpointStream open(ByteSource in) throws IOException {
    return salvage(in);
  }

  private static Salvage salvage(ByteSource in) throws IOException {
    try {
      return new IndexedSalvage(ArchiveCheckpoint.open(new BorrowedSource(in)));
    } catch (StreamException e) {
      return WalkedSalvage.open(ArchiveInput.of(in), e);
    }
  }

  /// Looks for what is whole and writes nothing.
  ///
  /// @param in the damaged archive; not closed
  /// @param progress told how far it is
  /// @throws StreamException if it is no archive, or the header or the RAM block list are lost
  /// @throws IOException if it cannot be read
  public static SalvageReport examine(ByteSource in, Progress progress) throws IOException {
    try (Salvage salvage = salvage(in)) {
      return salvage.examine(progress);
    }
  }

  /// Writes what is whole as an archive, which then verifies and loads.
  ///
  /// Nothing is written where the device state is lost, nor, unless told so, where pages are: in
  /// the
  /// result they are missing, which for the guest are zeroes.
  ///
  /// @param in the damaged archive; not closed
  /// @param out where the archive goes; making it durable and visible is the caller's
  /// @param acceptLoss whether pages may be missing, or, without an index, be older than the device
  ///     state
  /// @param progress told how far it is: bytes of the damaged archive, which counts twice, for
  /// looking
  ///     through it and for writing
  /// @return what was found
  /// @throws StreamException if it is no archive, or too much is lost
  /// @throws IOException if one cannot be read or the other cannot be written
  public static SalvageReport salvage(
      ByteSource in, CheckpointTarget out, boolean acceptLoss, Progress progress)
      throws IOException {
    try (Salvage salvage = salvage(in)) {
      long size = in.size();
      SalvageReport report = salvage.examine((done, _) -> progress.advanced(done, 2 * size));
      check(report, acceptLoss, size);
      ArchiveHeader header = ArchiveLayout.header(ArchiveInput.of(in));
      ArchiveOptions options =
          ArchiveOptions.DEFAULT
              .withCompression(
                  header.encoding() == BodyEncoding.ZSTD ? Compression.ZSTD : Compression.LZ4)
              .withBlockContent(header.blockContent());
      double ram = Math.max(1, salvage.ramBlocks().stream().mapToLong(RamBlock::usedLength).sum());
      Progress writing =
          (done, _) -> progress.advanced(size + (long) (Math.min(1, done / ram) * size), 2 * size);
      ArchiveConversion.write(salvage, out, salvage.manifest(), options, writing);
      progress.advanced(2 * size, 2 * size);
      return report;
    }
  }

  private static void check(SalvageReport report, boolean acceptLoss, long size)
      throws StreamException {
    String pages = report.pagesKept() + " pages are whole, " + report.pagesLost() + " are lost";
    if (report.deviceStateDamage().isPresent()) {
      throw new StreamException.Truncated(
          "device state lost: " + report.deviceStateDamage().get() + "; " + pages, size, "archive");
    }
    if (report.losesPages() && !acceptLoss) {
      long blocks = report.blocksLost();
      String damaged = blocks + (blocks == 1 ? " archive block" : " archive blocks") + " damaged: ";
      String older =
          report.indexed()
              ? ""
              : "; what is kept may be older than the device state, as the index is lost";
      throw new StreamException.Malformed(damaged + pages + older, size, "archive");
    }
  }
}
