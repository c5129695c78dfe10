/* SPDX-License-Identifier: BSD-2-Clause */
/* What lender and borrower agree on beside NBD. They share no header, so each has it in its own. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "address.h"
#include "farpage.h"
#include "probe.h"
#include "options.h"
#include "pool.h"
#include "terms.h"
#include "wire.h"

_Static_assert(ADDRESS_POOL_MAX == POOL_NAME_MAX + 1, "a pool's name has room");
_Static_assert(FARPAGE_INSTANCE_MAX <= POOL_INSTANCE_MAX + 1, "a lender remembers who claimed");
_Static_assert(PROBE_WANTED == VACATE_WANTED, "what a lender wants back");
_Static_assert(RUN_PAGES * PAGE_BYTES <= TERMS_REQUEST_BYTES, "no put is too large");

TEST(the_context_of_what_is_wanted_back)
{
	assert_string_equal(PROBE_CONTEXT, CONTEXT_VACATE_NAME);
}

/* Clients remember them, and some know them by heart. */
TEST(the_ids_of_contexts_stay)
{
	assert_int_equal(context_id(CONTEXT_ALLOCATION), 1);
	assert_int_equal(context_id(CONTEXT_VACATE), 2);
}

TEST(the_port)
{
	const char *port = strrchr(OPTIONS_DEFAULT_LISTEN, ':');

	assert_non_null(port);
	assert_string_equal(port + 1, ADDRESS_PORT);
}

TEST(names_of_pools)
{
	char name[POOL_NAME_MAX + 2];

	for (int c = 1; c < 256; c++) {
		snprintf(name, sizeof name, "a%c", c);
		assert_int_equal(address_pool_valid(name), pool_name_valid(name));
	}
	for (size_t n = 0; n < sizeof name; n++) {
		memset(name, 'n', n);
		name[n] = '\0';
		assert_int_equal(address_pool_valid(name), pool_name_valid(name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_context_of_what_is_wanted_back),
		cmocka_unit_test(the_ids_of_contexts_stay),
		cmocka_unit_test(the_port),
		cmocka_unit_test(names_of_pools),
	};

	return cmocka_run_group_tests_name("agreed", tests, NULL, NULL);
}
