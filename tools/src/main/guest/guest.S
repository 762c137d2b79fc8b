/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The demo guest: a program that QEMU boots with -kernel, and that knows at any time what every
 * page of its RAM must hold.
 *
 * It fills RAM with words computed from the page's address, then walks a working set for ever:
 * each page is compared, word for word, with what the last walk left in it, and rewritten for
 * this walk. All other RAM is compared once per walk. A page that is lost, swapped, torn, stale
 * or falsely zero is named on the serial port. README.md has the memory layout, the formulas and
 * the grammar of the serial lines.
 *
 * Order of this file: entry and start; parameters; memory map; page contents; checking; the
 * working set; interrupts; serial text; data.
 *
 * Calling convention: arguments in rdi, rsi, rdx; result in rax. rbx, rbp and r12-r15 survive a
 * call, the rest does not, unless the routine says otherwise. put_* change only rax, rcx, rdx,
 * rsi, rdi. There is no allocation, no TSS, no user mode; the only interrupt is the timer's.
 */

        .equ    PAGE,           4096
        .equ    PAGE_SHIFT,     12
        .equ    LARGE_PAGE,     2 << 20
        .equ    GIB_SHIFT,      30
        .equ    RAM_LIMIT,      64 << GIB_SHIFT

        .equ    DIRTY_FLOOR,    16 << 20        # the working set never starts below
        .equ    DIRTY_MINIMUM,  64 << 10
        .equ    MAX_RANGES,     32              # of usable RAM
        .equ    REPORT_LIMIT,   64              # "wrong" lines per walk

        .equ    CLASS_DIRTY,    0
        .equ    CLASS_STATIC,   1
        .equ    CLASS_ZERO,     2

        .equ    COM1,           0x3f8
        .equ    PIC1,           0x20
        .equ    PIC2,           0xa0
        .equ    PIT,            0x40
        .equ    PIT_DIVISOR,    1193            # of 1193182 Hz: 1000.15 interrupts a second
        .equ    VECTORS,        48              # 32 exceptions, 16 PIC lines
        .equ    TIMER_VECTOR,   32

        /* PVH: struct hvm_start_info and its memory map, see Xen's arch-x86/hvm/start_info.h */
        .equ    PVH_MAGIC,              0x336ec578
        .equ    PVH_VERSION,            4
        .equ    PVH_COMMAND_LINE,       24
        .equ    PVH_MAP,                40
        .equ    PVH_MAP_ENTRIES,        48
        .equ    PVH_RANGE_SIZE,         24      # u64 address, u64 size, u32 type, u32 0
        .equ    PVH_RANGE_RAM,          1

/* Prints a literal. */
        .macro  say text
        lea     .Ltext\@(%rip), %rdi
        call    put_text
        .pushsection .rodata
.Ltext\@: .asciz "\text"
        .popsection
        .endm

/* A line is printed between these two, so that the timer's line cannot cut it. */
        .macro  line_begin
        pushfq
        cli
        .endm

        .macro  line_end
        call    put_newline
        popfq
        .endm


/* ---- Entry and start ------------------------------------------------------------------- */

        .section .note.pvh, "a", @note
        .balign 4
        .long   4, 8, 18                # sizes of name and value; XEN_ELFNOTE_PHYS32_ENTRY
        .asciz  "Xen"
        .quad   entry

/*
 * PVH entry: 32-bit protected mode, flat segments, paging and interrupts off, ebx the physical
 * address of hvm_start_info. Maps the first GiB to itself and goes to long mode.
 */
        .text
        .code32
        .globl  entry
entry:
        cli
        cld
        mov     $bss_start, %edi
        mov     $bss_end, %ecx
        sub     %edi, %ecx
        xor     %eax, %eax
        rep stosb
        mov     $stack_top, %esp

        movl    $page_pointers + 3, page_root           # 3: present, writable
        movl    $first_gib + 3, page_pointers
        mov     $first_gib, %edi
        mov     $0x83, %eax                             # 0x80: a 2 MiB page
1:      mov     %eax, (%edi)
        add     $8, %edi
        add     $LARGE_PAGE, %eax
        cmp     $1 << GIB_SHIFT, %eax
        jb      1b

        mov     $0x20, %eax                             # CR4.PAE
        mov     %eax, %cr4
        mov     $page_root, %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx                       # EFER.LME
        rdmsr
        or      $0x100, %eax
        wrmsr
        mov     $0x80000011, %eax                       # CR0: PG, ET, PE; caches on
        mov     %eax, %cr0
        lgdt    gdt_pointer
        ljmp    $8, $start

        .code64
start:
        mov     $16, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     %ebx, %ebx                              # the upper half is undefined
        call    serial_init
        call    put_newline                             # the firmware's line may be unfinished
        call    idt_init

        cmpl    $PVH_MAGIC, (%rbx)
        jne     1f
        cmpl    $1, PVH_VERSION(%rbx)                   # version 0 has no memory map
        jb      1f
        mov     PVH_COMMAND_LINE(%rbx), %rdi
        call    read_parameters
        mov     PVH_MAP(%rbx), %rdi
        mov     PVH_MAP_ENTRIES(%rbx), %esi
        call    read_memory_map
        call    choose_dirty_range
        call    print_hello

        cmpb    $0, halt(%rip)
        jne     2f
        call    timer_start
        sti
