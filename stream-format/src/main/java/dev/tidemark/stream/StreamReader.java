// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.checkpoint.MappedByteSource;
import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.Configuration;
import dev.tidemark.stream.StreamElement.DeviceSection;
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
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.ram.RamRecordVisitor;
import dev.tidemark.stream.ram.RamRecords;
import dev.tidemark.stream.vmstate.DeviceSections;
import dev.tidemark.stream.vmstate.VmDescription;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
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
  /// The only device whose section QEMU 10.0.2 puts before the pages, behind RAM START.
  private static final String EARLY_DEVICE = "virtio-mem-device-early";

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

  private final VmdescLocator.@Nullable Place place;
  private final @Nullable VmDescription vmdesc;

  private State state = State.HEADER;
  private @Nullable IOException failure;
  private final Queue<StreamElement> ready = new ArrayDeque<>();
  private final Map<Integer, SectionHeader> sections = new HashMap<>();
  private MachineConfiguration machine =
      new MachineConfiguration("", OptionalInt.empty(), List.of(), Optional.empty());

  /// Whether only STARTs have come so far: a device section among them comes before the pages.
  private boolean setup = true;

  private boolean postcopyAdvised;
  private boolean packaged;
  private boolean colo;

  /// Where what follows the first migration under COLO begins; -1 if nothing has been met.
  private long behindColo = -1;

  private @Nullable SectionHeader ram;
  private @Nullable RamRecordReader records;
  private List<RamBlock> blocks = List.of();
  private int targetPageSize;
  private @Nullable Boolean footers;
  private @Nullable LoanedPages loan;
  private @Nullable MappedRegions regions;
  private @Nullable MappedPages mappedLoan;

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
    this.place = place;
    this.vmdesc = vmdesc;
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
    VmDescription vmdesc = null;
    if (place != null) {
      byte[] json = new byte[(int) (place.end() - place.json())];
      source.read(place.json(), MemorySegment.ofArray(json));
      try {
        vmdesc = VmDescription.parse(new String(json, StandardCharsets.UTF_8), place.json());
      } catch (StreamException unusable) {
        // QEMU itself does not read it: the device sections stay one tail.
        vmdesc = null;
      }
    }
    StreamWindow window = StreamWindow.over(source, settings.windowBytes());
    // Until it is known whether the stream has regions to jump over.
    window.readAhead = MappedRegions.READ_AHEAD;
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
      throw cut(e);
    }
  }

  /// What an error says that a mapped file caused which has become shorter.
  private StreamException cut(InternalError e) {
    if (!window.isWhole() || !MappedByteSource.isFault(e)) {
      throw e;
    }
    StreamException truncated =
        new StreamException.Truncated(
            "the file was cut while it was mapped", window.streamOffset(), "mapped file");
    truncated.initCause(e);
    failure = truncated;
    return truncated;
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
    return regions != null && mappedLoan != null && mappedLoan.visiting
        ? regions.streamOffsetOf(windowOffset)
        : window.base + windowOffset;
  }

  /// Closes the input.
  @Override
  public void close() throws IOException {
    state = State.ENDED;
    ready.clear();
    if (loan != null) {
      loan.ended = true;
      loan = null;
    }
    if (records != null) {
      records.close();
    }
    if (mappedLoan != null) {
      mappedLoan.ended = true;
      mappedLoan = null;
    }
    window.close();
  }

  private @Nullable StreamElement read() throws IOException {
    return switch (state) {
      case HEADER -> readHeader();
      case FIRST_RECORD, RECORDS -> readRecord();
      case BEHIND_EOF -> readBehindEof();
      case ENDED -> {
        if (behindColo >= 0) {
          throw new StreamException.Unsupported(
              "COLO checkpoint behind the first migration", behindColo, "element type");
        }
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
    if (!first && !isMapped() && regions == null) {
      window.readAhead = Long.MAX_VALUE;
    }
    if (type == StreamDescriptor.SECTION_FULL) {
      return isBeforePages() ? readEarlyDevice(at) : readDevices(at);
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
    colo |= command == Command.ENABLE_COLO;
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
    packaged = true;
    return read;
  }

  private SectionHeader readSectionHeader() throws IOException {
    String context = "section header";
    int id = window.be32(context);
    String idstr = window.countedString(context);
    return new SectionHeader(id, idstr, window.be32(context), window.be32(context));
  }

  private StreamElement readStart(long at) throws IOException {
    String context = "section START";
    SectionHeader header = readSectionHeader();
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
      records = new RamRecordReader(window, targetPageSize, list);
    }
    return section(at, Phase.START, header, list);
  }

  private IterableSection readIterable(
      long at, Phase phase, SectionHeader header, IterableBody grammar) throws IOException {
    String context = "section " + Names.quoted(header.idstr());
    BodyBytes body = new BodyBytes(window, limits.iterableBytes(), context);
    grammar.read(body);
    return new IterableSection(at, phase, header, body.toArray(), readFooter(header.sectionId()));
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
    if (records != null) {
      loan = new LoanedPages(records, header.sectionId());
      return new RamSection(at, phase, header, list, loan);
    }
    mappedLoan = new MappedPages(phase == Phase.START, header.sectionId());
    return new RamSection(at, phase, header, list, mappedLoan);
  }

  /// Whether the device section that comes next stands before RAM's pages. Behind RAM START it does
  /// only where the caller has told its length, or where it is of the one kind that QEMU puts
  /// there:
  /// a stream of a START and nothing else of RAM may go on with its devices.
  private boolean isBeforePages() throws IOException {
    if (ram == null || !setup) {
      return ram == null;
    }
    String context = "section header";
    int name = 6;
    window.require(name, context);
    int length = Byte.toUnsignedInt(window.segment.get(ValueLayout.JAVA_BYTE, window.position + 5));
    window.require(name + length + 4, context);
    String idstr =
        Names.string(
            window.segment.asSlice(window.position + name, length).toArray(ValueLayout.JAVA_BYTE));
    int instance = window.segment.get(StreamWindow.BE32, window.position + name + length);
    return idstr.endsWith(EARLY_DEVICE)
        || (vmdesc != null && !settings.deviceTail() && vmdesc.device(idstr, instance).isPresent())
        || settings.layout().flatMap(layout -> layout.device(idstr, instance)).isPresent();
  }

  /// A device section before RAM's pages, where QEMU puts those of `early_setup`, before or behind
  /// RAM START: on a pipe nothing tells where it ends.
  private DeviceSection readEarlyDevice(long at) throws IOException {
    String context = "early device section";
    window.position++;
    SectionHeader header = readSectionHeader();
    Optional<VmDescription.Device> device =
        vmdesc == null ? Optional.empty() : vmdesc.device(header.idstr(), header.instanceId());
    if (device.isEmpty()) {
      device =
          settings.layout().flatMap(layout -> layout.device(header.idstr(), header.instanceId()));
    }
    if (device.isEmpty()) {
      throw new StreamException.Unsupported(
          "device section " + Names.quoted(header.idstr()) + " before RAM, of unknown length",
          at,
          context);
    }
    long length = device.get().bodySize();
    if (length > limits.deviceStateBytes()) {
      throw new StreamException.LimitExceeded("body of " + length + " bytes", at, context);
    }
    byte[] body = window.bytes((int) length, context);
    return new DeviceSection(at, header, body, readFooter(header.sectionId()));
  }

  /// What follows RAM, from the first device section on.
  private StreamElement readDevices(long at) throws IOException {
    DeviceStateTail tail = place == null ? readTail(at) : readLocatedTail(at, place);
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

  private DeviceStateTail readLocatedTail(long at, VmdescLocator.Place end) throws IOException {
    String context = "device state";
    long sectionsLength = end.eof() - at;
    if (sectionsLength <= 0) {
      throw window.malformed("device section behind the end of the sections", at, context);
    }
    if (sectionsLength > limits.deviceStateBytes()) {
      throw new StreamException.LimitExceeded(
          "device state of " + sectionsLength + " bytes", at, context);
    }
    byte[] bytes = window.bytes((int) (end.end() - at), context);
    return new DeviceStateTail(at, bytes, (int) sectionsLength);
  }

  private DeviceStateTail readTail(long at) throws IOException {
    String context = "device state";
    long most = Math.min((long) limits.deviceStateBytes() + limits.vmdescBytes(), 1 << 30);
    GrowingBytes bytes = new GrowingBytes(1 << 18);
    while (window.ensure(1)) {
      if (bytes.size() + (long) window.remaining() > most) {
        throw new StreamException.LimitExceeded(
            "device state of more than " + most + " bytes", at, context);
      }
      bytes.take(window, window.remaining());
      if (colo) {
        // More may have come with the same read, and ends as this does.
        VmdescLocator.Place first = VmdescLocator.first(bytes.array(), bytes.size());
        if (first != null) {
          int end = (int) first.end();
          noteColo(at, bytes, end);
          return new DeviceStateTail(at, Arrays.copyOf(bytes.array(), end), (int) first.eof());
        }
        continue;
      }
      int eof = piped ? VmdescLocator.inPrefix(bytes.array(), bytes.size()) : -1;
      if (eof > 0) {
        return new DeviceStateTail(at, bytes.toArray(), eof);
      }
    }
    int end = VmdescLocator.withoutPadding(bytes.array(), bytes.size());
    int eof = VmdescLocator.inPrefix(bytes.array(), end);
    if (eof > 0) {
      return new DeviceStateTail(at, Arrays.copyOf(bytes.array(), end), eof);
    }
    return tailWithoutVmdesc(at, bytes);
  }

  /// No vmdesc: the last byte must be EOF, and a footer before it where the stream has footers.
  private DeviceStateTail tailWithoutVmdesc(long at, GrowingBytes bytes) throws StreamException {
    int eof = bytes.size() - 1;
    byte[] array = bytes.array();
    boolean whole = eof > 0 && array[eof] == StreamDescriptor.EOF;
    if (whole && Boolean.TRUE.equals(footers)) {
      int footer = eof - StreamDescriptor.SIZE_FOOTER;
      whole = footer > 0 && array[footer] == StreamDescriptor.SECTION_FOOTER;
    }
    if (!whole) {
      throw window.truncated("device state");
    }
    return new DeviceStateTail(at, bytes.toArray(), eof);
  }

  private @Nullable StreamElement readBehindEof() throws IOException {
    String context = "vmdesc";
    state = State.ENDED;
    long at = window.streamOffset();
    // Behind a postcopy stream nothing comes: a peer that waits for an answer is not waited for.
    if ((packaged && piped) || !window.ensure(1)) {
      return null;
    }
    int type = window.peek();
    if (type == StreamDescriptor.EOF) {
      passPadding();
      return null;
    }
    if (type != StreamDescriptor.VMDESCRIPTION) {
      throw window.malformed(
          "element type 0x" + Integer.toHexString(type) + " behind the end of the sections",
          at,
          "element type");
    }
    window.position++;
    int length = window.be32(context);
    if (length < 0 || length > limits.vmdescBytes()) {
      throw new StreamException.LimitExceeded(
          "vmdesc of " + Integer.toUnsignedString(length) + " bytes", at + 1, context);
    }
    long jsonAt = window.streamOffset();
    byte[] json = window.bytes(length, context);
    if (!VmdescLocator.isObject(json, 0, length)) {
      throw window.malformed("vmdesc that is no JSON object", jsonAt, context);
    }
    if (colo) {
      noteColo(window.streamOffset(), new GrowingBytes(0), 0);
    } else if (!piped) {
      passPadding();
    }
    return new StreamElement.VmDescription(at, new String(json, StandardCharsets.US_ASCII));
  }

  /// Notes where COLO goes on: at the first byte behind the first migration that is no padding. On
  /// a
  /// pipe only what has come is looked at, since the source waits for an answer.
  private void noteColo(long at, GrowingBytes bytes, int end) throws IOException {
    for (int i = end; i < bytes.size() && behindColo < 0; i++) {
      behindColo = bytes.array()[i] == 0 ? -1 : at + i;
    }
    while (behindColo < 0 && (window.remaining() > 0 || !piped) && window.ensure(1)) {
      behindColo = window.peek() == 0 ? -1 : window.streamOffset();
      window.position++;
    }
  }

  private void passPadding() throws IOException {
    while (window.ensure(1)) {
      if (window.peek() != 0) {
        throw window.malformed(
            "bytes behind the end of the stream", window.streamOffset(), "padding");
      }
      window.position++;
    }
  }

  /// Whether sections of this stream end with a footer, as far as it is known: yes, before the
  /// first section's end.
  public boolean footers() {
    return !Boolean.FALSE.equals(footers);
  }

  private boolean readFooter(int sectionId) throws IOException {
    String context = "section footer";
    if (footers == null) {
      // Decided once: 0x7e is not a valid element type.
      footers = window.ensure(1) && window.peek() == StreamDescriptor.SECTION_FOOTER;
    }
    if (!footers) {
      return false;
    }
    long at = window.streamOffset();
    int type = window.u8(context);
    if (type != StreamDescriptor.SECTION_FOOTER) {
      throw window.malformed("0x" + Integer.toHexString(type) + " instead of 0x7e", at, context);
    }
    int id = window.be32(context);
    if (id != sectionId) {
      throw window.malformed(
          "section id 0x"
              + Integer.toHexString(id)
              + " instead of 0x"
              + Integer.toHexString(sectionId),
          at + 1,
          context);
    }
    return true;
  }

  private void endLoan() throws IOException {
    if (loan != null) {
      LoanedPages ending = loan;
      ending.finish();
      ending.ended = true;
      loan = null;
    }
    if (mappedLoan != null) {
      MappedPages ending = mappedLoan;
      ending.finish();
      ending.ended = true;
      mappedLoan = null;
    }
  }

  /// The pages of the last section of a `mapped-ram` stream: those of its regions in START, none
  /// elsewhere. They can be visited more than once.
  final class MappedPages implements RamPages {
    private final boolean start;
    private final int sectionId;
    private boolean visiting;
    private boolean finished;
    private boolean ended;

    private MappedPages(boolean start, int sectionId) {
      this.start = start;
      this.sectionId = sectionId;
    }

    @Override
    public void forEach(PageVisitor visitor) throws IOException {
      MappedRegions from = regions();
      if (!start) {
        return;
      }
      visiting = true;
      try {
        from.forEach(visitor);
      } catch (StreamException e) {
        fail(e);
        throw e;
      } finally {
        visiting = false;
      }
    }

    /// The regions, while the loan lasts.
    MappedRegions regions() {
      MappedRegions from = regions;
      if (ended || from == null) {
        throw new IllegalStateException("the loan of these pages has ended");
      }
      return from;
    }

    /// Reads to the section's end.
    ///
    /// @return whether a footer stands there
    boolean readToEnd() throws IOException {
      finish();
      return footers();
    }

    private void finish() throws IOException {
      if (finished) {
        return;
      }
      finished = true;
      long at = window.streamOffset();
      long word = window.be64("RAM record");
      if (word != RamRecords.EOS) {
        throw window.malformed(
            "record 0x" + Long.toHexString(word) + " in a mapped-ram stream", at, "RAM record");
      }
      readFooter(sectionId);
    }
  }

  /// What this reader knows of footers now. Reads the end of a RAM section whose pages have all
  /// been
  /// visited, so that it is known behind the first one too.
  boolean footersBehindPages() throws IOException {
    if (loan != null && loan.bodyRead) {
      loan.finish();
    }
    if (mappedLoan != null) {
      mappedLoan.finish();
    }
    return footers();
  }

  /// The pages of the section that was delivered last.
  final class LoanedPages implements RamPages {
    private final RamRecordReader from;
    private final int sectionId;
    private boolean begun;
    private boolean bodyRead;
    private boolean footerRead;
    private boolean ended;

    private LoanedPages(RamRecordReader from, int sectionId) {
      this.from = from;
      this.sectionId = sectionId;
    }

    @Override
    public void forEach(PageVisitor visitor) throws IOException {
      begin();
      try {
        from.forEach(visitor);
        bodyRead = true;
      } catch (StreamException e) {
        fail(e);
        throw e;
      } catch (InternalError e) {
        throw cut(e);
      }
    }

    @Override
    public void forEachRecord(RamRecordVisitor visitor) throws IOException {
      begin();
      try {
        from.forEachRecord(visitor);
        bodyRead = true;
      } catch (StreamException e) {
        fail(e);
        throw e;
      } catch (InternalError e) {
        throw cut(e);
      }
    }

    /// Copies the body as it stands in the stream.
    ///
    /// @return whether a footer follows it
    boolean copyTo(StreamWriter out) throws IOException {
      begin();
      try {
        from.copyTo(out);
        bodyRead = true;
        finish();
        return footers();
      } catch (InternalError e) {
        throw cut(e);
      }
    }

    private void begin() {
      if (ended) {
        throw new IllegalStateException("the loan of these pages has ended");
      }
      if (begun) {
        throw new IllegalStateException("these pages have been read");
      }
      begun = true;
    }

    private void finish() throws IOException {
      if (!bodyRead) {
        begun = true;
        from.skip();
        bodyRead = true;
      }
      if (!footerRead) {
        readFooter(sectionId);
        footerRead = true;
      }
    }
  }

  private void fail(StreamException e) {
    failure = e;
  }
}
