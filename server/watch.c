/* SPDX-License-Identifier: BSD-2-Clause */
#include "watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "vacate.h"

/* Seconds from look to look: with plenty free, otherwise, and while dropping. */
#define CALM  1.
#define ALERT 0.1
#define AT_ONCE 0.
/* Pages that are dropped from look to look: 8 MiB. */
#define DROP_PAGES 2048
/* Pages of removed pools that are freed at once: 1 MiB, some 0.2 ms to a few. */
#define SWEEP_PAGES 256
/* How often it is said that the kernel has no memory. */
#define TELL_MS 60000

#define WORDS_MAX 512

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t held_bytes(struct pools *pools)
{
	uint64_t pages = 0;
	struct pool *pool;

	pthread_mutex_lock(&pools->lock);
	TAILQ_FOREACH(pool, &pools->list, link)
		pages += atomic_load(&pool->used_pages);
	pthread_mutex_unlock(&pools->lock);
	return pages << PAGE_SHIFT;
}

static uint64_t mib(uint64_t bytes)
{
	return bytes >> 20;
}

static uint64_t counted(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void describe(const struct watch *w, char words[static WORDS_MAX])
{
	const struct pool_counts *c = &w->pools->counts;
	char available[32] = "who knows what";

	if (w->seen.available != UINT64_MAX)
		snprintf(available, sizeof available, "%" PRIu64 " MiB", mib(w->seen.available));
	snprintf(words, WORDS_MAX,
	         "%s is available (keep-free %" PRIu64 " MiB), tasks wait for memory %u.%02u %%; "
	         "pages so far: refused by lend %" PRIu64 ", refused by pressure %" PRIu64
	         ", refused by the kernel %" PRIu64 ", vacated %" PRIu64 ", dropped %" PRIu64 "; reads of dropped ones %" PRIu64,
	         available, mib(w->rule.keep_free), w->seen.stalled / 100, w->seen.stalled % 100,
	         counted(&c->refused_lend), counted(&c->refused_pressure),
	         counted(&c->refused_kernel), counted(&c->vacated), counted(&c->dropped), counted(&c->reads_dropped));
}

static const char *state_words(enum pressure_state state)
{
	switch (state) {
	case PRESSURE_NONE: return "no shortage, all pages are taken";
	case PRESSURE_REFUSE: return "short, no more pages are taken";
	case PRESSURE_VACATE: return "short, borrowers are asked to vacate";
	case PRESSURE_DROP: return "short, vacate-deadline is over, pages of revocable pools are dropped";
	}
	return "";
}

static void log_state(const struct watch *w, enum log_level level)
{
	char words[WORDS_MAX];

	describe(w, words);
	log_line(level, "memory: %s; %s", state_words(w->pressure.state), words);
}

void watch_log(const struct watch *w)
{
	log_state(w, LOG_INFO);
}

bool watch_short(const struct watch *w)
{
	return w->pressure.state != PRESSURE_NONE;
}

/* What changed from WAS is carried out; the refusing first, because nothing may be
 * put where it is asked for. */
static void carry_out(struct watch *w, const struct pressure *was)
{
	const struct pressure *p = &w->pressure;

	if (p->state == PRESSURE_NONE && was->state >= PRESSURE_VACATE)
		vacate_end(w->pools);
	atomic_store(&w->pools->refusing, p->state != PRESSURE_NONE);
	if (p->ask)
		vacate_ask(w->pools, (p->ask + PAGE_SIZE - 1) >> PAGE_SHIFT);
	if ((p->state == PRESSURE_VACATE && was->state != PRESSURE_VACATE) ||
	    p->rounds != was->rounds)
		vacate_deadline(w->pools);
	if (p->state != was->state)
		log_state(w, p->state == PRESSURE_NONE ? LOG_INFO : LOG_WARN);
}

/* What the kernel refuses has another cause than keep-free, and another way out. */
static void tell_refused(struct watch *w)
{
	uint64_t n = counted(&w->pools->counts.refused_kernel), now = now_ms();

	if (n == w->told || (w->told && now - w->told_ms < TELL_MS))
		return;
	w->told = n;
	w->told_ms = now;
	log_line(LOG_WARN, "memory: the kernel gives no more memory, %" PRIu64 " pages were refused "
	         "for that so far: the tmpfs of state-dir is full, or no more may be committed "
	         "(vm.overcommit_memory is 2); make room there, or lend less", n);
}

/* Returns how long to wait for the next look. */
static ev_tstamp look(struct watch *w, unsigned stalled)
{
	struct pressure was = w->pressure;
	uint64_t keep = w->rule.keep_free, take;

	room_look(&w->pools->room, &w->seen);
	if (w->seen.stalled < stalled)
		w->seen.stalled = stalled;
	pressure_step(&w->pressure, &w->rule, &(struct pressure_seen){
		.now_ms = now_ms(), .available = w->seen.available,
		.held = held_bytes(w->pools), .stalled = w->seen.stalled,
		.refused = room_refused(&w->pools->room) });
	carry_out(w, &was);
	tell_refused(w);
	take = (w->pressure.take + PAGE_SIZE - 1) >> PAGE_SHIFT;
	if (take && vacate_drop(w->pools, take < DROP_PAGES ? take : DROP_PAGES))
		return AT_ONCE;
	return w->pressure.state == PRESSURE_NONE && w->seen.available / 2 > keep ? CALM : ALERT;
}

static void look_again(struct watch *w, unsigned stalled)
{
	ev_timer_stop(w->ev, &w->timer);
	ev_timer_set(&w->timer, look(w, stalled), 0.);
	ev_timer_start(w->ev, &w->timer);
	if (pools_leaving(w->pools))
		ev_timer_start(w->ev, &w->sweeper);
}

/* A slice; the other connections have their turn before the next one. */
static void on_sweep(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct watch *w = timer->data;

	(void)events;
	pools_sweep(w->pools, SWEEP_PAGES);
	if (!pools_leaving(w->pools))
		return;
	ev_timer_set(timer, AT_ONCE, 0.);
	ev_timer_start(ev, timer);
}

static void on_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
	(void)ev, (void)events;
	look_again(timer->data, 0);
}