2:      call    fill_all
        line_begin
        say     "ready"
        line_end
        cmpb    $0, halt(%rip)
        jne     stop
        cmpq    $0, rate(%rip)
        jne     walk_forever
3:      hlt                                             # rate=0: nothing but ticks
        jmp     3b

1:      say     "error no PVH memory map"
        call    put_newline
stop:
        cli
        hlt
        jmp     stop


/* ---- Parameters ------------------------------------------------------------------------ */

/* Reads "key=value" words separated by blanks into the variables of the table `parameters`. */
read_parameters:
        push    %rbx
        push    %r12
        push    %r13
        mov     %rdi, %r12                              # the current word
        test    %r12, %r12
        jz      9f
1:      movzbl  (%r12), %eax                            # skip blanks
        test    %al, %al
        jz      9f
        cmp     $' ', %al
        ja      2f
        inc     %r12
        jmp     1b

2:      lea     parameters(%rip), %rbx
3:      mov     (%rbx), %rsi                            # does the word start with this key?
        test    %rsi, %rsi
        jz      bad_parameter
        mov     %r12, %rdi
        call    match_prefix
        jc      4f
        mov     16(%rbx), %rsi                          # what the value may be
        mov     24(%rbx), %r13                          # where it goes
        call    *8(%rbx)
        jc      bad_parameter
        cmpb    $' ', (%rdi)                            # nothing may follow the value
        ja      bad_parameter
        mov     %rax, (%r13)
        mov     %rdi, %r12
        jmp     1b
4:      add     $32, %rbx
        jmp     3b

9:      pop     %r13
        pop     %r12
        pop     %rbx
        ret

bad_parameter:
        say     "error bad parameter "
1:      movzbl  (%r12), %edi
        cmp     $' ', %edi
        jbe     2f
        call    put_char
        inc     %r12
        jmp     1b
2:      call    put_newline
        jmp     stop

/* Matches text rdi against the prefix rsi. CF clear: it matches, and rdi is behind it. */
match_prefix:
        movzbl  (%rsi), %eax
        test    %al, %al                                # clears CF
        jz      1f
        cmp     %al, (%rdi)
        jne     2f
        inc     %rsi
        inc     %rdi
        jmp     match_prefix
2:      stc
1:      ret

/*
 * The kinds of values: text at rdi, the parameter's third column in rsi. Result in rax with rdi
 * behind the value, or CF set.
 */

/* A number below 2^48 with an optional suffix K, M or G; rsi = 0 forbids the suffix. */
number_value:
        xor     %eax, %eax
        mov     %rdi, %r8
1:      movzbl  (%rdi), %edx
        sub     $'0', %edx
        cmp     $9, %edx
        ja      2f
        mov     %rax, %rcx
        shr     $40, %rcx
        jnz     bad_value
        imul    $10, %rax
        add     %rdx, %rax
        inc     %rdi
        jmp     1b
2:      cmp     %r8, %rdi                               # no digit at all
        je      bad_value
        test    %esi, %esi
        jz      4f
        or      $0x20, %dl                              # rdx = character - '0'
        xor     %ecx, %ecx
        cmp     $('k' - '0') | 0x20, %dl
        mov     $10, %r8d
        cmove   %r8d, %ecx
        cmp     $('m' - '0') | 0x20, %dl
        mov     $20, %r8d
        cmove   %r8d, %ecx
        cmp     $('g' - '0') | 0x20, %dl
        mov     $30, %r8d
        cmove   %r8d, %ecx
        test    %ecx, %ecx
        jz      4f
        inc     %rdi
        mov     %rax, %rdx
        shl     %cl, %rax
        mov     %rax, %r8
        shr     %cl, %r8
        cmp     %rdx, %r8                               # bits were lost
        jne     bad_value
4:      mov     %rax, %rdx
        shr     $48, %rdx
        jnz     bad_value
        clc
        ret
bad_value:
        stc
        ret

/* "max" as all ones, or a number. */
rate_value:
        push    %rdi
        push    %rsi
        lea     text_max(%rip), %rsi
        call    match_prefix
        pop     %rsi
        pop     %rcx
        mov     $-1, %rax
        jnc     1f
        mov     %rcx, %rdi
        jmp     number_value
1:      ret

/* The index of one of the words at rsi, a list of strings that ends with an empty one. */
choice_value:
        push    %rbx
        push    %r12
        mov     %rdi, %r12
        xor     %ebx, %ebx
1:      cmpb    $1, (%rsi)                              # CF: the end of the list
        jc      3f
        mov     %r12, %rdi
        call    match_prefix
        jnc     3f
2:      lodsb                                           # go to the next word
        test    %al, %al
        jnz     2b
        inc     %ebx
        jmp     1b
