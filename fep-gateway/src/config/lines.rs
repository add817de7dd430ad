//! `[[institutions.NAME.lines]]`: how each line is connected. Who connects, from where, and with which options of TCP.
//!
//! What a line carries is the same for all lines of an institution: its framing and its session.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use fep_protocol::terms::LineDuty;
use fep_spec::document::{Located, Table, Value};
use fep_spec::report::Code;

use super::carry::CarryConfig;
use super::http_target::HttpTarget;
use super::names::{check_name, ms};
use super::sharing::LineSharing;
use super::tls::{TlsConfig, TlsPlace};

/// `[[institutions.NAME.lines]]`: one line, a configured path to the institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineConfig {
    /// `name`, required: unique among the lines of the institution.
    pub name: String,
    /// `connect` or `listen`, one of them is required.
    pub role: Role,
    /// `duty`, default `both`: which telegrams the line carries.
    pub duty: LineDuty,
    /// `links`, default 1: the contracted number of connections.
    pub links: usize,
    /// `instances` and `shared_links`: which gateways open it.
    pub sharing: LineSharing,
    /// `rank`, `standby`, `window`, `when_overdue` and `one_shot`.
    pub carry: CarryConfig,
    /// `connect_timeout_ms`, default 5000: how long connecting may take.
    pub connect_timeout: Duration,
    /// `reconnect_min_ms`, default 100: the shortest wait before connecting again.
    pub reconnect_min: Duration,
    /// `reconnect_max_ms`, default 30000: the longest wait before connecting again.
    pub reconnect_max: Duration,
    /// `keepalive` and `user_timeout_ms`.
    pub tcp: TcpOptions,
    /// `tls`. Default: plain TCP.
    pub tls: Option<TlsConfig>,
    /// `http`: the other side takes requests as JSON over HTTP. Default: the line carries telegrams.
    pub http: Option<HttpTarget>,
}

/// Who connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// The gateway connects to the institution.
    Connect {
        /// `connect`: `host:port`.
        address: String,
        /// `source`: the address, and the port if it is not 0, from which the gateway connects. Default: the system chooses both.
        source: Option<SocketAddr>,
    },
    /// The institution connects to the gateway.
    Listen {
        /// `listen`: the address and the port to listen on.
        address: SocketAddr,
        /// `peers`, required: the addresses that may connect.
        peers: Vec<Network>,
        /// `when_full`, default `refuse`: what happens to one more connection when all contracted links are connected.
        when_full: WhenFull,
    },
}

/// What happens to one more connection when all contracted links are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// The new connection is closed.
    Refuse,
    /// The oldest connection of the line is closed, and the new one takes its place.
    Replace,
}

/// The options of a connection, beside `TCP_NODELAY`, which is always on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpOptions {
    /// `keepalive.idle_ms`, default 60000: how long a connection is silent before the kernel probes it. Whole seconds.
    pub keepalive_idle: Duration,
    /// `keepalive.interval_ms`, default 10000: the time between two probes. Whole seconds.
    pub keepalive_interval: Duration,
    /// `keepalive.count`, default 3: how many probes may go unanswered.
    pub keepalive_count: u32,
    /// `user_timeout_ms`, default 30000: how long the other side may leave bytes unacknowledged. Linux only.
    pub user_timeout: Duration,
}

/// A range of addresses: `10.0.0.0/8`, `10.1.2.3`, `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_len: u32,
}

/// The maximum number of entries of `peers`.
const PEERS_MAX: usize = 100;

impl Role {
    /// The address that an operator sees: the other side's if the gateway connects, the own one if it listens.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Self::Connect { address, .. } => address.clone(),
            Self::Listen { address, .. } => address.to_string(),
        }
    }

    /// The address to connect from, if the gateway connects and the line has one.
    #[must_use]
    pub fn source(&self) -> Option<SocketAddr> {
        match self {
            Self::Connect { source, .. } => *source,
            Self::Listen { .. } => None,
        }
    }

    /// `connect` or `listen`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "connect",
            Self::Listen { .. } => "listen",
        }
    }
}

impl Default for TcpOptions {
    fn default() -> Self {
        Self {
            keepalive_idle: Duration::from_secs(60),
            keepalive_interval: Duration::from_secs(10),
            keepalive_count: 3,
            user_timeout: Duration::from_secs(30),
        }
    }
}

impl Network {
    /// Whether the address is in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let host_bits = |bits: u32| bits.saturating_sub(self.prefix_len);
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(host_bits(32)).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(host_bits(128)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix_len) = text.split_once('/').map_or((text, None), |(address, len)| (address, Some(len)));
        let address: IpAddr = address.parse().map_err(drop)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix_len = prefix_len.map_or(Ok(bits), |len| len.parse().map_err(drop))?;
        if prefix_len > bits { Err(()) } else { Ok(Self { address, prefix_len }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_len)
    }
}

