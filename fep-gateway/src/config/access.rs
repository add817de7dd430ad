//! The access file: which clients there are, by the hashes of their tokens and the names of their certificates, and what each of them may do. It is read again while the
//! gateway runs, so it is a file of its own. Who a request comes from is not decided here: `http` does.
//!
//! ```toml
//! [clients.order-service]
//! tokens = ["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]
//! may = [{ actions = ["send"], institutions = ["bank-a"], telegrams = ["Transfer", "BalanceInquiry"] }]
//!
//! [clients.kim]
//! tokens = ["sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"]
//! may = [{ actions = ["read", "operate", "settle"] }]
//!
//! [clients.ledger]
//! certificates = ["dns:ledger.bank.example", "uri:spiffe://bank.example/ledger"]
//! may = [{ actions = ["send"] }]
//! ```
//!
//! `fep-gateway new-token` makes a token and its hash. The file has no secret: whoever reads it cannot use it. Whoever writes it can do
//! everything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use fep_spec::document::{Document, Located, Table, Value, instead};
use fep_spec::load::read;
use fep_spec::model::Spec;
use fep_spec::report::{Code, Source};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use super::ConfigError;
use super::hours::day;
use super::names::check_name;
use crate::hex::{hex, unhex};

/// What a client can be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Send requests, and read the exchanges that it sent itself.
    Send,
    /// Read exchanges, notices, lines and institutions, with secrets masked.
    Read,
    /// See the secrets of an exchange, for a reason. Each time is recorded.
    Reveal,
    /// Stop and start lines and business, and trip breakers.
    Operate,
    /// Decide about unknown exchanges and undelivered notices.
    Settle,
    /// Change how the gateway runs: read its configuration again, and say where requests go.
    Configure,
}

impl Action {
    /// All actions, with their words in the file.
    pub const ALL: [(&'static str, Self); 6] = [
        ("send", Self::Send),
        ("read", Self::Read),
        ("reveal", Self::Reveal),
        ("operate", Self::Operate),
        ("settle", Self::Settle),
        ("configure", Self::Configure),
    ];

    /// The word in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, action)| *action == self).map_or("", |(name, _)| name)
    }
}

/// The SHA-256 of a token. A token is 32 random bytes, so its hash needs no salt and cannot be reversed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

/// What the text of a hash begins with.
const SHA256_MARK: &str = "sha256:";

impl TokenHash {
    /// The hash of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        let mut hash = [0; 32];
        hash.iter_mut().zip(digest(&SHA256, token.as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
        Self(hash)
    }

    /// Enough of it to find it in the file.
    fn short(&self) -> String {
        self.to_string().chars().take(SHA256_MARK.len() + 8).chain(['…']).collect()
    }

    fn parse(text: &str) -> Option<Self> {
        unhex(text.strip_prefix(SHA256_MARK)?).map(Self)
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SHA256_MARK}{}", hex(&self.0))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A name in a certificate (subjectAltName), for which an authority of `client_ca` vouches. A renewed certificate has the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateName(String);

/// What the text of a name begins with: its kind.
const DNS_MARK: &str = "dns:";
const URI_MARK: &str = "uri:";

impl CertificateName {
    /// A DNS name. It has no case.
    #[must_use]
    pub fn dns(name: &str) -> Self {
        Self(format!("{DNS_MARK}{}", name.to_ascii_lowercase()))
    }

    /// A URI, such as that of SPIFFE.
    #[must_use]
    pub fn uri(uri: &str) -> Self {
        Self(format!("{URI_MARK}{uri}"))
    }

    /// Reads a name as the file has it. A `*` stands for no other text: a certificate for many names is nobody's.
    fn parse(text: &str) -> Option<Self> {
        let is_name = |name: &str| {
            let label = |label: &str| {
                (1..=63).contains(&label.len())
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            };
            name.len() <= 253 && name.split('.').all(label)
        };
        let is_uri = |uri: &str| {
            let scheme = uri.split_once(':').filter(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
            scheme.is_some() && uri.len() <= 2048 && uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*')
        };
        if let Some(name) = text.strip_prefix(DNS_MARK) {
            return is_name(name).then(|| Self::dns(name));
        }
        text.strip_prefix(URI_MARK).filter(|uri| is_uri(uri)).map(Self::uri)
    }
}

impl fmt::Display for CertificateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Makes a token, and its hash for the file.
///
/// # Errors
/// If the operating system gives no random bytes.
pub fn new_token() -> Result<(String, TokenHash), String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "the operating system gives no random bytes".to_owned())?;
    let token = format!("{TOKEN_MARK}{}", hex(&bytes));
    let hash = TokenHash::of(&token);
    Ok((token, hash))
}

/// What a token begins with, so that scanners for leaked secrets recognise it.
const TOKEN_MARK: &str = "fep_";

/// Everything in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    clients: Vec<Arc<Client>>,
    /// Who has a token, and until when.
    tokens: BTreeMap<TokenHash, Holding>,
    /// The index of the client that has a certificate with this name.
    certificates: BTreeMap<CertificateName, usize>,
}

