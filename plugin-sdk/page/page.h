/* page/page.h - the layout of a plugin's page. docs/page.md explains it; change both together.
 *
 * The page is a sealed memfd that the plugin creates and fastd maps. All payload is read and
 * written as relaxed 8-byte atomics; offsets are in bytes from its start. Native byte order.
 *
 *     0      head       written once by the plugin, before it hands the page over
 *     4096   region A   params: written by fastd, read by the plugin
 *     24576  region B   acknowledgements, then cells: written by the plugin, read by fastd */
#ifndef FAST_PAGE_H
#define FAST_PAGE_H

#include <stdint.h>

#define FAST_PAGE_MAGIC   UINT64_C(0x3145474150545346) /* "FSTPAGE1", little endian */
#define FAST_PAGE_VERSION 1
#define FAST_PAGE_BYTES   (1u << 20)

/* A plugin that outgrows its page has further segments, each a memfd like the first. Offsets and
 * slots count on from one to the next. The generation is that of the first. */
#define FAST_PAGE_SEGMENTS_MAX 8

#define FAST_PAGE_PARAMS_MAX   64 /* slots of region A, in each segment */
#define FAST_PAGE_STRING_BYTES 64

#define FAST_PAGE_A_OFFSET 4096u
#define FAST_PAGE_B_OFFSET 24576u
#define FAST_PAGE_B_BYTES  (FAST_PAGE_BYTES - FAST_PAGE_B_OFFSET)
/* Region B begins with an acknowledgement per param; cells follow, each aligned to 64 bytes. */
#define FAST_PAGE_ACK_OFFSET(slot) (FAST_PAGE_B_OFFSET + 64u * (uint32_t)(slot))
#define FAST_PAGE_CELLS_OFFSET     (FAST_PAGE_B_OFFSET + 64u * FAST_PAGE_PARAMS_MAX)

/* At offset 0. */
struct fast_page_head {
	uint64_t magic;   /* FAST_PAGE_MAGIC */
	uint64_t version; /* FAST_PAGE_VERSION */
	uint64_t bytes;   /* FAST_PAGE_BYTES */
	uint64_t segment; /* 0: the first; since revision 2 */
};

/* One param in one bank. */
struct fast_page_slot {
	uint64_t revision; /* 0: fastd has not written it, the plugin's initial value holds */
	uint64_t value;    /* bool 0 or 1, int, or the bits of a double; a string's length */
	uint64_t string[FAST_PAGE_STRING_BYTES / 8]; /* bytes of a string or enum, zero-padded */
	uint64_t reserved[6];
};

/* Region A. fastd makes a release fence, fills bank (generation + 1) & 1, and release-stores
 * generation + 1: all params of a batch become visible as one. */
struct fast_page_params {
	uint64_t generation; /* of the bank in force: generation & 1 */
	uint32_t wake;       /* futex word: the low half of each new generation */
	uint32_t waiters;    /* reserved */
	uint64_t reserved[6];
	struct fast_page_slot bank[2][FAST_PAGE_PARAMS_MAX];
};

/* Acknowledgement of one param. */
struct fast_page_ack {
	uint64_t revision; /* newest that a get has returned */
	uint64_t time_ns;  /* reserved: CLOCK_MONOTONIC of that get */
	uint64_t reserved[6];
};

/* Buckets of a distribution: base 2, scale 3 (OpenTelemetry's exponential histogram). Bucket i
 * counts values in (2^((i + FIRST) / 8), 2^((i + 1 + FIRST) / 8)]; values outside land in the first
 * and last. */
#define FAST_PAGE_SCALE        3
#define FAST_PAGE_OCTAVES      64
#define FAST_PAGE_BUCKETS      (FAST_PAGE_OCTAVES << FAST_PAGE_SCALE)
#define FAST_PAGE_OCTAVE_FIRST (-30) /* 2^-30 s is a nanosecond */
#define FAST_PAGE_BUCKET_FIRST (FAST_PAGE_OCTAVE_FIRST * (1 << FAST_PAGE_SCALE))

