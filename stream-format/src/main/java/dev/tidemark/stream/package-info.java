// SPDX-License-Identifier: Apache-2.0

/// QEMU's migration stream as elements, read, changed and written.
///
/// A stream is what QEMU sends when a VM migrates: the machine's type, its RAM as page records, the
/// state of its devices, and vmdesc, a JSON text that tells how the devices are laid out. Nothing
/// in
/// it tells how long a section is; a reader has to understand what it passes over.
///
/// # Reading
///
/// [dev.tidemark.stream.MigrationStream] holds the settings and opens a
/// [dev.tidemark.stream.StreamReader], whose `next()` gives one
/// [dev.tidemark.stream.StreamElement] after the other, and null behind the last. This counts the
/// pages of each RAM block in a file:
///
/// ```java run=count
/// Map<String, Integer> pages = new TreeMap<>();
/// PageVisitor counter =
///     new PageVisitor() {
///       @Override
///       public void page(RamBlock block, long pageOffset, MemorySegment window, long at) {
///         pages.merge(block.idstr(), 1, Integer::sum);
///       }
///
///       @Override
///       public void zeroPage(RamBlock block, long pageOffset) {
///         pages.merge(block.idstr(), 1, Integer::sum);
///       }
///     };
/// MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
/// try (StreamReader in = settings.read(ByteSource.of(file))) {
///   for (StreamElement e = in.next(); e != null; e = in.next()) {
///     if (e instanceof StreamElement.RamSection ram) {
///       ram.pages().forEach(counter);
///     }
///   }
/// }
/// System.out.println(pages);
/// ```
///
/// Elements are values and may be kept. Pages are a loan: [dev.tidemark.stream.ram.RamPages] can be
/// read once, and only until the next element; the window that a visitor is given, only until it
/// returns. Reading pages makes no objects.
///
/// Pages that are not visited are passed over, so that what is not wanted costs nothing but the way
/// to it. A `switch` that names every element stops compiling when a new kind appears:
///
/// ```java run=skip
/// MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
/// try (StreamReader in = settings.read(ByteSource.of(file))) {
///   for (StreamElement e = in.next(); e != null; e = in.next()) {
///     String what =
///         switch (e) {
///           case StreamElement.FileHeader header -> "version " + header.version();
///           case StreamElement.Configuration c -> "machine " + c.machine().machineType();
///           case StreamElement.Command c -> "command " + c.command();
///           case StreamElement.RamSection ram -> "ram " + ram.phase() + " " + ram.blockList();
///           case StreamElement.IterableSection s -> s.header().idstr() + " " + s.phase();
///           case StreamElement.PackagedStream p -> "package of " + p.bytes().length + " bytes";
///           case StreamElement.DeviceSection d -> "device " + d.header().idstr();
///           case StreamElement.DeviceStateTail t -> "devices, " + t.sectionsLength() + " bytes";
///           case StreamElement.EndOfFile _ -> "end";
///           case StreamElement.VmDescription v -> "vmdesc, " + v.json().length() + " bytes";
///         };
///     System.out.println(Long.toHexString(e.streamOffset()) + " " + what);
///   }
/// }
/// ```
///
/// A pipe or socket works the same way, and no more bytes are waited for than the element or page
/// at
/// hand needs. Where device sections end is known only from vmdesc, which comes behind them: from a
/// pipe all of them come as one [dev.tidemark.stream.StreamElement.DeviceStateTail], which can then
/// be cut apart.
///
/// ```java run=pipe
/// MigrationStream settings = MigrationStream.of(TargetPageSize.of(4096));
/// try (StreamReader in = settings.read(channel)) {
///   for (StreamElement e = in.next(); e != null; e = in.next()) {
///     if (e instanceof StreamElement.DeviceStateTail tail) {
///       for (StreamElement device : tail.resolve().orElse(List.of())) {
///         System.out.println(device.getClass().getSimpleName() + " at " + device.streamOffset());
///       }
///     }
///   }
/// }
/// ```
///
/// A file that is mapped into memory is read where it stands: the window that a visitor gets is the
/// file, and no page is copied.
///
/// ```java run=mapped
/// record Sum(long[] total, int pageSize) implements PageVisitor {
///   @Override
///   public void page(RamBlock block, long pageOffset, MemorySegment window, long at) {
///     for (long i = at; i < at + pageSize; i += Long.BYTES) {
///       total[0] += window.get(ValueLayout.JAVA_LONG_UNALIGNED, i);
///     }
///   }
///
///   @Override
///   public void zeroPage(RamBlock block, long pageOffset) {}
/// }
/// long[] total = new long[1];
/// MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
/// try (StreamReader in = settings.read(ByteSource.mapped(file))) {
///   for (StreamElement e = in.next(); e != null; e = in.next()) {
///     if (e instanceof StreamElement.RamSection ram) {
///       ram.pages().forEach(new Sum(total, in.targetPageSize()));
///     }
///   }
/// }
/// System.out.println(total[0]);
/// ```
///
/// Commands carry a payload; [dev.tidemark.stream.command.MigrationCommand] takes it apart:
///
/// ```java run=commands
/// MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
/// try (StreamReader in = settings.read(ByteSource.of(file))) {
///   for (StreamElement e = in.next(); e != null; e = in.next()) {
///     if (e instanceof StreamElement.Command command) {
///       switch (MigrationCommand.decode(command)) {
///         case MigrationCommand.Ping(int value) -> System.out.println("ping " + value);
///         case MigrationCommand.PostcopyAdvise(var sizes) -> System.out.println("advise " +
/// sizes);
///         case MigrationCommand other -> System.out.println(other);
///       }
///     }
///   }
/// }
/// ```
///
/// With the `xbzrle` capability a page that was sent before comes as what has changed in it. Only a
/// [dev.tidemark.stream.ram.DeltaVisitor] is given such records: one that knows the former content
/// of
/// every page. [dev.tidemark.checkpoint.PageSpool] is one, and holds the newest version of each:
///
/// ```java run=deltas
/// MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
/// PageSpool spool = null;
/// try (StreamReader in = settings.read(ByteSource.of(file))) {
///   for (StreamElement e = in.next(); e != null; e = in.next()) {
///     if (e instanceof StreamElement.RamSection ram) {
///       if (spool == null) {
///         spool = PageSpool.create(in.ramBlocks(), in.targetPageSize());
///       }
///       ram.pages().forEach(spool);
///     }
///   }
///   MemorySegment page = MemorySegment.ofArray(new byte[in.targetPageSize()]);
///   RamBlock ram = in.ramBlocks().getFirst();
///   for (long at = 0; at < ram.usedLength(); at += page.byteSize()) {
///     if (spool.readPage(ram, at, page) == PageKind.DATA) {
///       target.write(page.asByteBuffer());
///     }
///   }
/// } finally {
///   if (spool != null) {
///     spool.close();
///   }
/// }
/// ```
///
/// With the `multifd` capability pages come over connections of their own.
/// [dev.tidemark.stream.multifd.MultifdCheckpointStream] merges what was stored of them, in any
/// order, with the main stream:
///
/// ```java run=multifd
/// List<ByteSource> sources = new ArrayList<>();
/// for (Path connection : connections) {
///   sources.add(ByteSource.of(connection));
/// }
/// MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
/// try (MultifdCheckpointStream merged = MultifdCheckpointStream.open(settings, sources);
///     PageSpool spool = PageSpool.create(merged.ramBlocks(), merged.targetPageSize())) {
///   merged.forEachPage(spool);
///   System.out.println(merged.channelCount() + " channels");
///   MemorySegment page = MemorySegment.ofArray(new byte[merged.targetPageSize()]);
///   RamBlock ram = merged.ramBlocks().getFirst();
///   for (long at = 0; at < ram.usedLength(); at += page.byteSize()) {
///     if (spool.readPage(ram, at, page) == PageKind.DATA) {
///       target.write(page.asByteBuffer());
///     }
///   }
/// }
/// ```
///
/// The page size is the guest's, and has to be known before the first page:
/// [dev.tidemark.stream.TargetPageSize#detect] finds it wherever the stream says it.
///
/// # Errors
///
/// Whatever the input does ends in a [dev.tidemark.stream.StreamException], which says what is
/// wrong
/// and at which offset: the stream ends too early
/// ([dev.tidemark.stream.StreamException.Truncated]), breaks the format
/// ([dev.tidemark.stream.StreamException.Malformed]), holds what is not read here
/// ([dev.tidemark.stream.StreamException.Unsupported]), or is larger than
/// [dev.tidemark.stream.StreamLimits] allows
/// ([dev.tidemark.stream.StreamException.LimitExceeded]). Once thrown, every later `next()` throws
/// the same again. No memory is taken for a length before that many bytes have come.
///
/// ```java run=errors
/// ByteSource cut = ByteSource.of(new byte[] {'Q', 'E', 'V', 'M', 0, 0, 0, 3, 7, 0, 0});
/// try (StreamReader in = MigrationStream.of(TargetPageSize.detect()).read(cut)) {
///   while (in.next() != null) {}
/// } catch (StreamException.Truncated e) {
///   System.out.println("cut off at " + e.streamOffset() + ", in the " + e.context());
/// } catch (StreamException e) {
///   System.out.println(e.getMessage());
/// }
/// ```
///
/// Pages that are read when their loan has ended, or for a second time, are a mistake of the
/// caller:
/// [IllegalStateException].
///
/// # Writing
///
/// [dev.tidemark.stream.StreamWriter] takes elements, read or made. The pages of a section can be
/// given one by one:
///
/// ```java run=byHand
/// RamBlock block = new RamBlock(0, "pc.ram", 3 * 4096);
/// SectionHeader ram = SectionHeader.ram(2);
/// MachineConfiguration machine =
///     new MachineConfiguration(
///         "pc-i440fx-10.0", OptionalInt.empty(), List.of(), Optional.empty());
/// MemorySegment content = MemorySegment.ofArray(new byte[4096]).fill((byte) 0xa5);
/// try (StreamWriter out = MigrationStream.write(target)) {
///   out.with(new StreamElement.FileHeader());
///   out.with(StreamElement.Configuration.of(machine));
///   out.beginRam(Phase.START, ram, List.of(RamBlockEntry.of(block))).end();
///   StreamWriter.RamSectionWriter pages = out.beginRam(Phase.PART, ram, List.of());
///   pages.page(block, 0, content, 0);
///   pages.zeroPage(block, 4096);
///   pages.end();
///   out.beginRam(Phase.END, ram, List.of()).end();
///   out.with(new StreamElement.EndOfFile(0));
/// }
/// ```
///
/// # Transforming
///
/// A [dev.tidemark.stream.StreamTransform] is called with each element and passes on what is to
/// come of it: that element, another, several, or none. What comes from a reader and was not
/// changed
/// is written as the bytes it was read from, so that the transform that changes nothing copies a
/// stream byte by byte:
///
/// ```java run=identity
/// MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
/// try (StreamReader in = settings.read(ByteSource.of(file));
///     StreamWriter out = MigrationStream.write(target)) {
///   out.transform(in, StreamTransform.IDENTITY);
/// }
/// ```
///
/// One that drops vmdesc, which QEMU does not need to load a stream:
///
/// ```java run=dropVmdesc
/// StreamTransform withoutVmdesc =
///     (out, e) -> {
///       if (!(e instanceof StreamElement.VmDescription)) {
///         out.with(e);
///       }
///     };
/// MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
/// try (StreamReader in = settings.read(ByteSource.of(file));
///     StreamWriter out = MigrationStream.write(target)) {
///   out.transform(in, withoutVmdesc);
/// }
/// ```
///
/// A rule about pages is a [dev.tidemark.stream.PageTransform], and becomes a rule about streams.
/// This one makes the first MiB of `pc.ram` zero; the sections are encoded anew, and all else is
/// copied:
///
/// ```java run=zeroRange
/// PageTransform secret = PageTransform.zeroing(PageSelector.range("pc.ram", 0, 1 << 20));
/// MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
/// try (StreamReader in = settings.read(ByteSource.of(file));
///     StreamWriter out = MigrationStream.write(target)) {
///   out.transform(in, StreamTransform.transformingPages(secret));
/// }
/// ```
///
/// The rule itself stands between a section's pages and whoever visits them. One that says how many
/// pages it saw, and hands on the odd ones:
///
/// ```java run=ownRule
/// long[] seen = new long[1];
/// PageSelector even = (block, pageOffset) -> seen[0]++ % 2 == 0;
/// PageTransform odd = PageTransform.dropping(even);
/// MigrationStream settings = MigrationStream.of(TargetPageSize.detect());
/// try (StreamReader in = settings.read(ByteSource.of(file));
///     StreamWriter out = MigrationStream.write(target)) {
///   out.transform(in, StreamTransform.transformingPages(odd));
/// }
/// System.out.println(seen[0]);
/// ```
///
/// One that has the VM wait for `cont` when it has been loaded: the run state stands in a device
/// section, and device sections of one tail need no vmdesc to be found in.
///
/// ```java run=runState
/// StreamTransform paused =
///     (out, e) -> {
///       if (e instanceof StreamElement.DeviceStateTail(long at, byte[] bytes, int length)) {
///         byte[] sections = GlobalState.withRunState(Arrays.copyOf(bytes, length), "paused");
///         byte[] changed = bytes.clone();
///         System.arraycopy(sections, 0, changed, 0, length);
///         out.with(new StreamElement.DeviceStateTail(at, changed, length));
///       } else {
///         out.with(e);
///       }
///     };
/// MigrationStream settings = MigrationStream.of(TargetPageSize.detect()).withDeviceTail();
/// try (StreamReader in = settings.read(ByteSource.of(file));
///     StreamWriter out = MigrationStream.write(target)) {
///   out.transform(in, paused);
/// }
/// ```
///
/// Transforms compose: `first.andThen(second)`. One with state serves one stream;
/// [dev.tidemark.stream.StreamTransform#atEnd] is where it puts out what it still holds.
///
/// # The elements of a stream
///
/// ```
/// stream   := FileHeader Configuration? Command* setup (part | Command)* end* Command* devices
/// setup    := (RamSection(START) | IterableSection(START) | DeviceSection)*
/// part     := RamSection(PART) | IterableSection(PART) | PackagedStream     postcopy has a package
/// end      := RamSection(END) | IterableSection(END)
/// devices  := DeviceSection* EndOfFile VmDescription?     seekable, and vmdesc delimits them
///           | DeviceStateTail                             otherwise
/// ```
///
/// A postcopy has further connections. One that was broken off goes on over another, without header
/// and block list: [dev.tidemark.stream.StreamReader#resumed] of the reader of the former. Pages
/// that
/// the destination asks for may come over a second one, as bare records:
/// [dev.tidemark.stream.StreamReader#preempt]. What the destination says is in
/// [dev.tidemark.stream.command].
@NullMarked
package dev.tidemark.stream;

import org.jspecify.annotations.NullMarked;
