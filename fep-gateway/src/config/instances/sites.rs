//! `[instances.sites]` and `[instances.hand_over]`: two sites with gateways at each, and how a request goes from one to the other.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use fep_protocol::sites::{SITES, Split};
use fep_spec::document::{Document, Located, Table, Value};
use fep_spec::report::{Code, Finding, Severity};
use reqwest::Url;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::config::PostgresConfig;
use crate::config::names::{check_name, ms};
use crate::config::postgres::is_here;
use crate::config::tls::{TlsConfig, TlsPlace};

/// `[instances.sites]` with `[instances.hand_over]`: the gateways work at two sites. All gateways have the same tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitesConfig {
    /// The site of this gateway: that which has its `instance`.
    pub own: String,
    /// `[instances.sites.NAME]`: the sites, by name.
    pub sites: BTreeMap<String, SiteConfig>,
    /// `percent` of each.
    pub split: Split,
    /// `connect_timeout_ms`, default 300: how long a gateway of the other site may take to accept a connection.
    pub connect_timeout: Duration,
    /// `pause_ms`, default 1000: how long a gateway that could not be reached or did not reply gets no request.
    pub pause: Duration,
    /// `inflight_max`, default 1000: how many requests may be handed over at the same time. One more is served here.
    pub inflight_max: usize,
}

/// `[instances.sites.NAME]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteConfig {
    /// `percent`, required: which part of the requests the site gets, until a person changes it.
    pub percent: u8,
    /// `gateways`, required: where each gateway of the site takes requests of services, by its `instance`.
    pub gateways: BTreeMap<String, GatewayAt>,
}

/// Where a gateway takes requests over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayAt {
    /// The host, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How its certificate is checked, with the name of the host. `None`: the URL begins with `http://`.
    pub tls: Option<TlsConfig>,
}

/// What is said about https without an authority.
const LACKS_TLS: (&str, &str) = (
    "https needs `tls` of `hand_over`",
    "[instances.hand_over] with tls = { ca = \"…\" }: the authority that signs the certificates of the gateways, as a PEM file",
);

/// How many gateways a site can have.
const GATEWAYS_MAX: usize = 32;

/// How many requests may be on their way.
const INFLIGHT_MAX: std::ops::RangeInclusive<usize> = 1..=100_000;

/// The sites in the file, before they are known to be usable.
#[derive(Default)]
struct Found<'d> {
    sites: BTreeMap<String, SiteConfig>,
    /// Each `instance` with its site, at its own place in the file.
    members: Vec<(Located<&'d str>, String)>,
    /// Whether the gateways of a site could not be read, which has been reported.
    lacks_members: bool,
}

/// `tls` of `[instances.hand_over]`, or of another table that is about gateways.
pub(crate) struct Authority {
    tls: TlsConfig,
    /// Whether it says which name the certificates have.
    has_name: bool,
}

/// Reads `[instances.sites]` and `[instances.hand_over]` of this table, if there are any.
pub(super) fn read<'d>(instances: &Table<'d>, postgres: Option<&PostgresConfig>, folder: &Path) -> Option<SitesConfig> {
    let hand_over = instances.table("hand_over");
    let Some(table) = instances.table("sites") else {
        if let Some(hand_over) = hand_over {
            let hint = "add a table [instances.sites.NAME] for each site, or leave it out";
            let message = "`hand_over` needs `sites`";
            instances.document().error_hint(Code::ConflictingKeys, hand_over.span(), message, hint);
        }
        return None;
    };
    let document = instances.document();
    let tls = hand_over.as_ref().and_then(|hand_over| hand_over.table("tls"));
    let tls = tls.map(|table| Authority::read(table, folder));
    let mut found = Found::default();
    for (name, value) in table.entries() {
        check_name(document, &name);
        let Some(site) = value.table() else { continue };
        let read = found.site(&site, name.value, tls.as_ref());
        site.finish();
        found.sites.extend(read.map(|read| (name.value.to_owned(), read)));
    }
    if table.entries().len() != SITES {
        let message = format!("there are {} sites, and there must be {SITES}", table.entries().len());
        let hint = "the percentages of two sites have one border, so that nothing moves but what is asked for";
        document.error_hint(Code::BadValue, table.span(), message, hint);
        return None;
    }
    let percents = found.sites.iter().map(|(name, site)| (name.clone(), site.percent)).collect();
    let split = match Split::new(percents) {
        Ok(split) => Some(split),
        // A site that could not be read has been reported.
        Err(_) if found.sites.len() != SITES => None,
        Err(why) => {
            document.error_hint(Code::BadValue, table.span(), why.to_string(), "such as percent = 50 at both");
            None
        }
    };
    let own = found.own(&table, postgres);
    Some(settings(hand_over, (own?, found.sites, split?)))
}

fn settings(
    hand_over: Option<Table<'_>>,
    (own, sites, split): (String, BTreeMap<String, SiteConfig>, Split),
) -> SitesConfig {
    let of = |key: &'static str, default| {
        hand_over.as_ref().map_or(Duration::from_millis(default), |table| ms(table, key, default))
    };
    let connect_timeout = of("connect_timeout_ms", 300);
    let pause = of("pause_ms", 1000);
    let inflight_max = hand_over.as_ref().and_then(|table| table.integer("inflight_max", INFLIGHT_MAX));
    let inflight_max = inflight_max.map_or(1000, |max| max.value);
    if let Some(table) = hand_over {
        table.knows(&["connect_timeout_ms", "pause_ms", "inflight_max", "tls"]);
        let is_secured = sites.values().flat_map(|site| site.gateways.values()).any(|gateway| gateway.tls.is_some());
        if let Some(span) = table.key_span("tls").filter(|_| !is_secured) {
            let hint = "write https:// in front of the addresses of the gateways, or leave it out";
            table.document().error_hint(Code::ConflictingKeys, span, "`tls` needs https", hint);
        }
        table.finish();
    }
    SitesConfig { own, sites, split, connect_timeout, pause, inflight_max }
}

