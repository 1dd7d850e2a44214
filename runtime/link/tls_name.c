#include "link/tls_name.h"

#include <arpa/inet.h>
#include <mbedtls/oid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* GeneralName's tags, RFC 5280. */
enum name_kind {
	NAME_DNS = 2,
	NAME_URI = 6,
	NAME_ADDRESS = 7,
};

#define IPV4_BYTES  4
#define IPV6_BYTES  16
#define REFUSED_MAX 4 /* names that a refusal tells */

static enum name_kind kind_of(const mbedtls_x509_sequence *entry)
{
	return (enum name_kind)(entry->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK);
}

/* Next entry of those with content; NULL: the end. mbedTLS leaves an empty first entry where the
 * certificate has no alternative names. */
static const mbedtls_x509_sequence *next_entry(const mbedtls_x509_sequence *entry)
{
	while (entry != NULL && (entry->buf.p == NULL || entry->buf.len == 0)) {
		entry = entry->next;
	}
	return entry;
}

static bool is_printable(const mbedtls_x509_buf *text, unsigned char first)
{
	if (text->len == 0 || text->len > FAST_TLS_NAME_BYTES_MAX) {
		return false;
	}
	for (size_t i = 0; i < text->len; i++) {
		if (text->p[i] < first || text->p[i] > '~') {
			return false;
		}
	}
	return true;
}

/* As text with a zero behind it; false: of no kind or form that we name. */
static bool entry_text(const mbedtls_x509_sequence *entry, char out[FAST_TLS_NAME_BYTES_MAX + 1])
{
	const mbedtls_x509_buf *content = &entry->buf;

	switch (kind_of(entry)) {
	case NAME_DNS:
	case NAME_URI:
		if (!is_printable(content, '!')) {
			return false;
		}
		memcpy(out, content->p, content->len);
		out[content->len] = 0;
		return true;
	case NAME_ADDRESS:
		if (content->len != IPV4_BYTES && content->len != IPV6_BYTES) {
			return false;
		}
		return inet_ntop(content->len == IPV4_BYTES ? AF_INET : AF_INET6, content->p, out,
				 FAST_TLS_NAME_BYTES_MAX) != NULL;
	default:
		return false;
	}
}

static const mbedtls_x509_buf *common_name_find(const mbedtls_x509_crt *certificate)
{
	for (const mbedtls_x509_name *name = &certificate->subject; name != NULL;
	     name = name->next) {
		if (name->oid.p != NULL && MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid) == 0) {
			return is_printable(&name->val, ' ') ? &name->val : NULL;
		}
	}
	return NULL;
}

struct name_block {
	const char *names[FAST_PEER_NAMES_MAX];
	char text[];
};

/* Bytes of all names to be kept, with their zeros. */
static size_t names_bytes(const mbedtls_x509_crt *certificate)
{
	const mbedtls_x509_buf *common_name = common_name_find(certificate);
	size_t bytes = common_name == NULL ? 0 : common_name->len + 1;
	size_t count = 0;
	char text[FAST_TLS_NAME_BYTES_MAX + 1];

	for (const mbedtls_x509_sequence *entry = next_entry(&certificate->subject_alt_names);
	     entry != NULL && count < FAST_PEER_NAMES_MAX; entry = next_entry(entry->next)) {
		if (entry_text(entry, text)) {
			bytes += strlen(text) + 1;
			count++;
		}
	}
	return bytes;
}

