//! Tokens that an issuer signs (JWT, RFC 7519 and 8725): whether one proves anything, and what it says. Which rights follow is decided by the
//! access file.
//!
//! ```text
//! token ──► short enough? ──► whose? ──► an algorithm of that issuer? ──► its key ──► signature ──► times, audience ──► what it says
//!                                                                          │ unknown: the keys are fetched again
//! ```
//!
//! Nothing of a token is believed before its signature is checked, except which issuer and which key it must be checked with.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fep_protocol::budget::Budget;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{DecodingKey, Header, Validation, dangerous, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::issuer_keys::IssuerKeys;
use super::signatures;
use crate::config::{Access, Claimed, Issuer, NoKey, SigningKey};
use crate::contract::problem::Problem;

/// The longest token, in bytes.
const TOKEN_MAX_BYTES: usize = 16 * 1024;

/// The longest name of a client or a subject in a token, in characters. Decisions and the audit trail have it.
const NAME_MAX_CHARS: usize = 64;

/// Log lines about refused tokens each second, and in one burst.
const LOGGED_PER_S: u32 = 1;
const LOGGED_BURST: u32 = 10;

/// Checks tokens.
#[derive(Debug)]
pub(super) struct Jwts {
    keys: IssuerKeys,
    began: Instant,
    log: Mutex<(Budget, u64)>,
}

/// What a token has proved.
#[derive(Clone, Debug)]
pub(super) struct Jwt {
    pub(super) claimed: Claimed,
    /// The last second in which it holds, since 1970.
    pub(super) ends_s: i64,
    key: SigningKey,
}

/// Why a token proves nothing. Its code is stable.
#[derive(Debug)]
pub(super) struct Refused {
    code: &'static str,
    why: String,
    issuer: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Iss {
    iss: String,
}

impl Default for Jwts {
    fn default() -> Self {
        signatures::install();
        let log = Mutex::new((Budget::new(LOGGED_PER_S, LOGGED_BURST, Duration::ZERO), 0));
        Self { keys: IssuerKeys::default(), began: Instant::now(), log }
    }
}

/// Whether a token has the form of one of an issuer. Those of `fep-gateway new-token` have no dot.
pub(super) fn is_jwt(token: &str) -> bool {
    token.bytes().filter(|byte| *byte == b'.').count() == 2
}

impl Jwts {
    /// The keys of issuers.
    pub(super) fn keys(&self) -> &IssuerKeys {
        &self.keys
    }

    /// Checks a token.
    ///
    /// # Errors
    /// If it proves nothing. The log says why, and neither the log nor the error has anything of the token.
    pub(super) async fn check(&self, access: &Access, token: &str, now_s: i64) -> Result<Jwt, ApiError> {
        let checked = self.checked(access, token, now_s).await;
        checked.map_err(|refused| {
            self.report(&refused);
            refused.problem()
        })
    }

    /// Checks that what a session began with still holds.
    pub(super) fn still(&self, access: &Access, jwt: &Jwt, now_s: i64) -> Result<(), ApiError> {
        let issuer = access.issuers().find(|issuer| issuer.name == jwt.claimed.issuer);
        let refused = |code, why: &str| Err(Refused::new(code, why).of(&jwt.claimed.issuer).problem());
        if now_s > jwt.ends_s {
            return refused(EXPIRED, "the token with which this session began has ended");
        }
        match issuer.map(|issuer| self.keys.known(issuer)) {
            None => refused("issuer", "the access file does not have the issuer of this session's token any more"),
            Some(Some(keys)) if !keys.has(&jwt.key) => {
                refused("unknown_key", "the issuer has taken back the key of this session's token")
            }
            Some(None) => refused(NO_KEYS, "the keys of its issuer are not there now"),
            Some(Some(_)) => Ok(()),
        }
    }

