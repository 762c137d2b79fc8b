// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamLimits;
import dev.tidemark.stream.ram.RamBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;

/// Checks every byte of an archive: that it would load, and that the index leads to the newest
/// version of every page.
///
/// Two passes over the file: the first reads, decompresses and parses the body, so that damage is
/// told by the block it is in; the second compares the SHA-256 digests, which leave no byte out.
/// Both
/// use all processors; what is wrong is told in file order whatever their number.
public final class ArchiveVerifier {
  private static final String SEGMENTS = "section SHA2";

  /// Bytes read at once for a digest.
  private static final int HASHED_AT_ONCE = 256 << 10;

  private final ArchiveCheckpoint checkpoint;
  private final ArchiveInput input;
  private final ArchiveLayout archive;
  private final InOrder threads;
  private final Progress progress;
  private final long total;

  private ArchiveVerifier(ArchiveCheckpoint checkpoint, InOrder threads, Progress progress) {
    this.checkpoint = checkpoint;
    this.input = checkpoint.input();
    this.archive = checkpoint.archive();
    this.threads = threads;
    this.progress = progress;
    this.total = archive.trailer().bodyEnd() + input.size();
  }

  /// Verifies an archive.
  ///
  /// @param source its bytes; not closed
  /// @param progress told how far it is
  /// @return what was found, all of it whole
  /// @throws StreamException for whatever is wrong first
  /// @throws IOException if the source cannot be read
  public static ArchiveReport verify(ByteSource source, Progress progress) throws IOException {
    return verify(source, StreamLimits.DEFAULT, progress);
  }

  /// Verifies an archive with other limits.
  ///
  /// @param source its bytes; not closed
  /// @param limits what is accepted
  /// @param progress told how far it is
  /// @return what was found, all of it whole
  /// @throws StreamException for whatever is wrong first
  /// @throws IOException if the source cannot be read
  public static ArchiveReport verify(ByteSource source, StreamLimits limits, Progress progress)
      throws IOException {
    try (ArchiveCheckpoint checkpoint = ArchiveCheckpoint.open(new BorrowedSource(source), limits);
        InOrder threads = new InOrder("tidemark-verify")) {
      return new ArchiveVerifier(checkpoint, threads, progress).verify();
    }
  }

  private ArchiveReport verify() throws IOException {
    frame();
    long prologueBytes = prologue();
    long pageBytes = pages();
    long epilogueBytes = epilogue();
    if (prologueBytes + pageBytes + epilogueBytes != archive.facts().contentBytes()) {
      throw new StreamException.Malformed(
          "body of another size than the facts say", archive.trailer().bodyEnd(), "body");
    }
    int segments = segments();
    sections();
    progress.advanced(total, total);
    return new ArchiveReport(
        checkpoint.summary(), counts(), archive.sections().sections().size(), segments);
  }

  /// The LZ4 frame's own header and end mark.
  private void frame() throws IOException {
    BodyEncoding encoding = archive.header().encoding();
    long start = HeaderDescriptor.SIZE;
    expect(encoding.header(archive.facts().blockContent()), start, "LZ4 frame header");
    byte[] endMark = encoding.endMark();
    expect(endMark, archive.trailer().bodyEnd() - endMark.length, "LZ4 end mark");
  }

  private void expect(byte[] expected, long at, String what) throws IOException {
    if (!Arrays.equals(expected, input.bytes(at, expected.length, what))) {
      throw new StreamException.Malformed(what + " wrong", at, what);
    }
  }

  private long prologue() throws IOException {
    byte[] expected = StreamBytes.prologue(checkpoint.prologue(), archive.ram());
    byte[] found = checkpoint.plainBlocks(0, archive.facts().prologueBlocks(), expected.length);
    if (!Arrays.equals(expected, found)) {
      throw new StreamException.Malformed(
          "stream that does not begin as the facts say",
          checkpoint.table().offset(0),
          BlockReader.CONTEXT);
    }
    return expected.length;
  }