enum fast_status fast_tls_names_read(const mbedtls_x509_crt *certificate, struct fast_peer *peer,
				     void **memory)
{
	const mbedtls_x509_buf *common_name = common_name_find(certificate);
	struct name_block *block = malloc(sizeof *block + names_bytes(certificate));
	char *end;
	char text[FAST_TLS_NAME_BYTES_MAX + 1];

	if (block == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	end = block->text;
	peer->has_certificate = true;
	peer->names = block->names;
	peer->name_count = 0;
	if (common_name != NULL) {
		memcpy(end, common_name->p, common_name->len);
		end[common_name->len] = 0;
		peer->common_name = end;
		end += common_name->len + 1;
	}
	for (const mbedtls_x509_sequence *entry = next_entry(&certificate->subject_alt_names);
	     entry != NULL && peer->name_count < FAST_PEER_NAMES_MAX;
	     entry = next_entry(entry->next)) {
		if (entry_text(entry, text)) {
			memcpy(end, text, strlen(text) + 1);
			block->names[peer->name_count++] = end;
			end += strlen(text) + 1;
		}
	}
	*memory = block;
	return FAST_OK;
}

size_t fast_tls_address_parse(const char *host, uint8_t out[16])
{
	char bare[INET6_ADDRSTRLEN];
	size_t bytes = strlen(host);

	if (inet_pton(AF_INET, host, out) == 1) {
		return IPV4_BYTES;
	}
	if (inet_pton(AF_INET6, host, out) == 1) {
		return IPV6_BYTES;
	}
	if (bytes < 2 || bytes - 2 >= sizeof bare || host[0] != '[' || host[bytes - 1] != ']') {
		return 0;
	}
	memcpy(bare, host + 1, bytes - 2);
	bare[bytes - 2] = 0;
	return inet_pton(AF_INET6, bare, out) == 1 ? IPV6_BYTES : 0;
}

/* pattern: from the certificate; "*." at its start is any one label of host, if two follow. */
static bool dns_matches(const char *pattern, const char *host)
{
	size_t host_bytes = strlen(host);
	const char *rest;

	if (host_bytes > 0 && host[host_bytes - 1] == '.') {
		host_bytes--;
	}
	if (strncmp(pattern, "*.", 2) == 0 && strchr(pattern + 2, '.') != NULL) {
		rest = memchr(host, '.', host_bytes);
		if (rest == NULL || rest == host) {
			return false;
		}
		pattern++;
		host_bytes -= (size_t)(rest - host);
		host = rest;
	}
	return strlen(pattern) == host_bytes && strncasecmp(pattern, host, host_bytes) == 0;
}

bool fast_tls_names_match(const mbedtls_x509_crt *certificate, const char *host)
{
	uint8_t address[IPV6_BYTES];
	size_t address_bytes = fast_tls_address_parse(host, address);
	char text[FAST_TLS_NAME_BYTES_MAX + 1];

	for (const mbedtls_x509_sequence *entry = next_entry(&certificate->subject_alt_names);
	     entry != NULL; entry = next_entry(entry->next)) {
		if (address_bytes > 0) {
			if (kind_of(entry) == NAME_ADDRESS && entry->buf.len == address_bytes &&
			    memcmp(entry->buf.p, address, address_bytes) == 0) {
				return true;
			}
		} else if (kind_of(entry) == NAME_DNS && entry_text(entry, text) &&
			   dns_matches(text, host)) {
			return true;
		}
	}
	return false;
}

void fast_tls_names_refuse(const mbedtls_x509_crt *certificate, const char *host, char *out,
			   size_t out_bytes)
{
	char names[160] = "";
	size_t used = 0;
	unsigned count = 0;
	char text[FAST_TLS_NAME_BYTES_MAX + 1];

	for (const mbedtls_x509_sequence *entry = next_entry(&certificate->subject_alt_names);
	     entry != NULL && count < REFUSED_MAX; entry = next_entry(entry->next)) {
		if (kind_of(entry) == NAME_URI || !entry_text(entry, text) ||
		    used + strlen(text) + 2 >= sizeof names) {
			continue;
		}
		used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
					 count == 0 ? "" : ", ", text);
		count++;
	}
	if (count == 0) {
		snprintf(out, out_bytes,
			 "the server's certificate names no host in its alternative names, so not "
			 "%s",
			 host);
	} else {
		snprintf(out, out_bytes, "the server's certificate is for %s, not for %s", names,
			 host);
	}
}
