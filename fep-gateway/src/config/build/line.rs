//! `framing` and `lines`: how a frame encloses its telegram, and the paths to an institution.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::LineDuty;
use super::keys::keys;
use super::page::{Node, Page};
use crate::config::{Network, WhenFull};

/// `framing`: how a frame encloses its telegram.
#[derive(Clone, Debug)]
pub struct FramingBuilder(pub(super) Page);

/// `[[lines]]`: one line.
#[derive(Clone, Debug)]
pub struct LineBuilder(pub(super) Page);

/// `keepalive` of a line: probes of the kernel on a silent link.
#[derive(Clone, Debug, Default)]
pub struct KeepaliveBuilder(pub(super) Page);

/// `tls` of a line.
#[derive(Clone, Debug, Default)]
pub struct TlsBuilder(pub(super) Page);

/// `http` of a line: the other side takes requests as JSON over HTTP.
#[derive(Clone, Debug)]
pub struct HttpTargetBuilder(pub(super) Page);

impl HttpTargetBuilder {
    /// The path to which requests are posted, such as `/fep/{telegram}`.
    #[must_use]
    pub fn new(path: impl Into<String>) -> Self {
        let mut page = Page::default();
        page.set("path", path.into());
        Self(page)
    }
}

impl FramingBuilder {
    /// A frame states its length in digits, 1 to 9.
    #[must_use]
    pub fn length_digits(digits: u8) -> Self {
        Self::of("length").with("length_digits", digits)
    }

    /// A frame states its length as a binary number of 1 to 4 bytes.
    #[must_use]
    pub fn length_bytes(bytes: u8) -> Self {
        Self::of("length").with("length_bytes", bytes)
    }

    /// A frame is `02`, the telegram, `03`, and a check byte if there is one.
    #[must_use]
    pub fn stx_etx() -> Self {
        Self::of("stx-etx")
    }

    /// A frame ends with certain bytes: `cr`, `lf`, `crlf`, or 1 to 4 bytes in hexadecimal.
    #[must_use]
    pub fn terminated(end: impl Into<String>) -> Self {
        Self::of("terminated").with("end", end.into())
    }

    /// All frames have this length, in bytes.
    #[must_use]
    pub fn fixed(frame_len: usize) -> Self {
        Self::of("fixed").with("frame_len", frame_len)
    }

    /// The first bytes identify the telegram in the spec, which gives its length.
    #[must_use]
    pub fn code_table() -> Self {
        Self::of("code-table")
    }

    fn of(kind: &str) -> Self {
        Self(Page::default()).with("kind", kind)
    }

    fn with(mut self, key: &str, value: impl Into<Node>) -> Self {
        self.0.set(key, value);
        self
    }
}

impl LineBuilder {
    /// A line on which the gateway connects to `host:port`.
    #[must_use]
    pub fn connect(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self::named(name, "connect", address.into())
    }

    /// A line on which the institution connects to the gateway, from one of these addresses.
    #[must_use]
    pub fn listen(name: impl Into<String>, address: SocketAddr, peers: impl IntoIterator<Item = Network>) -> Self {
        let mut line = Self::named(name, "listen", address);
        line.0.set("peers", peers.into_iter().collect::<Vec<_>>());
        line
    }

    fn named(name: impl Into<String>, key: &str, value: impl Into<Node>) -> Self {
        let mut page = Page::default();
        page.set("name", name.into());
        page.set(key, value);
        Self(page)
    }

    /// `source`: the address from which the gateway connects. The system chooses the port.
    #[must_use]
    pub fn source(mut self, address: IpAddr) -> Self {
        self.0.set("source", address);
        self
    }

    /// `source`: the address and the port from which the gateway connects. A port can carry one link.
    #[must_use]
    pub fn source_port(mut self, address: SocketAddr) -> Self {
        self.0.set("source", address);
        self
    }

