// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import dev.tidemark.qmp.json.JsonShapeException;
import dev.tidemark.qmp.json.JsonValue;
import org.jspecify.annotations.Nullable;

/// A QMP command and the type of its `return` value.
///
/// Commands are values: one may be sent any number of times, to any number of QEMUs. Those that
/// return nothing are of type `Void` and return null.
///
/// Format: `qapi/*.json`, QEMU 10.0.2.
///
/// @param <R> what the command returns
public sealed interface QmpCommand<R extends @Nullable Object>
    permits AddFd,
        BlockDirtyBitmapAdd,
        BlockDirtyBitmapRemove,
        BlockdevAdd,
        BlockdevBackup,
        BlockdevCreate,
        BlockdevDel,
        BlockdevSnapshot,
        CalcDirtyRate,
        Closefd,
        Cont,
        DumpGuestMemory,
        Getfd,
        HumanMonitorCommand,
        JobCancel,
        JobComplete,
        JobDismiss,
        JobFinalize,
        JobPause,
        JobResume,
        Migrate,
        MigrateCancel,
        MigrateContinue,
        MigrateIncoming,
        MigratePause,
        MigrateRecover,
        MigrateSetCapabilities,
        MigrateSetParameters,
        MigrateStartPostcopy,
        Pmemsave,
        QmpCapabilities,
        QomGet,
        QomList,
        QomListTypes,
        QueryBlock,
        QueryCpusFast,
        QueryDirtyRate,
        QueryDump,
        QueryDumpGuestMemoryCapability,
        QueryFdsets,
        QueryJobs,
        QueryMemorySizeSummary,
        QueryMigrate,
        QueryMigrateCapabilities,
        QueryMigrateParameters,
        QueryName,
        QueryNamedBlockNodes,
        QueryQmpSchema,
        QueryStatus,
        QueryTarget,
        QueryVersion,
        QueryYank,
        Quit,
        Raw,
        RemoveFd,
        SnapshotDelete,
        SnapshotLoad,
        SnapshotSave,
        Stop,
        SystemPowerdown,
        SystemReset,
        Transaction,
        Yank {

  /// The command's name on the wire.
  String wireName();

  /// The arguments; empty if there are none.
  default JsonObject arguments() {
    return JsonObject.EMPTY;
  }

  /// Reads the `return` member of a reply.
  ///
  /// @throws JsonShapeException if it is not of the form that this command returns
  R decode(JsonValue returned);
}