struct fast_page_distribution {
	uint64_t zero;    /* values of 0 and less */
	uint64_t sum;     /* bits of a double */
	uint64_t min;     /* bits of a double; +Inf before the first */
	uint64_t max;     /* bits of a double; -Inf before the first */
	uint64_t octaves; /* bit i: octave i may hold something; so the reader skips the others */
	uint64_t reserved[3];
	uint64_t buckets[FAST_PAGE_BUCKETS];
};

/* Cells, by kind. A gauge's value is NaN before the first set. */
struct fast_page_counter {
	uint64_t count;
	uint64_t reserved[7];
};

struct fast_page_gauge {
	uint64_t value; /* bits of a double */
	uint64_t reserved[7];
};

struct fast_page_stateset {
	uint64_t bits; /* bit i: state i is on */
	uint64_t reserved[7];
};

struct fast_page_info {
	uint64_t one; /* 1 */
	uint64_t reserved[7];
};

struct fast_page_histogram {
	struct fast_page_distribution values;
};

/* Beats are not counted: each but the first is an interval, so there is one more of them than
 * `intervals` holds; and the intervals' sum, which is not kept either, is last_ns - first_ns. */
struct fast_page_heartbeat {
	uint64_t first_ns;   /* CLOCK_MONOTONIC of the first beat; 0: none */
	uint64_t extra_work; /* bits of a double: sum of (work - 1) over the beats */
	uint64_t last_ns;    /* CLOCK_MONOTONIC of the last beat; 0: none */
	uint64_t reserved[5];
	struct fast_page_distribution intervals; /* seconds */
};

/* Exemplars: what made a value, such as a trace. A metric that has any has a cell of them beside
 * its own: a counter or heartbeat one slot, a histogram or timer all of them. No reader waits for a
 * writer: what is half-written does not match its check. */
#define FAST_PAGE_EXEMPLARS           16
#define FAST_PAGE_EXEMPLAR_TEXT_BYTES 512
/* A slot is written again after this much time, so that a reader finds it at rest. */
#define FAST_PAGE_EXEMPLAR_SPACING_NS 1000000

struct fast_page_exemplar {
	uint64_t claim;        /* 1 while a thread writes; another one drops its own */
	uint64_t value;        /* bits of a double */
	uint64_t time_unix_ns; /* nanoseconds since 1970 */
	uint64_t bytes;        /* of the text */
	uint64_t reserved[4];
	/* Each label's name, 0, value, 0; words beyond `bytes` mean nothing. */
	uint64_t text[FAST_PAGE_EXEMPLAR_TEXT_BYTES / 8];
};

struct fast_page_exemplars {
	uint64_t checks[FAST_PAGE_EXEMPLARS]; /* by slot: page/exemplar.h; 0: never written */
	struct fast_page_exemplar slots[FAST_PAGE_EXEMPLARS];
};

_Static_assert(sizeof(struct fast_page_slot) == 128, "layout");
_Static_assert(sizeof(struct fast_page_params) == 64 + 2 * 64 * 128, "layout");
_Static_assert(FAST_PAGE_A_OFFSET + sizeof(struct fast_page_params) <= FAST_PAGE_B_OFFSET,
	       "layout");
_Static_assert(sizeof(struct fast_page_ack) == 64, "layout");
_Static_assert(sizeof(struct fast_page_counter) == 64, "layout");
_Static_assert(sizeof(struct fast_page_gauge) == 64, "layout");
_Static_assert(sizeof(struct fast_page_histogram) == 64 + 8 * FAST_PAGE_BUCKETS, "layout");
_Static_assert(sizeof(struct fast_page_heartbeat) == 128 + 8 * FAST_PAGE_BUCKETS, "layout");
_Static_assert(sizeof(struct fast_page_exemplar) == 64 + FAST_PAGE_EXEMPLAR_TEXT_BYTES, "layout");
_Static_assert(sizeof(struct fast_page_exemplars) == 128 + FAST_PAGE_EXEMPLARS * 576, "layout");
_Static_assert(FAST_PAGE_B_OFFSET % 4096 == 0, "region B begins on a memory page");

#endif
