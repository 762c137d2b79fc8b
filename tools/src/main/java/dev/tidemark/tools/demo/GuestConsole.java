// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What a demo guest says on its serial port, and when each line arrived.
///
/// A thread of its own, `tidemark-guest-console`, reads all the time: a guest whose serial port is
/// not read stops working. All other methods may be called by any thread. Times are those of
/// [System#nanoTime].
public final class GuestConsole implements AutoCloseable {
  private static final int BUFFER = 1 << 16;
  private static final int LONGEST_LINE = 1 << 16;
  private static final int MOST_WRONG = 10_000;
  private static final int MOST_OTHER = 100;

  private final ReadableByteChannel in;
  private final LongSupplier clock;
  private final Thread reader = new Thread(this::readAll, "tidemark-guest-console");
  private final StringBuilder partial = new StringBuilder();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final TickLog ticks;
  private final List<GuestLine.Wrong> wrong = new ArrayList<>();
  private final List<String> other = new ArrayList<>();
  private GuestLine.@Nullable Hello hello;
  private GuestLine.@Nullable Walk lastWalk;
  private long walks;
  private long unreported;
  private boolean ready;
  private @Nullable String end;

  private GuestConsole(ReadableByteChannel in, int tickMillis, LongSupplier clock) {
    this.in = in;
    this.clock = clock;
    ticks = new TickLog(tickMillis);
  }

  /// Reads from a channel until its end.
  ///
  /// @param in where the guest's bytes come from, blocking; closed with the console
  /// @param tickMillis how many milliseconds the guest lets pass between two ticks
  public static GuestConsole of(ReadableByteChannel in, int tickMillis) {
    return started(in, tickMillis, System::nanoTime);
  }

  static GuestConsole started(ReadableByteChannel in, int tickMillis, LongSupplier clock) {
    GuestConsole console = new GuestConsole(in, tickMillis, clock);
    console.reader.setDaemon(true);
    console.reader.start();
    return console;
  }

