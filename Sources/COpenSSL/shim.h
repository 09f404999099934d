#ifndef BEATD_COPENSSL_SHIM_H
#define BEATD_COPENSSL_SHIM_H

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stddef.h>

/* `HMAC` counts its key in `int` and has OpenSSL's own types in its arguments. Both return the length of the code, or
 * 0 when OpenSSL refuses. */

static inline size_t beatd_hmac_sha1(const unsigned char *key, size_t key_length, const unsigned char *data,
                                     size_t data_length, unsigned char code[20]) {
    unsigned int length = 0;
    return HMAC(EVP_sha1(), key, (int)key_length, data, data_length, code, &length) ? length : 0;
}

static inline size_t beatd_hmac_sha256(const unsigned char *key, size_t key_length, const unsigned char *data,
                                       size_t data_length, unsigned char code[32]) {
    unsigned int length = 0;
    return HMAC(EVP_sha256(), key, (int)key_length, data, data_length, code, &length) ? length : 0;
}

#endif
