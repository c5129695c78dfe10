/* SPDX-License-Identifier: BSD-2-Clause */
/* One pool, its owner, and a stranger who may connect, claim by force, and have every ticket
 * that was used. The lender is killed at any moment, also in the middle of a claim, and goes on
 * with what lies in the pool's file. In no run does the owner find another page than it left
 * when a claim tells it the since= that it knows, nor as long as it is connected then, nor
 * when its ticket lets it in.
 *
 * Not in here: a stranger who knows the owner's instance, or a ticket that is good.
 *
 * A macro plants a mistake, which the search must find:
 *   EPOCH_OPENS     NAME@EPOCH lets a further connection in, without a ticket
 *   TICKET_STAYS    a ticket is good for more than one connection
 *   CLAIM_KEEPS     a newer claim does not void the tickets of those before
 *   NOT_FOREIGN     what a plain connection wrote is not noted
 *   FORGOTTEN_SOON  that a plain connection wrote is forgotten before the claim is kept
 *   WRITERS_STAY    a plain connection goes on writing beside an owner that came by a ticket
 *   ANY_INSTANCE    a claim of another instance leaves since= as it is */

#define CLAIMS 3 /* of the owner */
#define FORCES 2 /* of the stranger */
#define KILLS  2
#define WRITES 2
#define FOREIGN_PAGE 9

mtype = { nobody, owner, stranger };
mtype = { idle, raised, kept };

/* The lender: in memory, and in the file. A claim under way holds the pool's lock. */
byte epoch = 1, since = 1, kept_epoch = 1, kept_since = 1;
mtype instance = nobody, kept_instance = nobody, claim = idle;
bool foreign = false;
byte page = 0;

/* The owner, and the stranger: the epoch that a connection joined, 0: none; and that of a
 * ticket, which is one not used yet, or any that was. */
byte mine = 0, my_ticket = 0, known = 0, left = 0;
byte theirs = 0, their_ticket = 0, used_ticket = 0;
bool plain = false, read_only = false;
byte claims = 0, forces = 0, kills = 0, writes = 0;

#ifdef CLAIM_KEEPS
#define GOOD(ticket) (ticket && !foreign)
#else
#define GOOD(ticket) (ticket == epoch && !foreign)
#endif
#ifdef ANY_INSTANCE
#define ANOTHER(who) false
#else
#define ANOTHER(who) (instance != who)
#endif

inline raise(who)
{
	if
	:: foreign || ANOTHER(who) -> since = epoch + 1
	:: else
	fi;
	epoch++; instance = who; claim = raised;
#ifdef FORGOTTEN_SOON
	foreign = false
#endif
}

/* The owner writes over what it was told that it lost. */
inline answer()
{
	foreign = false; claim = idle;
	if
	:: instance == owner ->
		mine = epoch; my_ticket = epoch;
		assert(known != since || page == left);
		known = since; left = page
	:: else ->
		theirs = epoch; their_ticket = epoch; plain = false
	fi
}

active proctype world()
{
end:	do
	:: atomic { claim == idle && claims < CLAIMS -> claims++; raise(owner) }
	:: atomic { claim == idle && forces < FORCES -> forces++; raise(stranger) }
	:: atomic { claim == raised -> claim = kept; kept_epoch = epoch; kept_since = since; kept_instance = instance }
	:: atomic { claim == kept -> answer() }
	:: atomic { kills < KILLS ->
		kills++; claim = idle; epoch = kept_epoch; since = kept_since; instance = kept_instance;
		mine = 0; theirs = 0; my_ticket = 0; their_ticket = 0; used_ticket = 0 }

	/* The owner. It is told another ticket for the one that it uses. */
	:: atomic { claim == idle && my_ticket == epoch && GOOD(my_ticket) ->
		mine = epoch; used_ticket = epoch;
#ifndef WRITERS_STAY
		read_only = true;
#endif
		assert(page == left) }
	:: atomic { claim == idle && mine && mine == epoch && writes < WRITES -> writes++; page = writes; left = writes }
	:: atomic { claim == idle && mine && mine == epoch -> assert(page == left) }
	:: atomic { mine -> mine = 0 }

	/* The stranger. */
	:: atomic { claim == idle -> theirs = epoch; plain = true; read_only = (mine == epoch) }
	:: atomic { claim == idle && GOOD(their_ticket) -> theirs = epoch; plain = false; their_ticket = 0 }
#ifdef TICKET_STAYS
	:: atomic { claim == idle && GOOD(used_ticket) -> theirs = epoch; plain = false }
#endif
#ifdef EPOCH_OPENS
	:: atomic { claim == idle && instance != nobody && !foreign -> theirs = epoch; plain = false }
#endif
	:: atomic { claim == idle && theirs && theirs == epoch && !(plain && read_only) ->
#ifndef NOT_FOREIGN
		foreign = foreign | plain;
#endif
		page = FOREIGN_PAGE }
	:: atomic { theirs -> theirs = 0 }
	od
}
