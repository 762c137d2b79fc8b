// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp.command;

import dev.tidemark.qmp.json.JsonObject;
import java.util.Optional;
import java.util.OptionalLong;

/// A node of the block graph: an image and the driver that reads it.
///
/// @param file the file, or the pseudo-protocol name that stands for it
/// @param driver the driver, such as `qcow2`, `raw` or `file`
/// @param readOnly whether it is open for reading only
/// @param nodeName the node's name
/// @param imageFilename the file of the image
/// @param imageFormat the format of the image
/// @param virtualSize bytes that the guest sees
/// @param backingFile the image beneath, where there is one
/// @param raw the whole element
public record BlockNode(
    String file,
    String driver,
    boolean readOnly,
    Optional<String> nodeName,
    Optional<String> imageFilename,
    Optional<String> imageFormat,
    OptionalLong virtualSize,
    Optional<String> backingFile,
    JsonObject raw) {

  static BlockNode of(JsonObject raw) {
    JsonObject image = raw.optObject("image").orElse(JsonObject.EMPTY);
    return new BlockNode(
        raw.string("file"),
        raw.string("drv"),
        raw.bool("ro"),
        raw.optString("node-name"),
        image.optString("filename"),
        image.optString("format"),
        image.optLong("virtual-size"),
        raw.optString("backing_file"),
        raw);
  }
}
