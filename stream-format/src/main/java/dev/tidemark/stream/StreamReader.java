// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.Configuration;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.EndOfFile;
import dev.tidemark.stream.StreamElement.FileHeader;
import dev.tidemark.stream.StreamElement.IterableSection;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamElement.RamSection.Phase;
import dev.tidemark.stream.command.MigrationCommand;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.vmstate.DeviceSections;
import dev.tidemark.stream.vmstate.VmDescription;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/// Reads a migration stream, element by element.
///
/// The end of the input counts as the stream's end only behind `QEMU_VM_EOF`; anywhere else it is
/// [StreamException.Truncated]. A stream whose last element is [EndOfFile], or a tail without
/// vmdesc, is complete as far as can be told, but may have been cut off right before its vmdesc.
///
/// Of a source that has its bytes in memory ([ByteSource#memory]) pages are handed out where they
/// are. Of any other source that can be read at random, only the headers of pages that nobody
/// visits are read.
///
/// Used by one thread at a time. Made by [MigrationStream].
public final class StreamReader implements Closeable {
  private enum State {
    HEADER,
    FIRST_RECORD,
    RECORDS,
    BEHIND_EOF,
    ENDED
  }

  private final MigrationStream settings;
  private final StreamLimits limits;
  private final StreamWindow window;
  private final boolean piped;

  /// What the window reads if it is seekable.
  private final @Nullable ByteSource source;

  /// Where the stream starts in its file.
  private final long fileOffset;

  private final @Nullable VmDescription vmdesc;
  private final EarlyDevices earlyDevices;
  private final StreamEnd end;
  final SectionFooters footers;

  private State state = State.HEADER;
  private @Nullable IOException failure;
  private final Queue<StreamElement> ready = new ArrayDeque<>();
  private final Map<Integer, SectionHeader> sections = new HashMap<>();
  private MachineConfiguration machine =
      new MachineConfiguration("", OptionalInt.empty(), List.of(), Optional.empty());

  /// Whether only STARTs have come so far: a device section among them comes before the pages.
  private boolean setup = true;

  private boolean postcopyAdvised;
  private @Nullable SectionHeader ram;
  private @Nullable RamRecordReader records;
  private List<RamBlock> blocks = List.of();
  private int targetPageSize;
  private @Nullable MappedRegions regions;
  private @Nullable RamLoan loan;

  private StreamReader(
      MigrationStream settings,
      StreamWindow window,
      @Nullable ByteSource source,
      long fileOffset,
      VmdescLocator.@Nullable Place place,
      @Nullable VmDescription vmdesc) {
    this.settings = settings;
    this.limits = settings.limits();
    this.window = window;
    this.piped = source == null;
    this.source = source;
    this.fileOffset = fileOffset;
    this.vmdesc = vmdesc;
    this.footers = new SectionFooters(window);
    this.earlyDevices = new EarlyDevices(window, settings, vmdesc, footers);
    this.end = new StreamEnd(window, limits, piped, place, footers);
  }

  /// Goes on where another reader's connection was broken off.
  private StreamReader(StreamReader former, StreamWindow window, @Nullable ByteSource source) {
    this.settings = former.settings;
    this.limits = former.limits;
    this.window = window;
    this.piped = source == null;
    this.source = source;
    this.fileOffset = 0;
    this.vmdesc = null;
    this.footers = former.footers.resumed(window);
    this.earlyDevices = new EarlyDevices(window, settings, null, footers);
    this.end = new StreamEnd(window, limits, piped, null, footers);
    this.end.packaged = true;
    this.state = State.RECORDS;
    this.setup = false;
    this.sections.putAll(former.sections);
    this.machine = former.machine;
    this.postcopyAdvised = former.postcopyAdvised;
    this.ram = former.ram;
    this.records = former.requireRecords().resumed(window);
    this.blocks = former.blocks;
    this.targetPageSize = former.targetPageSize;
  }

  static StreamReader piped(
      MigrationStream settings, ReadableByteChannel channel, long fileOffset) {
    VmdescLocator.rehearse();
    StreamWindow window = StreamWindow.over(channel, settings.windowBytes());
    return new StreamReader(settings, window, null, fileOffset, null, null);
  }

  static StreamReader seekable(MigrationStream settings, ByteSource file, long start)
      throws IOException {
    ByteSource source = start == 0 ? file : new SourceTail(file, start);
    VmdescLocator.Place place = VmdescLocator.in(source, settings.limits());
    VmDescription vmdesc = place == null ? null : VmdescLocator.layout(source, place).orElse(null);
    StreamWindow window = StreamWindow.over(source, settings.windowBytes());
    return new StreamReader(settings, window, source, start, place, vmdesc);
  }

