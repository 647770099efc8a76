#!/usr/bin/env bash
# Makes Fixtures/ with model_signing 1.1.1: a small model and signatures over it, by keys on three curves and by a
# certificate. PYTHON has `pip install model-signing==1.1.1 pyOpenSSL`. The keys are for tests and protect nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
rm -rf "$here/Fixtures"
mkdir -p "$here/Fixtures/model/sub" "$here/Fixtures/model/sub-x" "$here/Fixtures/model/cache"
cd "$here/Fixtures"
printf '{"hidden_size": 4}\n' >model/config.json
: >model/empty.bin
printf 'a\n' >model/sub/a.txt
printf 'b\n' >model/sub-x/b.txt
printf 'weights' >model/größe.bin
printf 'left out\n' >model/cache/scratch
sign() { "$python" -m model_signing sign "$@"; }

for curve in prime256v1 secp384r1 secp521r1; do
  openssl ecparam -name "$curve" -genkey -noout -out "$curve.key.pem"
  openssl pkey -in "$curve.key.pem" -pubout -out "$curve.pub.pem"
  sign key model --private_key "$curve.key.pem" --signature "$curve.sig"
done
sign key model --private_key prime256v1.key.pem --signature ignoring.sig --ignore-paths model/cache

# Root, intermediate, and three leaves: to sign, to serve only, and one whose time is over.
certificate() { # NAME ISSUER DAYS-OPTIONS EXTENSIONS
  openssl ecparam -name secp384r1 -genkey -noout -out "$1.key.pem"
  openssl req -new -key "$1.key.pem" -subj "/CN=$1" -out "$1.csr"
  if [[ $2 == "$1" ]]; then issuer=(-signkey "$1.key.pem"); else issuer=(-CA "$2.pem" -CAkey "$2.key.pem" -CAcreateserial); fi
  openssl x509 -req -in "$1.csr" "${issuer[@]}" $3 -extfile <(printf '%b' "$4") -out "$1.pem"
}
authority='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign'
certificate root root '-days 36500' "$authority"
certificate other-root other-root '-days 36500' "$authority"
certificate middle root '-days 36500' "$authority"
certificate signer middle '-days 36500' 'keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning'
certificate server middle '-days 36500' 'keyUsage=critical,keyAgreement\nextendedKeyUsage=serverAuth'
certificate short middle '-days 1' 'keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning'
for leaf in signer server short; do
  sign certificate model --private_key "$leaf.key.pem" --signing_certificate "$leaf.pem" \
    --certificate_chain middle.pem --signature "$leaf.sig"
done
rm -f ./*.csr ./*.srl root.key.pem other-root.key.pem middle.key.pem server.key.pem short.key.pem server.pem short.pem