3:      mov     %rbx, %rax                              # mov and pop keep CF
        pop     %r12
        pop     %rbx
        ret


/* ---- Memory map ------------------------------------------------------------------------ */

/*
 * Reads the boot memory map (rdi: entries, esi: how many). Maps all RAM to itself, and lists the
 * ranges that hold test pages: whole pages of RAM above 1 MiB, without the guest's own image.
 */
read_memory_map:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        mov     %rdi, %r12
        mov     %esi, %r13d

        xor     %ebp, %ebp                              # the end of RAM
        mov     %r12, %rbx
        mov     %r13d, %ecx
1:      call    ram_range
        jc      2f
        mov     8(%rbx), %r8
        add     %r8, ram_bytes(%rip)
        mov     %rdx, %rbp
2:      add     $PVH_RANGE_SIZE, %rbx
        dec     %ecx
        jnz     1b
        mov     %rbp, %rdi
        call    map_ram

        lea     ranges(%rip), %r8
        xor     %r9d, %r9d
        mov     %r12, %rbx
        mov     %r13d, %ecx
3:      call    ram_range
        jc      5f
        cmp     image_end(%rip), %rax
        cmovb   image_end(%rip), %rax
        cmp     %rdx, %rax
        jae     5f
        cmp     %rax, %r9                               # ascending, no overlap
        ja      4f
        mov     %rdx, %r9
        mov     %rax, (%r8)
        mov     %rdx, 8(%r8)
        add     $16, %r8
        lea     ranges_end(%rip), %rax
        cmp     %rax, %r8
        jae     4f
5:      add     $PVH_RANGE_SIZE, %rbx
        dec     %ecx
        jnz     3b

        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret

4:      say     "error memory map unordered or too long"
        call    put_newline
        jmp     stop

/*
 * Whole pages of the map entry rbx below RAM_LIMIT: rax the first, rdx the end. CF: not RAM.
 * Keeps all other registers.
 */
ram_range:
        cmpl    $PVH_RANGE_RAM, 16(%rbx)
        jne     1f
        push    %rcx
        mov     (%rbx), %rax
        mov     8(%rbx), %rdx
        add     %rax, %rdx
        mov     $RAM_LIMIT, %rcx
        cmp     %rcx, %rdx
        cmova   %rcx, %rdx
        pop     %rcx
        and     $-PAGE, %rdx
        add     $PAGE - 1, %rax
        and     $-PAGE, %rax
        cmp     %rdx, %rax
        cmc                                             # CF when empty
        ret
1:      stc
        ret

/* Extends the identity map to the GiB that ends at or above rdi; one table per GiB. */
map_ram:
        lea     page_pointers + 8(%rip), %rdx           # entry 0 is first_gib
        mov     $1 << GIB_SHIFT, %rax                   # the address being mapped
        mov     image_end(%rip), %r8
1:      cmp     %rdi, %rax
        jae     3f
        lea     3(%r8), %rcx
        mov     %rcx, (%rdx)
        add     $8, %rdx
        mov     $512, %ecx
2:      lea     0x83(%rax), %rsi
        mov     %rsi, (%r8)
        add     $8, %r8
        add     $LARGE_PAGE, %rax
        dec     %ecx
        jnz     2b
        jmp     1b
3:      mov     %r8, image_end(%rip)
        ret

/*
 * Puts the working set at the start of the range with most RAM above DIRTY_FLOOR, and counts the
 * pages of each class.
 */
choose_dirty_range:
        push    %rbx
        lea     ranges(%rip), %rbx
        xor     %r8d, %r8d                              # the largest size so far
1:      mov     (%rbx), %rax
        mov     8(%rbx), %rdx
        test    %rdx, %rdx
        jz      3f
        cmp     $DIRTY_FLOOR, %rax
        mov     $DIRTY_FLOOR, %ecx
        cmovb   %rcx, %rax
        sub     %rax, %rdx
        jbe     2f
        cmp     %r8, %rdx
        jbe     2f
        mov     %rdx, %r8
        mov     %rax, dirty_start(%rip)
2:      add     $16, %rbx
        jmp     1b

3:      cmp     $DIRTY_MINIMUM, %r8
        jb      9f
        mov     ws(%rip), %rax
        and     $-PAGE, %rax
        mov     $DIRTY_MINIMUM, %ecx
        cmp     %rcx, %rax
        cmovb   %rcx, %rax
        cmp     %r8, %rax
        cmova   %r8, %rax
        mov     %rax, ws(%rip)
        add     dirty_start(%rip), %rax
        mov     %rax, dirty_end(%rip)

        xor     %r8d, %r8d                              # pages
        xor     %r9d, %r9d                              # pages by number of class ZERO
        lea     ranges(%rip), %rbx
4:      mov     (%rbx), %rdi
        mov     8(%rbx), %rsi
        test    %rsi, %rsi
        jz      5f
        call    count_pages
        add     %rax, %r8
        add     %rdx, %r9
        add     $16, %rbx
        jmp     4b
