// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.stream.vmstate;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The field types of a fixed size that hold one number, all of them big-endian.
///
/// Two wire names lead astray: `int32 le` is a check for "less or equal", and `int64 equal` is
/// unsigned.
///
/// Format: `vmstate_info_*` in `migration/vmstate-types.c`; `target/arm/machine.c` for the
/// registers `cpsr`, `fpscr`, `fpcr` and `fpsr`, and `target/ppc/machine.c` for `fpr`, `vsr`
/// and `vscr`; QEMU 10.0.2.
public enum ScalarType {
  /// `bool`: a byte, true unless 0.
  BOOL("bool", 1, false),
  /// `int8`.
  INT8("int8", 1, true),
  /// `int16`.
  INT16("int16", 2, true),
  /// `int32`.
  INT32("int32", 4, true),
  /// `int64`.
  INT64("int64", 8, true),
  /// `uint8`.
  UINT8("uint8", 1, false),
  /// `uint16`.
  UINT16("uint16", 2, false),
  /// `uint32`.
  UINT32("uint32", 4, false),
  /// `uint64`.
  UINT64("uint64", 8, false),
  /// `int32 equal`: a destination must have the same value.
  INT32_EQUAL("int32 equal", 4, true),
  /// `uint8 equal`: a destination must have the same value.
  UINT8_EQUAL("uint8 equal", 1, false),
  /// `uint16 equal`: a destination must have the same value.
  UINT16_EQUAL("uint16 equal", 2, false),
  /// `uint32 equal`: a destination must have the same value.
  UINT32_EQUAL("uint32 equal", 4, false),
  /// `int64 equal`: unsigned; a destination must have the same value.
  UINT64_EQUAL("int64 equal", 8, false),
  /// `int32 le`: not negative; a destination must have as much or more.
  INT32_LE("int32 le", 4, true),
  /// `timer`: expiry in nanoseconds of its clock; all bits set where it is not armed.
  TIMER("timer", 8, true),
  /// `float64`: IEEE 754 bits.
  FLOAT64("float64", 8, false),
  /// `CPU_Double_U`: IEEE 754 bits.
  CPU_DOUBLE("CPU_Double_U", 8, false),
  /// `cpsr`: the Arm register, or PSTATE of an AArch64 CPU.
  CPSR("cpsr", 4, false),
  /// `fpscr`: the Arm register; 0 where FPCR and FPSR stand by themselves.
  FPSCR("fpscr", 4, false),
  /// `fpcr`: the Arm register.
  FPCR("fpcr", 8, false),
  /// `fpsr`: the Arm register.
  FPSR("fpsr", 8, false),
  /// `powered_off`: whether an Arm CPU is off.
  POWERED_OFF("powered_off", 1, false),
  /// `fpr`: a PowerPC floating point register, the upper half of a vector register.
  FPR("fpr", 8, false),
  /// `vsr`: the lower half of a PowerPC vector register.
  VSR("vsr", 8, false),
  /// `cpu/altivec/vscr`: the PowerPC register.
  VSCR("cpu/altivec/vscr", 4, false);

  private static final Map<String, ScalarType> BY_NAME = byName();

  private final String wireName;
  private final int size;
  private final boolean signed;

  ScalarType(String wireName, int size, boolean signed) {
    this.wireName = wireName;
    this.size = size;
    this.signed = signed;
  }

  private static Map<String, ScalarType> byName() {
    Map<String, ScalarType> names = new HashMap<>();
    for (ScalarType type : values()) {
      names.put(type.wireName, type);
    }
    return Map.copyOf(names);
  }

  /// The type with a name in vmdesc.
  ///
  /// @param wireName such as `uint32`
  static Optional<ScalarType> of(String wireName) {
    return Optional.ofNullable(BY_NAME.get(wireName));
  }

  /// The name in vmdesc.
  public String wireName() {
    return wireName;
  }

  /// Bytes on the wire: 1, 2, 4 or 8.
  public int size() {
    return size;
  }

  /// Whether negative values are possible.
  public boolean signed() {
    return signed;
  }

  /// Whether a value fits.
  ///
  /// @param value for unsigned types of 8 bytes: any, as bits
  public boolean holds(long value) {
    if (size == 8) {
      return true;
    }
    int bits = size * 8;
    return signed
        ? value >= -(1L << (bits - 1)) && value < 1L << (bits - 1)
        : value >= 0 && value < 1L << bits;
  }

  /// The number in the last [#size] bytes of a be64, with the sign that this type gives it.
  long extend(long bits) {
    int shift = 64 - size * 8;
    return signed ? bits << shift >> shift : bits << shift >>> shift;
  }
}
