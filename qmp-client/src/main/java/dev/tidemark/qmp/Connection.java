// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import dev.tidemark.qmp.command.QmpCommand;
import dev.tidemark.qmp.internal.Posix;
import dev.tidemark.qmp.json.JsonNumber;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonShapeException;
import dev.tidemark.qmp.json.JsonValue;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// One connection: matches replies with commands, hands events to listeners, ends once.
///
/// Everything but [#submit], [#listen] and [#remove] runs in the channel's event loop, which is one
/// thread; the maps need no lock.
final class Connection extends ChannelInboundHandlerAdapter {
  private static final long RETRY_MILLIS = 1;
  private static final long READING_MILLIS = 1000;

  /// Where out-of-band commands were negotiated QEMU keeps up to 8 others in a queue, and reads no
  /// further once it is full: then an out-of-band command would wait behind it.
  ///
  /// Format: `QMP_REQ_QUEUE_LEN_MAX` in `monitor/monitor-internal.h`, QEMU 10.0.2.
  private static final int OOB_WINDOW = 7;

  private final MessageFramer framer;
  private final AtomicLong nextId = new AtomicLong(1);
  private final Map<Long, Pending<?>> pending = new HashMap<>();

  /// Ids whose callers have gone; their replies may still come and are dropped then.
  private final Set<Long> abandoned = new HashSet<>();

  /// Commands not yet written, in order: more than none only while one with a descriptor, or the
  /// window, holds them up.
  private final Queue<Pending<?>> unsent = new ArrayDeque<>();

  /// The command whose descriptor QEMU has not taken yet. QEMU keeps one descriptor per monitor: a
  /// second one sent before the first command has run would replace the first.
  private @Nullable Long descriptorInFlight;

  /// Ids of in-band commands that are written and not answered, those of [#abandoned] too.
  private final Set<Long> inBand = new HashSet<>();

  private volatile boolean oob;
  private boolean retryScheduled;
  private boolean writeFailed;
  private final List<EventListener> listeners = new CopyOnWriteArrayList<>();
  private final CompletableFuture<JsonObject> greeting = new CompletableFuture<>();
  private volatile @Nullable Channel channel;
  private volatile @Nullable End end;

  Connection(QmpOptions options) {
    this.framer = new MessageFramer(options.limits());
  }

  /// QEMU's greeting; completed with a [QmpException] if something else comes.
  CompletableFuture<JsonObject> greeting() {
    return greeting;
  }

  boolean isOpen() {
    return end == null;
  }

  /// Sends a command as soon as the event loop gets to it.
  ///
  /// @param descriptor sent along, or [Pending#NO_DESCRIPTOR]; taken over and closed
  <R extends @Nullable Object> CompletableFuture<R> submit(
      QmpCommand<R> command, Duration deadline, int descriptor) {
    return submit(new Pending<>(nextId.getAndIncrement(), command, deadline, descriptor, false));
  }

  /// Sends a command past those that wait. Only after [#enableOob].
  <R extends @Nullable Object> CompletableFuture<R> submitOutOfBand(
      QmpCommand<R> command, Duration deadline) {
    return submit(
        new Pending<>(nextId.getAndIncrement(), command, deadline, Pending.NO_DESCRIPTOR, true));
  }

  /// Notes that out-of-band commands are negotiated.
  void enableOob() {
    oob = true;
  }

  boolean isOob() {
    return oob;
  }

  private <R extends @Nullable Object> CompletableFuture<R> submit(Pending<R> call) {
    Channel to = channel;
    if (to == null) {
      throw new IllegalStateException("not connected yet");
    }
    var _ =
        call.future.whenComplete(
            (_, _) -> {
              if (call.future.isCancelled()) {
                onLoop(to, () -> abandon(call));
              }
            });
    if (!onLoop(to, () -> start(to, call))) {
      release(call);
      call.end(endOr(End.closedHere()));
    }
    return call.future;
  }