  /// The next element, or null behind the last. Ends the loan of the element before; pages of it
  /// that were not read are passed over.
  ///
  /// @throws StreamException if the stream breaks the format, ends inside an element, or holds what
  ///     this version does not read
  /// @throws IOException if the input cannot be read
  public @Nullable StreamElement next() throws IOException {
    if (failure != null) {
      throw failure;
    }
    try {
      endLoan();
      StreamElement waiting = ready.poll();
      return waiting != null ? waiting : read();
    } catch (IOException e) {
      failure = e;
      throw e;
    } catch (InternalError e) {
      throw failed(window.cut(e));
    }
  }

  /// A reader of the connection over which a postcopy goes on that was broken off. It has no header
  /// and no block list: sections, blocks, page size and footers are those that this reader has come
  /// to know. First come [MigrationCommand.ReceivedBitmapRequest]s and
  /// [MigrationCommand.PostcopyResume], then RAM sections up to [EndOfFile], or to where this
  /// connection breaks off as well.
  ///
  /// This reader may have failed or be closed. Offsets count from the new connection's first byte.
  ///
  /// Format: `postcopy_do_resume` in `migration/migration.c`, QEMU 10.0.2.
  ///
  /// @param channel in blocking mode; closed by the reader that is returned
  /// @throws IllegalStateException if no RAM START has been read, or it was one of `mapped-ram`
  public StreamReader resumed(ReadableByteChannel channel) {
    requireRecords();
    return new StreamReader(this, StreamWindow.over(channel, settings.windowBytes()), null);
  }

  /// The same of a connection that has been stored.
  ///
  /// @param connection all its bytes; closed by the reader that is returned
  /// @throws IllegalStateException if no RAM START has been read, or it was one of `mapped-ram`
  public StreamReader resumed(ByteSource connection) {
    requireRecords();
    return new StreamReader(
        this, StreamWindow.over(connection, settings.windowBytes()), connection);
  }

  /// Reads the second connection of a postcopy with the `postcopy-preempt` capability, whose blocks
  /// and page size are those that this reader has come to know. Once made, it has nothing more to
  /// do with this reader, and may be used by another thread.
  ///
  /// @param channel in blocking mode; closed by the reader that is returned
  /// @throws IllegalStateException if no RAM START has been read, or it was one of `mapped-ram`
  public PreemptReader preempt(ReadableByteChannel channel) {
    requireRecords();
    return new PreemptReader(
        StreamWindow.over(channel, settings.windowBytes()), true, targetPageSize, blocks);
  }

  /// The same of a connection that has been stored.
  ///
  /// @param connection all its bytes; closed by the reader that is returned
  /// @throws IllegalStateException if no RAM START has been read, or it was one of `mapped-ram`
  public PreemptReader preempt(ByteSource connection) {
    requireRecords();
    return new PreemptReader(
        StreamWindow.over(connection, settings.windowBytes()), false, targetPageSize, blocks);
  }

  private RamRecordReader requireRecords() {
    if (records == null) {
      throw new IllegalStateException("no RAM START with records has been read");
    }
    return records;
  }

  /// What the configuration section said; of empty machine type before it and where there is none.
  public MachineConfiguration configuration() {
    return machine;
  }

  /// The RAM blocks; empty before RAM START.
  public List<RamBlock> ramBlocks() {
    return blocks;
  }

  /// Target page size in bytes; 0 before RAM START.
  public int targetPageSize() {
    return targetPageSize;
  }

  /// Offset of the next byte that is to be decoded, in bytes from the start of the stream.
  public long streamOffset() {
    return window.streamOffset();
  }

  /// Where a byte of the window stands in the stream; for visitors, while they are being called.
  ///
  /// @param windowOffset as given to [PageVisitor#page]
  public long streamOffsetOf(long windowOffset) {
    return loan != null ? loan.streamOffsetOf(windowOffset) : window.base + windowOffset;
  }

  /// Closes the input.
  @Override
  public void close() throws IOException {
    state = State.ENDED;
    ready.clear();
    if (loan != null) {
      loan.end();
      loan = null;
    }
    if (records != null) {
      records.close();
    }
    window.close();
  }

  private @Nullable StreamElement read() throws IOException {
    return switch (state) {
      case HEADER -> readHeader();
      case FIRST_RECORD, RECORDS -> readRecord();
      case BEHIND_EOF -> {
        state = State.ENDED;
        yield end.vmdesc();
      }
      case ENDED -> {
        end.refuseColo();
        yield null;
      }
    };
  }

