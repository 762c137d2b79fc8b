// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.hostile;

import dev.tidemark.checkpoint.mappedram.MappedRamCheckpoint;
import dev.tidemark.checkpoint.stream.StreamCheckpoint;
import dev.tidemark.stream.MigrationStream;
import dev.tidemark.stream.StreamElement;
import dev.tidemark.stream.StreamElement.DeviceStateTail;
import dev.tidemark.stream.StreamElement.PackagedStream;
import dev.tidemark.stream.StreamElement.RamSection;
import dev.tidemark.stream.StreamException;
import dev.tidemark.stream.StreamReader;
import dev.tidemark.stream.StreamTransform;
import dev.tidemark.stream.StreamWriter;
import dev.tidemark.stream.TargetPageSize;
import dev.tidemark.stream.ram.PageVisitor;
import dev.tidemark.stream.vmstate.VmDescription;
import java.io.IOException;
import java.util.List;

/// The ways to read a migration stream.
public enum StreamSubject implements Subject {
  /// Random access; every page visited.
  SEEKABLE {
    @Override
    void read(Input in) throws IOException {
      pages(SETTINGS.read(in.source()));
    }
  },
  /// A pipe that gives all it is asked for; every page visited.
  PIPE {
    @Override
    void read(Input in) throws IOException {
      pages(SETTINGS.read(in.channel(Integer.MAX_VALUE)));
    }
  },
  /// A pipe that gives a few bytes a read.
  SHORT_READS {
    @Override
    void read(Input in) throws IOException {
      pages(SETTINGS.read(in.channel(61)));
    }
  },
  /// Random access; pages are passed over.
  SKIPPED {
    @Override
    void read(Input in) throws IOException {
      walk(SETTINGS.read(in.source()), (_, hash, _) -> hash);
    }
  },
  /// A pipe; pages are passed over.
  SKIPPED_PIPE {
    @Override
    void read(Input in) throws IOException {
      walk(SETTINGS.read(in.channel(Integer.MAX_VALUE)), (_, hash, _) -> hash);
    }
  },
  /// Random access; records as they stand on the wire.
  RECORDS {
    @Override
    void read(Input in) throws IOException {
      walk(
          SETTINGS.read(in.source()),
          (ram, hash, pageSize) -> {
            Taker taker = new Taker(pageSize, hash);
            ram.pages().forEachRecord(taker);
            return taker.hash();
          });
    }
  },
  /// Device state as one tail, also from a seekable source.
  DEVICE_TAIL {
    @Override
    void read(Input in) throws IOException {
      pages(SETTINGS.withDeviceTail().read(in.source()));
    }
  },
  /// Copied through the writer: what comes out is what went in.
  COPIED {
    @Override
    void read(Input in) throws IOException {
      copy(SETTINGS.read(in.source()), in, false);
    }
  },
  /// Copied from a pipe.
  COPIED_PIPE {
    @Override
    void read(Input in) throws IOException {
      copy(SETTINGS.read(in.channel(997)), in, true);
    }
  },
  /// Opened as a checkpoint, which not every stream is.
  CHECKPOINT {
    @Override
    public boolean mayRefuse() {
      return true;
    }

    @Override
    void read(Input in) throws IOException {
      try (StreamCheckpoint checkpoint = StreamCheckpoint.open(SETTINGS, in.source())) {
        checkpoint.deviceSections();
        checkpoint.ramBlocks();
        checkpoint.configuration();
      }
      if (MappedRamCheckpoint.isMappedRam(in.source(), 0)) {
        try (MappedRamCheckpoint mapped = MappedRamCheckpoint.open(in.source(), 0, SETTINGS)) {
          mapped.deviceSections();
          mapped.stream().forEachPage(new Taker(mapped.targetPageSize(), 0));
        }
      }
    }
  },
  /// Both ways at once, of one page size: where both read it, they must see the same pages.
  AGREEMENT {
    @Override
    void read(Input in) throws IOException {
      StreamReader reader = SETTINGS.read(in.source());
      long seekable = pages(reader);
      if (reader.targetPageSize() == 0) {
        return;
      }
      MigrationStream piped =
          MigrationStream.of(TargetPageSize.of(reader.targetPageSize())).withWindow(WINDOW);
      if (pages(piped.read(in.channel(509))) != seekable) {
        throw new AssertionError("a pipe has other pages than a file");
      }
    }
  };