  /// Connects to the Unix socket of a serial port.
  ///
  /// @param socket where QEMU listens
  /// @param tickMillis how many milliseconds the guest lets pass between two ticks
  /// @throws IOException if nobody listens there
  public static GuestConsole connect(Path socket, int tickMillis) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      return of(channel, tickMillis);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private void readAll() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    String why = "the guest's serial port was closed";
    try {
      while (in.read(buffer.clear()) >= 0) {
        long now = clock.getAsLong();
        take(buffer.flip(), now);
      }
    } catch (IOException e) {
      why += in.isOpen() ? ": " + e.getMessage() : "";
    } finally {
      ended(why);
    }
  }

  private void take(ByteBuffer bytes, long now) {
    lock.lock();
    try {
      while (bytes.hasRemaining()) {
        char c = (char) (bytes.get() & 0xff);
        if (c == '\n' || partial.length() == LONGEST_LINE) {
          line(partial.toString(), now);
          partial.setLength(0);
        } else if (c != '\r') {
          partial.append(c);
        }
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void line(String text, long now) {
    switch (GuestLine.parse(text)) {
      case GuestLine.Tick tick -> ticks.add(tick, now);
      case GuestLine.Hello line -> hello = line;
      case GuestLine.Ready _ -> ready = true;
      case GuestLine.Walk walk -> {
        lastWalk = walk;
        walks++;
      }
      case GuestLine.Wrong line -> {
        if (wrong.size() < MOST_WRONG) {
          wrong.add(line);
        } else {
          unreported++;
        }
      }
      case GuestLine.Unreported line -> unreported += line.pages();
      case GuestLine.GuestError _, GuestLine.Panic _ -> halted(text);
      case GuestLine.Other line -> keep(line);
    }
  }

  /// What comes after the first of these is its consequence.
  private void halted(String text) {
    if (end == null) {
      end = "the guest says: " + text;
    }
  }

  private void keep(GuestLine.Other line) {
    if (other.size() == MOST_OTHER) {
      other.removeFirst();
    }
    if (!line.text().isBlank()) {
      other.add(line.text());
    }
  }

  private void ended(String why) {
    lock.lock();
    try {
      if (end == null) {
        end = why;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits until the guest has said what it will do.
  ///
  /// @param patience how long at most
  /// @return its first line
  /// @throws GuestFailure if it does not, or ends before
  public GuestLine.Hello awaitHello(Duration patience) throws GuestFailure, InterruptedException {
    await(() -> hello != null, patience, "start");
    return hello().orElseThrow();
  }

  /// Waits until all of the guest's memory has its first content.
  ///
  /// @param patience how long at most
  /// @throws GuestFailure if it does not come to that
  public void awaitReady(Duration patience) throws GuestFailure, InterruptedException {
    await(() -> ready, patience, "fill its memory");
  }

  /// Waits until the guest is in a walk, or beyond it.
  ///
  /// @param walk the walk's number
  /// @param patience how long at most
  /// @throws GuestFailure if it does not come to that
  public void awaitInWalk(long walk, Duration patience) throws GuestFailure, InterruptedException {
    await(
        () -> ticks.last().map(t -> t.walk() >= walk).orElse(false),
        patience,
        "begin walk " + walk);
  }

  /// Waits until so many walks have ended since this console was opened.
  ///
  /// @param count how many
  /// @param patience how long at most
  /// @throws GuestFailure if they do not
  public void awaitWalks(long count, Duration patience) throws GuestFailure, InterruptedException {
    await(() -> walks >= count, patience, "end walk " + count + " of those awaited");
  }

  /// Waits for the first tick.
  ///
  /// @param patience how long at most
  /// @return the first tick since this console was opened
  /// @throws GuestFailure if there is none
  public GuestLine.Tick awaitTick(Duration patience) throws GuestFailure, InterruptedException {
    await(() -> ticks.first().isPresent(), patience, "tick");
    return firstTick().orElseThrow();
  }

  private void await(BooleanSupplier condition, Duration patience, String what)
      throws GuestFailure, InterruptedException {
    long left = patience.toNanos();
    lock.lockInterruptibly();
    try {
      while (!condition.getAsBoolean()) {
        if (end != null) {
          throw new GuestFailure(end + (other.isEmpty() ? "" : " (before that: " + last() + ")"));
        }
        if (left <= 0) {
          throw new GuestFailure(
              "the guest did not " + what + " within " + patience.toSeconds() + " s");
        }
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  private String last() {
    return other.getLast();
  }

  /// The guest's first line; absent where this console was opened later.
  public Optional<GuestLine.Hello> hello() {
    return locked(() -> Optional.ofNullable(hello));
  }

  /// The last walk that has ended since this console was opened.
  public Optional<GuestLine.Walk> lastWalk() {
    return locked(() -> Optional.ofNullable(lastWalk));
  }

  /// How many walks have ended since this console was opened.
  public long walks() {
    return locked(() -> walks);
  }

  /// The pages found wrong since this console was opened, in the order of the lines.
  public List<GuestLine.Wrong> wrong() {
    return locked(() -> List.copyOf(wrong));
  }

  /// How many more pages were found wrong.
  public long unreported() {
    return locked(() -> unreported);
  }

  /// Lines that are not of the protocol; the last hundred.
  public List<String> other() {
    return locked(() -> List.copyOf(other));
  }

  /// The first tick since this console was opened.
  public Optional<GuestLine.Tick> firstTick() {
    return locked(ticks::first);
  }

  /// The last tick.
  public Optional<GuestLine.Tick> lastTick() {
    return locked(ticks::last);
  }

  /// When the last tick arrived.
  public OptionalLong lastTickNanos() {
    return locked(ticks::lastNanos);
  }

  /// How many ticks there were since this console was opened.
  public long tickCount() {
    return locked(ticks::count);
  }

  /// How often a tick's number did not follow the one before.
  public long tickJumps() {
    return locked(ticks::jumps);
  }

  /// The longest time without a tick, among those that overlap a span of time.
  ///
  /// @param fromNanos the span's start
  /// @param toNanos the span's end
  /// @return absent if there are not two ticks around any moment of it
  public Optional<TickGap> longestGap(long fromNanos, long toNanos) {
    return locked(() -> ticks.longestGap(fromNanos, toNanos));
  }

  /// Why nothing more will come: the guest halted, or its serial port was closed.
  public Optional<String> end() {
    return locked(() -> Optional.ofNullable(end));
  }

  private <T> T locked(Supplier<T> read) {
    lock.lock();
    try {
      return read.get();
    } finally {
      lock.unlock();
    }
  }

  /// Stops reading.
  @Override
  public void close() {
    try {
      in.close();
      reader.join(TimeUnit.SECONDS.toMillis(5));
    } catch (IOException _) {
      // Nothing was written to it.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
