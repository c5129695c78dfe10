/* SPDX-License-Identifier: BSD-2-Clause */
/* What the load generator and the floor server both know of the NBD protocol
 * (NetworkBlockDevice/nbd, doc/proto.md): fixed newstyle, GO, simple replies.
 * The structs hold big-endian numbers, exactly as they cross the wire. */
#ifndef FARPAGE_BENCH_NBDWIRE_H
#define FARPAGE_BENCH_NBDWIRE_H

#include <stdint.h>

#define NBD_MAGIC 0x4e42444d41474943u /* "NBDMAGIC" */
#define NBD_OPTION_MAGIC 0x49484156454f5054u /* "IHAVEOPT" */
#define NBD_OPTION_REPLY_MAGIC 0x3e889045565a9u
#define NBD_REQUEST_MAGIC 0x25609513u
#define NBD_REPLY_MAGIC 0x67446698u

#define NBD_FLAG_FIXED_NEWSTYLE 1u
#define NBD_FLAG_NO_ZEROES 2u
#define NBD_OPT_ABORT 2u
#define NBD_OPT_GO 7u
#define NBD_REP_ACK 1u
#define NBD_REP_INFO 3u
#define NBD_REP_ERR_UNSUP 0x80000001u
#define NBD_REP_ERROR_BIT 0x80000000u
#define NBD_INFO_EXPORT 0u
#define NBD_FLAG_HAS_FLAGS 1u
#define NBD_FLAG_CAN_MULTI_CONN (1u << 8)

#define NBD_CMD_READ 0u
#define NBD_CMD_WRITE 1u
#define NBD_CMD_DISC 2u
#define NBD_EIO 5u
#define NBD_EINVAL 22u

struct nbd_greeting {
	uint64_t magic, option_magic;
	uint16_t flags;
} __attribute__((packed));

struct nbd_option {
	uint64_t magic;
	uint32_t option, length;
} __attribute__((packed));

struct nbd_option_reply {
	uint64_t magic;
	uint32_t option, type, length;
} __attribute__((packed));

struct nbd_info_export {
	uint16_t info;
	uint64_t size;
	uint16_t flags;
} __attribute__((packed));

struct nbd_request {
	uint32_t magic;
	uint16_t flags, type;
	uint64_t cookie, offset;
	uint32_t length;
} __attribute__((packed));

struct nbd_reply {
	uint32_t magic, error;
	uint64_t cookie;
} __attribute__((packed));

#endif