  private StreamElement readHeader() throws IOException {
    String context = "stream header";
    int magic = window.be32(context);
    if (magic != StreamDescriptor.MAGIC) {
      throw window.malformed("magic 0x" + Integer.toHexString(magic), 0, context);
    }
    int version = window.be32(context);
    if (version == 2) {
      throw new StreamException.Unsupported("stream version 2", 4, context);
    }
    if (version != StreamDescriptor.VERSION) {
      throw window.malformed("stream version 0x" + Integer.toHexString(version), 4, context);
    }
    state = State.FIRST_RECORD;
    return new FileHeader(0, version);
  }

  private StreamElement readRecord() throws IOException {
    String context = "element type";
    long at = window.streamOffset();
    window.require(1, context);
    int type = window.peek();
    boolean first = state == State.FIRST_RECORD;
    state = State.RECORDS;
    if (type == StreamDescriptor.SECTION_FULL) {
      boolean early = ram == null || (setup && earlyDevices.isNext());
      return early ? earlyDevices.read(at) : readDevices(at);
    }
    window.position++;
    return switch (type) {
      case StreamDescriptor.EOF -> {
        state = State.BEHIND_EOF;
        yield new EndOfFile(at);
      }
      case StreamDescriptor.CONFIGURATION -> {
        if (!first) {
          throw window.malformed("configuration section in mid-stream", at, context);
        }
        Configuration configuration = ConfigurationCodec.read(window, at, limits);
        machine = configuration.machine();
        yield configuration;
      }
      case StreamDescriptor.COMMAND -> readCommand(at);
      case StreamDescriptor.SECTION_START -> readStart(at);
      case StreamDescriptor.SECTION_PART -> readPart(at, Phase.PART);
      case StreamDescriptor.SECTION_END -> readPart(at, Phase.END);
      case StreamDescriptor.SUBSECTION,
          StreamDescriptor.VMDESCRIPTION,
          StreamDescriptor.SECTION_FOOTER ->
          throw window.malformed(
              "element type 0x" + Integer.toHexString(type) + " out of place", at, context);
      default ->
          throw window.malformed(
              "unknown element type 0x" + Integer.toHexString(type), at, context);
    };
  }

  private StreamElement readCommand(long at) throws IOException {
    String context = "command";
    int command = window.be16(context);
    int length = window.be16(context);
    if (command == 0 || command > Command.SWITCHOVER_START) {
      throw window.malformed("unknown command 0x" + Integer.toHexString(command), at + 1, context);
    }
    int fixed = Command.fixedLength(command);
    if (fixed >= 0 && fixed != length) {
      throw window.malformed(
          "command 0x" + Integer.toHexString(command) + " of " + length + " bytes",
          at + 3,
          context);
    }
    if (command == Command.PACKAGED) {
      return readPackaged(at);
    }
    Command read = new Command(at, command, window.bytes(length, context));
    MigrationCommand.decode(read);
    postcopyAdvised |= command == Command.POSTCOPY_ADVISE && length == 16;
    end.colo |= command == Command.ENABLE_COLO;
    return read;
  }

  private PackagedStream readPackaged(long at) throws IOException {
    String context = "package";
    int length = window.be32(context);
    if (length < 0 || length > limits.packageBytes()) {
      throw new StreamException.LimitExceeded(
          "package of " + Integer.toUnsignedString(length) + " bytes", at + 5, context);
    }
    PackagedStream read = new PackagedStream(at, window.bytes(length, context));
    PackageReader.check(read);
    end.packaged = true;
    return read;
  }

  private StreamElement readStart(long at) throws IOException {
    String context = "section START";
    SectionHeader header = SectionHeader.read(window);
    if (sections.containsKey(header.sectionId())) {
      throw window.malformed(
          "a second START of section id 0x" + Integer.toHexString(header.sectionId()),
          at + 1,
          context);
    }
    if (!header.idstr().equals(SectionHeader.RAM)) {
      IterableBody body = IterableBody.of(header, at);
      sections.put(header.sectionId(), header);
      return readIterable(at, Phase.START, header, body);
    }
    if (header.versionId() != SectionHeader.RAM_VERSION) {
      throw new StreamException.Unsupported(
          "RAM section version " + Integer.toUnsignedString(header.versionId()), at, context);
    }
    if (ram != null) {
      throw window.malformed("a second RAM START", at, context);
    }
    ram = header;
    sections.put(header.sectionId(), header);
    targetPageSize = pageSize(at);
    List<RamBlockEntry> list = blockListCodec(at).read(window, limits);
    blocks = list.stream().map(RamBlockEntry::block).toList();
    if (regions == null) {
      records = RamRecordReader.ofSections(window, targetPageSize, blocks);
    }
    return section(at, Phase.START, header, list);
  }