5:      mov     %r8, pages(%rip)
        mov     dirty_start(%rip), %rdi
        mov     dirty_end(%rip), %rsi
        call    count_pages
        mov     %rax, dirty_pages(%rip)
        sub     %rax, %r8
        mov     %r8, rest_pages(%rip)
        sub     %rdx, %r9
        mov     %r9, zero_pages(%rip)
        pop     %rbx
        ret

9:      say     "error too little memory"
        call    put_newline
        jmp     stop

/* Pages from rdi to rsi in rax; those whose number is 5 modulo 8 in rdx. Keeps r8, r9. */
count_pages:
        shr     $PAGE_SHIFT, %rdi
        shr     $PAGE_SHIFT, %rsi
        mov     %rsi, %rax
        sub     %rdi, %rax
        lea     2(%rsi), %rdx                           # (n + 2) / 8 of them are below n
        shr     $3, %rdx
        add     $2, %rdi
        shr     $3, %rdi
        sub     %rdi, %rdx
        ret

/* Puts the cursor on the first page of the rest: all test pages outside the working set. */
rest_rewind:
        lea     ranges(%rip), %rax
        mov     %rax, rest_range(%rip)
        mov     (%rax), %rax
        mov     %rax, rest_page(%rip)
        ret

/* The next page of the rest in rax, its class in rdx. To be called rest_pages times. */
rest_next:
        mov     rest_range(%rip), %rcx
        mov     rest_page(%rip), %rax
1:      cmp     dirty_start(%rip), %rax
        cmove   dirty_end(%rip), %rax
        cmp     8(%rcx), %rax
        jb      2f
        add     $16, %rcx
        mov     (%rcx), %rax
        jmp     1b
2:      mov     %rcx, rest_range(%rip)
        lea     PAGE(%rax), %rcx
        mov     %rcx, rest_page(%rip)
        mov     %rax, %rdx
        shr     $PAGE_SHIFT, %rdx
        and     $7, %edx
        cmp     $5, %edx
        mov     $CLASS_STATIC, %edx
        mov     $CLASS_ZERO, %ecx
        cmove   %ecx, %edx
        ret


/* ---- Page contents --------------------------------------------------------------------- */

/*
 * A page is a list of runs, each a number of blocks of 16 words (128 bytes) of one kind:
 *
 *      ZERO        0
 *      NOISE       seed + i * STEP     i: index of the word in the page
 *      CONSTANT    seed
 *
 * The seed is a bijection of (walk, page number), so no two pages of any two walks are equal.
 */
        .equ    BLOCK_WORDS,    16
        .equ    RUN_ZERO,       0
        .equ    RUN_NOISE,      1
        .equ    RUN_CONSTANT,   2
        .equ    STEP,           0x9e3779b97f4a7c15

        .section .rodata
runs_zero:
        .byte   32, RUN_ZERO,  0, 0
runs_random:
        .byte   32, RUN_NOISE,  0, 0
runs_half:
        .byte   16, RUN_NOISE,  16, RUN_CONSTANT,  0, 0
runs_sparse:
        .byte   1, RUN_NOISE,  30, RUN_ZERO,  1, RUN_NOISE,  0, 0
        .balign 8
runs_by_fill:                                           # in the order of text_fills
        .quad   runs_random, runs_half, runs_sparse
        .text

/* The seed of page address rdi in walk rsi: splitmix64's finalizer. Changes only rax, rdx. */
page_seed:
        mov     %rsi, %rax
        shl     $36 - PAGE_SHIFT, %rax                  # addresses have 36 bits
        mov     %rdi, %rdx
        shr     $PAGE_SHIFT, %rdx
        or      %rdx, %rax
        mov     %rax, %rdx
        shr     $30, %rdx
        xor     %rdx, %rax
        mov     $0xbf58476d1ce4e5b9, %rdx
        imul    %rdx, %rax
        mov     %rax, %rdx
        shr     $27, %rdx
        xor     %rdx, %rax
        mov     $0x94d049bb133111eb, %rdx
        imul    %rdx, %rax
        mov     %rax, %rdx
        shr     $31, %rdx
        xor     %rdx, %rax
        ret

/*
 * The run that starts at address rdi; r10: the run list, advanced; r11: the page's seed.
 * Gives ecx: blocks, rax: the first word, rbx: what to add for the next. ZF: the list has ended.
 */
next_run:
        movzbl  (%r10), %ecx
        movzbl  1(%r10), %edx
        add     $2, %r10
        xor     %eax, %eax
        xor     %ebx, %ebx
        cmp     $RUN_NOISE, %edx
        jb      1f
        mov     %r11, %rax
        ja      1f
        mov     $STEP, %rbx
        mov     %edi, %eax
        and     $PAGE - 1, %eax
        shr     $3, %eax
        imul    %rbx, %rax
        add     %r11, %rax
1:      test    %ecx, %ecx
        ret

/* Writes all words of page rdi for walk rsi and run list rdx. */
page_fill:
        push    %rbx
        mov     %rdx, %r10
        call    page_seed
        mov     %rax, %r11
