// SPDX-License-Identifier: Apache-2.0

/// Internal snapshots of qcow2 images, as `savevm` and `snapshot-save` make them: the VM's state is
/// read straight from the image, where it is an ordinary migration stream behind the end of the
/// disk.
///
/// Read first:
///
/// * [dev.tidemark.checkpoint.qcow2.Qcow2Image] — an image and its snapshots
/// * [dev.tidemark.checkpoint.qcow2.Qcow2Snapshot] — what an image notes of one
/// * [dev.tidemark.checkpoint.qcow2.Qcow2Checkpoint] — the VM's state of one as a checkpoint
///
/// Refcounts are not looked at, nor is a backing file: no snapshot's VM state is in one. A file can
/// be read while a QEMU writes to it, as long as that snapshot is not deleted.
@NullMarked
package dev.tidemark.checkpoint.qcow2;

import org.jspecify.annotations.NullMarked;
