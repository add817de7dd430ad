//! Reads the tables of the access file: clients, their tokens and certificates, and what they may do. What the file means is said in `access`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use fep_spec::document::{Located, Table, Value, instead};
use fep_spec::model::Spec;
use fep_spec::report::Code;

use super::certificate::CertificateName;
use super::issuers::{self, Issuer};
use super::token::{LastDay, TokenHash};
use super::{Access, Action, Client, Grant, Holding, Role};
use crate::config::hours::day;
use crate::config::names::check_name;

/// The maximum number of clients, and of tokens and certificates of one client.
const CLIENTS_MAX: usize = 10_000;
const TOKENS_MAX: usize = 10;
const CERTIFICATES_MAX: usize = 10;

/// The maximum number of roles.
const ROLES_MAX: usize = 1000;

/// What grants can name.
pub(super) struct Known<'k> {
    /// The specs of the institutions, by their names.
    pub(super) specs: &'k BTreeMap<String, Arc<Spec>>,
    /// The names of the streams. `None`: names of streams are not checked.
    pub(super) streams: Option<&'k BTreeSet<String>>,
}

pub(super) fn access(root: &Table<'_>, known: &Known<'_>, folder: &Path, note: &mut dyn FnMut(&Path)) -> Access {
    let mut access = Access { issuers: issuers::read(root, folder, note), ..Access::default() };
    let clients = root.table("clients").map_or_else(Vec::new, |table| table.entries());
    if clients.is_empty() && root.table("roles").is_none_or(|roles| roles.entries().is_empty()) {
        let hint = "add a table [clients.NAME], with a token from `fep-gateway new-token`";
        root.document().error_hint(Code::MissingKey, root.span(), "there is no client", hint);
    }
    if clients.len() > CLIENTS_MAX {
        let message = format!("there are {} clients, {CLIENTS_MAX} are allowed", clients.len());
        root.document().error(Code::OutOfRange, root.span(), message);
    }
    for (name, value) in clients.into_iter().take(CLIENTS_MAX) {
        check_name(root.document(), &name);
        if let Some((issuer, _)) = name.value.split_once(':').filter(|(issuer, _)| access.issuers.contains_key(*issuer))
        {
            let message = format!("persons whom `{issuer}` names have such names: nobody could tell who it is");
            let hint = "give the client another name";
            root.document().error_hint(Code::Duplicate, name.span.clone(), message, hint);
        }
        let Some(table) = value.table() else { continue };
        let index = access.clients.len();
        proofs(&table, index, &mut access);
        let grants = grants_of(&table, known);
        let sees_own_secrets = sees_own_secrets(&table);
        table.finish();
        let name = name.value.to_owned();
        access.clients.push(Arc::new(Client { name, grants, sees_own_secrets, speaks_for: None }));
    }
    access.roles = roles(root, &access.issuers, known);
    access
}

/// By what a client proves who it is: tokens, names of certificates, subjects of issuers.
fn proofs(table: &Table<'_>, client: usize, access: &mut Access) {
    if !["tokens", "certificates", "subjects"].iter().any(|key| table.has(key)) {
        let message = "`tokens`, `certificates` or `subjects` is missing";
        let hint = "`tokens` with a hash from `fep-gateway new-token`, `certificates` with a name such as dns:orders.bank.example, \
             or `subjects` with what the tokens of an issuer say";
        table.document().error_hint(Code::MissingKey, table.span(), message, hint);
    }
    let twice = |span: Range<usize>, message: &str, hint: &str| {
        table.document().error_hint(Code::Duplicate, span, message, hint);
    };
    for token in tokens(table) {
        let (hash, until) = token.value;
        if access.tokens.insert(hash, Holding { client, until }).is_some() {
            let message = "this token belongs to a client already: nobody could tell who uses it";
            twice(token.span, message, "make one with `fep-gateway new-token`");
        }
    }
    for name in certificates(table) {
        if access.certificates.insert(name.value, client).is_some() {
            let message = "certificates with this name belong to a client already: nobody could tell who uses them";
            twice(name.span, message, "give each client a name of its own");
        }
    }
    for subject in issuers::of_issuers(table, "subjects", &access.issuers) {
        if access.subjects.insert(subject.value, client).is_some() {
            let message = "this subject belongs to a client already: nobody could tell who it is";
            twice(subject.span, message, "name it at one client, with all that it may do");
        }
    }
}

