/* link/tls_name.h - the names in a certificate: whose it is, and whether it is for a host. */
#ifndef FAST_LINK_TLS_NAME_H
#define FAST_LINK_TLS_NAME_H

#include <fast/call.h>
#include <mbedtls/x509_crt.h>

/* The longest name taken; a longer one, or one with bytes that are no printable ASCII, is left out,
 * never cut. */
#define FAST_TLS_NAME_BYTES_MAX 255

/* Sets the certificate's part of *peer; what it points to lives in *memory, which the caller frees.
 * RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_tls_names_read(const mbedtls_x509_crt *certificate,
						     struct fast_peer *peer, void **memory);

/* Whether the certificate's alternative names have host: an IP address among the addresses, any
 * other name among the DNS names, where a leading "*." stands for one label. mbedTLS 2.28 would not
 * look at addresses, and would take the common name, which says nothing about hosts. */
bool fast_tls_names_match(const mbedtls_x509_crt *certificate, const char *host);

/* "the server's certificate is for a.example, b.example, not for c.example". */
void fast_tls_names_refuse(const mbedtls_x509_crt *certificate, const char *host, char *out,
			   size_t out_bytes);

/* An IPv4 address, or an IPv6 one with or without brackets: its bytes, 4 or 16; 0: it is a name. */
size_t fast_tls_address_parse(const char *host, uint8_t out[16]);

#endif