  private IterableSection readIterable(
      long at, Phase phase, SectionHeader header, IterableBody grammar) throws IOException {
    String context = "section " + Names.quoted(header.idstr());
    BodyBytes body = new BodyBytes(window, limits.iterableBytes(), context);
    grammar.read(body);
    return new IterableSection(at, phase, header, body.toArray(), footers.read(header.sectionId()));
  }

  /// Whether the configuration says that the block list jumps over bitmaps and pages.
  private boolean isMapped() {
    return machine.capabilities().contains("mapped-ram");
  }

  private BlockListCodec blockListCodec(long at) throws StreamException {
    boolean addresses = machine.capabilities().contains("x-ignore-shared");
    if (isMapped()) {
      if (postcopyAdvised) {
        // QEMU refuses it, and a page size and a header could not be told apart.
        throw new StreamException.Unsupported(
            "mapped-ram together with postcopy", at, "section START");
      }
      regions =
          new MappedRegions(window, source, targetPageSize, fileOffset, limits.pipedRamBytes());
    }
    return new BlockListCodec(targetPageSize, postcopyAdvised, addresses, regions);
  }

  private int pageSize(long at) throws StreamException {
    long bytes = settings.targetPageSize().bytes();
    if (bytes == 0 && vmdesc != null) {
      bytes = vmdesc.pageSize();
    }
    if (bytes == 0 && machine.targetPageBits().isPresent()) {
      bytes = 1L << (machine.targetPageBits().getAsInt() & 31);
    }
    if (bytes == 0) {
      bytes = TargetPageSize.DEFAULT_BYTES;
    }
    if (!TargetPageSize.isValid(bytes)) {
      throw new StreamException.Unsupported("target page size " + bytes, at, "section START");
    }
    return (int) bytes;
  }

  private StreamElement readPart(long at, Phase phase) throws IOException {
    String context = "section " + phase;
    setup = false;
    int id = window.be32(context);
    SectionHeader header = sections.get(id);
    if (header == null) {
      throw window.malformed(
          "section id 0x" + Integer.toHexString(id) + " that no START introduced", at + 1, context);
    }
    return header.equals(ram)
        ? section(at, phase, header, List.of())
        : readIterable(at, phase, header, IterableBody.of(header, at));
  }

  private RamSection section(long at, Phase phase, SectionHeader header, List<RamBlockEntry> list) {
    RamLoan pages =
        regions != null
            ? new RamLoan.Regions(this, window, header.sectionId(), regions, phase == Phase.START)
            : new RamLoan.Records(this, window, header.sectionId(), requireRecords());
    loan = pages;
    return new RamSection(at, phase, header, list, pages);
  }

  /// What follows RAM, from the first device section on.
  private StreamElement readDevices(long at) throws IOException {
    DeviceStateTail tail = end.tail(at);
    state = State.ENDED;
    if (vmdesc != null && !settings.deviceTail()) {
      Optional<List<StreamElement>> split =
          DeviceSections.split(
                  new DeviceState(
                      Arrays.copyOf(tail.bytes(), tail.sectionsLength()), tail.vmdesc()),
                  at)
              .map(List::copyOf);
      if (split.isPresent()) {
        ready.addAll(split.get());
        long eof = at + tail.sectionsLength();
        ready.add(new EndOfFile(eof));
        ready.add(new StreamElement.VmDescription(eof + 1, tail.vmdesc().orElseThrow()));
        return ready.remove();
      }
    }
    return tail;
  }

  /// Whether sections of this stream end with a footer, as far as it is known: yes, before the
  /// first section's end.
  public boolean footers() {
    return footers.mayBe();
  }

  private void endLoan() throws IOException {
    if (loan != null) {
      RamLoan ending = loan;
      ending.readToEnd();
      ending.end();
      loan = null;
    }
  }

  /// What this reader knows of footers now. Reads the end of a RAM section whose pages have all
  /// been
  /// visited, so that it is known behind the first one too.
  boolean footersBehindPages() throws IOException {
    return (loan != null && loan.isVisited()) ? loan.readToEnd() : footers.mayBe();
  }

  /// Notes what every later call is to throw.
  StreamException failed(StreamException e) {
    failure = e;
    return e;
  }
}
