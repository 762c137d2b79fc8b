// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.multifd;

import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.DeviceState;
import dev.tidemark.checkpoint.MachineConfiguration;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.SectionHeader;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.RamSection.Phase;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamWriter;
import dev.tidemark.stream.StreamWriter.RamSectionWriter;
import dev.tidemark.stream.multifd.MultifdPacket.RamPacket;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.ram.RamBlock;
import dev.tidemark.stream.ram.RamBlockEntry;
import dev.tidemark.stream.ram.RamRecords;
import dev.tidemark.stream.vmstate.GlobalState;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Writes a checkpoint as a multifd migration: a main stream, and channels with its pages, which a
/// destination QEMU with the capability `multifd`, as many channels and the same compression takes.
///
/// One thread writes to all connections. It comes to a sync point on the main stream first and on
/// the channels then, and goes on only when all have it; thus a live destination never waits for
/// what is not on its way, and the connections can as well be files.
///
/// A page that comes again, from a checkpoint that does not give each once, begins a new epoch.
public final class MultifdStreamWriter {
  /// Not 0, and above what QEMU's counter of section ids reaches, so that it is no device's.
  private static final int RAM_SECTION_ID = 1 << 16;

  private static final MemorySegment FLUSH_WORD =
      MemorySegment.ofArray(
          ByteBuffer.allocate(RamRecords.SIZE_WORD).putLong(RamRecords.MULTIFD_FLUSH).array());

  private MultifdStreamWriter() {}

  /// How zero pages are sent.
  public enum ZeroPages {
    /// As ZERO words of the main stream: a destination clears the page, whatever it holds.
    MAIN_STREAM,
    /// In packets, which QEMU knows from 9.0 on. A destination takes memory that it has not
    /// received for zero, so that what it loaded into ROM by itself stays.
    PACKETS,
    /// As pages with content.
    AS_CONTENT
  }

  /// When channels and main stream meet.
  public enum SyncMode {
    /// At MULTIFD_FLUSH words: machine types from 8.1 on.
    PER_ROUND,
    /// At the end of each RAM section: machine types up to 8.0.
    PER_SECTION;

    private static final Pattern VERSION = Pattern.compile("-(\\d{1,4})\\.(\\d{1,4})$");

    /// What a destination of a machine type expects; of types without a version, the newest.
    ///
    /// Format: `multifd-flush-after-each-section` in `hw_compat_8_0`, `hw/core/machine.c`, QEMU
    /// 10.0.2.
    ///
    /// @param machineType such as `pc-i440fx-10.0`
    public static SyncMode of(String machineType) {
      Matcher found = VERSION.matcher(machineType);
      if (!found.find()) {
        return PER_ROUND;
      }
      int major = Integer.parseInt(found.group(1));
      int minor = Integer.parseInt(found.group(2));
      return major > 8 || (major == 8 && minor > 0) ? PER_ROUND : PER_SECTION;
    }
  }

