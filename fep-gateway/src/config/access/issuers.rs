//! `[issuers.NAME]` of the access file: whose tokens (JWT) prove who a client is, and where the keys are with which those are checked. How a
//! token is checked, and how keys come from a URL, is the business of `http`.
//!
//! ```toml
//! [issuers.login]
//! issuer = "https://login.bank.example/realms/bank"
//! audience = "fep-gateway"
//! jwks_url = "https://login.bank.example/realms/bank/keys"
//! tls = { ca = "bank-ca.pem" }
//! algorithms = ["RS256"]
//! client_claim = "azp"
//! groups_claim = "groups"
//!
//! [clients.ledger]
//! subjects = ["login:ledger-service"]
//! may = [{ actions = ["send"] }]
//!
//! [roles.operators]
//! groups = ["login:fep-operators"]
//! may = [{ actions = ["read", "operate"] }]
//! ```

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fep_spec::document::{Located, Table, Value, instead};
use fep_spec::report::Code;
use hyper::Uri;
use jsonwebtoken::Algorithm;

use super::keys::{ALGORITHMS, KEY_SET_MAX_BYTES, KeySet};
use crate::config::names::check_name;
use crate::config::tls::{TlsConfig, TlsPlace};

/// An issuer of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issuer {
    /// Its name in the file.
    pub(crate) name: String,
    /// `issuer`: what its tokens have as `iss`.
    pub(crate) issuer: String,
    /// `audience`: what its tokens for this gateway have as `aud`, or in it.
    pub(crate) audience: String,
    /// `jwks_file`, or `jwks_url` with its keys.
    pub(crate) keys: KeySource,
    /// `algorithms`: those that its tokens may have.
    pub(crate) algorithms: Vec<Algorithm>,
    /// `client_claim`, default `sub`: the claim that names the client.
    pub(crate) client_claim: String,
    /// `person_claim`, default `sub`: the claim that names the person, for the journal and the audit trail.
    pub(crate) person_claim: String,
    /// `groups_claim`, default none: the claim that names its groups.
    pub(crate) groups_claim: Option<String>,
    /// `leeway_s`, default 60: how far the clocks of the issuer and of the gateway may be apart.
    pub(crate) leeway_s: u64,
}

/// Where the keys of an issuer come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// A file, which was read.
    File(Arc<KeySet>),
    Url(Arc<KeyServer>),
}

/// A server that publishes the keys of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyServer {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Path and query.
    pub(crate) path: String,
    /// `tls`, required with https. Without, the server is on this machine.
    pub(crate) tls: Option<TlsConfig>,
    /// `keys_refresh_s`, default 600: how often the keys are fetched.
    pub(crate) refresh: Duration,
    /// `keys_pause_s`, default 30: the shortest time between two fetches, also if a token names an unknown key.
    pub(crate) pause: Duration,
    /// `keys_keep_s`, default 86400: how long keys are used after the server gave them last.
    pub(crate) keep: Duration,
}

/// The maximum number of issuers, and the longest name of one, in characters.
const ISSUERS_MAX: usize = 10;
const NAME_MAX_CHARS: usize = 30;

/// The longest text that is compared with a claim, and the longest URL, in characters.
const CLAIM_MAX_CHARS: usize = 1000;

/// The maximum number of subjects of a client, and of groups of a role.
const VALUES_MAX: usize = 100;

/// Who of an issuer is meant: its name, and the value of a claim.
pub(super) type OfIssuer = (String, String);

/// Reads the issuers, by their names. `note` gets the files of keys before they are read, also of those with mistakes.
pub(super) fn read(root: &Table<'_>, folder: &Path, note: &mut dyn FnMut(&Path)) -> BTreeMap<String, Arc<Issuer>> {
    let entries = root.table("issuers").map_or_else(Vec::new, |table| table.entries());
    if entries.len() > ISSUERS_MAX {
        let message = format!("there are {} issuers, {ISSUERS_MAX} are allowed", entries.len());
        root.document().error(Code::OutOfRange, root.span(), message);
    }
    let mut issuers: BTreeMap<String, Arc<Issuer>> = BTreeMap::new();
    for (name, value) in entries.into_iter().take(ISSUERS_MAX) {
        check_name(root.document(), &name);
        if name.value.contains(':') || name.value.chars().count() > NAME_MAX_CHARS {
            let hint = "it stands in front of a `:` in `subjects`, in `groups` and in the names of persons";
            let message = format!("the name of an issuer has at most {NAME_MAX_CHARS} characters, and no `:`");
            root.document().error_hint(Code::BadValue, name.span.clone(), message, hint);
        }
        let Some(table) = value.table() else { continue };
        let Some(issuer) = issuer(table, name.value, folder, note) else { continue };
        if let Some(other) = issuers.values().find(|other| other.issuer == issuer.issuer) {
            let message = format!("`{}` has the same `issuer`: nobody could tell whose token it is", other.name);
            root.document().error_hint(Code::Duplicate, name.span, message, "give both one table");
        }
        issuers.insert(issuer.name.clone(), Arc::new(issuer));
    }
    issuers
}