    /// `standby`: whether a backup line is connected only while it is needed.
    #[must_use]
    pub fn cold(mut self, is_cold: bool) -> Self {
        self.0.set("standby", if is_cold { "cold" } else { "hot" });
        self
    }

    /// `when_overdue`: whether a telegram that was not answered in time keeps its place in the window. Otherwise its link is closed.
    #[must_use]
    pub fn holds_overdue(mut self, holds: bool) -> Self {
        self.0.set("when_overdue", if holds { "hold" } else { "close" });
        self
    }
}

impl KeepaliveBuilder {
    /// A table without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl TlsBuilder {
    /// A table without keys. A line that connects needs [`ca`](Self::ca), one that listens [`cert`](Self::cert) and [`key`](Self::key).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

keys! { FramingBuilder {
    length_as(text) = "length_as", "`ascii`, `ebcdic` or `bcd` digits; `big-endian`, `little-endian`, `half-swapped` or `byte-swapped` bytes.";
    length_at(u16) = "length_at", "how many bytes of the telegram are before the length.";
    counts(text) = "counts", "`rest` or `all`: the bytes that the length counts.";
    not_counted(i32) = "not_counted", "the length counts all bytes of the frame but these.";
    stripped(bool) = "stripped", "whether what encloses the telegram is only on the line, and not in the telegram.";
    check(text) = "check", "`none`, `bcc-xor` or `lrc-sum`: the byte behind ETX.";
    check_over(text) = "check_over", "`text-etx`, `stx-text-etx`, `text` or `stx-text`: what the check byte covers.";
    frame_max_bytes(usize) = "frame_max_bytes", "the longest frame.";
} }

keys! { LineBuilder {
    duty(LineDuty) = "duty", "which telegrams the line carries.";
    links(usize) = "links", "the contracted number of connections.";
    instances(list) = "instances", "the gateways that may open the line.";
    shared_links(bool) = "shared_links", "whether `links` counts over all gateways.";
    when_full(WhenFull) = "when_full", "what happens to one more connection of the institution.";
    connect_timeout(Duration) = "connect_timeout_ms", "how long connecting may take.";
    reconnect_min(Duration) = "reconnect_min_ms", "the shortest wait before connecting again.";
    reconnect_max(Duration) = "reconnect_max_ms", "the longest wait before connecting again.";
    user_timeout(Duration) = "user_timeout_ms", "how long the other side may leave bytes unacknowledged. Linux only.";
    keepalive(table KeepaliveBuilder) = "keepalive", "probes of the kernel.";
    window(usize) = "window", "how many telegrams of ours may wait for their answer on one link. Default: any number.";
    rank(u8) = "rank", "lines of the lowest rank carry business.";
    one_shot(bool) = "one_shot", "whether a link carries one request.";
    tls(table TlsBuilder) = "tls", "TLS.";
    http(table HttpTargetBuilder) = "http", "the other side takes requests as JSON over HTTP.";
} }

keys! { HttpTargetBuilder {
    answer(text) = "answer", "where the fields are in the reply, if not at its top.";
    token_file(&Path) = "token_file", "the file with the token that each request shows.";
} }

keys! { KeepaliveBuilder {
    idle(Duration) = "idle_ms", "how long a connection is silent before it is probed, in whole seconds.";
    interval(Duration) = "interval_ms", "the time between two probes, in whole seconds.";
    count(u32) = "count", "how many probes may go unanswered.";
} }

keys! { TlsBuilder {
    ca(&Path) = "ca", "with `connect`: the authority that signs the certificate of the institution.";
    client_ca(&Path) = "client_ca", "with `listen`: the authority that signs it. The institution must show a certificate then.";
    client_certificate(text) = "client_certificate", "of the HTTP interface: `required` or `optional`.";
    name(text) = "name", "the name in the certificate of the institution.";
    cert(&Path) = "cert", "our certificate.";
    key(&Path) = "key", "the private key of our certificate.";
} }
