// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.tools.live;

import dev.tidemark.checkpoint.FileTarget;
import dev.tidemark.qmp.QmpAddress;
import dev.tidemark.qmp.QmpClient;
import dev.tidemark.saver.LiveSaver;
import dev.tidemark.saver.SaveListener;
import dev.tidemark.saver.SaveOptions;
import dev.tidemark.saver.SaveStage;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/// A process that saves a VM and stops for ever when it has come to a stage, to be killed there.
///
/// Prints the stage when it is reached, or `MISSED` if the save ended without it.
final class KillableSave {
  static final String MISSED = "MISSED";

  private KillableSave() {}

  /// Saves, and stops at the stage.
  ///
  /// @param args monitor's socket, checkpoint, stage
  public static void main(String[] args) throws Exception {
    SaveStage where = SaveStage.valueOf(args[2]);
    SaveListener listener =
        new SaveListener() {
          @Override
          public void stage(SaveStage stage) {
            if (stage == where) {
              System.out.println(stage);
              awaitDeath();
            }
          }
        };
    try (QmpClient qmp = QmpClient.connect(QmpAddress.unix(Path.of(args[0])));
        FileTarget target = FileTarget.create(Path.of(args[1]), FileTarget.Options.DEFAULT)) {
      var _ = LiveSaver.of(qmp, SaveOptions.builder().listener(listener).build()).save(target);
    }
    System.out.println(MISSED);
  }

  private static void awaitDeath() {
    while (true) {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException _) {
        // Nothing but death ends this.
      }
    }
  }
}
