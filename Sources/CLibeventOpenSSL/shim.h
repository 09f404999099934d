#ifndef BEATD_CLIBEVENT_OPENSSL_SHIM_H
#define BEATD_CLIBEVENT_OPENSSL_SHIM_H

/* First: libevent's event-config.h defines _GNU_SOURCE, which would change fd_set after Glibc's module has seen it. */
#include <sys/select.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>

/* Swift sees no function-like macros, and these calls of OpenSSL are such. */
static inline int beatd_ctx_set_min_version(SSL_CTX *ctx, int version) {
    return (int)SSL_CTX_set_min_proto_version(ctx, version);
}
/* No renegotiation: TLS 1.3 has none, and in 1.2 a peer could make a reader write. */
static inline void beatd_ctx_refuse_renegotiation(SSL_CTX *ctx) { SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION); }
static inline void beatd_ctx_set_mode(SSL_CTX *ctx, long mode) { (void)SSL_CTX_set_mode(ctx, mode); }
static inline int beatd_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

/* The errno inside an entry of OpenSSL's error queue; 0 when it is an error of OpenSSL itself. */
static inline int beatd_error_errno(unsigned long code) {
    return ERR_SYSTEM_ERROR(code) ? ERR_GET_REASON(code) : 0;
}
/* The SSL_R_ number of an error of OpenSSL's TLS; 0 for other errors. */
static inline int beatd_error_tls_reason(unsigned long code) {
    return !ERR_SYSTEM_ERROR(code) && ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
}

#endif