1:      call    next_run
        jz      3f
2:      .set    at, 0
        .rept   BLOCK_WORDS
        mov     %rax, at(%rdi)
        add     %rbx, %rax
        .set    at, at + 8
        .endr
        add     $BLOCK_WORDS * 8, %rdi
        dec     %ecx
        jnz     2b
        jmp     1b
3:      pop     %rbx
        ret

/* Compares all words of page rdi with those of walk rsi and run list rdx. rax: 0 if all agree. */
page_check:
        push    %rbx
        mov     %rdx, %r10
        call    page_seed
        mov     %rax, %r11
        xor     %r8d, %r8d                              # all differing bits; no branch per word
1:      call    next_run
        jz      3f
2:      .set    at, 0
        .rept   BLOCK_WORDS
        mov     at(%rdi), %rdx
        xor     %rax, %rdx
        or      %rdx, %r8
        add     %rbx, %rax
        .set    at, at + 8
        .endr
        add     $BLOCK_WORDS * 8, %rdi
        dec     %ecx
        jnz     2b
        jmp     1b
3:      mov     %r8, %rax
        pop     %rbx
        ret

/*
 * The first wrong word of page rdi for walk rsi and run list rdx: its offset in rax, the word
 * expected in rdx, the word found in rcx. rax = PAGE: there is none.
 */
page_find_wrong:
        push    %rbx
        mov     %rdx, %r10
        call    page_seed
        mov     %rax, %r11
1:      call    next_run
        jz      3f
        imul    $BLOCK_WORDS, %ecx
2:      mov     (%rdi), %r8
        cmp     %rax, %r8
        jne     4f
        add     %rbx, %rax
        add     $8, %rdi
        dec     %ecx
        jnz     2b
        jmp     1b
3:      mov     $PAGE, %eax
        jmp     5f
4:      mov     %rax, %rdx
        mov     %r8, %rcx
        mov     %edi, %eax
        and     $PAGE - 1, %eax
5:      pop     %rbx
        ret


/* ---- Checking -------------------------------------------------------------------------- */

/* The run list of class edx in rdx. */
class_runs:
        cmp     $CLASS_ZERO, %edx
        mov     data_runs(%rip), %rdx
        lea     runs_zero(%rip), %rax
        cmove   %rax, %rdx
        ret

/*
 * Checks page rdi of class edx against walk rsi. A wrong page is counted, reported and put
 * right, so that each report is one event.
 */
check:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rdi, %r12
        mov     %rsi, %r13
        mov     %rdx, %r14
        incq    checked(%rip)
        call    class_runs
        mov     %rdx, %r15
        call    page_check
        test    %rax, %rax
        jz      9f

        mov     %rax, %rbp
        incq    wrong(%rip)
        cmpq    $REPORT_LIMIT, reported(%rip)
        jae     2f
        incq    reported(%rip)
        mov     %r12, %rdi
        mov     %r13, %rsi
        mov     %r15, %rdx
        call    page_find_wrong
        cmp     $PAGE, %eax                             # right at second sight: show the bits
        jne     1f
        xor     %edx, %edx
        mov     %rbp, %rcx
1:      mov     %rax, %rbx
        mov     %rdx, %rbp
        push    %rcx
        line_begin
        say     "wrong "
        mov     %r12, %rdi
        call    put_hex
        call    put_space
        mov     %r14, %rdi
        lea     text_classes(%rip), %rsi
        call    put_choice
        say     " walk="
        mov     %r13, %rdi
        call    put_decimal
        say     " at="
        mov     %rbx, %rdi
        call    put_hex
        say     " expected="
        mov     %rbp, %rdi
        call    put_hex
        say     " found="
        mov     8(%rsp), %rdi                           # above the flags of line_begin
        call    put_hex
        line_end
        pop     %rcx
        jmp     3f
2:      incq    unreported(%rip)

3:      mov     %r12, %rdi
        mov     %r13, %rsi
        mov     %r15, %rdx
        call    page_fill
9:      pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret


/* ---- The working set ------------------------------------------------------------------- */

/*
 * Gives all test pages their first content. RAM is zero at power on but for what the firmware
 * left, so ZERO pages are only cleared where they are not: most stay untouched.
 */
fill_all:
        push    %rbx
        push    %r12
        mov     fill(%rip), %rax
        lea     runs_by_fill(%rip), %rdx
        mov     (%rdx, %rax, 8), %rax
        mov     %rax, data_runs(%rip)

        call    rest_rewind
        mov     rest_pages(%rip), %rbx
1:      call    rest_next
        mov     %rax, %rdi
        mov     %rax, %r12
        xor     %esi, %esi
        cmp     $CLASS_ZERO, %edx
        je      2f
        mov     data_runs(%rip), %rdx
        call    page_fill
        jmp     3f
2:      lea     runs_zero(%rip), %rdx
        call    page_check
        test    %rax, %rax
        jz      3f
        mov     %r12, %rdi
        xor     %esi, %esi
        lea     runs_zero(%rip), %rdx
        call    page_fill