    async fn checked(&self, access: &Access, token: &str, now_s: i64) -> Result<Jwt, Refused> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(Refused::new("too_long", &format!("it has more than {TOKEN_MAX_BYTES} bytes")));
        }
        // The library subtracts the leeway from the time.
        if now_s < 86_400 {
            return Err(Refused::new("not_yet", "the clock of the gateway is wrong"));
        }
        let header = decode_header(token).map_err(|error| header_refused(&error))?;
        let Iss { iss } = dangerous::insecure_decode_claims(token)
            .map_err(|_| Refused::new("malformed", "its claims are not readable, or have no `iss` that is a text"))?;
        let unknown = || Refused::new("issuer", "the access file has no issuer with the `iss` of this token");
        let issuer = Arc::clone(access.issuer(&iss).ok_or_else(unknown)?);
        self.of_issuer(&issuer, token, &header).await.map_err(|refused| refused.of(&issuer.name))
    }

    async fn of_issuer(&self, issuer: &Issuer, token: &str, header: &Header) -> Result<Jwt, Refused> {
        if !issuer.algorithms.contains(&header.alg) {
            let why = format!("tokens of this issuer are not signed with {:?}, by the access file", header.alg);
            return Err(Refused::new("algorithm", &why));
        }
        let key = self.key(issuer, header).await?;
        let decoding =
            DecodingKey::from_jwk(&key.jwk).map_err(|_| Refused::new("signature", "its key cannot be used"))?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&issuer.issuer]);
        validation.set_audience(&[&issuer.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.leeway = issuer.leeway_s;
        validation.validate_nbf = true;
        let decoded = decode::<Map<String, Value>>(token, &decoding, &validation).map_err(|error| refused(&error))?;
        let claims = decoded.claims;
        let end = claims.get("exp").and_then(|exp| exp.as_i64().or_else(|| seconds(exp.as_f64()?)));
        let ends_s = end.ok_or_else(|| Refused::new("claims", "its `exp` is no time"))?;
        Ok(Jwt { claimed: said(issuer, &claims)?, ends_s: ends_s.saturating_add_unsigned(issuer.leeway_s), key })
    }

    /// The key with which a token must be checked.
    async fn key(&self, issuer: &Issuer, header: &Header) -> Result<SigningKey, Refused> {
        // Why, is in the log: a stranger need not learn it.
        let none = |_| Refused::new(NO_KEYS, "the keys of its issuer are not there now");
        let keys = self.keys.of(issuer).await.map_err(none)?;
        let kid = header.kid.as_deref();
        let mut found = keys.find(kid, header.alg).cloned();
        if found == Err(NoKey::Unknown)
            && let Some(newer) = self.keys.newer(issuer, &keys).await
        {
            found = newer.find(kid, header.alg).cloned();
        }
        found.map_err(|no_key| match no_key {
            NoKey::Unknown => Refused::new("unknown_key", "the issuer has no key that it could be signed with"),
            NoKey::OtherAlgorithm => Refused::new("algorithm", "its key is for another algorithm"),
            NoKey::Unnamed => Refused::new("unknown_key", "it does not name its key (`kid`), and several would fit"),
        })
    }

    fn report(&self, refused: &Refused) {
        metrics::counter!("fep_http_jwt_refused_total", "reason" => refused.code).increment(1);
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let Refused { code, why, issuer } = refused;
        if log.0.take(self.began.elapsed()) {
            let unlogged = std::mem::take(&mut log.1);
            tracing::warn!(reason_code = code, why, issuer, unlogged, "a token proves nothing");
        } else {
            log.1 += 1;
        }
    }
}

const EXPIRED: &str = "expired";
const NO_KEYS: &str = "keys_unavailable";

impl Refused {
    fn new(code: &'static str, why: &str) -> Self {
        Self { code, why: why.to_owned(), issuer: None }
    }

    fn of(self, issuer: &str) -> Self {
        Self { issuer: Some(issuer.to_owned()), ..self }
    }

    fn problem(&self) -> ApiError {
        let problem = match self.code {
            EXPIRED => Problem::TokenExpired,
            NO_KEYS => Problem::KeysUnavailable,
            _ => Problem::TokenRefused,
        };
        let error = ApiError::new(problem, format!("this token proves nothing: {}", self.why));
        let error = if problem == Problem::TokenRefused { error.with("reason_code", self.code) } else { error };
        match &self.issuer {
            Some(issuer) => error.with("issuer", issuer.as_str()),
            None => error,
        }
    }
}

/// The refusal of a token that gives no right.
pub(super) fn nobody(jwt: &Jwt) -> ApiError {
    let why = "no client of the access file has its subject, and no role its groups";
    Refused::new("nobody", why).of(&jwt.claimed.issuer).problem()
}