/* A trigger says that tasks have just begun to wait, sooner than an average does. To
 * poll it once takes its event, and finding this epoll readable did: what is left to see
 * is only whether one is broken. */
static void on_triggered(struct ev_loop *ev, ev_io *io, int events)
{
	struct watch *w = io->data;
	struct epoll_event event[GAUGE_PSI];
	int n = epoll_wait(w->triggers, event, GAUGE_PSI, 0);

	(void)ev, (void)events;
	for (int i = 0; i < n; i++)
		if (event[i].events & EPOLLERR) /* that cgroup is gone */
			epoll_ctl(w->triggers, EPOLL_CTL_DEL, event[i].data.fd, NULL);
	look_again(w, PRESSURE_STALLED);
}

/* libev knows no POLLPRI, but an epoll of them is readable when one is ready. */
static void watch_triggers(struct watch *w)
{
	w->triggers = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; w->triggers >= 0 && i < GAUGE_PSI; i++) {
		struct epoll_event event = { .events = EPOLLPRI,
		                             .data.fd = w->gauge.trigger[i] };

		if (w->gauge.trigger[i] >= 0)
			epoll_ctl(w->triggers, EPOLL_CTL_ADD, w->gauge.trigger[i], &event);
	}
	if (w->triggers < 0)
		return;
	ev_io_init(&w->triggered, on_triggered, w->triggers, EV_READ);
	w->triggered.data = w;
	ev_io_start(w->ev, &w->triggered);
}

void watch_start(struct watch *w, struct ev_loop *ev, struct pools *pools,
                 const struct pressure_rule *rule)
{
	*w = (struct watch){ .ev = ev, .pools = pools, .rule = *rule };
	gauge_open(&w->gauge, "", true);
	if (w->gauge.meminfo < 0)
		log_line(LOG_WARN, "cannot read /proc/meminfo: keep-free is of no effect");
	room_set_keep(&pools->room, rule->keep_free);
	room_set_gauge(&pools->room, &w->gauge);
	watch_triggers(w);
	ev_timer_init(&w->timer, on_timer, 0., 0.);
	ev_timer_init(&w->sweeper, on_sweep, AT_ONCE, 0.);
	w->timer.data = w->sweeper.data = w;
	look_again(w, 0);
}

void watch_set_rule(struct watch *w, const struct pressure_rule *rule)
{
	w->rule = *rule;
	room_set_keep(&w->pools->room, rule->keep_free);
	look_again(w, 0);
}

void watch_stop(struct watch *w)
{
	if (!w->ev)
		return;
	ev_timer_stop(w->ev, &w->timer);
	ev_timer_stop(w->ev, &w->sweeper);
	room_set_gauge(&w->pools->room, NULL);
	if (w->triggers >= 0) {
		ev_io_stop(w->ev, &w->triggered);
		close(w->triggers);
	}
	gauge_close(&w->gauge);
}
