//! The keys with which an issuer signs its tokens: a JSON Web Key Set (RFC 7517), as its server publishes it. Only public keys of signatures
//! are taken. No token is looked at here.

use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use serde_json::Value;

/// The longest text of a key set, in bytes, and the maximum number of its keys.
pub(crate) const KEY_SET_MAX_BYTES: usize = 256 * 1024;
const KEYS_MAX: usize = 100;

/// The length of a modulus, in bytes: that of RSA with 2048 to 8192 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// The algorithms that a token can be signed with, with their words. HMAC is not among them: with it, a program that can check a token can also make one,
/// and a public key could be taken for its secret. Nor is `none`.
pub(crate) const ALGORITHMS: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// The keys of an issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeySet(Vec<SigningKey>);

/// A public key, and what it may be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SigningKey {
    pub(crate) jwk: Jwk,
    /// The algorithms for which it is made, by its kind, its curve and its `alg`.
    algorithms: Vec<Algorithm>,
}

/// The reason why a token's key is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoKey {
    /// No key has this name. A newer key set may have one.
    Unknown,
    /// The key is for other algorithms.
    OtherAlgorithm,
    /// The token names no key, and several would fit.
    Unnamed,
}

impl KeySet {
    /// Reads a key set. Keys that nothing here can use are left out: a server may have keys for other programs, too.
    ///
    /// # Errors
    /// If it is no key set, has a secret, or has no key that can be used. The reason shows nothing of its text.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        if text.len() > KEY_SET_MAX_BYTES {
            return Err(format!("it has more than {KEY_SET_MAX_BYTES} bytes"));
        }
        let set: Value = serde_json::from_slice(text).map_err(|_| "it is not JSON".to_owned())?;
        let keys = set.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or("it is no JSON Web Key Set: an object with the list `keys`")?;
        if keys.len() > KEYS_MAX {
            return Err(format!("it has {} keys, {KEYS_MAX} are allowed", keys.len()));
        }
        if keys.iter().any(|key| ["d", "k"].iter().any(|secret| key.get(secret).is_some())) {
            return Err("it has a secret key, with which tokens can be made: take only the public keys".to_owned());
        }
        let keys: Vec<_> = keys.iter().filter_map(SigningKey::read).collect();
        if keys.is_empty() {
            return Err(
                "it has no key that can be used: RSA (2048 to 8192 bits), P-256, P-384 or Ed25519, for signatures"
                    .to_owned(),
            );
        }
        Ok(Self(keys))
    }

    /// Whether a key is made for this algorithm.
    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        self.0.iter().any(|key| key.algorithms.contains(&algorithm))
    }

    /// Whether this key is there.
    pub(crate) fn has(&self, key: &SigningKey) -> bool {
        self.0.contains(key)
    }

    /// Whether all keys of the other set are there.
    pub(crate) fn has_all(&self, other: &Self) -> bool {
        other.0.iter().all(|key| self.has(key))
    }

    /// The key of a token with this `kid` and this `alg`.
    pub(crate) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&SigningKey, NoKey> {
        let is_named = |key: &&SigningKey| kid.is_none() || key.jwk.common.key_id.as_deref() == kid;
        let mut fitting = self.0.iter().filter(is_named).filter(|key| key.algorithms.contains(&algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(NoKey::Unnamed),
            (None, _) if kid.is_some() && self.0.iter().any(|key| is_named(&key)) => Err(NoKey::OtherAlgorithm),
            (None, _) => Err(NoKey::Unknown),
        }
    }
}

impl SigningKey {
    /// Reads a key. `None` if it is not one for the signatures of tokens.
    fn read(key: &Value) -> Option<Self> {
        use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        let jwk: Jwk = serde_json::from_value(key.clone()).ok()?;
        let made_for: &[Algorithm] = match &jwk.algorithm {
            AlgorithmParameters::RSA(rsa) if MODULUS_BYTES.contains(&bytes_of(&rsa.n)) => {
                &[RS256, RS384, RS512, PS256, PS384, PS512]
            }
            AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => &[ES256],
            AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P384 => &[ES384],
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => &[EdDSA],
            _ => return None,
        };
        let is_for_signatures = jwk.common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature);
        let operations = jwk.common.key_operations.as_ref();
        let verifies = operations.is_none_or(|operations| operations.contains(&KeyOperations::Verify));
        // A key that names its algorithm is for no other one.
        let named = jwk.common.key_algorithm;
        let fits = |algorithm: &Algorithm| named.is_none_or(|named| named == (*algorithm).into());
        let algorithms: Vec<_> = made_for.iter().copied().filter(fits).collect();
        let is_usable = is_for_signatures && verifies && !algorithms.is_empty();
        is_usable.then_some(Self { jwk, algorithms })
    }
}

