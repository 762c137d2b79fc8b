// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.demo;

import dev.tidemark.saver.SaveListener;
import dev.tidemark.saver.SaveOptions;
import dev.tidemark.saver.SaveProgress;
import dev.tidemark.saver.SaveStage;
import java.util.Optional;

/// Notes when the guest stood, and passes everything on.
final class SaveWatch implements SaveListener {
  private final SaveListener next;
  private volatile long stoppedNanos;
  private volatile long drainingNanos;
  private volatile boolean stopped;
  private volatile boolean draining;

  /// A span of time around a pause.
  ///
  /// @param fromNanos after its beginning, before its end
  /// @param toNanos not before its end
  record Stood(long fromNanos, long toNanos) {}

  SaveWatch(SaveListener next) {
    this.next = next;
  }

  SaveOptions heardBy(SaveOptions options) {
    return new SaveOptions(
        options.method(),
        options.maxPause(),
        options.maxTime(),
        options.bufferBytes(),
        options.receiveBytesPerSecond(),
        options.disksNone(),
        options.compressors(),
        options.archive(),
        this);
  }

  Optional<Stood> stood() {
    return stopped && draining
        ? Optional.of(new Stood(stoppedNanos, drainingNanos))
        : Optional.empty();
  }

  @Override
  public void stage(SaveStage stage) {
    if (stage == SaveStage.STOPPED) {
      stoppedNanos = System.nanoTime();
      stopped = true;
    } else if (stage == SaveStage.DRAINING) {
      drainingNanos = System.nanoTime();
      draining = true;
    }
    next.stage(stage);
  }

  @Override
  public void progress(SaveProgress progress) {
    next.progress(progress);
  }
}