3:      dec     %rbx
        jnz     1b

        mov     dirty_start(%rip), %r12
4:      mov     %r12, %rdi
        xor     %esi, %esi
        mov     data_runs(%rip), %rdx
        call    page_fill
        add     $PAGE, %r12
        cmp     dirty_end(%rip), %r12
        jb      4b
        pop     %r12
        pop     %rbx
        ret

/*
 * The walks. After k pages of the working set, k/dirty_pages of the rest have been checked too.
 * r12: the page; r13: k; r14: pages of the rest that have been checked in this walk.
 */
walk_forever:
        movq    $0, credit(%rip)                        # none from the time of filling
next_walk:
        incq    walk(%rip)
        movq    $0, checked(%rip)
        movq    $0, reported(%rip)
        movq    $0, unreported(%rip)
        call    rest_rewind
        mov     dirty_start(%rip), %r12
        xor     %r13d, %r13d
        xor     %r14d, %r14d

1:      call    pace
        mov     %r12, %rdi
        mov     walk(%rip), %rsi
        dec     %rsi
        mov     $CLASS_DIRTY, %edx
        call    check
        mov     %r12, %rdi
        mov     walk(%rip), %rsi
        mov     data_runs(%rip), %rdx
        call    page_fill
        incq    written(%rip)
        inc     %r13

        cmpq    $0, check_rest(%rip)
        je      3f
        mov     rest_pages(%rip), %rax
        mul     %r13
        divq    dirty_pages(%rip)
        mov     %rax, %rbx                              # so many of the rest are due
2:      cmp     %rbx, %r14
        jae     3f
        call    rest_next
        mov     %rax, %rdi
        xor     %esi, %esi
        call    check
        inc     %r14
        jmp     2b

3:      add     $PAGE, %r12
        cmp     dirty_end(%rip), %r12
        jb      1b
        call    print_walk
        jmp     next_walk

/*
 * Waits until one more page may be written. The timer adds `rate` thousandths of a byte to
 * `credit` every millisecond; a page costs 4096 bytes.
 */
        .equ    PAGE_COST,      PAGE * 1000
pace:
        cmpq    $-1, rate(%rip)                         # max
        je      3f
1:      cmpq    $PAGE_COST, credit(%rip)
        jge     2f
        cli                                             # look again where no tick can slip in
        cmpq    $PAGE_COST, credit(%rip)
        jge     4f
        sti                                             # takes effect after the hlt has begun
        hlt
        jmp     1b
4:      sti
2:      subq    $PAGE_COST, credit(%rip)
3:      ret

print_walk:
        cmpq    $0, unreported(%rip)
        je      1f
        line_begin
        say     "unreported "
        mov     unreported(%rip), %rdi
        call    put_decimal
        say     " walk="
        mov     walk(%rip), %rdi
        call    put_decimal
        line_end
1:      line_begin
        say     "walk "
        mov     walk(%rip), %rdi
        call    put_decimal
        say     " checked="
        mov     checked(%rip), %rdi
        call    put_decimal
        say     " wrong="
        mov     wrong(%rip), %rdi
        call    put_decimal
        line_end
        ret

print_hello:
        push    %rbx
        line_begin
        say     "tidemark-guest 1 ram="
        mov     ram_bytes(%rip), %rdi
        call    put_decimal
        say     " pages="
        mov     pages(%rip), %rdi
        call    put_decimal
        say     " dirty="
        lea     dirty_start(%rip), %rbx
        call    put_range
        say     " static="
        mov     rest_pages(%rip), %rdi
        sub     zero_pages(%rip), %rdi
        call    put_decimal
        say     " zero="
        mov     zero_pages(%rip), %rdi
        call    put_decimal
        say     " image="
        lea     image_start(%rip), %rbx
        call    put_range
        say     " ws="
        mov     ws(%rip), %rdi
        call    put_decimal
        say     " rate="
        mov     rate(%rip), %rdi
        call    put_rate
        say     " fill="
        mov     fill(%rip), %rdi
        lea     text_fills(%rip), %rsi
        call    put_choice
        say     " tick="
        mov     tick(%rip), %rdi
        call    put_decimal
        say     " check="
        mov     check_rest(%rip), %rdi
        lea     text_switch(%rip), %rsi
        call    put_choice
        say     " halt="
        mov     halt(%rip), %rdi
        lea     text_switch(%rip), %rsi
        call    put_choice
        say     " map="
        lea     ranges(%rip), %rbx
        jmp     2f
1:      mov     $',', %edi
        call    put_char
2:      call    put_range
        add     $16, %rbx
        cmpq    $0, 8(%rbx)
        jne     1b
        line_end
        pop     %rbx
        ret


/* ---- Interrupts ------------------------------------------------------------------------ */

/* One stub per vector; those for which the CPU pushes no error code push 0. */
        .set    n, 0
        .rept   32
9:
        .if     n != 8 && n != 17 && n != 21 && n != 29 && n != 30 && (n < 10 || n > 14)
        push    $0
        .endif
        push    $n
        jmp     panic
        .pushsection .rodata.vectors, "a"
        .long   9b
        .popsection
        .set    n, n + 1
        .endr