fn issuer(table: Table<'_>, name: &str, folder: &Path, note: &mut dyn FnMut(&Path)) -> Option<Issuer> {
    let issuer = table.required_string("issuer").and_then(|text| claim_text(&table, text));
    let audience = table.required_string("audience").and_then(|text| claim_text(&table, text));
    let words = table.required("algorithms").and_then(Value::array).unwrap_or_default();
    if words.is_empty() && table.has("algorithms") {
        let span = table.key_span("algorithms").unwrap_or_default();
        let hint = "such as [\"RS256\"]: what the issuer signs with";
        table.document().error_hint(Code::BadValue, span, "`algorithms` has none, so no token could be taken", hint);
    }
    let algorithms: Vec<Located<Algorithm>> = words.into_iter().filter_map(|word| word.choice(&ALGORITHMS)).collect();
    let keys = key_source(&table, folder, note);
    if let Some(KeySource::File(keys)) = &keys {
        for unused in algorithms.iter().filter(|algorithm| !keys.fits(algorithm.value)) {
            let message = "no key of `jwks_file` is for this algorithm, so no token could have it";
            let hint = "leave it out, or look at `kty`, `crv`, `alg` and `use` of the keys";
            table.document().error_hint(Code::BadValue, unused.span.clone(), message, hint);
        }
    }
    let client_claim = table.string("client_claim").and_then(|text| claim_text(&table, text));
    let person_claim = table.string("person_claim").and_then(|text| claim_text(&table, text));
    let groups_claim = table.string("groups_claim").and_then(|text| claim_text(&table, text));
    let leeway_s = table.integer("leeway_s", 0..=300_u64).map_or(60, |leeway| leeway.value);
    table.finish();
    Some(Issuer {
        name: name.to_owned(),
        issuer: issuer?,
        audience: audience?,
        keys: keys?,
        algorithms: algorithms.into_iter().map(|algorithm| algorithm.value).collect(),
        client_claim: client_claim.unwrap_or_else(|| "sub".to_owned()),
        person_claim: person_claim.unwrap_or_else(|| "sub".to_owned()),
        groups_claim,
        leeway_s,
    })
}

/// The name of a claim, or what one has.
fn claim_text(table: &Table<'_>, text: Located<&str>) -> Option<String> {
    let is_text = (1..=CLAIM_MAX_CHARS).contains(&text.value.chars().count());
    if !is_text || text.value.chars().any(char::is_control) {
        let message = format!("this has 1 to {CLAIM_MAX_CHARS} characters, and none that cannot be printed");
        table.document().error_hint(Code::BadValue, text.span, message, "write it as the tokens of the issuer have it");
        return None;
    }
    Some(text.value.to_owned())
}

fn key_source(table: &Table<'_>, folder: &Path, note: &mut dyn FnMut(&Path)) -> Option<KeySource> {
    let document = table.document();
    let file = table.string("jwks_file");
    let url = table.string("jwks_url");
    match (&file, &url) {
        (None, None) if !table.has("jwks_file") && !table.has("jwks_url") => {
            let hint = "`jwks_url` with the address where the issuer publishes its keys, or `jwks_file` with a copy";
            document.error_hint(Code::MissingKey, table.span(), "`jwks_file` or `jwks_url` is missing", hint);
        }
        (Some(_), Some(url)) => {
            let message = "`jwks_file` and `jwks_url` exclude each other";
            document.error_hint(Code::ConflictingKeys, url.span.clone(), message, "the keys come from one place");
        }
        _ => {}
    }
    if let Some(file) = file {
        for key in ["tls", "keys_refresh_s", "keys_pause_s", "keys_keep_s"] {
            if let Some(span) = table.key_span(key) {
                let message = format!("`{key}` needs `jwks_url`");
                document.error_hint(Code::ConflictingKeys, span, message, "a file is read again when it changes");
            }
        }
        let path = folder.join(file.value);
        note(&path);
        let keys = key_file(&path);
        let wrong = |why: &String| {
            let hint = "the keys that the issuer publishes, as JSON; the path is relative to this file";
            document.error_hint(Code::BadValue, file.span.clone(), format!("{}: {why}", path.display()), hint);
        };
        return keys.inspect_err(wrong).ok().map(|keys| KeySource::File(Arc::new(keys)));
    }
    key_server(table, &url?, folder).map(|server| KeySource::Url(Arc::new(server)))
}

