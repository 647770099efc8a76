#!/usr/bin/env bash
# Makes Fixtures/ with the openssl command line alone: keys of every kind that is read or refused, and
# signatures over the same message. The keys are for tests and protect nothing.
set -euo pipefail
cd "$(dirname "$0")/Fixtures"
printf 'DSSEv1 29 http://example.com/HelloWorld 11 hello world' >message
for curve in prime256v1 secp384r1 secp521r1 secp224r1 secp256k1; do
  openssl ecparam -name "$curve" -genkey -noout -out "$curve.sec1.pem"
  openssl pkcs8 -topk8 -nocrypt -in "$curve.sec1.pem" -out "$curve.key.pem"
  openssl pkey -in "$curve.key.pem" -pubout -out "$curve.pub.pem"
done
openssl dgst -sha256 -sign prime256v1.key.pem -out prime256v1.sig message
openssl dgst -sha384 -sign secp384r1.key.pem -out secp384r1.sig message
openssl dgst -sha512 -sign secp521r1.key.pem -out secp521r1.sig message
openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:correct -in prime256v1.sec1.pem -out encrypted.key.pem
openssl genpkey -algorithm ED25519 -out ed25519.key.pem
openssl pkey -in ed25519.key.pem -pubout -out ed25519.pub.pem
openssl pkeyutl -sign -inkey ed25519.key.pem -rawin -in message -out ed25519.sig
openssl genrsa -out rsa.key.pem 2048 2>/dev/null
for key in prime256v1 secp384r1 secp521r1; do
  openssl pkey -in "$key.key.pem" -pubout | sha256sum | cut -d' ' -f1 >"$key.keyid"
done
