/* SPDX-License-Identifier: BSD-2-Clause */
#include "request.h"

int request_parse(struct request *r, const uint8_t in[static NBD_REQUEST_BYTES])
{
	if (load32(in) != NBD_REQUEST_MAGIC)
		return -1;
	r->flags = load16(in + 4);
	r->type = load16(in + 6);
	r->cookie = load64(in + 8);
	r->offset = load64(in + 16);
	r->length = load32(in + 24);
	return 0;
}

static bool writes(uint16_t type)
{
	return type == NBD_CMD_WRITE || type == NBD_CMD_TRIM ||
	       type == NBD_CMD_WRITE_ZEROES;
}

static uint16_t allowed_flags(uint16_t type)
{
	switch (type) {
	case NBD_CMD_READ: return NBD_CMD_FLAG_FUA | NBD_CMD_FLAG_DF;
	case NBD_CMD_WRITE_ZEROES:
		return NBD_CMD_FLAG_FUA | NBD_CMD_FLAG_NO_HOLE | NBD_CMD_FLAG_FAST_ZERO;
	case NBD_CMD_BLOCK_STATUS: return NBD_CMD_FLAG_FUA | NBD_CMD_FLAG_REQ_ONE;
	}
	return NBD_CMD_FLAG_FUA;
}

uint32_t request_check(const struct request *r, const struct terms *terms, bool read_only)
{
	uint64_t size = terms->size;

	if (r->flags & ~allowed_flags(r->type) ||
	    (r->flags & NBD_CMD_FLAG_DF && !terms->structured))
		return NBD_EINVAL;
	switch (r->type) {
	case NBD_CMD_FLUSH:
		return r->offset || r->length ? NBD_EINVAL : NBD_OK;
	case NBD_CMD_READ:
	case NBD_CMD_WRITE:
		if (r->length > TERMS_REQUEST_BYTES)
			return r->flags & NBD_CMD_FLAG_DF ? NBD_EOVERFLOW : NBD_EINVAL;
		break;
	case NBD_CMD_BLOCK_STATUS:
		if (!terms->contexts)
			return NBD_EINVAL;
		break;
	case NBD_CMD_TRIM:
	case NBD_CMD_CACHE:
	case NBD_CMD_WRITE_ZEROES:
		break;
	default:
		return NBD_EINVAL;
	}
	if (read_only && writes(r->type))
		return NBD_EPERM;
	if (r->length == 0)
		return NBD_EINVAL;
	if (r->offset > size || r->length > size - r->offset)
		return r->type == NBD_CMD_WRITE || r->type == NBD_CMD_WRITE_ZEROES ? NBD_ENOSPC
		                                                                   : NBD_EINVAL;
	/* Pages that are to be there are written, zero for zero. */
	if (r->flags & NBD_CMD_FLAG_FAST_ZERO && r->flags & NBD_CMD_FLAG_NO_HOLE)
		return NBD_ENOTSUP;
	return NBD_OK;
}