/// Reads a file of keys.
fn key_file(path: &Path) -> Result<KeySet, String> {
    let len = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if len > KEY_SET_MAX_BYTES as u64 {
        return Err(format!("it has {len} bytes, at most {KEY_SET_MAX_BYTES} are read"));
    }
    KeySet::parse(&std::fs::read(path).map_err(|error| error.to_string())?)
}

fn key_server(table: &Table<'_>, url: &Located<&str>, folder: &Path) -> Option<KeyServer> {
    let document = table.document();
    let wrong = |message: &str, hint: &str| document.error_hint(Code::BadValue, url.span.clone(), message, hint);
    let uri = url.value.parse::<Uri>().ok().filter(|_| url.value.len() <= CLAIM_MAX_CHARS);
    let place = uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?)));
    let Some((scheme, authority)) = place.filter(|(_, authority)| !authority.as_str().contains('@')) else {
        wrong("`jwks_url` is no URL of a server", "such as https://login.bank.example/keys");
        return None;
    };
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    let tls = table.table("tls").map(|table| TlsConfig::read(table, TlsPlace::Asks(&host), folder));
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match (scheme, &tls) {
        ("https", None) if !table.has("tls") => {
            let hint = "tls = { ca = \"…\" }: the authority that signs the certificate of the server, as a PEM file; \
                 /etc/ssl/certs/ca-certificates.crt has those that the system trusts";
            document.error_hint(Code::MissingKey, url.span.clone(), "`tls` is missing", hint);
        }
        ("http", Some(_)) => wrong("`tls` needs https", "write https:// in front of the address"),
        ("http", None) if !is_here => {
            wrong("somebody on the way could give other keys", "write https://; http is for this machine only");
        }
        ("https" | "http", _) => {}
        _ => wrong("`jwks_url` has no scheme that is known", "write https://"),
    }
    let seconds = |key, range, default| table.integer(key, range).map_or(default, |time| time.value);
    Some(KeyServer {
        port: authority.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 }),
        path: uri.as_ref().and_then(Uri::path_and_query).map_or("/", |path| path.as_str()).to_owned(),
        host,
        tls,
        refresh: Duration::from_secs(seconds("keys_refresh_s", 10..=86_400_u64, 600)),
        pause: Duration::from_secs(seconds("keys_pause_s", 1..=3600, 30)),
        keep: Duration::from_secs(seconds("keys_keep_s", 60..=2_592_000, 86_400)),
    })
}

/// Reads `subjects` or `groups`: the name of an issuer, a colon, and the value of a claim.
pub(super) fn of_issuers<'d>(
    table: &Table<'d>,
    key: &'d str,
    issuers: &BTreeMap<String, Arc<Issuer>>,
) -> Vec<Located<OfIssuer>> {
    let document = table.document();
    let values = table.array(key).unwrap_or_default();
    if values.len() > VALUES_MAX {
        let message = format!("`{key}` has {} values, {VALUES_MAX} are allowed", values.len());
        document.error(Code::OutOfRange, table.span(), message);
    }
    let one = |text: Located<&str>| {
        let Some((issuer, value)) = text.value.split_once(':').filter(|(_, value)| !value.is_empty()) else {
            let hint = "the name of an issuer of this file, a colon, and what the claim has: \"login:ledger\"";
            document.error_hint(Code::BadValue, text.span, "this does not say whose claim is meant", hint);
            return None;
        };
        let Some(known) = issuers.get(issuer) else {
            let names: Vec<&str> = issuers.keys().map(String::as_str).collect();
            let message = format!("there is no issuer `{issuer}` that can be used");
            document.error_hint(Code::UnknownName, text.span, message, instead(issuer, &names));
            return None;
        };
        if key == "groups" && known.groups_claim.is_none() {
            let hint = "name the claim of its tokens that has the groups";
            let message = format!("`{issuer}` has no `groups_claim`");
            document.error_hint(Code::MissingKey, text.span.clone(), message, hint);
        }
        Some(Located { value: (issuer.to_owned(), value.to_owned()), span: text.span })
    };
    values.into_iter().filter_map(|value| one(value.string()?)).collect()
}