  boolean isInEventLoop() {
    Channel at = channel;
    return at != null && at.eventLoop().inEventLoop();
  }

  /// @throws IllegalStateException on the reader thread, which must not wait for itself
  void checkNotInEventLoop() {
    if (isInEventLoop()) {
      throw new IllegalStateException("a blocking call on the thread that reads the replies");
    }
  }

  EventListener listen(Set<String> names, int capacity) {
    EventListener listener = new EventListener(names, capacity, this);
    listeners.add(listener);
    End ended = end;
    if (ended != null) {
      listener.end(ended);
    }
    return listener;
  }

  void remove(EventListener listener) {
    listeners.remove(listener);
  }

  private static boolean onLoop(Channel channel, Runnable job) {
    try {
      channel.eventLoop().execute(job);
      return true;
    } catch (RejectedExecutionException _) {
      return false;
    }
  }

  private End endOr(End otherwise) {
    End ended = end;
    return ended != null ? ended : otherwise;
  }

  // From here on: event loop only.

  @Override
  public void channelActive(ChannelHandlerContext context) {
    channel = context.channel();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object read) throws IOException {
    ByteBuf bytes = (ByteBuf) read;
    try {
      if (end == null) {
        framer.feed(bytes, this::receive);
      }
    } finally {
      bytes.release();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    end(
        framer.isInsideMessage()
            ? new End("QEMU closed the connection in the middle of a message", null, null)
            : End.closedByPeer());
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    exceptionCaught(
        context.channel(), cause instanceof Violation violation ? violation.exception : cause);
  }

  /// Ends the connection for everyone who waits, once.
  void end(End why) {
    if (end != null) {
      return;
    }
    end = why;
    greeting.completeExceptionally(why.toException(null));
    List<Pending<?>> waiting = List.copyOf(pending.values());
    pending.clear();
    unsent.forEach(Connection::release);
    unsent.clear();
    waiting.forEach(call -> call.end(why));
    listeners.forEach(listener -> listener.end(why));
  }

  private void receive(JsonObject message) {
    try {
      if (!greeting.isDone()) {
        greeting.complete(message.object("QMP"));
      } else if (message.has("event")) {
        Event event = Event.of(message);
        listeners.forEach(listener -> listener.offer(event));
      } else if (message.has("return") || message.has("error")) {
        answer(message);
      } else {
        throw new Violation("a message that is neither reply nor event", message);
      }
    } catch (JsonShapeException | DateTimeException | ArithmeticException e) {
      throw new Violation("a message of another form: " + e.getMessage(), message);
    }
  }

  private void answer(JsonObject message) {
    Long id =
        message.members().get("id") instanceof JsonNumber number
            ? Long.valueOf(number.longValue())
            : idOfUnreadable(message);
    Pending<?> call = pending.remove(id);
    if (call == null && !abandoned.remove(id)) {
      throw new Violation("a reply to no command", message);
    }
    if (id.equals(descriptorInFlight)) {
      descriptorInFlight = null;
    }
    if (inBand.remove(id)) {
      drain();
    }
    if (call != null) {
      call.answer(message);
    }
  }

  /// The command that QEMU could not read, as one with a character that is none, or nested deeper
  /// than QEMU goes: such an error has no id, so it can be told only where one command is under
  /// way.
  private Long idOfUnreadable(JsonObject message) {
    boolean alone =
        inBand.size() == 1
            && inBand.containsAll(abandoned)
            && pending.values().stream().noneMatch(call -> call.outOfBand);
    if (!message.has("error") || !alone) {
      throw new Violation("a reply without the id of a command", message);
    }
    return inBand.iterator().next();
  }

  private void start(Channel to, Pending<?> call) {
    End ended = end;
    if (ended != null) {
      release(call);
      call.end(ended);
      return;
    }
    pending.put(call.id, call);
    call.startTimer(
        to.eventLoop()
            // Converted so that it saturates: a deadline of `Long.MAX_VALUE` seconds is "never".
            .schedule(
                () -> exceedDeadline(call),
                TimeUnit.MILLISECONDS.convert(call.deadline),
                TimeUnit.MILLISECONDS));
    if (call.outOfBand) {
      write(to, Unpooled.wrappedBuffer(call.message));
    } else {
      unsent.add(call);
      drain();
    }
  }

  private void exceedDeadline(Pending<?> call) {
    abandon(call);
    call.exceedDeadline();
  }

  private void abandon(Pending<?> call) {
    call.stopTimer();
    if (pending.remove(call.id) == null) {
      return;
    }
    if (unsent.remove(call)) {
      release(call);
    } else {
      abandoned.add(call.id);
    }
  }

  /// Writes what waits, in order, until a descriptor or the window holds it up.
  private void drain() {
    Channel to = channel;
    Pending<?> call = unsent.peek();
    while (to != null && call != null && end == null && !writeFailed && hasRoom()) {
      if (call.future.isCancelled()) {
        // What is to be done on this thread about it may come later than a reply that makes room.
        abandon(call);
      } else if (!call.hasDescriptor()) {
        unsent.remove();
        inBand.add(call.id);
        write(to, Unpooled.wrappedBuffer(call.message));
      } else if (!sendWithDescriptor(to, call)) {
        return;
      }
      call = unsent.peek();
    }
  }

  private boolean hasRoom() {
    return !oob || inBand.size() < OOB_WINDOW;
  }

  private boolean sendWithDescriptor(Channel to, Pending<?> call) {
    if (descriptorInFlight != null) {
      return false; // its reply calls drain
    }
    ChannelOutboundBuffer before = to.unsafe().outboundBuffer();
    if (before != null && !before.isEmpty()) {
      return retryLater(to);
    }
    int sent;
    try {
      sent =
          Posix.sendWithDescriptor(
              ((UnixChannel) to).fd().intValue(), call.message, call.descriptor);
    } catch (IOException e) {
      endOnceRead(to, e);
      return false;
    }
    if (sent == 0) {
      return retryLater(to);
    }
    unsent.remove();
    descriptorInFlight = call.id;
    inBand.add(call.id);
    release(call);
    if (sent < call.message.length) {
      write(to, Unpooled.wrappedBuffer(call.message, sent, call.message.length - sent));
    }
    return true;
  }

  private boolean retryLater(Channel to) {
    if (!retryScheduled) {
      retryScheduled = true;
      var _ =
          to.eventLoop()
              .schedule(
                  () -> {
                    retryScheduled = false;
                    drain();
                  },
                  RETRY_MILLIS,
                  TimeUnit.MILLISECONDS);
    }
    return false;
  }

  private void write(Channel to, ByteBuf bytes) {
    var _ =
        to.writeAndFlush(bytes)
            .addListener(
                written -> {
                  if (written.cause() != null) {
                    endOnceRead(to, written.cause());
                  }
                });
  }

  /// Writing fails first where QEMU has gone. What it said before that is still to be read, up to
  /// the end, which comes at once; if it does not, this is the end.
  private void endOnceRead(Channel to, Throwable cause) {
    if (writeFailed) {
      return;
    }
    writeFailed = true;
    var _ =
        to.eventLoop()
            .schedule(() -> exceptionCaught(to, cause), READING_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void exceptionCaught(Channel at, Throwable cause) {
    end(End.failed(cause));
    var _ = at.close();
  }

  private static void release(Pending<?> call) {
    if (call.hasDescriptor()) {
      Posix.close(call.descriptor);
    }
  }

  /// Carries a violation through Netty to [#exceptionCaught].
  private static final class Violation extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final int EXCERPT = 120;

    final QmpException.ProtocolViolated exception;

    Violation(String what, JsonValue message) {
      String text = message.toJson();
      exception =
          new QmpException.ProtocolViolated(
              what, text.substring(0, Math.min(text.length(), EXCERPT)), null);
    }
  }
}
