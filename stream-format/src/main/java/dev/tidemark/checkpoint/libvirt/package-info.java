// SPDX-License-Identifier: Apache-2.0

/// A libvirt save image as a checkpoint: what `virsh save`, managed save and external snapshots of
/// memory make, and `virsh restore` takes. A header with the domain's XML and a cookie, then a
/// migration stream, as it is, compressed, or with the capability `mapped-ram`.
///
/// [dev.tidemark.checkpoint.libvirt.LibvirtCheckpoint] reads a file,
/// [dev.tidemark.checkpoint.libvirt.LibvirtCheckpointStream] a pipe,
/// [dev.tidemark.checkpoint.libvirt.LibvirtWriter] writes;
/// [dev.tidemark.checkpoint.libvirt.LibvirtHeader] is what stands before the stream, and
/// [dev.tidemark.checkpoint.libvirt.LibvirtFormat] the forms that the stream has. The layout is in
/// [dev.tidemark.checkpoint.libvirt.LibvirtDescriptor].
@NullMarked
package dev.tidemark.checkpoint.libvirt;

import org.jspecify.annotations.NullMarked;
