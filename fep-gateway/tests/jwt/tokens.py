"""Makes keys of two issuers, and tokens: good ones, and those of an attacker. The gateway's own code has no part in it.

Prints {"jwks": {"keys": [...]}, "newer": {"keys": [...]}, "tokens": {NAME: TOKEN}} to stdout. `newer` has another key besides, and lacks
the one with the name `ec`. Needs PyJWT and cryptography.
"""

import base64
import hashlib
import hmac
import json
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

ISS = "https://login.bank.example"
AUD = "fep-gateway"
NOW = int(time.time())


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk(algorithm, private, **more):
    maker = jwt.get_algorithm_by_name(algorithm)
    key = json.loads(maker.to_jwk(private.public_key()))
    key.pop("key_ops", None)
    return {**key, **more}


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ANY_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()
NEWER = rsa.generate_private_key(public_exponent=65537, key_size=3072)
ATTACKER = rsa.generate_private_key(public_exponent=65537, key_size=2048)

KEYS = {
    "rsa": jwk("RS256", RSA, kid="rsa", use="sig", alg="RS256"),
    "any-rsa": jwk("RS256", ANY_RSA, kid="any-rsa"),
    "ec": jwk("ES256", EC, kid="ec", use="sig"),
    "ed": jwk("EdDSA", ED, kid="ed"),
    "for-encryption": jwk("RS256", ATTACKER, kid="for-encryption", use="enc"),
    "not-known-here": {"kty": "AKP", "alg": "ML-DSA-65", "kid": "pq", "pub": "AAAA"},
}
NEWER_KEYS = {name: key for name, key in KEYS.items() if name != "ec"} | {"newer": jwk("PS256", NEWER, kid="newer")}


def claims(**changes):
    all_claims = {"iss": ISS, "aud": AUD, "sub": "orders-service", "iat": NOW, "exp": NOW + 600, **changes}
    return {name: value for name, value in all_claims.items() if value is not None}


def token(said=None, key=RSA, algorithm="RS256", kid="rsa", **header):
    headers = {**({"kid": kid} if kid else {}), **header}
    return jwt.encode(said or claims(), key, algorithm=algorithm, headers=headers)


def by_hand(header, said, signature):
    """A token that no library makes. `signature` makes the bytes of the signature from what is signed."""
    signed = b64(json.dumps(header).encode()) + "." + b64(json.dumps(said).encode())
    return signed + "." + b64(signature(signed.encode()))


def unusual(said, **header):
    """A token that is signed with the issuer's key, and that libraries refuse to make."""
    sign = jwt.get_algorithm_by_name("RS256").sign
    return by_hand({"alg": "RS256", "kid": "rsa", **header}, said, lambda signed: sign(signed, RSA))


def with_secret(secret):
    return lambda signed: hmac.new(secret, signed, hashlib.sha256).digest()


PEM = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
DER = RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
HS256 = {"alg": "HS256", "kid": "rsa"}
GOOD = token()
HEAD, BODY, SIGNATURE = GOOD.split(".")

TOKENS = {
    "rs256": GOOD,
    "ps256": token(key=ANY_RSA, algorithm="PS256", kid="any-rsa"),
    "es256": token(key=EC, algorithm="ES256", kid="ec"),
    "eddsa": token(key=ED, algorithm="EdDSA", kid="ed"),
    "only_one_key_fits": token(key=EC, algorithm="ES256", kid=None),
    "audience_in_a_list": token(claims(aud=["other", AUD])),
    "newer_key": token(key=NEWER, algorithm="PS256", kid="newer"),
    "in_time": token(claims(exp=NOW - 30, nbf=NOW + 30)),
    "soon_ended": token(claims(exp=NOW - 50)),
    "person": token(claims(sub="kim", groups=["staff", "fep-operators"])),
    "person_of_two_groups": token(claims(sub="lee", groups=["fep-auditors", "fep-operators"])),
    "service_for_a_person": token(claims(sub="kim", azp="teller-service")),
    "person_in_a_program": token(claims(sub="kim", azp="console", groups=["fep-operators"])),
    "nobody": token(claims(sub="stranger", groups=["staff"])),
    "none": by_hand({"alg": "none"}, claims(), lambda _: b""),
    "none_in_another_case": by_hand({"alg": "nOnE", "kid": "rsa"}, claims(), lambda _: b""),
    "hs256_with_the_public_key_as_pem": by_hand(HS256, claims(), with_secret(PEM)),
    "hs256_with_the_public_key_as_der": by_hand(HS256, claims(), with_secret(DER)),
    "hs256_with_the_modulus": by_hand(HS256, claims(), with_secret(KEYS["rsa"]["n"].encode())),
    "hs256_with_nothing": by_hand(HS256, claims(), with_secret(b"")),
    "rs256_of_a_key_for_ec": token(kid="ec"),
    "ps256_of_a_key_for_rs256": token(algorithm="PS256"),
    "es384_which_is_not_allowed": token(key=P384, algorithm="ES384", kid="ec"),
    "expired": token(claims(exp=NOW - 120)),
    "without_an_end": token(claims(exp=None)),
    "an_end_as_text": unusual(claims(exp=str(NOW + 600))),
    "not_yet": token(claims(nbf=NOW + 600)),
    "nbf_as_text": unusual(claims(nbf="later")),
    "other_audience": token(claims(aud="payroll")),
    "without_audience": token(claims(aud=None)),
    "other_issuer": token(claims(iss="https://login.other.example")),
    "without_issuer": token(claims(iss=None)),
    "issuers_in_a_list": unusual(claims(iss=[ISS])),
    "without_a_subject": token(claims(sub=None)),
    "unknown_key": token(kid="no-such-key"),
    "key_unnamed": token(kid=None),
    "key_of_another_issuer": token(key=ATTACKER),
    "key_for_encryption": token(key=ATTACKER, kid="for-encryption"),
    "key_in_the_token": token(key=ATTACKER, jwk=jwk("RS256", ATTACKER)),
    "key_at_a_url_in_the_token": token(key=ATTACKER, jku="https://attacker.example/keys"),
    "critical_extension": unusual(claims(), crit=["x"], x=1),
    "other_claims": ".".join([HEAD, b64(json.dumps(claims(sub="admin")).encode()), SIGNATURE]),
    "without_signature": HEAD + "." + BODY + ".",
    "cut_signature": GOOD[:-4],
    "nothing_in_it": "..",
    "garbage": "eyJ.%%%.x",
    "claims_that_are_no_object": by_hand({"alg": "RS256", "kid": "rsa"}, [1], lambda _: b"x"),
    "long": token(claims(more="x" * 20_000)),
}

print(json.dumps({"jwks": {"keys": list(KEYS.values())}, "newer": {"keys": list(NEWER_KEYS.values())}, "tokens": TOKENS}))
