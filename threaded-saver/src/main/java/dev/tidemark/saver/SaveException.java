// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.saver;

import java.io.IOException;

/// A save that was refused or failed. The VM is what it was, and nothing stands under the final
/// name.
public abstract sealed class SaveException extends IOException {
  private static final long serialVersionUID = 1L;

  private SaveException(String message) {
    super(message);
  }

  private SaveException(String message, Throwable cause) {
    super(message, cause);
  }

  /// The VM cannot be saved as asked; the message says why and what to do. Nothing was touched.
  public static final class Refused extends SaveException {
    private static final long serialVersionUID = 1L;

    /// A refusal.
    ///
    /// @param message why, and what to do
    public Refused(String message) {
      super(message);
    }
  }

  /// The VM has writable disks and nothing was said about them.
  public static final class DisksUndecided extends SaveException {
    private static final long serialVersionUID = 1L;

    /// A refusal for want of a choice.
    ///
    /// @param message which disks, and the choices
    public DisksUndecided(String message) {
      super(message);
    }
  }

  /// QEMU ended the migration, or did not do what it must.
  public static final class MigrationFailed extends SaveException {
    private static final long serialVersionUID = 1L;

    /// A failed migration.
    ///
    /// @param message what QEMU said
    public MigrationFailed(String message) {
      super(message);
    }

    /// A failed migration, found by something else that failed.
    ///
    /// @param message what QEMU said
    /// @param cause what failed here
    public MigrationFailed(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /// [LiveSaver#cancel] was called.
  public static final class Cancelled extends SaveException {
    private static final long serialVersionUID = 1L;

    /// A cancelled save.
    public Cancelled() {
      super("the save was cancelled");
    }
  }
}
