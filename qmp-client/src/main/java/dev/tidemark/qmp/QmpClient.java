// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import dev.tidemark.qmp.command.Getfd;
import dev.tidemark.qmp.command.Migrate;
import dev.tidemark.qmp.command.QemuVersion;
import dev.tidemark.qmp.command.QmpCapabilities;
import dev.tidemark.qmp.command.QmpCommand;
import dev.tidemark.qmp.command.QueryQmpSchema;
import dev.tidemark.qmp.internal.Posix;
import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonShapeException;
import dev.tidemark.qmp.schema.QmpSchema;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// A connection to a QMP monitor, ready for commands.
///
/// Any number of threads may use one client at once. Commands are pipelined: each goes out at once
/// and is matched with its reply by an id. Every command has a deadline; no call waits for ever.
/// When the connection ends, every waiting call fails at once. A client never connects again by
/// itself; [#reconnect] does.
///
/// No blocking method may be called from a dependent of [#submit]'s future that runs on the reader
/// thread; it fails with an `IllegalStateException`.
public final class QmpClient implements AutoCloseable {
  private static final long RETRY_MILLIS = 20;
  private static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final String OOB = "oob";

  private final QmpAddress address;
  private final QmpOptions options;
  private final Transport transport;
  private final Connection connection;
  private final JsonObject greeting;
  private final QemuVersion version;
  private final boolean accepted;
  private final ReentrantLock schemaLock = new ReentrantLock();
  private @Nullable QmpSchema schema;

  private QmpClient(
      QmpAddress address,
      QmpOptions options,
      boolean accepted,
      Transport transport,
      Connection connection,
      JsonObject greeting) {
    this.address = address;
    this.options = options;
    this.accepted = accepted;
    this.transport = transport;
    this.connection = connection;
    this.greeting = greeting;
    this.version = QemuVersion.of(greeting.object("version"));
  }

  /// Connects, waits for the greeting and leaves negotiation mode.
  ///
  /// @throws QmpException.ConnectFailed if nobody listens there, if no greeting comes in time
  ///     (another client holds the monitor), or if what comes is not QMP
  public static QmpClient connect(QmpAddress address) throws QmpException, InterruptedException {
    return connect(address, QmpOptions.DEFAULT);
  }

  /// Connects as [#connect(QmpAddress)] does, with options.
  ///
  /// @throws QmpException.ConnectFailed as there
  public static QmpClient connect(QmpAddress address, QmpOptions options)
      throws QmpException, InterruptedException {
    return connect(address, options, Transport.isEpollAvailable());
  }

  static QmpClient connect(QmpAddress address, QmpOptions options, boolean epoll)
      throws QmpException, InterruptedException {
    long start = System.nanoTime();
    long patience = TimeUnit.NANOSECONDS.convert(options.greetingWait());
    Connection connection = new Connection(options);
    Transport transport = null;
    while (transport == null) {
      try {
        transport = Transport.open(address, connection, epoll, options.tls());
      } catch (QmpException.ConnectFailed e) {
        if (!e.isTaken() || System.nanoTime() - start > patience) {
          throw e;
        }
        // Nobody has been let in: those who wait may have gone, which a free QEMU finds out at
        // once.
        Thread.sleep(RETRY_MILLIS);
        connection = new Connection(options);
      }
    }
    return greet(address, options, false, transport, connection);
  }

  /// A client for a QEMU that has connected to a [QmpListener].
  static QmpClient accept(
      QmpAddress address, QmpOptions options, Transport transport, Connection connection)
      throws QmpException, InterruptedException {
    return greet(address, options, true, transport, connection);
  }

  private static QmpClient greet(
      QmpAddress address,
      QmpOptions options,
      boolean accepted,
      Transport transport,
      Connection connection)
      throws QmpException, InterruptedException {
    boolean done = false;
    try {
      JsonObject greeting = awaitGreeting(address, options, connection);
      QmpClient client = new QmpClient(address, options, accepted, transport, connection, greeting);
      if (!client.version.isAtLeast(8, 0)) {
        transport.sendByteByByte();
      }
      boolean oob = options.oob() && client.offers(OOB);
      client.execute(new QmpCapabilities(oob ? List.of(OOB) : List.of()));
      if (oob) {
        connection.enableOob();
      }
      done = true;
      return client;
    } catch (JsonShapeException | ArithmeticException e) {
      throw new QmpException.ConnectFailed(address, "a greeting of another form", e);
    } finally {
      if (!done) {
        transport.close();
      }
    }
  }

