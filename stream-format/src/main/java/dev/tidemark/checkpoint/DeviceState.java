// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint;

import java.util.Optional;

/// Device state as bytes: everything of a migration stream behind its RAM sections.
///
/// @param sections the records from the first non-RAM section behind RAM up to, not including, the
///     EOF byte, as they stand in the stream; never shared
/// @param vmdesc the vmdesc JSON behind EOF; absent where the source suppressed it
public record DeviceState(byte[] sections, Optional<String> vmdesc) {}