/// The number of bytes of a number in base64url, without zeros in front. The six bits of a letter that is no zero may begin with some.
fn bytes_of(number: &str) -> usize {
    number.trim_start_matches('A').len() * 3 / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of RFC 7517, appendix A.1, with `more`.
    fn ec(more: &str) -> String {
        let x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
        let y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";
        format!(r#"{{"kty": "EC", "crv": "P-256", "x": "{x}", "y": "{y}"{more}}}"#)
    }

    fn rsa(bytes: usize) -> String {
        // Four letters are three bytes.
        format!(r#"{{"kty": "RSA", "kid": "rsa", "e": "AQAB", "n": "{}"}}"#, "s".repeat((bytes * 4).div_ceil(3)))
    }

    fn set(keys: &[String]) -> Result<KeySet, String> {
        KeySet::parse(format!(r#"{{"keys": [{}]}}"#, keys.join(", ")).as_bytes())
    }

    #[test]
    fn a_key_is_for_the_algorithms_of_its_kind_and_of_its_alg() {
        let keys = set(&[ec(r#", "kid": "ec""#), rsa(256)]).unwrap();
        assert!(keys.find(Some("ec"), Algorithm::ES256).is_ok() && keys.find(None, Algorithm::ES256).is_ok());
        assert_eq!(keys.find(Some("ec"), Algorithm::RS256), Err(NoKey::OtherAlgorithm));
        assert_eq!(keys.find(Some("ec"), Algorithm::ES384), Err(NoKey::OtherAlgorithm));
        assert_eq!(keys.find(Some("ec"), Algorithm::HS256), Err(NoKey::OtherAlgorithm));
        assert_eq!(keys.find(Some("other"), Algorithm::ES256), Err(NoKey::Unknown));
        assert!(keys.fits(Algorithm::PS512) && !keys.fits(Algorithm::EdDSA));
        let two = set(&[ec(r#", "kid": "one""#), ec(r#", "kid": "two""#)]).unwrap();
        assert_eq!(two.find(None, Algorithm::ES256), Err(NoKey::Unnamed));
        assert!(keys.has_all(&set(&[rsa(256)]).unwrap()) && !keys.has_all(&two));
    }

    #[test]
    fn what_is_no_public_key_for_signatures_is_left_out_or_refused() {
        for useless in [
            ec(r#", "use": "enc""#),
            ec(r#", "key_ops": ["deriveKey"]"#),
            ec(r#", "alg": "RS256""#),
            rsa(128),
            rsa(1030),
            ec("").replace("P-256", "secp256k1"),
            "1".to_owned(),
        ] {
            assert!(set(&[useless.clone(), ec("")]).unwrap().find(None, Algorithm::ES256).is_ok(), "{useless}");
            let alone = set(std::slice::from_ref(&useless)).unwrap_err();
            assert!(alone.contains("no key that can be used"), "{useless}: {alone}");
        }
        for secret in [ec(r#", "d": "AAAA""#), r#"{"kty": "oct", "k": "AAAA"}"#.to_owned()] {
            assert!(set(&[ec(""), secret]).unwrap_err().contains("it has a secret key"));
        }
        for (text, why) in [("[]", "no JSON Web Key Set"), ("{", "not JSON"), (r#"{"keys": 1}"#, "no JSON Web Key Set")]
        {
            assert!(KeySet::parse(text.as_bytes()).unwrap_err().contains(why), "{text}");
        }
        assert!(set(&vec![ec(""); 101]).unwrap_err().contains("101 keys"));
        assert!(KeySet::parse(&[b' '; KEY_SET_MAX_BYTES + 1]).unwrap_err().contains("more than"));
    }
}
