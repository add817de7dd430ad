//! The signatures of tokens, checked by ring for `jsonwebtoken`, so that the process has one library of cryptography. Which algorithm and which
//! key may be used is decided by `jwt`. Nothing is signed here.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

/// What `jsonwebtoken` calls. It has no signers: the gateway makes no tokens of this kind.
static RING: CryptoProvider = CryptoProvider {
    signer_factory: no_signer,
    verifier_factory: verifier,
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| unsupported(),
        rsa_pub_components_from_public_key: |_| unsupported(),
        ec_pub_components_from_private_key: |_, _| unsupported(),
        ed_pub_components_from_private_key: |_, _| unsupported(),
        compute_digest: |_, _| unsupported(),
    },
};

/// Lets `jsonwebtoken` check signatures. A program that embeds the gateway may have chosen another library before: then that one does.
pub(super) fn install() {
    let _ = RING.install_default();
}

fn unsupported<T>() -> Result<T> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

fn no_signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    unsupported()
}

/// The rule of an algorithm.
#[derive(Clone, Copy)]
enum Rule {
    Rsa(&'static RsaParameters),
    Point(&'static dyn VerificationAlgorithm),
}

/// A key with the algorithm for which it was asked.
struct RingVerifier {
    algorithm: Algorithm,
    rule: Rule,
    key: DecodingKey,
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let rule = match algorithm {
        Algorithm::RS256 => Rule::Rsa(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Rule::Rsa(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Rule::Rsa(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Rule::Rsa(&RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Rule::Rsa(&RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Rule::Rsa(&RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => Rule::Point(&ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Rule::Point(&ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => Rule::Point(&ED25519),
        _ => return unsupported(),
    };
    // A public key is never the secret of an HMAC, and a key of one kind never one of another.
    if key.family() != algorithm.family() || key.family() == AlgorithmFamily::Hmac {
        return Err(Error::from(ErrorKind::InvalidKeyFormat));
    }
    Ok(Box::new(RingVerifier { algorithm: *algorithm, rule, key: key.clone() }))
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        let checked = match (self.rule, self.key.kind()) {
            (Rule::Rsa(rule), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n: number(n), e: number(e) }.verify(rule, message, signature)
            }
            (Rule::Point(rule), DecodingKeyKind::SecretOrDer(point)) => {
                UnparsedPublicKey::new(rule, point).verify(message, signature)
            }
            _ => return Err(signature::Error::new()),
        };
        checked.map_err(|_| signature::Error::new())
    }
}

/// A number without zeros in front, as ring takes it. Some servers write one.
fn number(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}