fn roles(root: &Table<'_>, issuers: &BTreeMap<String, Arc<Issuer>>, known: &Known<'_>) -> Vec<Role> {
    let roles = root.table("roles").map_or_else(Vec::new, |table| table.entries());
    if roles.len() > ROLES_MAX {
        let message = format!("there are {} roles, {ROLES_MAX} are allowed", roles.len());
        root.document().error(Code::OutOfRange, root.span(), message);
    }
    let role = |(name, value): (Located<&str>, Value<'_>)| {
        check_name(root.document(), &name);
        let table = value.table()?;
        let groups = if table.required("groups").is_some() {
            issuers::of_issuers(&table, "groups", issuers)
        } else {
            Vec::new()
        };
        let grants = grants_of(&table, known);
        let sees_own_secrets = sees_own_secrets(&table);
        table.finish();
        let groups = groups.into_iter().map(|group| group.value).collect();
        Some(Role { groups, grants, sees_own_secrets })
    };
    roles.into_iter().take(ROLES_MAX).filter_map(role).collect()
}

/// Whether a client or a role sees the secrets of its own exchanges. A word that cannot be read is a mistake, and the file is not used.
fn sees_own_secrets(table: &Table<'_>) -> bool {
    table.choice("own_secrets", &[("shown", true), ("masked", false)]).is_none_or(|choice| choice.value)
}

fn grants_of(table: &Table<'_>, known: &Known<'_>) -> Vec<Grant> {
    let grants = table.required("may").and_then(Value::array).unwrap_or_default();
    grants.into_iter().filter_map(|grant| Some(grant_of(grant.table()?, known))).collect()
}

/// The tokens of a client: hashes, and tables with a hash and its last day.
fn tokens(table: &Table<'_>) -> Vec<Located<(TokenHash, Option<LastDay>)>> {
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

fn grant_of(table: Table<'_>, known: &Known<'_>) -> Grant {
    let document = table.document();
    let actions = table.required("actions").and_then(Value::array).unwrap_or_default();
    let actions = actions.into_iter().filter_map(|word| Some(word.choice(&Action::ALL)?.value)).collect();
    let specs = known.specs;
    let known_names: Vec<&str> = specs.keys().map(String::as_str).collect();
    let named = names(&table, "institutions", |name| {
        if !known_names.contains(&name.value) {
            let message = format!("there is no institution `{}`", name.value);
            document.error_hint(Code::UnknownName, name.span.clone(), message, instead(name.value, &known_names));
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
    let streams = streams(&table, known, &actions);
    // A misspelt key must not widen the grant.
    table.finish();
    // A grant that names something is for that only.
    let names_streams_only = streams.is_some() && named.is_none() && telegrams.is_none();
    let institutions = if names_streams_only { Some(BTreeSet::new()) } else { named };
    let names_others_only = streams.is_none() && (institutions.is_some() || telegrams.is_some());
    let streams = if names_others_only { Some(BTreeSet::new()) } else { streams };
    Grant { actions, institutions, telegrams, streams }
}

/// The streams of a grant.
fn streams(table: &Table<'_>, known: &Known<'_>, actions: &BTreeSet<Action>) -> Option<BTreeSet<String>> {
    let streams = names(table, "streams", |name| {
        if let Some(streams) = known.streams.filter(|streams| !streams.contains(name.value)) {
            let known: Vec<&str> = streams.iter().map(String::as_str).collect();
            let message = format!("there is no stream `{}`", name.value);
            table.document().error_hint(Code::UnknownName, name.span.clone(), message, instead(name.value, &known));
        }
    });
    if streams.is_some() && !actions.contains(&Action::Read) {
        let span = table.key_span("streams").unwrap_or_default();
        let hint = "streams are only read: add `read` to `actions`";
        table.document().error_hint(Code::ConflictingKeys, span, "`streams` needs the action `read`", hint);
    }
    streams
}

/// Names that narrow a grant. An empty list would mean nothing, and not everything.
fn names<'d>(table: &Table<'d>, key: &'d str, check: impl Fn(&Located<&str>)) -> Option<BTreeSet<String>> {
    let names = table.array(key)?;
    let names = names.into_iter().filter_map(Value::string).inspect(|name| check(name));
    Some(names.map(|name| name.value.to_owned()).collect())
}
