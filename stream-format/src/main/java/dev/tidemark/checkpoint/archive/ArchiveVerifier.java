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

/// Checks every byte of an archive: that it would load, and that the index leads to the newest
/// version of every page.
///
/// Two passes over the file: the first reads, decompresses and parses the body, so that damage is
/// told by the block it is in; the second compares the SHA-256 digests, which leave no byte out.
public final class ArchiveVerifier {
  private static final String SEGMENTS = "section SHA2";

  private final ArchiveCheckpoint checkpoint;
  private final ArchiveInput input;
  private final ArchiveLayout archive;
  private final Progress progress;
  private final long total;

  private ArchiveVerifier(ArchiveCheckpoint checkpoint, Progress progress) {
    this.checkpoint = checkpoint;
    this.input = checkpoint.input();
    this.archive = checkpoint.archive();
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
    try (ArchiveCheckpoint checkpoint = ArchiveCheckpoint.open(new Borrowed(source), limits)) {
      return new ArchiveVerifier(checkpoint, progress).verify();
    }
  }

  /// A source that outlives the checkpoint made of it.
  private record Borrowed(ByteSource source) implements ByteSource {
    @Override
    public long size() throws IOException {
      return source.size();
    }

    @Override
    public int read(long position, MemorySegment target) throws IOException {
      return source.read(position, target);
    }

    @Override
    public void close() {}
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
    BlockReader reader = checkpoint.newBlockReader();
    long bytes = 0;
    long end = facts.prologueBlocks() + facts.pageBlocks();
    for (long block = facts.prologueBlocks(); block < end; block++) {
      reader.load(block);
      checker.check(reader);
      bytes += reader.length();
      if ((block & 255) == 0) {
        progress.advanced(checkpoint.table().offset(block), total);
      }
    }
    checker.finish();
    return bytes;
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
    byte[] buffer = new byte[(int) Math.min(SegmentHasher.SEGMENT, bodyEnd)];
    ByteCursor digests = table.cursor();
    for (int i = 0; i < count; i++) {
      long start = (long) i * SegmentHasher.SEGMENT;
      int length = (int) Math.min(SegmentHasher.SEGMENT, bodyEnd - start);
      MessageDigest digest = SegmentHasher.sha256();
      update(digest, buffer, start, length);
      if (!Arrays.equals(digest.digest(), digests.bytes(SegmentHasher.DIGEST))) {
        throw new StreamException.Malformed("segment digest wrong", start, "segment " + i);
      }
      progress.advanced(bodyEnd + start + length, total);
    }
    return (int) count;
  }

  private void update(MessageDigest digest, byte[] buffer, long start, int length)
      throws IOException {
    input.read(start, MemorySegment.ofArray(buffer).asSlice(0, length), "segment");
    digest.update(buffer, 0, length);
  }

  /// The digest over everything between body and trailer, sections of unknown kinds included.
  private void sections() throws IOException {
    for (Section section : archive.sections().sections()) {
      input.payload(section);
    }
    long start = archive.trailer().bodyEnd();
    long end = input.size() - TrailerDescriptor.SIZE;
    byte[] buffer = new byte[(int) Math.min(SegmentHasher.SEGMENT, end - start)];
    MessageDigest digest = SegmentHasher.sha256();
    for (long at = start; at < end; at += buffer.length) {
      update(digest, buffer, at, (int) Math.min(buffer.length, end - at));
    }
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
