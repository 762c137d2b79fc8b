// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.command;

import dev.tidemark.saver.SaveListener;
import dev.tidemark.saver.SaveProgress;
import dev.tidemark.tools.report.ProgressLine;
import dev.tidemark.tools.report.Quantity;

/// A save's progress as a line.
final class SaveProgressView implements SaveListener {
  private final ProgressLine line;

  SaveProgressView(ProgressLine line) {
    this.line = line;
  }

  @Override
  public void progress(SaveProgress progress) {
    switch (progress) {
      case SaveProgress.SettingUp _ -> line.show("connecting", 0, 0, "");
      case SaveProgress.Iterating at -> iterating(at);
      case SaveProgress.Draining at ->
          line.show("draining", 0, 0, at.pages() + " pages; the guest runs again");
      case SaveProgress.Completed _ -> {
        // The report tells.
      }
    }
  }

  private void iterating(SaveProgress.Iterating at) {
    StringBuilder detail =
        new StringBuilder(Quantity.size(at.receivedBytes()))
            .append(" at ")
            .append(Quantity.rate(at.bytesPerSecond()));
    if (at.remainingBytes() > 0) {
      detail.append(", left ").append(Quantity.size(at.remainingBytes()));
    }
    if (at.dirtyBytesPerSecond() > 0) {
      detail.append(", dirtied ").append(Quantity.rate(at.dirtyBytesPerSecond()));
    }
    at.eta().ifPresent(eta -> detail.append(", ready in ").append(Quantity.duration(eta)));
    long done = Math.max(0, at.ramBytes() - at.remainingBytes());
    line.show("pass " + at.iteration(), done, at.ramBytes(), detail.toString());
  }
}
