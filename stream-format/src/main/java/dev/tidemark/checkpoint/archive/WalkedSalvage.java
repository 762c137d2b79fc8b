// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.Manifest;
import dev.tidemark.checkpoint.Progress;
import dev.tidemark.checkpoint.stream.StreamCheckpointStream;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamLimits;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamRecords;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What is whole in an archive that does not open: its body, read front to back.
///
/// What the sections would say is found out from the blocks: the prologue is parsed, a block whose
/// first record is EOS begins the epilogue, and the device state is whole if it reads as a
/// migration
/// stream to its end.
final class WalkedSalvage implements Salvage {
  private static final String CONTEXT = "archive";

  /// Most bytes of a prologue that is looked for.
  private static final int MOST_PROLOGUE = 1 << 20;

  /// Most bytes of an epilogue that is kept.
  private static final long MOST_EPILOGUE =
      (long) StreamLimits.DEFAULT.deviceStateBytes() + StreamLimits.DEFAULT.vmdescBytes();

  /// Memory for one bit a page that is granted whatever the size of the file.
  private static final long GRANTED = 64 << 20;

  private final ArchiveInput input;
  private final ArchiveHeader header;
  private final StreamException damage;
  private final ArchivePrologue prologue;
  private final RamLayout layout;
  private final MachineConfiguration configuration;
  private final Optional<Manifest> manifest;
  private @Nullable DeviceState devices;
  private StreamException devicesDamage;

  private WalkedSalvage(
      ArchiveInput input, ArchiveHeader header, StreamException damage, ArchivePrologue prologue)
      throws IOException {
    this.input = input;
    this.header = header;
    this.damage = damage;
    this.prologue = prologue;
    this.layout = new RamLayout(prologue.ramBlocks(), prologue.targetPageSize());
    this.configuration = ConfigurationBytes.parse(prologue.configuration(), HeaderDescriptor.SIZE);
    this.manifest = lostManifest(input);
    this.devicesDamage =
        new StreamException.Truncated("device state not looked for yet", 0, CONTEXT);
  }

  /// Finds out what stands before the pages.
  ///
  /// @param damage why the archive does not open
  /// @throws StreamException if the header or the prologue is damaged
  static WalkedSalvage open(ArchiveInput input, StreamException damage) throws IOException {
    ArchiveHeader header = ArchiveLayout.header(input);
    BodyWalk walk = new BodyWalk(input, header);
    ByteSink content = new ByteSink();
    while (walk.next() && walk.damagedBlocks() == 0 && content.size() < MOST_PROLOGUE) {
      append(content, walk.block());
      Optional<ArchivePrologue> prologue =
          PrologueParser.parse(content.toByteArray(), header.targetPageSize());
      if (prologue.isPresent()) {
        return new WalkedSalvage(input, header, damage, prologue.get());
      }
    }
    throw new StreamException.Malformed(
        "RAM block list lost: nothing can be salvaged",
        Math.min(input.size(), HeaderDescriptor.SIZE),
        CONTEXT);
  }

  private static void append(ByteSink sink, BlockDecoder block) {
    byte[] bytes = new byte[block.length()];
    MemorySegment.copy(
        block.content(), block.start(), MemorySegment.ofArray(bytes), 0, bytes.length);
    sink.bytes(bytes);
  }

