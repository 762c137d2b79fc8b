// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A migration capability. Open: a value of another QEMU is an [Unknown].
///
/// Known ones can be compared with `==`.
///
/// Format: `MigrationCapability` in `qapi/migration.json`, QEMU 10.0.2.
public sealed interface MigrationCapability {

  /// The value as QEMU spells it.
  String wireName();

  /// The value for QEMU's spelling: a [Known] one, else an [Unknown].
  static MigrationCapability of(String wireName) {
    Known known = Known.BY_WIRE_NAME.get(wireName);
    return known != null ? known : new Unknown(wireName);
  }

  /// The values of QEMU 10.0.2 and, where they are gone, of 7.2.
  enum Known implements MigrationCapability {
    /// `xbzrle`: pages sent again go as differences.
    XBZRLE("xbzrle"),
    /// `rdma-pin-all`: all memory is pinned for RDMA.
    RDMA_PIN_ALL("rdma-pin-all"),
    /// `auto-converge`: the guest is slowed down until the migration converges.
    AUTO_CONVERGE("auto-converge"),
    /// `zero-blocks`: zeroes of disks are not sent.
    ZERO_BLOCKS("zero-blocks"),
    /// `events`: the events MIGRATION and MIGRATION_PASS are sent.
    EVENTS("events"),
    /// `postcopy-ram`: the guest may go on at the destination before all pages are there.
    POSTCOPY_RAM("postcopy-ram"),
    /// `x-colo`: COLO.
    X_COLO("x-colo"),
    /// `release-ram`: memory is freed as it is sent.
    RELEASE_RAM("release-ram"),
    /// `return-path`: the destination talks back.
    RETURN_PATH("return-path"),
    /// `pause-before-switchover`: the migration waits before device state is sent.
    PAUSE_BEFORE_SWITCHOVER("pause-before-switchover"),
    /// `multifd`: pages go over several channels.
    MULTIFD("multifd"),
    /// `dirty-bitmaps`: dirty bitmaps of disks go along.
    DIRTY_BITMAPS("dirty-bitmaps"),
    /// `postcopy-blocktime`: the time that postcopy blocks virtual CPUs is counted.
    POSTCOPY_BLOCKTIME("postcopy-blocktime"),
    /// `late-block-activate`: the destination takes the disks only at `cont`.
    LATE_BLOCK_ACTIVATE("late-block-activate"),
    /// `x-ignore-shared`: shared memory is not sent.
    X_IGNORE_SHARED("x-ignore-shared"),
    /// `validate-uuid`: both sides compare the UUID of the machine.
    VALIDATE_UUID("validate-uuid"),
    /// `background-snapshot`: the state of the moment of the start is sent while the guest runs.
    BACKGROUND_SNAPSHOT("background-snapshot"),
    /// `zero-copy-send`: pages are sent without copying them.
    ZERO_COPY_SEND("zero-copy-send"),
    /// `postcopy-preempt`: pages that are asked for go over a channel of their own.
    POSTCOPY_PREEMPT("postcopy-preempt"),
    /// `switchover-ack`: the destination says when it is ready for the switchover.
    SWITCHOVER_ACK("switchover-ack"),
    /// `dirty-limit`: virtual CPUs that dirty too much are slowed down.
    DIRTY_LIMIT("dirty-limit"),
    /// `mapped-ram`: each page has a fixed place in a file.
    MAPPED_RAM("mapped-ram"),
    /// `compress`: pages are compressed; before 9.1.
    COMPRESS("compress"),
    /// `block`: disks are sent along; before 9.1.
    BLOCK("block");

    private static final Map<String, Known> BY_WIRE_NAME =
        Arrays.stream(values()).collect(Collectors.toMap(Known::wireName, Function.identity()));

    private final String wireName;

    Known(String wireName) {
      this.wireName = wireName;
    }

    @Override
    public String wireName() {
      return wireName;
    }
  }

  /// A value that is not known here.
  ///
  /// @param wireName the value as QEMU spells it
  record Unknown(String wireName) implements MigrationCapability {}
}
