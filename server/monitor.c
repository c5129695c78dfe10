/* SPDX-License-Identifier: BSD-2-Clause */
#include "monitor.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "lend.h"
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

static void describe(const struct monitor *m, char words[static WORDS_MAX])
{
	const struct pool_counts *c = &m->pools->counts;
	char available[32] = "an unknown amount";

	if (m->seen.available != UINT64_MAX)
		snprintf(available, sizeof available, "%" PRIu64 " MiB", mib(m->seen.available));
	words_print(words,
	            "%s is available (keep-free %" PRIu64 " MiB), tasks wait for memory %u.%02u %%; "
	            "pages so far: refused by lend %" PRIu64 ", refused by pressure %" PRIu64
	            ", refused by the kernel %" PRIu64 ", vacated %" PRIu64 ", dropped %" PRIu64 "; reads of dropped ones %" PRIu64,
	            available, mib(m->rule.keep_free), m->seen.stalled / 100, m->seen.stalled % 100,
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

static void log_state(const struct monitor *m, enum log_level level)
{
	char words[WORDS_MAX];

	describe(m, words);
	log_line(level, "memory: %s; %s", state_words(m->pressure.state), words);
}

void monitor_log(const struct monitor *m)
{
	log_state(m, LOG_INFO);
}

bool monitor_short(const struct monitor *m)
{
	return m->pressure.state != PRESSURE_NONE;
}

/* What changed from WAS is carried out; the refusing first, because nothing may be
 * put where it is asked for. */
static void carry_out(struct monitor *m, const struct pressure *was)
{
	const struct pressure *p = &m->pressure;

	if (p->state == PRESSURE_NONE && was->state >= PRESSURE_VACATE)
		vacate_end(m->pools);
	atomic_store(&m->pools->refusing, p->state != PRESSURE_NONE);
	if (p->ask)
		vacate_ask(m->pools, (p->ask + PAGE_BYTES - 1) >> PAGE_SHIFT);
	if ((p->state == PRESSURE_VACATE && was->state != PRESSURE_VACATE) ||
	    p->rounds != was->rounds)
		vacate_deadline(m->pools);
	if (p->state != was->state)
		log_state(m, p->state == PRESSURE_NONE ? LOG_INFO : LOG_WARN);
}

/* What the kernel refuses has another cause than keep-free, and another way out. */
static void tell_refused(struct monitor *m)
{
	uint64_t n = counted(&m->pools->counts.refused_kernel), now = (uint64_t)clock_ms();

	if (n == m->told || (m->told && now - m->told_ms < TELL_MS))
		return;
	m->told = n;
	m->told_ms = now;
	log_line(LOG_WARN, "memory: the kernel gives no more memory, %" PRIu64 " pages were refused "
	         "for that so far: the tmpfs of state-dir is full, or no more may be committed "
	         "(vm.overcommit_memory is 2); make room there, or lend less", n);
}

/* Returns how long to wait for the next look. */
static ev_tstamp monitor_look(struct monitor *m, unsigned stalled)
{
	struct pressure was = m->pressure;
	uint64_t keep = m->rule.keep_free, take;

	room_look(&m->pools->room, &m->seen);
	if (m->seen.stalled < stalled)
		m->seen.stalled = stalled;
	pressure_step(&m->pressure, &m->rule, &(struct pressure_seen){
		.now_ms = (uint64_t)clock_ms(), .available = m->seen.available,
		.held = held_bytes(m->pools), .stalled = m->seen.stalled,
		.refused = room_refused(&m->pools->room) });
	carry_out(m, &was);
	tell_refused(m);
	take = (m->pressure.take + PAGE_BYTES - 1) >> PAGE_SHIFT;
	if (take && vacate_drop(m->pools, take < DROP_PAGES ? take : DROP_PAGES))
		return AT_ONCE;
	return m->pressure.state == PRESSURE_NONE && m->seen.available / 2 > keep ? CALM : ALERT;
}

static void look_again(struct monitor *m, unsigned stalled)
{
	ev_timer_stop(m->ev, &m->timer);
	ev_timer_set(&m->timer, monitor_look(m, stalled), 0.);
	ev_timer_start(m->ev, &m->timer);
	if (pools_leaving(m->pools))
		ev_timer_start(m->ev, &m->sweeper);
}

/* A slice; the other connections have their turn before the next one. */
static void on_sweep(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct monitor *m = timer->data;

	(void)events;
	pools_sweep(m->pools, SWEEP_PAGES);
	if (!pools_leaving(m->pools))
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
	struct monitor *m = io->data;
	struct epoll_event event[GAUGE_PSI];
	int n = epoll_wait(m->triggers, event, GAUGE_PSI, 0);

	(void)ev, (void)events;
	for (int i = 0; i < n; i++)
		if (event[i].events & EPOLLERR) /* that cgroup is gone */
			epoll_ctl(m->triggers, EPOLL_CTL_DEL, event[i].data.fd, NULL);
	look_again(m, PRESSURE_STALLED);
}

/* libev knows no POLLPRI, but an epoll of them is readable when one is ready. */
static void watch_triggers(struct monitor *m)
{
	m->triggers = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; m->triggers >= 0 && i < GAUGE_PSI; i++) {
		struct epoll_event event = { .events = EPOLLPRI,
		                             .data.fd = m->gauge.trigger[i] };

		if (m->gauge.trigger[i] >= 0)
			epoll_ctl(m->triggers, EPOLL_CTL_ADD, m->gauge.trigger[i], &event);
	}
	if (m->triggers < 0)
		return;
	ev_io_init(&m->triggered, on_triggered, m->triggers, EV_READ);
	m->triggered.data = m;
	ev_io_start(m->ev, &m->triggered);
}

void monitor_start(struct monitor *m, struct ev_loop *ev, struct pools *pools,
                   const struct pressure_rule *rule)
{
	*m = (struct monitor){ .ev = ev, .pools = pools, .rule = *rule };
	gauge_open(&m->gauge, "", true);
	if (m->gauge.meminfo < 0)
		log_line(LOG_WARN, "cannot read /proc/meminfo: keep-free has no effect");
	room_set_keep(&pools->room, rule->keep_free);
	room_set_gauge(&pools->room, &m->gauge);
	watch_triggers(m);
	ev_timer_init(&m->timer, on_timer, 0., 0.);
	ev_timer_init(&m->sweeper, on_sweep, AT_ONCE, 0.);
	m->timer.data = m->sweeper.data = m;
	look_again(m, 0);
}

void monitor_set_rule(struct monitor *m, const struct pressure_rule *rule)
{
	m->rule = *rule;
	room_set_keep(&m->pools->room, rule->keep_free);
	look_again(m, 0);
}

void monitor_stop(struct monitor *m)
{
	if (!m->ev)
		return;
	ev_timer_stop(m->ev, &m->timer);
	ev_timer_stop(m->ev, &m->sweeper);
	room_set_gauge(&m->pools->room, NULL);
	if (m->triggers >= 0) {
		ev_io_stop(m->ev, &m->triggered);
		close(m->triggers);
	}
	gauge_close(&m->gauge);
}