  /// The manifest behind a body whose other sections are lost: found by its magic and checksum,
  /// near
  /// the end of the file.
  private static Optional<Manifest> lostManifest(ArchiveInput input) throws IOException {
    int length = (int) Math.min(input.size(), SectionDescriptor.MAX_LENGTH);
    long start = input.size() - length;
    byte[] end = input.bytes(start, length, CONTEXT);
    int tries = 16;
    for (int at = 0; tries > 0 && at <= length - SectionDescriptor.OVERHEAD; at++) {
      if (Bytes.getInt(end, at) == SectionDescriptor.FRAME_MAGIC
          && Bytes.getInt(end, at + SectionDescriptor.TAG_OFFSET) == SectionDescriptor.MANIFEST) {
        tries--;
        long frame =
            Integer.toUnsignedLong(Bytes.getInt(end, at + SectionDescriptor.FRAME_LENGTH_OFFSET))
                + SectionDescriptor.FRAME_HEADER_SIZE;
        try {
          SectionPayload payload =
              input.payload(new Section(SectionDescriptor.MANIFEST, start + at, frame));
          String json =
              new String(
                  payload.frame(), SectionDescriptor.PAYLOAD_OFFSET, payload.length(), UTF_8);
          return Optional.of(ManifestJson.read(json, start + at));
        } catch (StreamException e) {
          // Not this one.
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public SalvageReport examine(Progress progress) throws IOException {
    long most = (GRANTED + 2 * input.size()) * 8;
    if (layout.pages() > most) {
      throw new StreamException.LimitExceeded(
          layout.pages() + " pages to salvage, limit " + most, HeaderDescriptor.SIZE, CONTEXT);
    }
    try (Arena arena = Arena.ofConfined()) {
      Seen seen = new Seen(arena.allocate(layout.pages() / 8 + 1));
      Walk walk = walk(seen, progress);
      boolean lossy = walk.body.damagedBlocks() > 0 || devices == null;
      LostPages lost = new LostPages(layout);
      for (long page = 0; lossy && page < layout.pages(); page++) {
        if (!seen.has(page)) {
          lost.add(page, page + 1);
        }
      }
      return new SalvageReport(
          Optional.of(String.valueOf(damage.getMessage())),
          false,
          walk.pageBlocks,
          walk.body.damagedBlocks(),
          seen.pages,
          lost.count(),
          lost.ranges(),
          manifest.isPresent(),
          devices == null
              ? Optional.of(String.valueOf(devicesDamage.getMessage()))
              : Optional.empty());
    }
  }

  /// Which pages have a record.
  private static final class Seen implements PageVisitor {
    private final MemorySegment bits;
    private long[] first = new long[0];
    private int shift;
    private long pages;

    Seen(MemorySegment bits) {
      this.bits = bits;
    }

    void in(RamLayout layout) {
      first = new long[layout.blocks().size()];
      for (int i = 0; i < first.length; i++) {
        first[i] = layout.firstPage(i);
      }
      shift = layout.pageShift();
    }

    boolean has(long page) {
      return (bits.get(ValueLayout.JAVA_BYTE, page >>> 3) & (1 << (page & 7))) != 0;
    }

    private void add(long page) {
      if (!has(page)) {
        pages++;
        byte with = (byte) (bits.get(ValueLayout.JAVA_BYTE, page >>> 3) | (1 << (page & 7)));
        bits.set(ValueLayout.JAVA_BYTE, page >>> 3, with);
      }
    }

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset) {
      add(first[block.index()] + (pageOffset >>> shift));
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) {
      add(first[block.index()] + (pageOffset >>> shift));
    }
  }

  /// One walk through the body.
  private final class Walk implements RecordParser.Visitor {
    private final BodyWalk body = new BodyWalk(input, header);
    private final RecordParser parser = new RecordParser(layout);
    private final ByteSink epilogue = new ByteSink();
    private final PageVisitor visitor;
    private long pageBlocks;

    Walk(PageVisitor visitor) {
      this.visitor = visitor;
    }

    void pages(Progress progress) throws IOException {
      long prologueLeft = StreamBytes.prologue(prologue, layout).length;
      boolean behindPages = false;
      long damageBefore = 0;
      while (body.next()) {
        progress.advanced(body.position(), input.size());
        if (prologueLeft > 0) {
          prologueLeft -= body.block().length();
        } else if (behindPages || beginsEpilogue(body.block())) {
          if (behindPages && body.damagedBlocks() > damageBefore) {
            throw lost(body.firstDamage());
          }
          behindPages = true;
          damageBefore = body.damagedBlocks();
          if (epilogue.size() + body.block().length() > MOST_EPILOGUE) {
            throw new StreamException.LimitExceeded(
                "device state of more than " + MOST_EPILOGUE + " bytes", body.offset(), CONTEXT);
          }
          append(epilogue, body.block());
        } else {
          block();
        }
      }
      if (behindPages && body.damagedBlocks() > damageBefore) {
        throw lost(body.firstDamage());
      }
    }

    /// A block of pages: all of it or nothing.
    private void block() throws IOException {
      try {
        parser.parse(body.block(), body.offset(), NoRecords.INSTANCE);
      } catch (StreamException.Malformed e) {
        body.damaged(body.offset());
        return;
      }
      pageBlocks++;
      parser.parse(body.block(), body.offset(), this);
    }

    @Override
    public void data(int ramBlock, long pageOffset, long page, int data) throws IOException {
      BlockDecoder block = body.block();
      visitor.page(
          layout.blocks().get(ramBlock), pageOffset, block.content(), (long) block.start() + data);
    }

    @Override
    public void zero(int ramBlock, long pageOffset, long page) throws IOException {
      visitor.zeroPage(layout.blocks().get(ramBlock), pageOffset);
    }
  }

  private static boolean beginsEpilogue(BlockDecoder block) {
    return block.length() >= RamRecords.SIZE_WORD
        && block.content().get(Bytes.BE_LONG, block.start()) == RamRecords.EOS;
  }

  private static StreamException lost(long offset) {
    return new StreamException.Malformed("device state damaged", offset, CONTEXT);
  }

  private Walk walk(PageVisitor visitor, Progress progress) throws IOException {
    if (visitor instanceof Seen seen) {
      seen.in(layout);
    }
    Walk walk = new Walk(visitor);
    devices = null;
    try {
      walk.pages(progress);
      devices = devices(walk);
    } catch (StreamException e) {
      devicesDamage = e;
    }
    return walk;
  }

  /// Reads the device state out of the stream without its pages.
  private DeviceState devices(Walk walk) throws IOException {
    if (walk.epilogue.size() == 0) {
      throw new StreamException.Truncated(
          "file ends among the pages", walk.body.position(), CONTEXT);
    }
    byte[] stream =
        new ByteSink()
            .bytes(StreamBytes.prologue(prologue, layout))
            .bytes(walk.epilogue.array(), 0, walk.epilogue.size())
            .toByteArray();
    MigrationStream settings = MigrationStream.of(TargetPageSize.of(layout.pageSize()));
    try {
      DeviceState state = StreamCheckpointStream.stateOf(settings, ByteSource.of(stream));
      if (!walk.body.hasEnded() && state.vmdesc().isEmpty()) {
        throw new StreamException.Truncated(
            "file ends in the device state", walk.body.position(), CONTEXT);
      }
      return state;
    } catch (StreamException e) {
      throw new StreamException.Truncated(
          "device state is not whole: " + e.getMessage(), walk.body.position(), CONTEXT);
    }
  }

  @Override
  public Optional<Manifest> manifest() {
    return manifest;
  }

  @Override
  public MachineConfiguration configuration() {
    return configuration;
  }

  @Override
  public List<RamBlock> ramBlocks() {
    return layout.blocks();
  }

  @Override
  public int targetPageSize() {
    return layout.pageSize();
  }

  @Override
  public boolean eachPageOnce() {
    return false;
  }

  @Override
  public boolean footers() {
    return prologue.footers();
  }

  @Override
  public byte[] earlySections() {
    return prologue.earlySections();
  }

  @Override
  public void forEachPage(PageVisitor visitor) throws IOException {
    walk(visitor, Progress.NONE);
  }

  @Override
  public DeviceState deviceState() throws IOException {
    DeviceState state = devices;
    if (state == null) {
      throw devicesDamage;
    }
    return state;
  }

  /// Does nothing: the source is its opener's.
  @Override
  public void close() {}
}
