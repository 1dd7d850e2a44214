/* rpc/digest.h - a short stand-in for bytes that are only ever compared. */
#ifndef FAST_RPC_DIGEST_H
#define FAST_RPC_DIGEST_H

#include <fast/call.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Equal for equal bytes, and with the seed unknown practically for no others. */
struct fast_digest {
	uint64_t low;
	uint64_t high;
};

static inline uint64_t fast_digest_mix(uint64_t word)
{
	word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
	word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
	return word ^ (word >> 31);
}

static inline struct fast_digest fast_digest_bytes(struct fast_digest digest, const void *bytes,
						   size_t count)
{
	const uint8_t *at = bytes;

	for (size_t left = count; left > 0;) {
		size_t part = left < sizeof(uint64_t) ? left : sizeof(uint64_t);
		uint64_t word = 0;

		memcpy(&word, at, part);
		digest.low = fast_digest_mix(digest.low ^ word);
		digest.high = fast_digest_mix(digest.high + word);
		at += part;
		left -= part;
	}
	digest.low = fast_digest_mix(digest.low + count);
	digest.high = fast_digest_mix(digest.high ^ count);
	return digest;
}

static inline struct fast_digest fast_digest_text(struct fast_digest digest, const char *text)
{
	return text == NULL ? digest : fast_digest_bytes(digest, text, strlen(text) + 1);
}

/* Who calls: the certificate's names, else the kernel's user, else the kind of endpoint. */
static inline struct fast_digest fast_digest_peer(struct fast_digest digest,
						  const struct fast_peer *who)
{
	digest = fast_digest_text(digest, who->endpoint);
	if (who->has_certificate) {
		digest = fast_digest_text(digest, who->common_name);
		for (size_t i = 0; i < who->name_count; i++) {
			digest = fast_digest_text(digest, who->names[i]);
		}
	} else if (who->has_credentials) {
		digest = fast_digest_bytes(digest, &who->uid, sizeof who->uid);
	}
	return digest;
}

static inline bool fast_digest_equals(struct fast_digest left, struct fast_digest right)
{
	return left.low == right.low && left.high == right.high;
}

#endif
