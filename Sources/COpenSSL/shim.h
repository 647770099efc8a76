#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

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

#endif
