// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.elfcore;

/// Places and numbers of a 64-bit ELF core file.
///
/// ```
///   0  file header, 64 bytes
///  64  program headers, 56 bytes each: PT_NOTE, then PT_LOAD by address
///   …  notes
///   …  memory, each range at a multiple of 4096
/// ```
///
/// Format: ELF-64 Object File Format; `dump/dump.c`, QEMU 10.0.2.
final class ElfCoreDescriptor {
  static final int SIZE_HEADER = 64;
  static final int SIZE_PROGRAM_HEADER = 56;

  /// Ranges of memory begin at multiples of this, so that zero pages can be holes.
  static final int ALIGNMENT = 4096;

  static final int MAGIC = 0x7f454c46;
  static final byte CLASS_64 = 2;
  static final byte LITTLE_ENDIAN = 1;
  static final byte BIG_ENDIAN = 2;
  static final byte VERSION = 1;
  static final short TYPE_CORE = 4;

  static final int PT_LOAD = 1;
  static final int PT_NOTE = 4;

  /// e_phnum is less.
  static final int MAX_PROGRAM_HEADERS = 0xffff;

  static final int NT_PRSTATUS = 1;
  static final int NT_PRFPREG = 2;
  static final int NT_QEMU = 0;

  static final short EM_NONE = 0;
  static final short EM_386 = 3;
  static final short EM_PPC64 = 21;
  static final short EM_S390 = 22;
  static final short EM_X86_64 = 62;
  static final short EM_AARCH64 = 183;
  static final short EM_RISCV = 243;
  static final short EM_LOONGARCH = 258;

  private ElfCoreDescriptor() {}
}
