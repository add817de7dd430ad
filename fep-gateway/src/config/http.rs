//! `[http]`: where services and operators reach the gateway, and what one client may take. It does not listen: `http` does.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fep_spec::document::Table;
use fep_spec::report::Code;

use super::names::ms;
use super::tls::{TlsConfig, TlsPlace};

/// `[http]`: the HTTP interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// `listen`, default `127.0.0.1:8470`: the address to listen on.
    pub listen: SocketAddr,
    /// `access`, relative to the configuration file: the file that says which clients there are and what each may do. Default: whoever
    /// reaches the address may do everything.
    pub access: Option<PathBuf>,
    /// `hosts`, default none: the names under which clients reach the gateway, in lower case and without a port. IP addresses and
    /// names without a dot, such as `localhost`, are always allowed. A request for another name is refused: a page on the internet can
    /// give its own name the gateway's address, and a browser would then let it use the gateway.
    pub hosts: Vec<String>,
    /// `tls`, with `cert`, `key`, `client_ca` and `client_certificate`. Default: plain HTTP.
    pub tls: Option<TlsConfig>,
    /// `[http.operators]`: the listener of the console, of sessions, decisions, reveals and the audit trail. Default: `[http]` has them.
    pub operators: Option<HttpListener>,
    /// `[http.metrics]`: the listener of `/metrics`, which needs no token there. Default: `[http]` has it, and it needs the right `read`.
    pub metrics: Option<HttpListener>,
    /// `connections_max`, default 1000: the maximum number of open connections of clients. If another client comes, the one that has
    /// been without a request for the longest time is closed. The maximum is smaller if the process may open too few files: those of
    /// the lines are kept free.
    pub connections_max: usize,
    /// `idle_timeout_ms`, default 60000: how long a connection may be open without a request.
    pub idle_timeout: Duration,
    /// `head_timeout_ms`, default 10000: how long the head of a request may take from its first byte to its last, and the handshake of TLS.
    pub head_timeout: Duration,
    /// `body_timeout_ms`, default 10000: how long the body of a request may take.
    pub body_timeout: Duration,
    /// `reply_timeout_ms`, default 10000: how long a client may take no byte of what is sent to it.
    pub reply_timeout: Duration,
}

/// `[http.operators]` or `[http.metrics]`: a listener of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpListener {
    /// `listen`, required: the address to listen on.
    pub listen: SocketAddr,
    /// `hosts`, default none: as in `[http]`, and only for this listener.
    pub hosts: Vec<String>,
    /// `tls`, as in `[http]`. Default: plain HTTP.
    pub tls: Option<TlsConfig>,
}

/// The maximum number of names.
const HOSTS_MAX: usize = 100;

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8470)),
            access: None,
            hosts: Vec::new(),
            tls: None,
            operators: None,
            metrics: None,
            connections_max: 1000,
            idle_timeout: Duration::from_secs(60),
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            reply_timeout: Duration::from_secs(10),
        }
    }
}

/// Reads the table, if there is one.
pub(super) fn read(table: Option<Table<'_>>, folder: &Path) -> Http {
    let default = Http::default();
    let Some(table) = table else { return default };
    let http = Http {
        listen: listen(&table).unwrap_or(default.listen),
        access: table.string("access").map(|path| folder.join(path.value)),
        hosts: hosts(&table),
        tls: tls(&table, folder),
        operators: table.table("operators").and_then(|table| own_listener(table, folder)),
        metrics: table.table("metrics").and_then(|table| own_listener(table, folder)),
        connections_max: table
            .integer("connections_max", 1..=100_000_usize)
            .map_or(default.connections_max, |max| max.value),
        idle_timeout: ms(&table, "idle_timeout_ms", 60_000),
        head_timeout: ms(&table, "head_timeout_ms", 10_000),
        body_timeout: ms(&table, "body_timeout_ms", 10_000),
        reply_timeout: ms(&table, "reply_timeout_ms", 10_000),
    };
    let lets_in = |tls: Option<&TlsConfig>| tls.is_some_and(|tls| tls.without_certificate);
    let of_operators = http.operators.as_ref().and_then(|own| own.tls.as_ref());
    if http.access.is_none() && (lets_in(http.tls.as_ref()) || lets_in(of_operators)) {
        let span = table.key_span(if lets_in(http.tls.as_ref()) { "tls" } else { "operators" }).unwrap_or_default();
        let message = "`client_certificate = \"optional\"` needs `access`: without both, whoever reaches the address may do everything";
        let hint = "name the access file, or leave `client_certificate` out";
        table.document().error_hint(Code::MissingKey, span, message, hint);
    }
    if lets_in(http.metrics.as_ref().and_then(|own| own.tls.as_ref())) {
        let span = table.key_span("metrics").unwrap_or_default();
        let message =
            "`client_certificate = \"optional\"` guards nothing here: `/metrics` takes no token on this listener";
        table.document().error_hint(Code::ConflictingKeys, span, message, "leave it out, or leave `client_ca` out");
    }
    table.finish();
    http
}

impl Http {
    /// The settings of a listener of its own: its address, names and TLS, and the limits of `[http]`.
    #[must_use]
    pub fn of(&self, own: &HttpListener) -> Self {
        Self { listen: own.listen, hosts: own.hosts.clone(), tls: own.tls.clone(), ..self.clone() }
    }
}

fn own_listener(table: Table<'_>, folder: &Path) -> Option<HttpListener> {
    table.required("listen")?;
    let own = HttpListener { listen: listen(&table)?, hosts: hosts(&table), tls: tls(&table, folder) };
    table.finish();
    Some(own)
}

fn tls(table: &Table<'_>, folder: &Path) -> Option<TlsConfig> {
    Some(TlsConfig::read(table.table("tls")?, TlsPlace::Http, folder))
}

fn listen(table: &Table<'_>) -> Option<SocketAddr> {
    let text = table.string("listen")?;
    let address = text.value.parse().ok();
    if address.is_none() {
        let message = "`listen` must be an address and a port";
        table.document().error_hint(Code::BadValue, text.span, message, "such as 127.0.0.1:8470");
    }
    address
}

fn hosts(table: &Table<'_>) -> Vec<String> {
    let names = table.array("hosts").unwrap_or_default();
    if names.len() > HOSTS_MAX {
        let message = format!("`hosts` has {} names, {HOSTS_MAX} are allowed", names.len());
        table.document().error(Code::BadValue, table.span(), message);
    }
    names
        .into_iter()
        .filter_map(|name| name.string())
        .filter_map(|name| {
            let is_name = |text: &str| {
                let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
                (1..=253).contains(&text.len()) && text.bytes().all(letter)
            };
            if is_name(name.value) {
                return Some(name.value.trim_end_matches('.').to_ascii_lowercase());
            }
            let message = "a name in `hosts` has letters, digits, `-`, `_` and `.`";
            let hint = "write the name without `http://` and without a port, such as fep.bank.example";
            table.document().error_hint(Code::BadValue, name.span, message, hint);
            None
        })
        .collect()
}