/// Reads all lines of an institution.
pub(super) fn read(table: &Table<'_>, folder: &Path) -> Vec<LineConfig> {
    let Some(values) = table.required("lines").and_then(Value::array) else { return Vec::new() };
    if values.is_empty() {
        let span = table.key_span("lines").unwrap_or_default();
        table.document().error(Code::Empty, span, "there must be at least one line");
    }
    let mut lines: Vec<LineConfig> = Vec::new();
    for table in values.into_iter().filter_map(Value::table) {
        if let Some(name) = table.required_string("name") {
            check_name(table.document(), &name);
            if lines.iter().any(|line| line.name == name.value) {
                let message = format!("there is a line `{}` already", name.value);
                let hint = "the journal and /v1/lines tell lines apart by their names";
                table.document().error_hint(Code::NameTaken, name.span.clone(), message, hint);
            }
            lines.extend(line(&table, name.value, folder));
        } else {
            let _ = line(&table, "", folder);
        }
        table.finish();
    }
    lines
}

fn line(table: &Table<'_>, name: &str, folder: &Path) -> Option<LineConfig> {
    let links = table.integer("links", 1..=1000_usize).map_or(1, |links| links.value);
    let sharing = LineSharing::read(table, links);
    let duties = [LineDuty::Both, LineDuty::Send, LineDuty::Receive, LineDuty::Answer];
    let duties = duties.map(|duty| (duty.name(), duty));
    let duty = table.choice("duty", &duties).map_or(LineDuty::Both, |duty| duty.value);
    let connect_timeout = ms(table, "connect_timeout_ms", 5000);
    let reconnect_min = ms(table, "reconnect_min_ms", 100);
    let reconnect_max = ms(table, "reconnect_max_ms", 30_000);
    if reconnect_max < reconnect_min {
        let place = ["reconnect_max_ms", "reconnect_min_ms"].into_iter().find_map(|key| table.key_span(key));
        let hint = format!("the shortest is {} ms", reconnect_min.as_millis());
        let message = "`reconnect_max_ms` is below `reconnect_min_ms`";
        table.document().error_hint(Code::OutOfRange, place.unwrap_or_default(), message, hint);
    }
    let tcp = tcp_options(table);
    let carry = CarryConfig::read(table, duty);
    let http = HttpTarget::read(table, folder);
    let role = role(table, links);
    let tls = table.table("tls").map(|tls| {
        let connect = table.string("connect").filter(|_| !table.has("listen"));
        let host = connect.map(|connect| connect.value.rsplit_once(':').map_or(connect.value, |(host, _)| host));
        let place = host.map_or(TlsPlace::Listens, |host| TlsPlace::Dials(host.trim_matches(['[', ']'])));
        TlsConfig::read(tls, place, folder)
    });
    let role = role?;
    Some(LineConfig {
        name: name.to_owned(),
        role,
        duty,
        links,
        sharing,
        carry,
        connect_timeout,
        reconnect_min,
        reconnect_max,
        tcp,
        tls,
        http,
    })
}

fn role(table: &Table<'_>, links: usize) -> Option<Role> {
    let document = table.document();
    if table.has("connect") && table.has("listen") {
        let span = table.key_span("listen").unwrap_or_default();
        let hint = "write two lines if both sides connect";
        document.error_hint(Code::ConflictingKeys, span, "`listen` stands beside `connect`", hint);
    }
    if table.has("listen") {
        only_with(table, "connect", &["source"]);
        return listen(table);
    }
    only_with(table, "listen", &["peers", "when_full"]);
    let Some(connect) = table.string("connect") else {
        if !table.has("connect") {
            let hint =
                "who connects? `connect = \"10.0.0.7:9001\"`, or `listen = \"0.0.0.0:9001\"` if the institution does";
            document.error_hint(Code::MissingKey, table.span(), "`connect` is missing", hint);
        }
        return None;
    };
    let host_and_port = connect.value.rsplit_once(':');
    if host_and_port.is_none_or(|(host, port)| host.is_empty() || !port.parse::<u16>().is_ok_and(|port| port > 0)) {
        let message = "`connect` must be a host and a port";
        document.error_hint(Code::BadValue, connect.span, message, "such as 10.0.0.7:9001");
    }
    let source = table.string("source").and_then(|text| source(table, &text, connect.value, links));
    Some(Role::Connect { address: connect.value.to_owned(), source })
}

