// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Events of some names, in the order in which they came, from the moment [QmpClient#listen]
/// returned until this is closed.
///
/// Events wait in a queue of bounded size, [QmpOptions#eventCapacity]: as long as no more than that
/// many wait, none is lost. The reader of the connection never waits for it: when
/// the queue is full, events are dropped until it has been emptied, and [#next] then throws
/// [QmpException.EventsLost] once.
///
/// Any thread may read; several share the events.
public final class EventListener implements AutoCloseable {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<Event> queue = new ArrayDeque<>();
  private final Set<String> names;
  private final int capacity;
  private final Connection connection;

  private long lost;
  private boolean closed;
  private @Nullable End end;

  EventListener(Set<String> names, int capacity, Connection connection) {
    this.names = names;
    this.capacity = capacity;
    this.connection = connection;
  }

  /// The next event.
  ///
  /// @param wait how long to wait for one; zero takes only what is there
  /// @return empty if none came in time
  /// @throws QmpException.EventsLost if events are missing at this place; the next call goes on
  ///     behind them
  /// @throws QmpException.Disconnected if the connection has ended and all events have been taken
  /// @throws IllegalStateException if this listener is closed, also while waiting; or if it would
  ///     wait on the reader thread, which brings the events
  public Optional<Event> next(Duration wait) throws QmpException, InterruptedException {
    long nanos = nanos(wait);
    lock.lockInterruptibly();
    try {
      while (true) {
        if (closed) {
          throw new IllegalStateException("the event listener is closed");
        }
        Event event = queue.poll();
        if (event != null) {
          return Optional.of(event);
        }
        if (lost > 0) {
          long count = lost;
          lost = 0;
          throw new QmpException.EventsLost(count);
        }
        if (end != null) {
          throw end.toException(null);
        }
        if (nanos <= 0) {
          return Optional.empty();
        }
        connection.checkNotInEventLoop();
        nanos = changed.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /// The next event that is already here.
  ///
  /// @throws QmpException as [#next]
  public Optional<Event> poll() throws QmpException, InterruptedException {
    return next(Duration.ZERO);
  }

  /// The next event that is wanted; those before it are passed over.
  ///
  /// @param wait how long to wait for it altogether
  /// @return empty if it did not come in time
  /// @throws QmpException as [#next]
  public Optional<Event> next(Predicate<Event> wanted, Duration wait)
      throws QmpException, InterruptedException {
    long nanos = nanos(wait);
    long start = System.nanoTime();
    while (true) {
      Optional<Event> event = next(Duration.ofNanos(nanos - (System.nanoTime() - start)));
      if (event.isEmpty() || wanted.test(event.get())) {
        return event;
      }
    }
  }

  /// Ends the listening. A thread that waits in [#next] is woken.
  @Override
  public void close() {
    connection.remove(this);
    lock.lock();
    try {
      closed = true;
      queue.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Takes an event from the reader thread; never waits but for the lock.
  void offer(Event event) {
    if (!names.isEmpty() && !names.contains(event.name())) {
      return;
    }
    lock.lock();
    try {
      // Once one is lost, none may be added before the reader has been told: it is told in this
      // place.
      if (lost > 0 || queue.size() >= capacity) {
        lost++;
      } else {
        queue.add(event);
      }
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /// Tells that no event will come any more.
  void end(End why) {
    lock.lock();
    try {
      end = why;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private static long nanos(Duration wait) {
    return TimeUnit.NANOSECONDS.convert(wait);
  }
}
