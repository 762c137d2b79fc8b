# SPDX-License-Identifier: Apache-2.0
"""What the guests of the corpus run: a few instructions each, written out as bytes.

FILES holds the images by the names under which command lines know them.
"""
import random

# Real mode, position independent: adds 1 to the first word of each page from 0x20000 to 0x8ffff, for ever.
_COUNT = bytes.fromhex(
    "fa"  # cli
    "b80020"  # first: mov ax, 0x2000
    "8ec0"  # segment: mov es, ax
    "31ff"  # xor di, di
    "26ff05"  # page: inc word [es:di]
    "81c70010"  # add di, 0x1000
    "75f7"  # jnz page
    "8cc0"  # mov ax, es
    "050010"  # add ax, 0x1000
    "3d0090"  # cmp ax, 0x9000
    "72e9"  # jb segment
    "ebe4"  # jmp first
)

# Toggles CR0.WP, which flushes QEMU's TLB: with TCG, 7.2 sees only the first write to a page that stays in it.
_FLUSH = bytes.fromhex(
    "0f20c0"  # mov eax, cr0
    "663500000100"  # xor eax, 0x10000
    "0f22c0"  # mov cr0, eax
)

# The same as _COUNT, with a flush before each round.
_COUNT_AND_FLUSH = _COUNT[:1] + _FLUSH + _COUNT[1:-1] + bytes([_COUNT[-1] - len(_FLUSH)])

# The same again, and the first word of each page from 0x90000 to 0x9efff changes between 0 and 1, so that pages turn
# zero and back.
_COUNT_AND_CLEAR = _COUNT_AND_FLUSH[:-2] + bytes.fromhex(
    "8ec0"  # mov es, ax
    "31ff"  # xor di, di
    "26833501"  # other: xor word [es:di], 1
    "81c70010"  # add di, 0x1000
    "81ff00f0"  # cmp di, 0xf000
    "75f2"  # jne other
    "ebc6"  # jmp first
)


def _pc_firmware(program):
    """64 KiB that begin to run at their last 16 bytes; the first page is noise that no method compresses."""
    image = bytearray(0x10000)
    image[:0x1000] = random.Random(1).randbytes(0x1000)
    image[0xFF00 : 0xFF00 + len(program)] = program
    image[0xFFF0:0xFFF5] = bytes.fromhex("ea00ff00f0")  # jmp 0xf000:0xff00
    return bytes(image)


# At any address, on one CPU of aarch64: adds 1 to the first word of each page from 0x40200000 to 0x4026ffff, for ever.
_ARM = b"".join(
    word.to_bytes(4, "little")
    for word in (
        0xD2A804E2,  # movz x2, #0x4027, lsl #16
        0xD2A80400,  # first: movz x0, #0x4020, lsl #16
        0xB9400001,  # page: ldr w1, [x0]
        0x11000421,  # add w1, w1, #1
        0xB9000001,  # str w1, [x0]
        0x91400400,  # add x0, x0, #1, lsl #12
        0xEB02001F,  # cmp x0, x2
        0x54FFFF63,  # b.lo page
        0x17FFFFF9,  # b first
    )
)

# ppc64, entered at 0x100: H_ENTERs one page table entry, then counts in the pages from 0x200000 to 0x26ffff, for ever.
_PPC = bytes(0x100) + b"".join(
    word.to_bytes(4, "big")
    for word in (
        0x38600008,  # li r3, 8 (H_ENTER)
        0x38800000,  # li r4, 0
        0x38A00008,  # li r5, 8 (the entry)
        0x38C00001,  # li r6, 1 (valid)
        0x38E00196,  # li r7, 0x196 (page 0, read and write)
        0x44000022,  # sc 1
        0x3C800020,  # first: lis r4, 0x20
        0x3CA00027,  # lis r5, 0x27
        0x80C40000,  # page: lwz r6, 0(r4)
        0x38C60001,  # addi r6, r6, 1
        0x90C40000,  # stw r6, 0(r4)
        0x38841000,  # addi r4, r4, 0x1000
        0x7C242840,  # cmpld r4, r5
        0x4180FFEC,  # blt page
        0x4BFFFFE0,  # b first
    )
)

# s390x, entered at 0x10000 by the PSW in the first 8 bytes of memory: counts in the pages from 0x20000 to 0x8ffff.
_S390 = bytes.fromhex("0008000080010000").ljust(0x10000, b"\0") + bytes.fromhex(
    "a71a0000"  # ahi %r1,0 (sets nothing; room for a breakpoint)
    "c02f00020000"  # first: llilf %r2,0x20000
    "58102000"  # page: l %r1,0(%r2)
    "a71a0001"  # ahi %r1,1
    "50102000"  # st %r1,0(%r2)
    "a72a1000"  # ahi %r2,0x1000
    "c22f00090000"  # clfi %r2,0x90000
    "a744fff5"  # jl page
    "a7f4fff0"  # j first
)

FILES = {
    "boot.img": (_COUNT.ljust(510, b"\0") + b"\x55\xaa").ljust(1 << 20, b"\0"),
    "count.bin": _pc_firmware(_COUNT_AND_FLUSH),
    "mix.bin": _pc_firmware(_COUNT_AND_CLEAR),
    "arm.bin": _ARM,
    "ppc.bin": _PPC,
    "s390.bin": _S390,
}