  /// What the destination has been told, and how to use it.
  ///
  /// @param method how packets are compressed; one that can be written
  /// @param zeroPages how zero pages are sent
  /// @param syncMode when channels and main stream meet; absent: by the machine type
  /// @param uuid the destination's uuid; absent: the checkpoint's, or none
  /// @param runState the run state to put into `globalstate`; absent leaves it as it is
  public record Options(
      MultifdMethod method,
      ZeroPages zeroPages,
      Optional<SyncMode> syncMode,
      Optional<UUID> uuid,
      Optional<String> runState) {
    /// No compression, zero pages in the main stream, all else as the checkpoint says.
    public static final Options DEFAULT =
        new Options(
            MultifdMethod.NONE,
            ZeroPages.MAIN_STREAM,
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    /// Checks the method.
    public Options {
      if (!method.isWritten()) {
        throw new IllegalArgumentException("compression " + method + " cannot be written");
      }
    }

    /// The same with another method.
    ///
    /// @param newMethod how packets are compressed
    public Options withMethod(MultifdMethod newMethod) {
      return new Options(newMethod, zeroPages, syncMode, uuid, runState);
    }

    /// The same with zero pages sent otherwise.
    ///
    /// @param way how zero pages are sent
    public Options withZeroPages(ZeroPages way) {
      return new Options(method, way, syncMode, uuid, runState);
    }

    /// The same with a mode that is not asked of the machine type.
    ///
    /// @param mode when channels and main stream meet
    public Options withSyncMode(SyncMode mode) {
      return new Options(method, zeroPages, Optional.of(mode), uuid, runState);
    }

    /// The same for a destination with a uuid.
    ///
    /// @param of the destination's uuid
    public Options withUuid(UUID of) {
      return new Options(method, zeroPages, syncMode, Optional.of(of), runState);
    }

    /// The same with another run state.
    ///
    /// @param state such as `running` or `paused`
    public Options withRunState(String state) {
      return new Options(method, zeroPages, syncMode, uuid, Optional.of(state));
    }
  }

  /// Writes a checkpoint. Closes nothing.
  ///
  /// @param in read to its end
  /// @param main the main stream, in blocking mode
  /// @param channels the channels by their ids, 1 to 255 of them, in blocking mode
  /// @param options what the destination has been told
  /// @return bytes written, to all together
  /// @throws IOException if one cannot be read or the others cannot be written
  public static long write(
      CheckpointStream in,
      WritableByteChannel main,
      List<? extends WritableByteChannel> channels,
      Options options)
      throws IOException {
    if (channels.isEmpty() || channels.size() > 255) {
      throw new IllegalArgumentException(channels.size() + " channels");
    }
    MachineConfiguration machine = in.configuration().forDestination();
    Split split = new Split(in, main, channels, machine, options);
    try {
      return split.write(machine);
    } finally {
      split.release();
    }
  }

  /// One checkpoint on its way.
  private static final class Split implements PageVisitor {
    private final CheckpointStream in;
    private final StreamWriter main;
    private final MultifdChannelWriter[] channels;
    private final Options options;
    private final SyncMode mode;
    private final UUID uuid;
    private final SectionHeader ram = SectionHeader.ram(RAM_SECTION_ID);
    private final @Nullable SentPages sent;
    private @Nullable RamSectionWriter section;
    private boolean footers;
    private byte[] early = {};
    private int current;
    private long packets;

    // The writers are not closed: that would close the channels, which are the caller's.
    @SuppressWarnings("resource")
    Split(
        CheckpointStream in,
        WritableByteChannel main,
        List<? extends WritableByteChannel> channels,
        MachineConfiguration machine,
        Options options) {
      this.in = in;
      this.options = options;
      this.mode = options.syncMode().orElseGet(() -> SyncMode.of(machine.machineType()));
      this.uuid = options.uuid().or(machine::uuid).orElse(MultifdInitialPacket.NO_UUID);
      this.main = MigrationStream.write(main).targetPageSize(in.targetPageSize());
      this.channels = new MultifdChannelWriter[channels.size()];
      for (int i = 0; i < this.channels.length; i++) {
        this.channels[i] = new MultifdChannelWriter(channels.get(i), in.targetPageSize());
      }
      this.sent = in.eachPageOnce() ? null : new SentPages(in.ramBlocks(), in.targetPageSize());
    }

    long write(MachineConfiguration machine) throws IOException {
      for (int id = 0; id < channels.length; id++) {
        channels[id].initial(new MultifdInitialPacket(uuid, id));
        channels[id].flush();
      }
      main.with(new StreamElement.FileHeader());
      if (!machine.machineType().isEmpty()) {
        main.with(StreamElement.Configuration.of(machine));
      }
      in.forEachPage(this);
      begin();
      DeviceState devices = in.deviceState();
      if (footers != in.footers() || !Arrays.equals(early, devices.early())) {
        throw new StreamException.Unsupported(
            "what stands before the pages is known only behind them", 0, "checkpoint");
      }
      if (mode == SyncMode.PER_ROUND) {
        section().end();
      } else {
        sync();
      }
      for (StreamElement.IterableSection other : devices.iterable()) {
        main.with(other);
      }
      main.footers(footers);
      section = main.beginRam(Phase.END, ram, List.of());
      sync();
      if (mode == SyncMode.PER_ROUND) {
        section().end();
      }
      writeDevices(devices);
      return written();
    }

    /// Writes what comes before the pages, once: only when the first is visited is it known whole.
    private void begin() throws IOException {
      if (section != null) {
        return;
      }
      footers = in.footers();
      main.footers(footers);
      early = in.earlySections();
      main.raw(MemorySegment.ofArray(early));
      List<RamBlockEntry> blockList = in.ramBlocks().stream().map(RamBlockEntry::of).toList();
      RamSectionWriter start = main.beginRam(Phase.START, ram, blockList);
      if (mode == SyncMode.PER_ROUND) {
        main.raw(FLUSH_WORD);
      }
      start.end();
      syncChannels();
      section = main.beginRam(Phase.PART, ram, List.of());
    }

    private void writeDevices(DeviceState devices) throws IOException {
      byte[] sections =
          options
              .runState()
              .map(state -> GlobalState.withRunState(devices.sections(), state))
              .orElse(devices.sections());
      main.raw(MemorySegment.ofArray(sections));
      main.with(new StreamElement.EndOfFile(0));
      if (devices.vmdesc().isPresent()) {
        main.with(new StreamElement.VmDescription(0, devices.vmdesc().get()));
      }
      main.flush();
    }

    private long written() {
      long sum = main.bytesWritten();
      for (MultifdChannelWriter channel : channels) {
        sum += channel.bytesWritten();
      }
      return sum;
    }

    @Override
    public void page(RamBlock block, long pageOffset, MemorySegment window, long windowOffset)
        throws IOException {
      enter(block, pageOffset);
      roomFor(block).page(block, pageOffset, window, windowOffset);
    }

    @Override
    public void zeroPage(RamBlock block, long pageOffset) throws IOException {
      enter(block, pageOffset);
      switch (options.zeroPages()) {
        case MAIN_STREAM -> section().zeroPage(block, pageOffset);
        case PACKETS -> roomFor(block).zeroPage(block, pageOffset);
        case AS_CONTENT -> roomFor(block).pageOfZeroes(block, pageOffset);
      }
    }

    private RamSectionWriter section() {
      if (section == null) {
        throw new IllegalStateException("no section has begun");
      }
      return section;
    }

    /// A page that this epoch has had begins the next: between two syncs nothing orders them.
    private void enter(RamBlock block, long pageOffset) throws IOException {
      begin();
      if (sent != null && !sent.add(block, pageOffset)) {
        sync();
        if (mode == SyncMode.PER_SECTION) {
          section = main.beginRam(Phase.PART, ram, List.of());
        }
        sent.add(block, pageOffset);
      }
    }

    private PacketPages roomFor(RamBlock block) throws IOException {
      if (!channels[current].pages().hasRoomFor(block)) {
        send();
      }
      return channels[current].pages();
    }

    private void send() throws IOException {
      MultifdChannelWriter channel = channels[current];
      if (!channel.pages().isEmpty()) {
        channel.packet(channel.pages(), options.method(), packets++);
        current = (current + 1) % channels.length;
      }
    }

    /// A sync point: the word or the section's end, then all channels.
    private void sync() throws IOException {
      send();
      if (mode == SyncMode.PER_ROUND) {
        main.raw(FLUSH_WORD);
      } else {
        section().end();
      }
      syncChannels();
      if (sent != null) {
        sent.clear();
      }
    }

    private void syncChannels() throws IOException {
      main.flush();
      for (MultifdChannelWriter channel : channels) {
        channel.with(RamPacket.sync(packets++));
        channel.flush();
      }
    }

    void release() {
      for (MultifdChannelWriter channel : channels) {
        channel.release();
      }
    }
  }

  /// Which pages the epoch has had.
  private static final class SentPages {
    /// Pages that one set holds, far below what an index of it can be.
    private static final int SHIFT = 30;

    private final BitSet[][] ofBlocks;
    private final int pageShift;

    SentPages(List<RamBlock> blocks, int pageSize) {
      pageShift = Integer.numberOfTrailingZeros(pageSize);
      ofBlocks = new BitSet[blocks.size()][];
      for (RamBlock block : blocks) {
        long pages = block.usedLength() >>> pageShift;
        BitSet[] sets = new BitSet[(int) (pages >>> SHIFT) + 1];
        for (int i = 0; i < sets.length; i++) {
          sets[i] = new BitSet();
        }
        ofBlocks[block.index()] = sets;
      }
    }

    /// False if it has been there.
    boolean add(RamBlock block, long pageOffset) {
      long page = pageOffset >>> pageShift;
      BitSet set = ofBlocks[block.index()][(int) (page >>> SHIFT)];
      int index = (int) (page & ((1 << SHIFT) - 1));
      boolean isNew = !set.get(index);
      set.set(index);
      return isNew;
    }

    void clear() {
      for (BitSet[] sets : ofBlocks) {
        for (BitSet set : sets) {
          set.clear();
        }
      }
    }
  }
}
