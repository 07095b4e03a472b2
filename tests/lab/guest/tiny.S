/* Copyright: (c) 2026, The Drover authors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Entry of the tiny guest: the multiboot header, flat segments, the timer interrupt. */
	.code32
	.section .multiboot, "a"
	.align 4
	.long 0x1badb002		/* magic */
	.long 0x00000002		/* we want to know the memory size */
	.long -(0x1badb002 + 0x00000002)

	.text
	.globl start
start:
	cli
	mov	$stack_top, %esp
	push	%ebx			/* the multiboot information */
	lgdt	gdt_pointer
	ljmp	$0x08, $1f
1:	mov	$0x10, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	call	run			/* never returns */

	.globl timer_interrupt
timer_interrupt:
	push	%eax
	incl	timer_ticks
	mov	$0x20, %al
	outb	%al, $0x20		/* end of interrupt */
	pop	%eax
	iret

	.data
	.align 8
gdt:	.quad 0
	.quad 0x00cf9a000000ffff	/* code, 4 GiB */
	.quad 0x00cf92000000ffff	/* data, 4 GiB */
gdt_pointer:
	.word gdt_pointer - gdt - 1
	.long gdt

	.bss
	.align 16
	.space 8192
stack_top:

	.section .note.GNU-stack, "", @progbits