/* Exceptions are never expected. On the stack: vector, error code, rip. */
panic:
        cli
        say     "panic vector="
        mov     (%rsp), %rdi
        call    put_hex
        say     " rip="
        mov     16(%rsp), %rdi
        call    put_hex
        say     " error="
        mov     8(%rsp), %rdi
        call    put_hex
        say     " cr2="
        mov     %cr2, %rdi
        call    put_hex
        call    put_newline
        jmp     stop

/* The timer: counts, pays credit, prints every tick-th time. */
timer:
        push    %rax
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        mov     $0x20, %al                              # end of interrupt
        out     %al, $PIC1
        incq    ticks(%rip)
        mov     credit(%rip), %rax
        add     rate(%rip), %rax
        cmp     credit_limit(%rip), %rax
        cmovg   credit_limit(%rip), %rax
        mov     %rax, credit(%rip)

        cmpq    $0, tick(%rip)
        je      1f
        decq    tick_countdown(%rip)
        jnz     1f
        mov     tick(%rip), %rax
        mov     %rax, tick_countdown(%rip)
        say     "t "
        mov     ticks(%rip), %rdi
        call    put_hex
        call    put_space
        mov     walk(%rip), %rdi
        call    put_hex
        call    put_space
        mov     written(%rip), %rdi
        call    put_hex
        call    put_newline
1:      pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rax
        iretq

/* The PIC raises lines 7 and 15 without a cause at times; they want no end of interrupt. */
spurious:
        iretq

/* Fills the IDT: 64-bit interrupt gates, so handlers run with interrupts off. */
idt_init:
        xor     %ecx, %ecx
        lea     idt(%rip), %rdi
1:      lea     spurious(%rip), %rax
        cmp     $TIMER_VECTOR, %ecx
        ja      3f
        je      2f
        lea     vectors(%rip), %rax
        mov     (%rax, %rcx, 4), %eax
        jmp     3f
2:      lea     timer(%rip), %rax
3:      mov     %ax, (%rdi)                             # offset 15..0
        movw    $8, 2(%rdi)                             # code segment
        movw    $0x8e00, 4(%rdi)                        # present, interrupt gate
        shr     $16, %eax
        mov     %ax, 6(%rdi)                            # offset 31..16
        add     $16, %rdi
        inc     %ecx
        cmp     $VECTORS, %ecx
        jb      1b
        lidt    idt_pointer(%rip)
        ret

        .macro  outb value, port
        mov     $\value, %al
        out     %al, $\port
        .endm

/* PIC lines to vectors 32-47, all masked but line 0; PIT channel 0 at 1 kHz. */
timer_start:
        mov     tick(%rip), %rax
        mov     %rax, tick_countdown(%rip)
        mov     rate(%rip), %rax                        # save up at most 125 ms or two pages
        mov     $125, %ecx
        mul     %rcx
        mov     $2 * PAGE_COST, %ecx
        cmp     %rcx, %rax
        cmovb   %rcx, %rax
        mov     %rax, credit_limit(%rip)

        outb    0x11, PIC1                              # ICW1: edge, cascade, ICW4 follows
        outb    TIMER_VECTOR, PIC1 + 1
        outb    0x04, PIC1 + 1                          # slave on line 2
        outb    0x01, PIC1 + 1                          # 8086 mode
        outb    0x11, PIC2
        outb    TIMER_VECTOR + 8, PIC2 + 1
        outb    0x02, PIC2 + 1
        outb    0x01, PIC2 + 1
        outb    0xfe, PIC1 + 1
        outb    0xff, PIC2 + 1

        outb    0x34, PIT + 3                           # channel 0, low and high byte, mode 2
        outb    PIT_DIVISOR & 0xff, PIT
        outb    PIT_DIVISOR >> 8, PIT
        ret


/* ---- Serial text ----------------------------------------------------------------------- */

/* 115200 8N1, no interrupts: the transmitter is polled. */
serial_init:
        lea     serial_setup(%rip), %rsi
1:      movzwl  (%rsi), %edx
        test    %edx, %edx
        jz      2f
        mov     2(%rsi), %al
        out     %al, %dx
        add     $3, %rsi
        jmp     1b
2:      ret

        .section .rodata
        .macro  register index, value
        .word   COM1 + \index
        .byte   \value
        .endm
serial_setup:
        register 1, 0x00                                # IER: none
        register 3, 0x80                                # LCR: divisor latch
        register 0, 0x01                                # divisor 1
        register 1, 0x00
        register 3, 0x03                                # LCR: 8N1
        register 2, 0x07                                # FCR: FIFOs on and empty
        register 4, 0x03                                # MCR: DTR, RTS
        .word   0
        .text

put_newline:
        mov     $'\n', %edi
        jmp     put_char
put_space:
        mov     $' ', %edi

/* The character dil. Changes only rax, rdx. Waits while the other side does not read. */
put_char:
        mov     $COM1 + 5, %edx
