/* Copyright: (c) 2026, The Drover authors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tiny guest: a multiboot "operating system" of a few KiB that boots in a moment, idles at
 * half a percent of a CPU, and does to memory, disk and CPU what its command line says:
 *
 *   beat=N     heartbeats per second (default 5), lines "beat BOOT COUNT" on the serial port;
 *              BOOT is drawn again at each start of the guest, COUNT goes up by one
 *   fill=MIB   memory touched at the start
 *   dirty=N    MiB written per second, a word in each page, in random order
 *   set=MIB    working set of dirty (default half the memory)
 *   disk=N     sectors written per second to the first IDE disk (N up to the timer's rate)
 *   spin=1     keep the CPU busy
 *   deaf=1     ignore the power button
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned u32;

#define HZ 20 /* of the timer; the slowest that the 8254 can do is 18.2 */
#define PAGES_PER_MIB 256
#define HEAP 0x400000u /* memory from here on is free */

struct multiboot {
	u32 flags, lower_kib, upper_kib, boot_device;
	const char *command_line;
};

volatile u32 timer_ticks;
extern void timer_interrupt(void);

static void out8(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void out16(u16 port, u16 value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static void out32(u16 port, u32 value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static u8 in8(u16 port)
{
	u8 value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static u16 in16(u16 port)
{
	u16 value;
	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static u32 in32(u16 port)
{
	u32 value;
	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/* -- serial port ---------------------------------------------------------------------------- */

#define COM1 0x3f8

static void serial_init(void)
{
	out8(COM1 + 1, 0);    /* no interrupts */
	out8(COM1 + 3, 0x80); /* 115200 baud */
	out8(COM1, 1);
	out8(COM1 + 1, 0);
	out8(COM1 + 3, 3); /* 8 bits, no parity */
	out8(COM1 + 2, 7); /* FIFOs on and empty */
}

static void print(const char *text)
{
	for (; *text; text++) {
		while (!(in8(COM1 + 5) & 0x20))
			;
		out8(COM1, *text);
	}
}

static void print_number(u32 number, u32 base, int digits)
{
	char text[12], *p = text + sizeof text - 1;

	for (*p = 0; number || digits > 0; number /= base, digits--)
		*--p = "0123456789abcdef"[number % base];
	print(p);
}

/* -- command line ---------------------------------------------------------------------------- */

static u32 option(const char *line, const char *name, u32 fallback)
{
	while (*line) {
		const char *wanted = name;

		while (*wanted && *line == *wanted)
			line++, wanted++;
		if (!*wanted && *line == '=') {
			u32 value = 0;
			while (*++line >= '0' && *line <= '9')
				value = value * 10 + (*line - '0');
			return value;
		}
		while (*line && *line != ' ')
			line++;
		while (*line == ' ')
			line++;
	}
	return fallback;
}

/* -- timer ----------------------------------------------------------------------------------- */

static struct gate {
	u16 low, selector;
	u8 zero, type;
	u16 high;
} __attribute__((packed)) gates[33];

static void timer_init(void)
{
	struct {
		u16 limit;
		void *base;
	} __attribute__((packed)) pointer = {sizeof gates - 1, gates};
	u32 handler = (u32)timer_interrupt, divisor = 1193182 / HZ;

	gates[32] = (struct gate){handler, 8, 0, 0x8e, handler >> 16};
	__asm__ volatile("lidt %0" : : "m"(pointer));
	out8(0x20, 0x11), out8(0xa0, 0x11); /* both interrupt controllers: start over */
	out8(0x21, 32), out8(0xa1, 40);     /* vectors */
	out8(0x21, 4), out8(0xa1, 2);       /* cascade */
	out8(0x21, 1), out8(0xa1, 1);
	out8(0x21, 0xfe), out8(0xa1, 0xff); /* only the timer */
	out8(0x43, 0x34);
	out8(0x40, divisor), out8(0x40, divisor >> 8);
	__asm__ volatile("sti");
}

/* -- power button (ACPI fixed hardware) ------------------------------------------------------- */

#define BUTTON 0x100

static u16 power_ports;

static u32 pci_read(u32 device, u32 function, u32 offset)
{
	out32(0xcf8, 0x80000000u | device << 11 | function << 8 | offset);
	return in32(0xcfc);
}

static void button_init(void)
{
	if (pci_read(1, 3, 0) == 0x71138086u) /* PIIX4, of machine "pc" */
		power_ports = pci_read(1, 3, 0x40) & 0xffc0;
	else /* ICH9, of machine "q35" */
		power_ports = pci_read(31, 0, 0x40) & 0xff80;
	out16(power_ports + 2, BUTTON); /* or QEMU drops the press */
}

static void button_poll(void)
{
	if (!(in16(power_ports) & BUTTON))
		return;
	print("off\n");
	out16(power_ports, BUTTON);
	out16(power_ports + 4, 0x2000); /* S5 */
}

/* -- identity of this boot ------------------------------------------------------------------- */

static u32 boot_identity(void)
{
	u32 low, high, clock = 0;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	for (u8 unit = 0; unit <= 4; unit += 2) { /* seconds, minutes, hours */
		out8(0x70, unit);
		clock = clock << 8 | in8(0x71);
	}
	return (low ^ clock << 8) * 2654435761u + clock;
}

/* -- load ------------------------------------------------------------------------------------ */

static u32 random_number(void)
{
	static u32 state = 2463534242u; /* Marsaglia (2003), xorshift */

	state ^= state << 13;
	state ^= state >> 17;
	return state ^= state << 5;
}

static void touch(u32 page, u32 value)
{
	*(volatile u32 *)(HEAP + page * 4096) = value;
}

static int ide_wait(u8 mask, u8 wanted)
{
	for (u32 patience = 10000000; patience; patience--) {
		u8 status = in8(0x1f7);
		if (status & 1)
			return 0;
		if ((status & mask) == wanted)
			return 1;
	}
	return 0;
}

static void ide_write(u32 sector, u32 value)
{
	if (!ide_wait(0x80, 0))
		goto error;
	out8(0x1f6, 0xe0 | (sector >> 24 & 15));
	out8(0x1f2, 1);
	out8(0x1f3, sector), out8(0x1f4, sector >> 8), out8(0x1f5, sector >> 16);
	out8(0x1f7, 0x30);
	if (!ide_wait(0x88, 0x08))
		goto error;
	for (u32 i = 0; i < 128; i++)
		out16(0x1f0, value), out16(0x1f0, value >> 16);
	if (ide_wait(0x80, 0))
		return;
error:
	print("disk error\n");
}

/* How often in this tick is something due that happens `rate` times a second? */
static u32 due(u32 rate, u32 tick)
{
	return rate * (tick % HZ + 1) / HZ - rate * (tick % HZ) / HZ;
}

void run(const struct multiboot *info)
{
	const char *line = info->flags & 4 ? info->command_line : "";
	u32 memory_mib = info->upper_kib / 1024, usable = memory_mib > 8 ? memory_mib - 4 : 4;
	u32 beat = option(line, "beat", 5), dirty = option(line, "dirty", 0);
	u32 fill = option(line, "fill", 0), set = option(line, "set", usable / 2);
	u32 disk = option(line, "disk", 0), spin = option(line, "spin", 0);
	u32 deaf = option(line, "deaf", 0), done = 0, beats = 0;
	u32 boot = boot_identity();

	if (set > usable || !set)
		set = usable;
	if (fill > usable)
		fill = usable;
	serial_init();
	button_init();
	timer_init();
	for (u32 page = 0; page < fill * PAGES_PER_MIB; page++)
		touch(page, random_number());
	for (;;) {
		if (!spin)
			__asm__ volatile("hlt");
		if (done == timer_ticks)
			continue;
		done++;
		if (due(beat, done)) {
			print("beat ");
			print_number(boot, 16, 8);
			print(" ");
			print_number(++beats, 10, 1);
			print("\n");
		}
		for (u32 n = due(dirty * PAGES_PER_MIB, done); n; n--)
			touch(random_number() % (set * PAGES_PER_MIB), done);
		for (u32 n = due(disk, done); n; n--)
			ide_write(1 + random_number() % 1024, done);
		if (!deaf && due(4, done))
			button_poll();
		/* a guest that was held up does not make up for lost time */
		if (timer_ticks - done > HZ)
			done = timer_ticks;
	}
}
