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
//! Tokens of an issuer (JWT) are known by `[issuers.NAME]`; `issuers` has an example.
//!
//! `fep-gateway new-token` makes a token and its hash. The file has no secret: whoever reads it cannot use it. Whoever writes it can do
//! everything.

mod certificate;
mod token;

mod keys;

mod issuers;

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use fep_spec::document::Document;
use fep_spec::load;
use fep_spec::model::Spec;
use fep_spec::report::{Code, Source};

pub use self::certificate::CertificateName;
use self::issuers::OfIssuer;
pub(crate) use self::issuers::{Issuer, KeyServer, KeySource};
pub(crate) use self::keys::{KEY_SET_MAX_BYTES, KeySet, NoKey, SigningKey};
use self::token::LastDay;
pub use self::token::{TokenHash, TokenRefusal, new_token};
use super::ConfigError;

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
    /// Tell results of verifications.
    Verify,
    /// Change how the gateway runs: read its configuration again, and say where requests go.
    Configure,
}

impl Action {
    /// All actions, with their words in the file.
    pub const ALL: [(&'static str, Self); 7] = [
        ("send", Self::Send),
        ("read", Self::Read),
        ("reveal", Self::Reveal),
        ("operate", Self::Operate),
        ("settle", Self::Settle),
        ("verify", Self::Verify),
        ("configure", Self::Configure),
    ];

    /// The word in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, action)| *action == self).map_or("", |(name, _)| name)
    }
}

/// Everything in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    clients: Vec<Arc<Client>>,
    /// Who has a token, and until when.
    tokens: BTreeMap<TokenHash, Holding>,
    /// The index of the client that has a certificate with this name.
    certificates: BTreeMap<CertificateName, usize>,
    /// The issuers of tokens, by their names.
    issuers: BTreeMap<String, Arc<Issuer>>,
    /// The index of the client that an issuer's token names.
    subjects: BTreeMap<OfIssuer, usize>,
    roles: Vec<Role>,
}

/// What everybody may do whose token names one of these groups.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Role {
    groups: BTreeSet<OfIssuer>,
    grants: Vec<Grant>,
    sees_own_secrets: bool,
}

/// What a token of an issuer says, after it was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claimed {
    /// The name of the issuer.
    pub(crate) issuer: String,
    /// What the claim has that names the client, if the token has it.
    pub(crate) client: Option<String>,
    /// What the claim has that names the person, if the token has it.
    pub(crate) person: Option<String>,
    pub(crate) groups: Vec<String>,
}

/// What is known about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Holding {
    /// The index of its client.
    client: usize,
    until: Option<LastDay>,
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
    /// Whether it sees the secrets of the exchanges that it sent: `own_secrets`. Those of others have to be revealed in any case.
    pub sees_own_secrets: bool,
    /// For whom it speaks by its token, if the token says so: a person who uses a service.
    pub(crate) speaks_for: Option<String>,
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
    /// The names of the streams of market data. `None`: all of them. A grant in the file that names only institutions or telegrams is for no
    /// stream, and one that names only streams is for no institution.
    pub streams: Option<BTreeSet<String>>,
}

/// The seconds of a day.
const DAY_S: i64 = 86_400;

impl Access {
    /// Reads the file. `specs` are those of the institutions, by their names.
    ///
    /// # Errors
    /// If the file cannot be read, others than its owner can write it, or it has mistakes. The error then has all of them.
    pub fn load(path: &Path, specs: &BTreeMap<String, Arc<Spec>>) -> Result<Self, ConfigError> {
        Self::load_noting(path, specs, &mut |_| {})
    }

    /// Reads the file, in which grants may name only these streams.
    pub(crate) fn load_with_streams(
        path: &Path,
        specs: &BTreeMap<String, Arc<Spec>>,
        streams: &BTreeSet<String>,
    ) -> Result<Self, ConfigError> {
        Self::load_known(path, &read::Known { specs, streams: Some(streams) }, &mut |_| {})
    }

    /// Reads the file, and tells the files that it names before it reads them, also if it has mistakes.
    pub(crate) fn load_noting(
        path: &Path,
        specs: &BTreeMap<String, Arc<Spec>>,
        note: &mut dyn FnMut(&Path),
    ) -> Result<Self, ConfigError> {
        // A stream that is not there gives no right.
        Self::load_known(path, &read::Known { specs, streams: None }, note)
    }

    fn load_known(path: &Path, known: &read::Known<'_>, note: &mut dyn FnMut(&Path)) -> Result<Self, ConfigError> {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let (name, text) = load::read(path).map_err(ConfigError::Unreadable)?;
        let document = Document::new(Source::new(name, text));
        let access = document.walk(|root| {
            if is_writable_by_others(path) {
                let message = "others than its owner can write this file, and so give themselves every right";
                document.error_hint(Code::BadValue, root.span(), message, "chmod go-w");
            }
            let access = read::access(&root, known, &folder, note);
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

    /// The issuers of tokens.
    pub(crate) fn issuers(&self) -> impl Iterator<Item = &Arc<Issuer>> {
        self.issuers.values()
    }

    /// The issuer whose tokens have this `iss`.
    pub(crate) fn issuer(&self, iss: &str) -> Option<&Arc<Issuer>> {
        self.issuers.values().find(|issuer| issuer.issuer == iss)
    }

    /// The client that a token of an issuer names. If no client has its subject, its groups decide. `None` if neither gives a right.
    pub(crate) fn claimed(&self, claimed: &Claimed) -> Option<Arc<Client>> {
        let of = |value: &str| (claimed.issuer.clone(), value.to_owned());
        let subject = claimed.client.as_deref().and_then(|client| self.subjects.get(&of(client)));
        if let Some(client) = subject.and_then(|client| self.clients.get(*client)) {
            let speaks_for = claimed.person.clone().filter(|_| claimed.person != claimed.client);
            return Some(match speaks_for {
                None => Arc::clone(client),
                Some(_) => Arc::new(Client { speaks_for, ..Client::clone(client) }),
            });
        }
        let person = claimed.person.as_deref()?;
        let groups: BTreeSet<OfIssuer> = claimed.groups.iter().map(|group| of(group)).collect();
        let roles: Vec<_> = self.roles.iter().filter(|role| !role.groups.is_disjoint(&groups)).collect();
        roles.first()?;
        // One role that masks is enough: another role gives rights, and does not take protection away.
        let sees_own_secrets = roles.iter().all(|role| role.sees_own_secrets);
        let grants = roles.into_iter().flat_map(|role| role.grants.iter().cloned()).collect();
        let name = format!("{}:{person}", claimed.issuer);
        Some(Arc::new(Client { name, grants, sees_own_secrets, speaks_for: None }))
    }

    /// The names of the clients that prove by a certificate who they are.
    pub(crate) fn with_certificates(&self) -> BTreeSet<&str> {
        let clients = self.certificates.values().filter_map(|client| self.clients.get(*client));
        clients.map(|client| client.name.as_str()).collect()
    }

    /// The names of the clients.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        self.clients.iter().map(|client| client.name.clone()).collect()
    }

    /// The client with this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Arc<Client>> {
        self.clients.iter().find(|client| client.name == name).map(Arc::clone)
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

    /// Whether the client may read this stream of market data.
    #[must_use]
    pub fn may_read_stream(&self, stream: &str) -> bool {
        self.grants.iter().any(|grant| {
            grant.actions.contains(&Action::Read)
                && grant.streams.as_ref().is_none_or(|streams| streams.contains(stream))
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
