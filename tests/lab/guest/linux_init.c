/* Copyright: (c) 2026, The Drover authors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Init of the Linux guest, all of its user space: loads the modules of its initramfs, takes the
 * address given on the kernel's command line (address=A port=P), sends back what comes on that
 * TCP port, writes "beat BOOT COUNT" lines to the console five times a second, and powers off
 * when the power button is pressed. Starts the guest agent if there is one. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define MODULES "/modules"
#define BEATS_PER_S 5
#define AGENT "/usr/sbin/qemu-ga"

enum { LISTENER, TIMER, BUTTON, FIRST_CLIENT, MAX_FDS = 64 };

static struct pollfd fds[MAX_FDS];

static void fail(const char *what)
{
	printf("init: %s: %s\n", what, strerror(errno));
	sync();
	reboot(RB_POWER_OFF);
}

static void load_modules(void)
{
	struct dirent **names;
	int count = scandir(MODULES, &names, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char path[512];
		int fd;

		if (names[i]->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, MODULES "/%s", names[i]->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
			fail(path);
		close(fd);
	}
}

static void set_up_interface(const char *name, const char *address)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq request = {0};
	struct sockaddr_in in = {.sin_family = AF_INET};

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	/* the driver finds its card a moment after the module is loaded */
	for (int tries = 0; ioctl(fd, SIOCGIFFLAGS, &request) < 0; tries++) {
		if (tries == 100)
			fail(name);
		usleep(50000);
	}
	inet_pton(AF_INET, address, &in.sin_addr);
	memcpy(&request.ifr_addr, &in, sizeof in);
	if (ioctl(fd, SIOCSIFADDR, &request) < 0)
		fail("address");
	inet_pton(AF_INET, "255.255.255.0", &in.sin_addr);
	memcpy(&request.ifr_netmask, &in, sizeof in);
	ioctl(fd, SIOCSIFNETMASK, &request);
	ioctl(fd, SIOCGIFFLAGS, &request);
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		fail("interface");
	close(fd);
}

static int listen_on(int port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, (struct sockaddr *)&in, sizeof in) < 0 || listen(fd, 16) < 0)
		fail("listen");
	return fd;
}

static int start_timer(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	struct timespec period = {.tv_nsec = 1000000000 / BEATS_PER_S};
	struct itimerspec spec = {period, period};

	timerfd_settime(fd, 0, &spec, NULL);
	return fd;
}

static int open_button(void)
{
	for (int number = 0; number < 8; number++) {
		char path[32], name[64] = "";
		int fd;

		snprintf(path, sizeof path, "/dev/input/event%d", number);
		fd = open(path, O_RDONLY | O_NONBLOCK);
		if (fd >= 0 && ioctl(fd, EVIOCGNAME(sizeof name), name) > 0 && strstr(name, "Power"))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

static void accept_client(void)
{
	int fd = accept4(fds[LISTENER].fd, NULL, NULL, SOCK_NONBLOCK), yes = 1;

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	for (int i = FIRST_CLIENT; i < MAX_FDS; i++) {
		if (fds[i].fd < 0) {
			fds[i] = (struct pollfd){fd, POLLIN, 0};
			return;
		}
	}
	close(fd);
}

static void send_back(struct pollfd *client)
{
	char data[4096];
	ssize_t length = read(client->fd, data, sizeof data);

	/* a client that does not read what comes back has itself to blame */
	if (length > 0 && write(client->fd, data, length) == length)
		return;
	if (length < 0 && errno == EAGAIN)
		return;
	close(client->fd);
	client->fd = -1;
}

static void beat(const char *boot)
{
	static unsigned count;
	unsigned long expirations;

	if (read(fds[TIMER].fd, &expirations, sizeof expirations) > 0)
		printf("beat %s %u\n", boot, ++count);
}

static void watch_button(void)
{
	struct input_event event;

	while (read(fds[BUTTON].fd, &event, sizeof event) == sizeof event) {
		if (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1) {
			printf("off\n");
			sync();
			reboot(RB_POWER_OFF);
		}
	}
}

static void read_boot_identity(char *boot)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY);

	if (fd < 0 || read(fd, boot, 8) != 8)
		fail("boot_id");
	close(fd);
}

static void start_agent(void)
{
	char port[32];

	if (access(AGENT, X_OK) < 0 || fork())
		return;
	freopen("/dev/null", "w", stdout), freopen("/dev/null", "w", stderr);
	/* the driver finds its ports a moment after the module is loaded */
	for (int tries = 0; tries < 100; tries++) {
		for (int number = 0; number < 4; number++) {
			snprintf(port, sizeof port, "/dev/vport%dp1", number);
			if (access(port, R_OK) == 0)
				execl(AGENT, AGENT, "-m", "virtio-serial", "-p", port, "-t", "/run", NULL);
		}
		usleep(50000);
	}
	_exit(1);
}

static void prepare(void)
{
	const char *address = getenv("address"), *port = getenv("port");

	mkdir("/dev", 0755), mkdir("/proc", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	freopen("/dev/console", "w", stdout);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	load_modules();
	start_agent();
	set_up_interface("lo", "127.0.0.1");
	set_up_interface("eth0", address ? address : "0.0.0.0");
	for (int i = 0; i < MAX_FDS; i++)
		fds[i] = (struct pollfd){-1, POLLIN, 0};
	fds[LISTENER].fd = listen_on(port ? atoi(port) : 7);
	fds[TIMER].fd = start_timer();
	fds[BUTTON].fd = open_button();
}

int main(void)
{
	char boot[9] = "";

	prepare();
	read_boot_identity(boot);
	for (;;) {
		if (poll(fds, MAX_FDS, -1) < 0)
			continue;
		if (fds[LISTENER].revents)
			accept_client();
		if (fds[TIMER].revents)
			beat(boot);
		if (fds[BUTTON].revents)
			watch_button();
		for (int i = FIRST_CLIENT; i < MAX_FDS; i++)
			if (fds[i].fd >= 0 && fds[i].revents)
				send_back(&fds[i]);
	}
}