1:      in      %dx, %al
        test    $0x20, %al                              # transmitter empty
        jnz     2f
        pause
        jmp     1b
2:      mov     $COM1, %edx
        mov     %edi, %eax
        out     %al, %dx
        ret

/* The string rdi. */
put_text:
        mov     %rdi, %rsi
1:      movzbl  (%rsi), %edi
        test    %edi, %edi
        jz      2f
        call    put_char
        inc     %rsi
        jmp     1b
2:      ret

/* rdi in hexadecimal, lower case, no leading zeros. */
put_hex:
        mov     %rdi, %rsi
        or      $1, %rdi                                # bsr of 0 is undefined
        bsr     %rdi, %rcx
        and     $-4, %ecx
1:      mov     %rsi, %rdi
        shr     %cl, %rdi
        and     $15, %edi
        lea     text_digits(%rip), %rax
        movzbl  (%rax, %rdi), %edi
        call    put_char
        sub     $4, %ecx
        jns     1b
        ret

/* rdi in decimal; recursive, the leading digits first. */
put_decimal:
        mov     %rdi, %rax
        xor     %edx, %edx
        mov     $10, %ecx
        div     %rcx
        push    %rdx
        mov     %rax, %rdi
        test    %rax, %rax
        jz      1f
        call    put_decimal
1:      pop     %rdi
        add     $'0', %edi
        jmp     put_char

put_rate:
        cmp     $-1, %rdi
        jne     put_decimal
        lea     text_max(%rip), %rdi
        jmp     put_text

/* Word number rdi of the list rsi. */
put_choice:
        mov     %rdi, %rcx
1:      jrcxz   3f
2:      lodsb
        test    %al, %al
        jnz     2b
        dec     %rcx
        jmp     1b
3:      mov     %rsi, %rdi
        jmp     put_text

/* The two addresses at rbx. */
put_range:
        mov     (%rbx), %rdi
        call    put_hex
        mov     $'-', %edi
        call    put_char
        mov     8(%rbx), %rdi
        jmp     put_hex


/* ---- Data ------------------------------------------------------------------------------ */

        .section .rodata
text_digits:    .ascii  "0123456789abcdef"
text_max:       .asciz  "max"
text_fills:     .asciz  "random", "half", "zero", ""
text_switch:    .asciz  "off", "on", ""
text_classes:   .asciz  "dirty", "static", "zero", ""   # in the order of CLASS_*

        .macro  parameter key, kind, allowed, variable
        .pushsection .rodata
.Lkey\@: .asciz "\key="
        .popsection
        .quad   .Lkey\@, \kind, \allowed, \variable
        .endm

        .pushsection .rodata.parameters, "a"
        .balign 8
parameters:
        parameter ws,    number_value, 1,           ws
        parameter rate,  rate_value,   1,           rate
        parameter fill,  choice_value, text_fills,  fill
        parameter tick,  number_value, 0,           tick
        parameter check, choice_value, text_switch, check_rest
        parameter halt,  choice_value, text_switch, halt
        .quad   0
        .popsection

/*
 * Variables start on a page of their own (see guest.ld): QEMU watches writes to pages that it has
 * translated code from, and makes them slow.
 */
        .data
ws:             .quad   128 << 20
rate:           .quad   64 << 20
fill:           .quad   0
tick:           .quad   1
check_rest:     .quad   1
halt:           .quad   0
image_start:    .quad   image
image_end:      .quad   bss_end                         # grows by map_ram; follows image_start

        .balign 8
gdt:            .quad   0
                .quad   0x00af9b000000ffff              # 8: 64-bit code, accessed
                .quad   0x00cf93000000ffff              # 16: data, accessed
gdt_pointer:    .word   . - gdt - 1
                .quad   gdt
idt_pointer:    .word   VECTORS * 16 - 1
                .quad   idt

        .bss
        .balign PAGE
page_root:      .skip   PAGE
page_pointers:  .skip   PAGE
first_gib:      .skip   PAGE
                .skip   PAGE
stack_top:
idt:            .skip   VECTORS * 16
ranges:         .skip   MAX_RANGES * 16                 # start, end; ascending
ranges_end:     .skip   16                              # a range that ends at 0 ends the list

ram_bytes:      .skip   8
pages:          .skip   8
dirty_start:    .skip   8
dirty_end:      .skip   8                               # follows dirty_start
dirty_pages:    .skip   8
rest_pages:     .skip   8
zero_pages:     .skip   8
data_runs:      .skip   8
rest_range:     .skip   8
rest_page:      .skip   8

ticks:          .skip   8                               # timer interrupts
tick_countdown: .skip   8
credit:         .skip   8
credit_limit:   .skip   8
walk:           .skip   8                               # 0 until the first walk has begun
written:        .skip   8                               # pages, in all walks
checked:        .skip   8                               # pages, in this walk
wrong:          .skip   8                               # pages, in all walks
reported:       .skip   8                               # "wrong" lines in this walk
unreported:     .skip   8                               # wrong pages without one
