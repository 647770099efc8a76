#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/// Answers every question for a passphrase with the bytes given, and never asks a person.
struct copenssl_passphrase {
  const unsigned char *bytes;
  int count;
};

static inline int copenssl_give_passphrase(char *buffer, int size, int writing, void *context) {
  (void)writing;
  const struct copenssl_passphrase *passphrase = context;
  if (passphrase == 0 || passphrase->bytes == 0 || passphrase->count > size) return -1;
  for (int i = 0; i < passphrase->count; i++) buffer[i] = (char)passphrase->bytes[i];
  return passphrase->count;
}

/// Reads a private key in PEM; the passphrase may be null. Returns null on failure.
static inline EVP_PKEY *copenssl_read_private(
    const unsigned char *pem, int count, const unsigned char *passphrase, int passphrase_count) {
  BIO *bio = BIO_new_mem_buf(pem, count);
  if (bio == 0) return 0;
  struct copenssl_passphrase given = {passphrase, passphrase_count};
  EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, 0, copenssl_give_passphrase, &given);
  BIO_free(bio);
  return key;
}

/// Reads a public key in PEM. Returns null on failure.
static inline EVP_PKEY *copenssl_read_public(const unsigned char *pem, int count) {
  BIO *bio = BIO_new_mem_buf(pem, count);
  if (bio == 0) return 0;
  EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, 0, copenssl_give_passphrase, 0);
  BIO_free(bio);
  return key;
}

/// Writes a key in PEM into `output`; returns its length, or -1. `private` chooses PKCS#8 or SPKI.
static inline long copenssl_write_pem(
    EVP_PKEY *key, int private, const unsigned char *passphrase, int passphrase_count,
    unsigned char *output, long capacity) {
  BIO *bio = BIO_new(BIO_s_mem());
  if (bio == 0) return -1;
  int done = private
      ? PEM_write_bio_PKCS8PrivateKey(
            bio, key, passphrase ? EVP_aes_256_cbc() : 0, (const char *)passphrase,
            passphrase_count, 0, 0)
      : PEM_write_bio_PUBKEY(bio, key);
  char *data = 0;
  long count = done == 1 ? BIO_get_mem_data(bio, &data) : -1;
  if (count > capacity) count = -1;
  for (long i = 0; i < count; i++) output[i] = (unsigned char)data[i];
  BIO_free(bio);
  return count;
}

static inline EVP_PKEY *copenssl_generate_ec(const char *curve) {
  return EVP_PKEY_Q_keygen(0, 0, "EC", curve);
}

static inline EVP_PKEY *copenssl_generate_ed25519(void) {
  return EVP_PKEY_Q_keygen(0, 0, "ED25519");
}

/// The point of an EC public key, uncompressed (SEC 1, 2.3.3); returns its length, or -1.
static inline long copenssl_ec_point(EVP_PKEY *key, unsigned char *output, size_t capacity) {
  unsigned char x[66], y[66];
  BIGNUM *px = 0, *py = 0;
  long done = -1;
  int width = (EVP_PKEY_get_bits(key) + 7) / 8;
  if (width > 0 && width <= 66 && capacity >= 1 + 2 * (size_t)width
      && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &px) == 1
      && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &py) == 1
      && BN_bn2binpad(px, x, width) == width && BN_bn2binpad(py, y, width) == width) {
    output[0] = 4;
    for (int i = 0; i < width; i++) {
      output[1 + i] = x[i];
      output[1 + width + i] = y[i];
    }
    done = 1 + 2 * width;
  }
  BN_free(px);
  BN_free(py);
  return done;
}

/// The EC public key of an uncompressed point, which must be on the curve. Returns null on failure.
static inline EVP_PKEY *copenssl_ec_public(
    const char *curve, const unsigned char *point, size_t count) {
  EVP_PKEY *key = 0;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(0, "EC", 0);
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)curve, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, count),
      OSSL_PARAM_construct_end()};
  if (context == 0 || EVP_PKEY_fromdata_init(context) != 1
      || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
    key = 0;
  }
  EVP_PKEY_CTX_free(context);
  return key;
}

/// The x coordinate that two keys of one curve share (SEC 1, 3.3.1); returns its length, or -1.
static inline long copenssl_agree(
    EVP_PKEY *own, EVP_PKEY *peer, unsigned char *output, size_t capacity) {
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(0, own, 0);
  size_t count = capacity;
  long done = -1;
  if (context != 0 && EVP_PKEY_derive_init(context) == 1
      && EVP_PKEY_derive_set_peer_ex(context, peer, 1) == 1
      && EVP_PKEY_derive(context, output, &count) == 1) {
    done = (long)count;
  }
  EVP_PKEY_CTX_free(context);
  return done;
}