/// The address to connect from. It must be of the same family as the address to connect to, and a fixed port can carry one link.
fn source(table: &Table<'_>, text: &Located<&str>, connect: &str, links: usize) -> Option<SocketAddr> {
    let document = table.document();
    let address = text.value.parse::<IpAddr>().map(|address| SocketAddr::new(address, 0));
    let Ok(address) = address.or_else(|_| text.value.parse::<SocketAddr>()) else {
        let message = "`source` must be an address of this machine, with or without a port";
        document.error_hint(Code::BadValue, text.span.clone(), message, "such as 10.0.0.5 or 10.0.0.5:7001");
        return None;
    };
    if connect.parse::<SocketAddr>().is_ok_and(|connect| connect.is_ipv4() != address.is_ipv4()) {
        let hint = format!("`connect` is {connect}");
        let message = "`source` is an address of the other version of IP than `connect`";
        document.error_hint(Code::ConflictingKeys, text.span.clone(), message, hint);
    }
    if address.port() != 0 && links > 1 {
        let message = format!("`source` has a port, but `links` is {links}");
        let hint = "a port can carry one link: leave the port out, or write one line for each port";
        document.error_hint(Code::ConflictingKeys, text.span.clone(), message, hint);
    }
    Some(address)
}

fn listen(table: &Table<'_>) -> Option<Role> {
    let document = table.document();
    let words = [("refuse", WhenFull::Refuse), ("replace", WhenFull::Replace)];
    let when_full = table.choice("when_full", &words).map_or(WhenFull::Refuse, |policy| policy.value);
    let peers = peers(table);
    let listen = table.string("listen")?;
    let parsed = listen.value.parse::<SocketAddr>().ok();
    // With the port 0 the system would choose one, and the institution could not know it.
    let Some(address) = parsed.filter(|address| address.port() > 0) else {
        let message = "`listen` must be an address of this machine and a port";
        document.error_hint(Code::BadValue, listen.span, message, "such as 0.0.0.0:9001");
        return None;
    };
    Some(Role::Listen { address, peers, when_full })
}

fn peers(table: &Table<'_>) -> Vec<Network> {
    let document = table.document();
    let span = table.key_span("peers");
    let hint = "such as [\"10.1.2.0/24\"]; [\"0.0.0.0/0\", \"::/0\"] is everyone";
    let Some(entries) = table.array("peers") else {
        if span.is_none() {
            let message = "`peers` is missing: who may connect?";
            document.error_hint(Code::MissingKey, table.key_span("listen").unwrap_or_default(), message, hint);
        }
        return Vec::new();
    };
    if entries.is_empty() || entries.len() > PEERS_MAX {
        let message = format!("`peers` has {} entries, it must have 1 to {PEERS_MAX}", entries.len());
        document.error_hint(Code::OutOfRange, span.unwrap_or_default(), message, hint);
    }
    let mut peers = Vec::new();
    for entry in entries.into_iter().filter_map(Value::string) {
        match entry.value.parse() {
            Ok(network) => peers.push(network),
            Err(()) => {
                let message = format!("`{}` is neither an address nor a range of addresses", entry.value);
                document.error_hint(Code::BadValue, entry.span, message, "such as 10.1.2.3, 10.1.2.0/24 or fd00::/8");
            }
        }
    }
    peers
}

fn tcp_options(table: &Table<'_>) -> TcpOptions {
    let default = TcpOptions::default();
    let user_timeout = ms(table, "user_timeout_ms", 30_000);
    if let Some(span) = table.key_span("user_timeout_ms").filter(|_| !cfg!(target_os = "linux")) {
        let message = "`user_timeout_ms` has no effect on this system";
        table.document().error_hint(Code::ConflictingKeys, span, message, "only Linux has this option: leave it out");
    }
    let Some(keepalive) = table.table("keepalive") else { return TcpOptions { user_timeout, ..default } };
    let seconds = |key: &'static str, default: Duration| {
        let Some(time) = keepalive.integer(key, 1000..=3_600_000_u64) else { return default };
        if time.value % 1000 != 0 {
            let message = format!("`{key}` must be whole seconds");
            keepalive.document().error_hint(Code::BadValue, time.span, message, "the kernel counts seconds: 10000");
        }
        Duration::from_millis(time.value)
    };
    let options = TcpOptions {
        keepalive_idle: seconds("idle_ms", default.keepalive_idle),
        keepalive_interval: seconds("interval_ms", default.keepalive_interval),
        keepalive_count: keepalive.integer("count", 1..=100_u32).map_or(default.keepalive_count, |count| count.value),
        user_timeout,
    };
    keepalive.finish();
    options
}

/// Reports keys that have a meaning only beside another one.
fn only_with<'d>(table: &Table<'d>, other: &str, keys: &[&'d str]) {
    for key in keys {
        if let Some(span) = table.key_span(key) {
            let message = format!("`{key}` has a meaning only beside `{other}`");
            table.document().error_hint(Code::ConflictingKeys, span, message, "leave it out");
        }
    }
    table.knows(keys);
}
