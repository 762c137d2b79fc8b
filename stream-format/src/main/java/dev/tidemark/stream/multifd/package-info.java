// SPDX-License-Identifier: Apache-2.0

/// The channels of a multifd migration, read, written, and merged with their main stream.
///
/// With the capability `multifd` QEMU opens one connection for the main stream and N more, all to
/// the same address. RAM pages go through the channels, in packets of up to 512 KiB of one RAM
/// block; the main stream keeps everything else.
///
/// Start with [dev.tidemark.stream.multifd.MultifdCheckpointStream], which makes one checkpoint of
/// the stored connections, and [dev.tidemark.stream.multifd.MultifdStreamWriter], which makes
/// connections of a checkpoint. Below them, [dev.tidemark.stream.multifd.MultifdChannelReader] and
/// [dev.tidemark.stream.multifd.MultifdChannelWriter] work on one channel and its
/// [dev.tidemark.stream.multifd.MultifdPacket]s.
///
/// Within a channel, what comes later replaces what came before. Between channels nothing is
/// ordered except at sync points, which cut them into epochs: the n-th sync point of the main
/// stream belongs to the n-th SYNC packet of each channel.
///
/// ```
///                         1st                              2nd              3rd
/// main       START[blocks FLUSH EOS]  PART[EOS]       PART[FLUSH EOS]  END[FLUSH EOS]  devices
/// channel 0               SYNC        a  b     c           SYNC        b   SYNC
/// channel 1               SYNC           d  e              SYNC        a   SYNC
/// ```
///
/// Here `a` of channel 1 replaces `a` of channel 0, since it stands in a later epoch. Machine types
/// up to 8.0 have no FLUSH words: there each end word (EOS) is a sync point. Which it is, is not
/// said; a FLUSH word in START tells.
@NullMarked
package dev.tidemark.stream.multifd;

import org.jspecify.annotations.NullMarked;