/// Reads one certificate in DER, which must be all that there is. Returns null on failure.
static inline X509 *copenssl_read_certificate(const unsigned char *der, long count) {
  const unsigned char *end = der;
  X509 *certificate = d2i_X509(0, &end, count);
  if (certificate != 0 && end != der + count) {
    X509_free(certificate);
    certificate = 0;
  }
  return certificate;
}

/// Writes a certificate in DER; returns its length, or -1 where it does not fit.
static inline long copenssl_write_certificate(
    X509 *certificate, unsigned char *output, long capacity) {
  unsigned char *end = output;
  long count = i2d_X509(certificate, 0);
  if (count <= 0 || count > capacity) return -1;
  return i2d_X509(certificate, &end);
}

/// Reads the certificates of a PEM text into `output`; returns how many, or -1 where there are more.
static inline int copenssl_read_certificates(
    const unsigned char *pem, int count, X509 **output, int capacity) {
  BIO *bio = BIO_new_mem_buf(pem, count);
  int done = 0;
  X509 *certificate = 0;
  if (bio == 0) return -1;
  while ((certificate = PEM_read_bio_X509(bio, 0, copenssl_give_passphrase, 0)) != 0) {
    if (done == capacity) {
      X509_free(certificate);
      while (done > 0) X509_free(output[--done]);
      done = -1;
      break;
    }
    output[done++] = certificate;
  }
  BIO_free(bio);
  return done;
}

/// Writes the public key of a certificate in PEM; returns its length, or -1.
static inline long copenssl_certificate_key(
    X509 *certificate, unsigned char *output, long capacity) {
  EVP_PKEY *key = X509_get_pubkey(certificate);
  long count = key != 0 ? copenssl_write_pem(key, 0, 0, 0, output, capacity) : -1;
  EVP_PKEY_free(key);
  return count;
}

/// Writes whose certificate it is, as one line; returns its length, or -1.
static inline long copenssl_certificate_subject(
    X509 *certificate, unsigned char *output, long capacity) {
  BIO *bio = BIO_new(BIO_s_mem());
  if (bio == 0) return -1;
  int done = X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char *data = 0;
  long count = done >= 0 ? BIO_get_mem_data(bio, &data) : -1;
  if (count > capacity) count = capacity;
  for (long i = 0; i < count; i++) output[i] = (unsigned char)data[i];
  BIO_free(bio);
  return count;
}

/// Leads a chain, the signer's certificate first, to one of the roots at a moment. Returns 0 on success, else
/// an error of X509_STORE_CTX_get_error, or -1 where there is no memory.
static inline int copenssl_verify_chain(
    X509 **roots, int root_count, X509 **chain, int chain_count, int64_t seconds) {
  X509_STORE *store = X509_STORE_new();
  X509_STORE_CTX *context = X509_STORE_CTX_new();
  STACK_OF(X509) *others = sk_X509_new_null();
  int error = -1;
  int ready = store != 0 && context != 0 && others != 0;
  for (int i = 0; ready && i < root_count; i++) ready = X509_STORE_add_cert(store, roots[i]) == 1;
  for (int i = 1; ready && i < chain_count; i++) ready = sk_X509_push(others, chain[i]) > 0;
  if (ready && X509_STORE_CTX_init(context, store, chain[0], others) == 1) {
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(rules, (time_t)seconds);
    X509_VERIFY_PARAM_set_depth(rules, 16);
    if (X509_verify_cert(context) == 1) {
      error = 0;
    } else {
      error = X509_STORE_CTX_get_error(context);
      if (error == 0) error = -1;
    }
  }
  X509_STORE_CTX_free(context);
  sk_X509_free(others);
  X509_STORE_free(store);
  return error;
}

/// HKDF with SHA-256 (RFC 5869); returns 1 on success.
static inline int copenssl_hkdf(
    const unsigned char *secret, size_t secret_count, const unsigned char *salt, size_t salt_count,
    const unsigned char *info, size_t info_count, unsigned char *output, size_t count) {
  EVP_KDF *kdf = EVP_KDF_fetch(0, "HKDF", 0);
  EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : 0;
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, secret_count),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_count),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_count),
      OSSL_PARAM_construct_end()};
  int done = context != 0 && EVP_KDF_derive(context, output, count, params) == 1;
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return done;
}

#endif