  private long pages() throws IOException {
    Facts facts = archive.facts();
    RecordChecker checker = new RecordChecker(checkpoint);
    Queue<BlockReader> free = new ArrayBlockingQueue<>(threads.ahead());
    long[] bytes = new long[1];
    threads.forEach(
        facts.prologueBlocks(),
        facts.prologueBlocks() + facts.pageBlocks(),
        block -> {
          BlockReader idle = free.poll();
          BlockReader reader = idle == null ? checkpoint.newBlockReader() : idle;
          reader.load(block);
          return reader;
        },
        reader -> {
          checker.check(reader);
          bytes[0] += reader.length();
          if ((reader.block() & 255) == 0) {
            progress.advanced(checkpoint.table().offset(reader.block()), total);
          }
          free.add(reader);
        });
    checker.finish();
    return bytes[0];
  }

  private long epilogue() throws IOException {
    checkpoint.deviceState();
    return archive.facts().epilogueBytes();
  }

  private int segments() throws IOException {
    SectionPayload table = input.payload(archive.sections().one(SectionDescriptor.SEGMENT_DIGESTS));
    long bodyEnd = archive.trailer().bodyEnd();
    long count = (bodyEnd + SegmentHasher.SEGMENT - 1) / SegmentHasher.SEGMENT;
    if (table.length() != count * SegmentHasher.DIGEST) {
      throw new StreamException.Malformed(
          table.length() + " bytes of digests for " + count + " segments",
          table.section().offset(),
          SEGMENTS);
    }
    ByteCursor digests = table.cursor();
    long[] end = new long[1];
    threads.forEach(
        0,
        count,
        segment -> digest(segment * SegmentHasher.SEGMENT, bodyEnd),
        digest -> {
          long start = end[0];
          if (!Arrays.equals(digest, digests.bytes(SegmentHasher.DIGEST))) {
            throw new StreamException.Malformed(
                "segment digest wrong", start, "segment " + start / SegmentHasher.SEGMENT);
          }
          end[0] = Math.min(bodyEnd, start + SegmentHasher.SEGMENT);
          progress.advanced(bodyEnd + end[0], total);
        });
    return (int) count;
  }

  /// The digest of a segment.
  private byte[] digest(long start, long bodyEnd) throws IOException {
    MessageDigest digest = SegmentHasher.sha256();
    update(digest, start, Math.min(bodyEnd, start + SegmentHasher.SEGMENT));
    return digest.digest();
  }

  /// Adds what stands in the file to a digest.
  private void update(MessageDigest digest, long start, long end) throws IOException {
    byte[] buffer = new byte[(int) Math.min(HASHED_AT_ONCE, end - start)];
    for (long at = start; at < end; at += buffer.length) {
      int length = (int) Math.min(buffer.length, end - at);
      input.read(at, MemorySegment.ofArray(buffer).asSlice(0, length), "digest");
      digest.update(buffer, 0, length);
    }
  }

  /// The digest over everything between body and trailer, sections of unknown kinds included.
  private void sections() throws IOException {
    for (Section section : archive.sections().sections()) {
      input.payload(section);
    }
    long start = archive.trailer().bodyEnd();
    long end = input.size() - TrailerDescriptor.SIZE;
    MessageDigest digest = SegmentHasher.sha256();
    update(digest, start, end);
    if (!Arrays.equals(digest.digest(), archive.trailer().sectionDigest())) {
      throw new StreamException.Malformed("digest of the sections wrong", start, "sections");
    }
  }

  private PageCounts counts() {
    long data = 0;
    long zero = 0;
    long missing = 0;
    for (RamBlock block : checkpoint.ramBlocks()) {
      PageCounts counts = checkpoint.pageCounts(block);
      data += counts.data();
      zero += counts.zero();
      missing += counts.missing();
    }
    return new PageCounts(data, zero, missing);
  }
}
