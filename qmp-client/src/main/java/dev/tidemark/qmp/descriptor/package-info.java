// SPDX-License-Identifier: Apache-2.0

/// File descriptors for QEMU: a pair of connected sockets, of which one end goes to QEMU with
/// `QmpClient.getfd` and the other is read and written here.
///
/// Read first: [dev.tidemark.qmp.descriptor.SocketPair],
/// [dev.tidemark.qmp.descriptor.DescriptorChannel].
@NullMarked
package dev.tidemark.qmp.descriptor;

import org.jspecify.annotations.NullMarked;
