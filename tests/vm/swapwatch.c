/* SPDX-License-Identifier: BSD-2-Clause */
#include "swapcheck.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* The watcher's view of the workers. */
static struct watch {
	pid_t pid[MAX_PROCESSES];
	uint64_t steps[MAX_PROCESSES], moved_us[MAX_PROCESSES]; /* last seen, and when */
	uint64_t checked, wrong, stall_us, silence_us, any_moved_us;
	unsigned running, at_gate;
	int worst_exit;
} w;

static void watch_worker(unsigned i, uint64_t now)
{
	struct report *r = &reports[i];
	uint64_t steps = r->steps, stall = r->stall_us;

	w.checked += r->checked;
	w.wrong += r->wrong;
	w.at_gate += r->at_gate;
	if (w.pid[i]) {
		if (steps != w.steps[i]) {
			w.steps[i] = steps;
			w.moved_us[i] = w.any_moved_us = now;
		} else if (now - w.moved_us[i] > stall)
			stall = now - w.moved_us[i];
	}
	if (stall > w.stall_us)
		w.stall_us = stall;
}

/* A scenario waits for this file. It must not have to read what we say: that goes to the
 * console, because a file needs memory. */
static void watch_gate(void)
{
	char path[PATH_MAX];

	say("swapcheck: at the gate");
	snprintf(path, sizeof path, "%s.reached", opt.gate);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		say("swapcheck: cannot create %s: %s", path, strerror(errno));
	else
		close(fd);
}

static void watch_look(void)
{
	uint64_t now = now_us(), before = w.any_moved_us;
	bool all_were = w.at_gate == opt.processes;

	w.checked = w.wrong = w.at_gate = 0;
	for (unsigned i = 0; i < opt.processes; i++)
		watch_worker(i, now);
	if (w.running && now - before > w.silence_us)
		w.silence_us = now - before;
	if (w.at_gate == opt.processes && !all_were)
		watch_gate();
}

static void watch_reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		unsigned i = 0;
		while (i < opt.processes && w.pid[i] != pid)
			i++;
		if (i == opt.processes)
			continue;
		w.pid[i] = 0;
		w.running--;
		int code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_DIED;
		if (WIFSIGNALED(status))
			say("swapcheck: process %u was killed by signal %d", i, WTERMSIG(status));
		if (code > w.worst_exit)
			w.worst_exit = code;
	}
}

static void watch_report(const char *what)
{
	say("swapcheck: %s seconds=%.1f checked=%" PRIu64 " wrong=%" PRIu64 " stall_ms=%" PRIu64
		" silence_ms=%" PRIu64,
		what, (double)(now_us() - started_us) / 1e6, w.checked, w.wrong, w.stall_us / 1000, w.silence_us / 1000);
}

/* Nothing may be left to free memory for, so the kernel itself is asked to speak (and to reboot). */
static void watch_hang(int sysrq)
{
	watch_report("hang");
	tcdrain(STDOUT_FILENO); /* a reboot does not wait for a console */
	for (const char *key = opt.sysrq; sysrq >= 0 && *key; key++)
		if (write(sysrq, key, 1) < 0)
			say("swapcheck: sysrq %c: %s", *key, strerror(errno));
	for (unsigned i = 0; i < opt.processes; i++)
		if (w.pid[i])
			kill(w.pid[i], SIGKILL);
	_exit(EXIT_HANG);
}

void watch_start(unsigned process, pid_t pid)
{
	w.moved_us[process] = w.any_moved_us = started_us;
	w.pid[process] = pid;
	w.running++;
}

static bool longer(uint64_t us, unsigned seconds)
{
	return seconds && us > seconds * UINT64_C(1000000);
}

int watch(void)
{
	int sysrq = opt.sysrq ? open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC) : -1;
	uint64_t said_us = started_us;

	while (w.running) {
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
		watch_look();
		watch_reap();
		if (now_us() - said_us > opt.progress_seconds * UINT64_C(1000000)) {
			said_us = now_us();
			watch_report("at");
		}
		if (longer(w.stall_us, opt.hang_seconds) || longer(w.silence_us, opt.silence_seconds))
			watch_hang(sysrq);
	}
	watch_look();
	if (w.wrong)
		w.worst_exit = EXIT_WRONG; /* nothing is worse */
	watch_report(w.worst_exit == 0 ? "good" : w.wrong ? "WRONG" : "died");
	return w.worst_exit;
}