/// What is known about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Holding {
    /// The index of its client.
    client: usize,
    until: Option<LastDay>,
}

/// The last day on which a token holds, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LastDay {
    /// As the file has it.
    text: String,
    /// In days since 1970.
    day: i64,
}

/// The reason why a token proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRefusal {
    /// No client has it.
    Unknown,
    /// This was its last day, such as `2027-01-31`.
    Expired(String),
}

/// A token is reported so many days before its last day.
const EXPIRY_WARNED_DAYS: i64 = 14;

/// One client: a service, a person or a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its name, which the journal has.
    pub name: String,
    /// What it may do.
    pub grants: Vec<Grant>,
}

/// Some actions with some telegrams of some institutions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The actions.
    pub actions: BTreeSet<Action>,
    /// The names of the institutions. `None`: all of them.
    pub institutions: Option<BTreeSet<String>>,
    /// The names of the telegrams. `None`: all of them.
    pub telegrams: Option<BTreeSet<String>>,
}

/// The maximum number of clients, and of tokens and certificates of one client.
const CLIENTS_MAX: usize = 10_000;
const TOKENS_MAX: usize = 10;
const CERTIFICATES_MAX: usize = 10;

/// The seconds of a day.
const DAY_S: i64 = 86_400;

impl Access {
    /// Reads the file. `specs` are those of the institutions, by their names.
    ///
    /// # Errors
    /// If the file cannot be read, others than its owner can write it, or it has mistakes. The error then has all of them.
    pub fn load(path: &Path, specs: &BTreeMap<String, Arc<Spec>>) -> Result<Self, ConfigError> {
        let (name, text) = read(path).map_err(ConfigError::Unreadable)?;
        let document = Document::new(Source::new(name, text));
        let access = document.walk(|root| {
            if is_writable_by_others(path) {
                let message = "others than its owner can write this file, and so give themselves every right";
                document.error_hint(Code::BadValue, root.span(), message, "chmod go-w");
            }
            let access = access(&root, specs);
            root.finish();
            access
        });
        match access {
            Some(access) if !document.has_errors() => Ok(access),
            _ => Err(ConfigError::Findings(document.into_report())),
        }
    }

    /// The client whose token has this hash, at this time in seconds since 1970.
    ///
    /// # Errors
    /// If no client has it, or it does not hold any more.
    pub fn client(&self, token: &TokenHash, now_s: i64) -> Result<&Arc<Client>, TokenRefusal> {
        let holding = self.tokens.get(token).ok_or(TokenRefusal::Unknown)?;
        if let Some(until) = holding.until.as_ref().filter(|until| now_s.div_euclid(DAY_S) > until.day) {
            return Err(TokenRefusal::Expired(until.text.clone()));
        }
        self.clients.get(holding.client).ok_or(TokenRefusal::Unknown)
    }

    /// The tokens that end soon or have ended, one line each.
    #[must_use]
    pub fn ending(&self, now_s: i64) -> Vec<String> {
        let line = |(hash, holding): (&TokenHash, &Holding)| {
            let until = holding.until.as_ref()?;
            let left = until.day - now_s.div_euclid(DAY_S);
            let client = self.clients.get(holding.client)?;
            let what = format!("the token {} of {}", hash.short(), client.name);
            match left {
                ..0 => Some(format!("{what} ended with {}: take it out of the file", until.text)),
                0..=EXPIRY_WARNED_DAYS => Some(format!("{what} ends with {}: give the client a new one", until.text)),
                _ => None,
            }
        };
        self.tokens.iter().filter_map(line).collect()
    }

