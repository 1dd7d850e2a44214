#!/usr/bin/env bash
# make_certs.sh FOLDER: certificates for tests of TLS, made anew each time; nothing of it is stored.
# In FOLDER: ca.pem, other-ca.pem, rsa-ca.pem and, for each name below, NAME.pem and NAME.key.
set -euo pipefail
umask 077
mkdir -p "$1"
cd "$1"
quiet() { "$@" 2>make.log || { cat make.log >&2; exit 1; }; }
key() { quiet openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"; }
rsa_key() { quiet openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key"; }

# What "openssl ca" wants, since only it sets both ends of a validity.
cat >ca.cnf <<'CNF'
[ca]
default_ca = test
[test]
new_certs_dir = issued
database = index
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
x509_extensions = none
[any]
commonName = supplied
[none]
CNF
mkdir -p issued
: >index

# authority NAME KEY: a CA that signs itself.
authority() {
  "$2" "$1"
  quiet openssl req -x509 -new -key "$1.key" -out "$1.pem" -subj "/CN=$1" -days 20000 -sha256 \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign'
}

# certificate NAME CA KEY USAGE ALTERNATIVE-NAMES [FROM TO]: YYYYMMDDHHMMSSZ, by default a year.
certificate() {
  local from=${6:-20200101000000Z} to=${7:-20491231235959Z} names=()
  "$3" "$1"
  [ -z "$5" ] || names=(-addext "subjectAltName=$5")
  quiet openssl req -new -key "$1.key" -out "$1.csr" -subj "/CN=$1" \
    -addext "extendedKeyUsage=$4" "${names[@]}"
  quiet openssl ca -batch -notext -config ca.cnf -cert "$2.pem" -keyfile "$2.key" \
    -in "$1.csr" -out "$1.pem" -startdate "$from" -enddate "$to"
  rm "$1.csr"
}

authority ca key
authority other-ca key
authority rsa-ca rsa_key
local_names=DNS:localhost,DNS:node.example,IP:127.0.0.1,IP:::1
certificate server ca key serverAuth "$local_names"
certificate client ca key clientAuth 'DNS:controller.example,URI:spiffe://example/controller,IP:192.0.2.7'
certificate rsa-server rsa-ca rsa_key serverAuth "$local_names"
certificate rsa-client rsa-ca rsa_key clientAuth DNS:rsa.example

certificate elsewhere ca key serverAuth DNS:a.example,DNS:*.b.example
certificate nameless ca key serverAuth ''
certificate expired-server ca key serverAuth "$local_names" 20200101000000Z 20210203000000Z
certificate future-server ca key serverAuth "$local_names" 20480506000000Z 20491231000000Z
certificate other-server other-ca key serverAuth "$local_names"
certificate expired-client ca key clientAuth DNS:late.example 20200101000000Z 20210203000000Z
certificate future-client ca key clientAuth DNS:early.example 20480506000000Z 20491231000000Z
certificate other-client other-ca key clientAuth DNS:stranger.example
certificate short-client ca key clientAuth DNS:short.example 20200101000000Z 20400101000000Z