  private static JsonObject awaitGreeting(
      QmpAddress address, QmpOptions options, Connection connection)
      throws QmpException, InterruptedException {
    try {
      return connection
          .greeting()
          .get(TimeUnit.NANOSECONDS.convert(options.greetingWait()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      throw QmpException.ConnectFailed.taken(address, null);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new QmpException.ConnectFailed(address, String.valueOf(cause.getMessage()), cause);
    }
  }

  /// Where this client is connected to.
  public QmpAddress address() {
    return address;
  }

  /// The version of QEMU, as its greeting says.
  public QemuVersion version() {
    return version;
  }

  /// The `QMP` member of the greeting: `version` and `capabilities`.
  public JsonObject greeting() {
    return greeting;
  }

  private boolean offers(String capability) {
    return greeting
        .optArray("capabilities")
        .map(offered -> offered.strings().contains(capability))
        .orElse(false);
  }

  /// Whether commands can be sent out of band: QEMU offers it, and the options want it.
  public boolean isOutOfBand() {
    return connection.isOob();
  }

  /// Whether the connection stands, as far as is known.
  public boolean isOpen() {
    return connection.isOpen();
  }

  /// Sends a command and waits for its answer, at most the default deadline.
  ///
  /// If the thread is interrupted, QEMU may still carry the command out; its reply is dropped.
  ///
  /// @throws QmpException.CommandFailed if QEMU answers with an error
  /// @throws QmpException.DeadlineExceeded if no answer comes in time
  /// @throws QmpException.Disconnected if the connection ends before
  /// @throws QmpException.ProtocolViolated if the answer is not one that the command can have
  public <R extends @Nullable Object> R execute(QmpCommand<R> command)
      throws QmpException, InterruptedException {
    return execute(command, options.deadline());
  }

  /// Sends a command and waits for its answer as [#execute(QmpCommand)] does, at most `deadline`.
  ///
  /// @throws QmpException as there
  public <R extends @Nullable Object> R execute(QmpCommand<R> command, Duration deadline)
      throws QmpException, InterruptedException {
    connection.checkNotInEventLoop();
    return await(submit(command, deadline), command, deadline);
  }

  /// Sends a command and returns at once.
  ///
  /// The future completes exceptionally with a [QmpException]. It completes on the reader thread:
  /// dependents that take time belong on an executor (`thenApplyAsync`). Cancelling it gives up
  /// waiting, it does not take the command back.
  public <R extends @Nullable Object> CompletableFuture<R> submit(QmpCommand<R> command) {
    return submit(command, options.deadline());
  }

  /// Sends a command as [#submit(QmpCommand)] does, with a deadline of its own.
  public <R extends @Nullable Object> CompletableFuture<R> submit(
      QmpCommand<R> command, Duration deadline) {
    return connection.submit(command, deadline, Pending.NO_DESCRIPTOR);
  }

  /// Sends a command past those that QEMU has not answered yet, and waits for its answer, at most
  /// the default deadline. It is carried out at once, also while QEMU's main loop hangs.
  ///
  /// Few commands can be sent so: `migrate-recover`, `migrate-pause`, `yank`, `query-yank`; see
  /// `QmpSchema.isOutOfBand`.
  ///
  /// @throws QmpException.Unsupported if out-of-band commands are not negotiated
  /// @throws QmpException as [#execute(QmpCommand)]
  public <R extends @Nullable Object> R executeOutOfBand(QmpCommand<R> command)
      throws QmpException, InterruptedException {
    connection.checkNotInEventLoop();
    return await(submitOutOfBand(command, options.deadline()), command, options.deadline());
  }

  /// Sends a command as [#executeOutOfBand] does, and returns at once.
  ///
  /// The future is as that of [#submit(QmpCommand)].
  public <R extends @Nullable Object> CompletableFuture<R> submitOutOfBand(
      QmpCommand<R> command, Duration deadline) {
    return isOutOfBand()
        ? connection.submitOutOfBand(command, deadline)
        : CompletableFuture.failedFuture(
            new QmpException.Unsupported(
                command.wireName()
                    + ": out-of-band commands are not negotiated with this QEMU ("
                    + version.number()
                    + ")"));
  }

  /// Sends a command together with a descriptor of this process (`getfd`, `add-fd`) and waits for
  /// its answer.
  ///
  /// QEMU gets a copy; the caller keeps its own and closes it when it likes, also at once.
  ///
  /// @param descriptor an open descriptor of this process
  /// @throws QmpException.Unsupported if the transport cannot carry descriptors: TCP, or Netty's
  ///     native epoll is missing
  /// @throws QmpException as [#execute(QmpCommand)]
  public <R extends @Nullable Object> R execute(QmpCommand<R> command, int descriptor)
      throws QmpException, InterruptedException {
    connection.checkNotInEventLoop();
    transport.checkCarriesDescriptors();
    int copy;
    try {
      copy = Posix.duplicate(descriptor);
    } catch (IOException e) {
      throw new IllegalArgumentException("not an open descriptor: " + descriptor, e);
    }
    return await(connection.submit(command, options.deadline(), copy), command, options.deadline());
  }

  /// Passes a descriptor to QEMU under a name, for `migrate fd:NAME` and its like.
  ///
  /// @param name the name, which must not start with a digit
  /// @param descriptor an open descriptor of this process; QEMU gets a copy
  /// @throws QmpException as [#execute(QmpCommand, int)]
  public void getfd(String name, int descriptor) throws QmpException, InterruptedException {
    execute(new Getfd(name), descriptor);
  }

  /// What this QEMU understands. Asked for once, which takes some tens of milliseconds, and kept.
  ///
  /// @throws QmpException as [#execute(QmpCommand)]
  public QmpSchema schema() throws QmpException, InterruptedException {
    connection.checkNotInEventLoop();
    schemaLock.lockInterruptibly();
    try {
      if (schema == null) {
        schema = QmpSchema.of(execute(new QueryQmpSchema()));
      }
      return schema;
    } catch (JsonShapeException e) {
      throw new QmpException.ProtocolViolated(
          "query-qmp-schema: a reply of another form: " + e.getMessage(), "", e);
    } finally {
      schemaLock.unlock();
    }
  }

  /// Compares a command with what this QEMU understands, and sends nothing of it.
  ///
  /// @throws QmpException.Unsupported if QEMU would not understand it: one line that says what it
  ///     does not have
  /// @throws QmpException as [#schema]
  public void check(QmpCommand<?> command) throws QmpException, InterruptedException {
    Optional<String> objection = schema().objection(command.wireName(), command.arguments());
    if (objection.isPresent()) {
      throw new QmpException.Unsupported(
          command.wireName() + ": " + objection.get() + " (QEMU " + version.number() + ")");
    }
  }

  /// Starts a migration whose progress is told by events.
  ///
  /// Turns the capability `events` on, without which QEMU tells nothing, and leaves it on.
  ///
  /// @throws QmpException as [#execute(QmpCommand)]
  public Migration migrate(Migrate command) throws QmpException, InterruptedException {
    return Migration.start(this, command);
  }

  /// Listens to events of some names, or to all if none is given.
  ///
  /// Every event that arrives after this has returned is seen, until the listener is closed.
  public EventListener listen(String... names) {
    return connection.listen(Set.of(names), options.eventCapacity());
  }

  /// The process at the other end of a Unix socket, as the kernel names it: the one that listens,
  /// or connects, there.
  ///
  /// @return empty for TCP, without native epoll, and where the process is in a namespace that this
  ///     one cannot see
  public Optional<Long> peerPid() {
    return transport.peerPid();
  }

  /// Closes this client and connects to the same address again, with the same options.
  ///
  /// Listeners and calls of this client are not carried over.
  ///
  /// @throws QmpException.Unsupported if there is no address to connect to: QEMU has connected
  ///     itself, or the client was made from a descriptor
  /// @throws QmpException.ConnectFailed as [#connect(QmpAddress)]
  public QmpClient reconnect() throws QmpException, InterruptedException {
    if (accepted || address instanceof QmpAddress.Descriptor) {
      throw new QmpException.Unsupported(
          accepted ? "it is QEMU that connects; accept it again" : "a descriptor connects once");
    }
    close();
    return connect(address, options);
  }

  /// Closes the connection. Calls that wait fail with [QmpException.Disconnected].
  @Override
  public void close() {
    transport.close();
  }

  @Override
  public String toString() {
    return "QmpClient[" + address + ", QEMU " + version + "]";
  }

  /// Waits a little longer than the deadline, which the reader thread looks after: it cannot where
  /// somebody's dependent holds it up.
  private static <R extends @Nullable Object> R await(
      CompletableFuture<R> future, QmpCommand<R> command, Duration deadline)
      throws QmpException, InterruptedException {
    long nanos = TimeUnit.NANOSECONDS.convert(deadline);
    try {
      return future.get(
          Math.min(nanos, Long.MAX_VALUE - GRACE_NANOS) + GRACE_NANOS, TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      future.cancel(false);
      throw new QmpException.DeadlineExceeded(command.wireName(), deadline);
    } catch (InterruptedException e) {
      future.cancel(false);
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof QmpException failure) {
        // Made on the reader thread, for this caller alone: let it tell where the caller stood.
        failure.fillInStackTrace();
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