    /// The client that has a certificate with one of these names. `None` if nobody has, or if they belong to several clients.
    #[must_use]
    pub fn holder(&self, names: &[CertificateName]) -> Option<&Arc<Client>> {
        let mut found = names.iter().filter_map(|name| self.certificates.get(name));
        let first = found.next()?;
        if found.all(|other| other == first) { self.clients.get(*first) } else { None }
    }

    /// The names of the clients.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        self.clients.iter().map(|client| client.name.clone()).collect()
    }

    /// The number of clients.
    #[must_use]
    pub fn len(&self) -> usize {
        self.clients.len()
    }

    /// Whether there is no client.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }
}

impl Client {
    /// Whether the client may do this with this telegram of this institution. `None` stands for all of them.
    #[must_use]
    pub fn may(&self, action: Action, institution: Option<&str>, telegram: Option<&str>) -> bool {
        let covers = |names: &Option<BTreeSet<String>>, name: Option<&str>| match (names, name) {
            (None, _) => true,
            (Some(names), Some(name)) => names.contains(name),
            (Some(_), None) => false,
        };
        self.grants.iter().any(|grant| {
            grant.actions.contains(&action)
                && covers(&grant.institutions, institution)
                && covers(&grant.telegrams, telegram)
        })
    }

    /// Whether the client may do this with some telegram of this institution.
    #[must_use]
    pub fn may_some(&self, action: Action, institution: &str) -> bool {
        self.grants.iter().any(|grant| {
            grant.actions.contains(&action)
                && grant.institutions.as_ref().is_none_or(|names| names.contains(institution))
        })
    }
}

fn access(root: &Table<'_>, specs: &BTreeMap<String, Arc<Spec>>) -> Access {
    let mut access = Access::default();
    let clients = root.table("clients").map_or_else(Vec::new, |table| table.entries());
    if clients.is_empty() {
        let hint = "add a table [clients.NAME], with a token from `fep-gateway new-token`";
        root.document().error_hint(Code::MissingKey, root.span(), "there is no client", hint);
    }
    if clients.len() > CLIENTS_MAX {
        let message = format!("there are {} clients, {CLIENTS_MAX} are allowed", clients.len());
        root.document().error(Code::OutOfRange, root.span(), message);
    }
    for (name, value) in clients.into_iter().take(CLIENTS_MAX) {
        check_name(root.document(), &name);
        let Some(table) = value.table() else { continue };
        for token in tokens(&table) {
            let (hash, until) = token.value;
            if access.tokens.insert(hash, Holding { client: access.clients.len(), until }).is_some() {
                let message = "this token belongs to a client already: nobody could tell who uses it";
                table.document().error_hint(
                    Code::Duplicate,
                    token.span,
                    message,
                    "make one with `fep-gateway new-token`",
                );
            }
        }
        for name in certificates(&table) {
            if access.certificates.insert(name.value, access.clients.len()).is_some() {
                let message = "certificates with this name belong to a client already: nobody could tell who uses them";
                let hint = "give each client a name of its own";
                table.document().error_hint(Code::Duplicate, name.span, message, hint);
            }
        }
        let grants = table.required("may").and_then(Value::array).unwrap_or_default();
        let grants = grants.into_iter().filter_map(|grant| Some(grant_of(grant.table()?, specs))).collect();
        table.finish();
        access.clients.push(Arc::new(Client { name: name.value.to_owned(), grants }));
    }
    access
}