impl<'d> Found<'d> {
    fn site(&mut self, table: &Table<'d>, name: &str, authority: Option<&Authority>) -> Option<SiteConfig> {
        table.knows(&["percent", "gateways"]);
        let document = table.document();
        let percent = table.required("percent").and_then(|percent| percent.integer(0..=100_u8));
        let Some(list) = table.required("gateways").and_then(Value::table) else {
            self.lacks_members = true;
            return None;
        };
        let mut gateways = BTreeMap::new();
        for (instance, url) in list.entries() {
            check_name(document, &instance);
            let Some(url) = url.string() else { continue };
            if let Some(gateway) = GatewayAt::read(document, &url, authority, LACKS_TLS) {
                gateways.insert(instance.value.to_owned(), gateway);
            }
            self.members.push((instance, name.to_owned()));
        }
        if list.entries().is_empty() || list.entries().len() > GATEWAYS_MAX {
            self.lacks_members = true;
            let message = format!("a site has 1 to {GATEWAYS_MAX} gateways");
            let hint = "such as gateways = { seoul-1 = \"https://fep-seoul-1.bank.example:8443\" }";
            document.error_hint(Code::BadValue, list.span(), message, hint);
        }
        list.finish();
        Some(SiteConfig { percent: percent?.value, gateways })
    }

    /// The site of this gateway.
    fn own(&self, table: &Table<'_>, postgres: Option<&PostgresConfig>) -> Option<String> {
        let document = table.document();
        let mut known = BTreeMap::new();
        for (instance, site) in &self.members {
            if let Some(other) = known.insert(instance.value, site) {
                let message = format!("`{}` is in two sites: `{other}` and `{site}`", instance.value);
                let hint = "a gateway is at one site: name it once";
                document.error_hint(Code::BadValue, instance.span.clone(), message, hint);
            }
        }
        let instance = &postgres?.instance;
        let own = known.get(instance.as_str());
        if own.is_none() && !self.lacks_members {
            let message = format!("this gateway, `{instance}`, is in no site");
            let hint = "name it in `gateways` of its site, by the `instance` of [journal.postgres]";
            document.error_hint(Code::MissingKey, table.span(), message, hint);
        }
        own.map(|site| (*site).clone())
    }
}

impl GatewayAt {
    /// Reads the URL of a gateway: a scheme, a host and a port, and nothing else. `lacks_tls` is the message about https without an authority,
    /// and its hint.
    pub(crate) fn read(
        document: &Document,
        url: &Located<&str>,
        authority: Option<&Authority>,
        lacks_tls: (&str, &str),
    ) -> Option<Self> {
        let wrong = |code, message: &str, hint: &str| {
            document.error_hint(code, url.span.clone(), message, hint);
            None
        };
        let hint = "such as https://fep-seoul-1.bank.example:8443, where the gateway listens for services";
        let Some(parsed) = Url::parse(url.value).ok().filter(|parsed| matches!(parsed.scheme(), "http" | "https"))
        else {
            return wrong(Code::BadValue, "this is no URL that begins with http:// or https://", hint);
        };
        let has_more = parsed.path() != "/" || parsed.query().is_some() || parsed.fragment().is_some();
        if !parsed.username().is_empty() || parsed.password().is_some() || has_more {
            return wrong(Code::BadValue, "the URL of a gateway has a host and a port, and nothing else", hint);
        }
        let host = parsed.host_str()?.trim_matches(['[', ']']).to_owned();
        let port = parsed.port_or_known_default()?;
        if parsed.scheme() == "http" {
            return Some(Self { host, port, tls: None });
        }
        let Some(Authority { tls, has_name }) = authority else {
            let (message, hint) = lacks_tls;
            return wrong(Code::MissingKey, message, hint);
        };
        let name = if *has_name { tls.name.clone() } else { ServerName::try_from(host.clone()).ok() };
        Some(Self { host, port, tls: Some(TlsConfig { name, ..tls.clone() }) })
    }
}

impl Authority {
    /// Reads a table `tls` that is the same for several gateways. Each has its host as the name of its certificate, unless there is `name`.
    pub(crate) fn read(table: Table<'_>, folder: &Path) -> Self {
        let has_name = table.has("name");
        // Each gateway has its host in place of this one.
        Self { tls: TlsConfig::read(table, TlsPlace::Asks("localhost"), folder), has_name }
    }
}

/// What a person should know: requests with the tokens of their callers travel unencrypted to another machine.
pub(super) fn note(instances: &Table<'_>, config: Option<&SitesConfig>) -> Option<Finding> {
    let table = instances.table("sites")?;
    let mut gateways = config?.sites.values().flat_map(|site| site.gateways.values());
    let GatewayAt { host, port, .. } = gateways.find(|gateway| gateway.tls.is_none() && !is_here(&gateway.host))?;
    let message = format!("requests travel unencrypted to {host}:{port}");
    let finding = Finding::new(table.document().source(), Severity::Note, Code::MissingKey, table.span(), message);
    Some(finding.with_hint("write https://, and the authority of the certificates in `tls` of [instances.hand_over]"))
}

#[cfg(feature = "postgres")]
#[cfg(test)]
mod tests;
