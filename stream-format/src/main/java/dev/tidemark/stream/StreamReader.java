// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream;

import dev.tidemark.checkpoint.ByteSource;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.stream.StreamElement.Command;
import dev.tidemark.stream.StreamElement.Configuration;
import dev.tidemark.stream.StreamElement.DeviceSection;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.EndOfFile;
import dev.tidemark.stream.StreamElement.FileHeader;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamElement.RamSection.Phase;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.ram.RamPages;
import dev.tidemark.stream.ram.RamRecordVisitor;
import dev.tidemark.stream.vmstate.DeviceSections;
import dev.tidemark.stream.vmstate.VmDescription;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
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
  private final VmdescLocator.@Nullable Place place;
  private final @Nullable VmDescription vmdesc;

  private State state = State.HEADER;
  private @Nullable IOException failure;
  private final Queue<StreamElement> ready = new ArrayDeque<>();
  private final Map<Integer, SectionHeader> sections = new HashMap<>();
  private MachineConfiguration machine =
      new MachineConfiguration("", OptionalInt.empty(), List.of(), Optional.empty());
  private boolean postcopyAdvised;
  private @Nullable SectionHeader ram;
  private @Nullable RamRecordReader records;
  private List<RamBlock> blocks = List.of();
  private int targetPageSize;
  private @Nullable Boolean footers;
  private @Nullable LoanedPages loan;

  private StreamReader(
      MigrationStream settings,
      StreamWindow window,
      boolean piped,
      VmdescLocator.@Nullable Place place,
      @Nullable VmDescription vmdesc) {
    this.settings = settings;
    this.limits = settings.limits();
    this.window = window;
    this.piped = piped;
    this.place = place;
    this.vmdesc = vmdesc;
  }

  static StreamReader piped(MigrationStream settings, ReadableByteChannel channel) {
    VmdescLocator.rehearse();
    StreamWindow window = StreamWindow.over(channel, settings.windowBytes());
    return new StreamReader(settings, window, true, null, null);
  }

  static StreamReader seekable(MigrationStream settings, ByteSource source) throws IOException {
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
    return new StreamReader(settings, window, false, place, vmdesc);
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
    }
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
    return window.base + windowOffset;
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
    window.close();
  }

  private @Nullable StreamElement read() throws IOException {
    return switch (state) {
      case HEADER -> readHeader();
      case FIRST_RECORD, RECORDS -> readRecord();
      case BEHIND_EOF -> readBehindEof();
      case ENDED -> null;
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
      return ram == null ? readEarlyDevice(at) : readDevices(at);
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
        Configuration configuration = ConfigurationCodec.read(window, at);
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

  private Command readCommand(long at) throws IOException {
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
      throw new StreamException.Unsupported("PACKAGED command", at, context);
    }
    byte[] data = window.bytes(length, context);
    postcopyAdvised |= command == Command.POSTCOPY_ADVISE && length == 16;
    return new Command(at, command, data);
  }

  private SectionHeader readSectionHeader() throws IOException {
    String context = "section header";
    int id = window.be32(context);
    String idstr = window.countedString(context);
    return new SectionHeader(id, idstr, window.be32(context), window.be32(context));
  }

  private RamSection readStart(long at) throws IOException {
    String context = "section START";
    SectionHeader header = readSectionHeader();
    if (!header.idstr().equals(SectionHeader.RAM)) {
      throw new StreamException.Unsupported(
          "live section " + Names.quoted(header.idstr()), at, context);
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
    records = new RamRecordReader(window, targetPageSize, list);
    return section(at, Phase.START, header, list, records);
  }

  private BlockListCodec blockListCodec(long at) throws StreamException {
    boolean addresses = machine.capabilities().contains("x-ignore-shared");
    if (machine.capabilities().contains("mapped-ram")) {
      throw new StreamException.Unsupported("mapped-ram", at, "section START");
    }
    if (addresses && postcopyAdvised) {
      // A page size and an address could not be told apart.
      throw new StreamException.Unsupported(
          "x-ignore-shared together with postcopy", at, "section START");
    }
    return new BlockListCodec(targetPageSize, postcopyAdvised, addresses);
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

  private RamSection readPart(long at, Phase phase) throws IOException {
    String context = "section " + phase;
    int id = window.be32(context);
    if (ram == null || records == null || ram.sectionId() != id) {
      throw window.malformed(
          "section id 0x" + Integer.toHexString(id) + " that no START introduced", at + 1, context);
    }
    return section(at, phase, ram, List.of(), records);
  }

  private RamSection section(
      long at, Phase phase, SectionHeader header, List<RamBlockEntry> list, RamRecordReader from) {
    loan = new LoanedPages(from, header.sectionId());
    return new RamSection(at, phase, header, list, loan);
  }

  /// A device section before RAM: on a pipe nothing tells where it ends.
  private DeviceSection readEarlyDevice(long at) throws IOException {
    String context = "early device section";
    window.position++;
    SectionHeader header = readSectionHeader();
    Optional<VmDescription.Device> device =
        vmdesc == null ? Optional.empty() : vmdesc.device(header.idstr(), header.instanceId());
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
    if (!window.ensure(1)) {
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
    if (!piped) {
      passPadding();
    }
    return new StreamElement.VmDescription(at, new String(json, StandardCharsets.US_ASCII));
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
      }
    }

    /// Copies the body as it stands in the stream.
    ///
    /// @return whether a footer follows it
    boolean copyTo(StreamWriter out) throws IOException {
      begin();
      from.copyTo(out);
      bodyRead = true;
      finish();
      return footers();
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