/// Why the first part of a token cannot be read. Its JSON can be right, and name an algorithm that is never taken.
fn header_refused(error: &Error) -> Refused {
    match error.kind() {
        ErrorKind::Json(error) if error.is_data() => {
            let why =
                "its header names no algorithm that is ever taken, such as `none`, or has a value of a wrong type";
            Refused::new("algorithm", why)
        }
        _ => Refused::new("malformed", "its header is not readable"),
    }
}

fn refused(error: &Error) -> Refused {
    match error.kind() {
        ErrorKind::ExpiredSignature => Refused::new(EXPIRED, "it has ended (`exp`)"),
        ErrorKind::ImmatureSignature => Refused::new("not_yet", "it does not hold yet (`nbf`)"),
        ErrorKind::InvalidIssuer => Refused::new("issuer", "its `iss` is another one"),
        ErrorKind::InvalidAudience => Refused::new("audience", "it is not for this gateway (`aud`)"),
        ErrorKind::MissingRequiredClaim(claim) => Refused::new("claims", &format!("it has no usable `{claim}`")),
        ErrorKind::InvalidClaimFormat(claim) => Refused::new("claims", &format!("its `{claim}` has a wrong type")),
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidKeyFormat | ErrorKind::UnsupportedAlgorithm => {
            Refused::new("algorithm", "its key is not for its algorithm")
        }
        ErrorKind::InvalidSignature | ErrorKind::Base64(_) => Refused::new("signature", "its signature is wrong"),
        _ => Refused::new("malformed", "it is not readable"),
    }
}

/// A time with a fraction, in seconds. The library has checked that it is a number in the range of times.
fn seconds(time: f64) -> Option<i64> {
    format!("{:.0}", time.floor()).parse().ok()
}

/// What the claims of a token say about its client.
fn said(issuer: &Issuer, claims: &Map<String, Value>) -> Result<Claimed, Refused> {
    let name = |value: &Value| value.as_str().filter(|name| is_name(name)).map(str::to_owned);
    let client = claim(claims, &issuer.client_claim).and_then(name);
    let person = claim(claims, &issuer.person_claim).and_then(name);
    if client.is_none() && person.is_none() {
        let Issuer { client_claim, person_claim, .. } = issuer;
        let why = format!(
            "neither `{client_claim}` nor `{person_claim}` in it is a name of 1 to {NAME_MAX_CHARS} characters"
        );
        return Err(Refused::new("claims", &why));
    }
    let groups = issuer.groups_claim.as_ref().and_then(|name| claim(claims, name));
    let groups = match groups {
        Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(group)) => vec![group.clone()],
        _ => Vec::new(),
    };
    Ok(Claimed { issuer: issuer.name.clone(), client, person, groups })
}

fn is_name(name: &str) -> bool {
    (1..=NAME_MAX_CHARS).contains(&name.chars().count())
        && !name.trim().is_empty()
        && !name.chars().any(char::is_control)
}

/// A claim by its name, or by a path such as `realm_access.roles`. A name can have dots, so it goes first.
fn claim<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c Value> {
    let by_path = || {
        let mut names = name.split('.');
        let first = claims.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    };
    claims.get(name).or_else(by_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_found_by_its_name_or_its_path() {
        let text = r#"{"azp": "a", "realm_access": {"roles": ["b"]}, "https://bank.example/roles": "c", "x.y": "d", "x": {"y": "e"}}"#;
        let claims: Map<String, Value> = serde_json::from_str(text).unwrap();
        let found = |name: &str| claim(&claims, name).map(Value::to_string);
        for (name, expected) in [
            ("azp", Some(r#""a""#)),
            ("realm_access.roles", Some(r#"["b"]"#)),
            ("https://bank.example/roles", Some(r#""c""#)),
            ("x.y", Some(r#""d""#)),
            ("azp.x", None),
            ("none", None),
        ] {
            assert_eq!(found(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn the_end_of_a_token_can_have_a_fraction() {
        assert_eq!(seconds(1_795_824_000.9), Some(1_795_824_000));
        assert_eq!(seconds(1e300), None);
    }
}
