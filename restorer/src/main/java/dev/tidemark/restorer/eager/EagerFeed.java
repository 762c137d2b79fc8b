// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.restorer.eager;

import dev.tidemark.checkpoint.Checkpoint;
import dev.tidemark.checkpoint.CheckpointStream;
import dev.tidemark.checkpoint.stream.CheckpointStreamWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// Sends a checkpoint as a migration stream, on a thread of its own.
public final class EagerFeed {
  private final Checkpoint checkpoint;
  private final Channel out;
  private final Optional<String> runState;
  private final LongConsumer progress;
  private final CompletableFuture<Long> sent = new CompletableFuture<>();
  private final Thread thread;

  private EagerFeed(
      Checkpoint checkpoint,
      WritableByteChannel out,
      Optional<String> runState,
      LongConsumer progress) {
    this.checkpoint = checkpoint;
    this.out = new Channel(out);
    this.runState = runState;
    this.progress = progress;
    thread = Thread.ofPlatform().name("tidemark-restore").daemon().unstarted(this::run);
  }

  /// Begins to send.
  ///
  /// @param checkpoint what is sent
  /// @param out where it goes; closed at the end
  /// @param runState the run state to send in place of the stored one
  /// @param progress is told the bytes sent so far, on the sending thread
  /// @return the running feed
  public static EagerFeed start(
      Checkpoint checkpoint,
      WritableByteChannel out,
      Optional<String> runState,
      LongConsumer progress) {
    EagerFeed feed = new EagerFeed(checkpoint, out, runState, progress);
    feed.thread.start();
    return feed;
  }

  private void run() {
    try (out) {
      sent.complete(send());
    } catch (Throwable e) {
      sent.completeExceptionally(e);
    }
  }

  private long send() throws IOException {
    CheckpointStreamWriter.Options options = new CheckpointStreamWriter.Options(progress, runState);
    try (CheckpointStream pages = checkpoint.stream()) {
      return CheckpointStreamWriter.write(pages, out, options);
    }
  }

  /// Waits for the end of the sending.
  ///
  /// @param wait how long at most
  /// @return the bytes sent; absent if it has not ended
  /// @throws IOException if the checkpoint cannot be read
  /// @throws ReceiverGone if QEMU stopped reading
  /// @throws InterruptedException if this thread is interrupted
  public Optional<Long> await(Duration wait) throws IOException, InterruptedException {
    try {
      return Optional.of(sent.get(wait.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException _) {
      return Optional.empty();
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    }
  }

  private IOException failure(@Nullable Throwable cause) {
    if (out.failed) {
      return new ReceiverGone(cause);
    }
    return switch (cause) {
      case IOException e -> e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default -> new IOException("sending the checkpoint failed", cause);
    };
  }

  /// Whether it has ended, well or badly.
  public boolean isDone() {
    return sent.isDone();
  }

  /// Waits until the thread has ended, as it does soon after the other end is closed.
  public void join() {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// QEMU stopped reading before the end.
  public static final class ReceiverGone extends IOException {
    private static final long serialVersionUID = 1L;

    ReceiverGone(@Nullable Throwable cause) {
      super("QEMU closed the stream", cause);
    }
  }

  /// Tells failures of the receiver from failures of the checkpoint.
  private static final class Channel implements WritableByteChannel {
    private final WritableByteChannel to;
    private volatile boolean failed;

    Channel(WritableByteChannel to) {
      this.to = to;
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      try {
        return to.write(bytes);
      } catch (IOException e) {
        failed = true;
        throw e;
      }
    }

    @Override
    public boolean isOpen() {
      return to.isOpen();
    }

    @Override
    public void close() throws IOException {
      to.close();
    }
  }
}