/// The tokens of a client: hashes, and tables with a hash and its last day.
fn tokens(table: &Table<'_>) -> Vec<Located<(TokenHash, Option<LastDay>)>> {
    if !table.has("tokens") && !table.has("certificates") {
        let hint = "`tokens` with a hash from `fep-gateway new-token`, or `certificates` with a name such as dns:orders.bank.example";
        table.document().error_hint(Code::MissingKey, table.span(), "`tokens` or `certificates` is missing", hint);
    }
    let tokens = table.array("tokens").unwrap_or_default();
    if tokens.len() > TOKENS_MAX {
        let message = format!("a client has at most {TOKENS_MAX} tokens: two while one takes the place of the other");
        table.document().error(Code::OutOfRange, table.span(), message);
    }
    let hash = |text: Located<&str>| {
        let hash = TokenHash::parse(text.value);
        if hash.is_none() {
            // It may be the token itself, so it is not shown.
            let message = "this is not the hash of a token";
            let hint = "`fep-gateway new-token` prints the hash: sha256: and 64 hexadecimal digits";
            table.document().error_hint(Code::BadValue, text.span.clone(), message, hint);
        }
        Some(Located { value: hash?, span: text.span })
    };
    let token = |token: Value<'_>| {
        if !token.is_table() {
            let hash = hash(token.string()?)?;
            return Some(Located { value: (hash.value, None), span: hash.span });
        }
        let table = token.table()?;
        let hash = table.required("hash").and_then(Value::string).and_then(&hash);
        let until = table.required("until").and_then(Value::string).and_then(|text| last_day(&table, &text));
        table.finish();
        let hash = hash?;
        // A date that cannot be read must not be no date.
        Some(Located { value: (hash.value, Some(until?)), span: hash.span })
    };
    tokens.into_iter().filter_map(token).collect()
}

fn last_day(table: &Table<'_>, text: &Located<&str>) -> Option<LastDay> {
    let day = day(text.value);
    if day.is_none() {
        let hint = "the last day on which the token holds, in UTC, such as 2027-01-31";
        table.document().error_hint(Code::BadValue, text.span.clone(), "`until` must be a date", hint);
    }
    Some(LastDay { text: text.value.to_owned(), day: day? })
}

fn certificates(table: &Table<'_>) -> Vec<Located<CertificateName>> {
    let names = table.array("certificates").unwrap_or_default();
    if names.len() > CERTIFICATES_MAX {
        let message = format!("a client has at most {CERTIFICATES_MAX} names in `certificates`");
        table.document().error(Code::OutOfRange, table.span(), message);
    }
    let name = |text: Located<&str>| {
        let name = CertificateName::parse(text.value);
        if name.is_none() {
            let message = "this is not a name in a certificate";
            let hint =
                "write dns: and a host name without `*`, or uri: and a URI, as the certificate has it (subjectAltName)";
            table.document().error_hint(Code::BadValue, text.span.clone(), message, hint);
        }
        Some(Located { value: name?, span: text.span })
    };
    names.into_iter().filter_map(|text| name(text.string()?)).collect()
}

fn grant_of(table: Table<'_>, specs: &BTreeMap<String, Arc<Spec>>) -> Grant {
    let document = table.document();
    let actions = table.required("actions").and_then(Value::array).unwrap_or_default();
    let actions = actions.into_iter().filter_map(|word| Some(word.choice(&Action::ALL)?.value)).collect();
    let known: Vec<&str> = specs.keys().map(String::as_str).collect();
    let named = names(&table, "institutions", |name| {
        if !known.contains(&name.value) {
            let message = format!("there is no institution `{}`", name.value);
            document.error_hint(Code::UnknownName, name.span.clone(), message, instead(name.value, &known));
        }
    });
    let covered = specs.iter().filter(|(name, _)| named.as_ref().is_none_or(|named| named.contains(*name)));
    let specs: Vec<_> = covered.map(|(_, spec)| spec).collect();
    let telegrams = names(&table, "telegrams", |name| {
        if !specs.is_empty() && specs.iter().all(|spec| spec.telegram(name.value).is_none()) {
            let known: Vec<&str> =
                specs.iter().flat_map(|spec| &spec.telegrams).map(|telegram| telegram.name()).collect();
            let message = format!("none of these institutions has a telegram `{}`", name.value);
            document.error_hint(Code::UnknownName, name.span.clone(), message, instead(name.value, &known));
        }
    });
    // A misspelt key must not widen the grant.
    table.finish();
    Grant { actions, institutions: named, telegrams }
}

/// Names that narrow a grant. An empty list would mean nothing, and not everything.
fn names<'d>(table: &Table<'d>, key: &'d str, check: impl Fn(&Located<&str>)) -> Option<BTreeSet<String>> {
    let names = table.array(key)?;
    let names = names.into_iter().filter_map(Value::string).inspect(|name| check(name));
    Some(names.map(|name| name.value.to_owned()).collect())
}

#[cfg(unix)]
fn is_writable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o022 != 0)
}

#[cfg(not(unix))]
fn is_writable_by_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests;