  private static final int WINDOW = 128 << 10;

  /// Of the devices that the seeds have in packages.
  private static final VmDescription LAYOUT = layout();

  private static VmDescription layout() {
    try {
      return VmDescription.parse(Seeds.LAYOUT, 0);
    } catch (StreamException e) {
      throw new IllegalStateException(e);
    }
  }

  private static final MigrationStream SETTINGS =
      MigrationStream.of(TargetPageSize.detect()).withWindow(WINDOW);

  /// Those that read a seekable source: all that can be had of a stream with a device section in
  /// front of RAM, whose length a pipe does not tell.
  public static List<StreamSubject> ofFiles() {
    return List.of(SEEKABLE, SKIPPED, RECORDS, DEVICE_TAIL, COPIED, CHECKPOINT);
  }

  /// Reads a stream at random that starts somewhere in its file, whose bytes before are nobody's.
  static Subject startingAt(int start) {
    return new Subject() {
      @Override
      public void read(byte[] bytes, int length) throws IOException {
        pages(SETTINGS.read(new Input(bytes, 0, length).source(), start));
      }

      @Override
      public boolean mayEnd(byte[] bytes, int length) {
        return SEEKABLE.mayEnd(bytes, length);
      }

      @Override
      public String toString() {
        return "SEEKABLE from " + start;
      }
    };
  }

  @Override
  public void read(byte[] bytes, int length) throws IOException {
    read(new Input(bytes, 0, length));
  }

  /// Right behind EOF, since vmdesc is optional.
  @Override
  public boolean mayEnd(byte[] bytes, int length) {
    return length > 0 && bytes[length - 1] == 0;
  }

  abstract void read(Input in) throws IOException;

  private interface Section {
    /// Takes a section's pages; returns the hash of all that were taken.
    long take(RamSection ram, long hash, int pageSize) throws IOException;
  }

  private static long pages(StreamReader reader) throws IOException {
    return walk(
        reader,
        (ram, hash, pageSize) -> {
          Taker taker = new Taker(pageSize, hash);
          ram.pages().forEach((PageVisitor) taker);
          return taker.hash();
        });
  }

  private static long walk(StreamReader reader, Section section) throws IOException {
    long hash = 0;
    long before = -1;
    try (reader) {
      for (StreamElement e = reader.next(); e != null; e = reader.next()) {
        if (e.streamOffset() <= before) {
          throw new AssertionError("element at " + e.streamOffset() + " behind one at " + before);
        }
        before = e.streamOffset();
        if (e instanceof RamSection ram) {
          hash = section.take(ram, hash, reader.targetPageSize());
        } else if (e instanceof DeviceStateTail tail) {
          tail.resolve();
        } else if (e instanceof PackagedStream packaged) {
          packaged.commands();
          packaged.resolve(LAYOUT);
        }
      }
    }
    return hash;
  }

  private static void copy(StreamReader reader, Input input, boolean piped) throws IOException {
    Input.Copy copy = input.new Copy();
    boolean[] packaged = new boolean[1];
    boolean[] described = new boolean[1];
    StreamTransform noting =
        (out, e) -> {
          packaged[0] |= e instanceof PackagedStream;
          described[0] |=
              e instanceof StreamElement.VmDescription
                  || (e instanceof DeviceStateTail tail && tail.deviceState().vmdesc().isPresent());
          out.with(e);
        };
    try (reader;
        StreamWriter writer = MigrationStream.write(copy)) {
      writer.transform(reader, noting);
    }
    if (piped && packaged[0]) {
      // A peer in postcopy is not waited for: what a pipe holds behind EOF is nobody's.
      copy.endsBehindEof();
    } else if (!(piped && described[0])) {
      // Nor is anything waited for behind vmdesc, the last that there can be.
      copy.whole();
    }
  }
}
