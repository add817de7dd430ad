//! `[instances]` in code.

use std::time::Duration;

use super::TlsBuilder;
use super::keys::keys;
use super::page::Page;

/// `[instances]`: several gateways work at the same time, on one journal in a database. It needs the feature `postgres`.
#[derive(Clone, Debug, Default)]
pub struct InstancesBuilder(Page);

impl InstancesBuilder {
    /// At most this many gateways run at the same time.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self::default().max(max)
    }

    /// `marks`: adds the mark of the gateway with this `instance`, which [`Filling::Instance`](crate::config::Filling::Instance) writes.
    #[must_use]
    pub fn mark(mut self, instance: impl Into<String>, mark: impl Into<String>) -> Self {
        self.0.entry("marks").set(&instance.into(), mark.into());
        self
    }

    /// Adds a site, `sites.NAME`. There are two.
    #[must_use]
    pub fn site(mut self, name: impl Into<String>, site: SiteBuilder) -> Self {
        self.0.entry("sites").set(&name.into(), site.0);
        self
    }

    pub(super) fn into_page(self) -> Page {
        self.0
    }
}

/// `[instances.sites.NAME]`: a site, and its gateways.
#[derive(Clone, Debug, Default)]
pub struct SiteBuilder(Page);

impl SiteBuilder {
    /// A site that gets this percentage of the requests, until a person changes it.
    #[must_use]
    pub fn new(percent: u8) -> Self {
        Self::default().percent(percent)
    }

    /// `gateways`: adds the gateway with this `instance`, and the URL where it takes requests of services.
    #[must_use]
    pub fn gateway(mut self, instance: impl Into<String>, url: impl Into<String>) -> Self {
        self.0.entry("gateways").set(&instance.into(), url.into());
        self
    }
}

/// `[instances.hand_over]`: how a request goes to a gateway of the other site.
#[derive(Clone, Debug, Default)]
pub struct HandOverBuilder(Page);

impl HandOverBuilder {
    /// With the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// `[instances.redis]`: a Redis server, a set that Sentinels watch, or a cluster. It needs the feature `redis`.
#[derive(Clone, Debug, Default)]
pub struct RedisBuilder(Page);

impl RedisBuilder {
    /// The servers: of Redis, or the Sentinels.
    #[must_use]
    pub fn new(hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::default().hosts(hosts)
    }
}

keys! { RedisBuilder {
    hosts(list) = "hosts", "the servers, each with or without a port.";
    mode(text) = "mode", "`server`, `sentinel` or `cluster`.";
    sentinel_master(text) = "sentinel_master", "the name by which the Sentinels know the set.";
    user(text) = "user", "who connects.";
    password_file(&Path) = "password_file", "the file with the password.";
    prefix(text) = "prefix", "how the names of all keys begin.";
    database(u64) = "database", "the number of the database.";
    tls(table TlsBuilder) = "tls", "the connection is encrypted.";
} }

keys! { SiteBuilder {
    percent(u8) = "percent", "which part of the requests the site gets.";
} }

keys! { HandOverBuilder {
    connect_timeout(Duration) = "connect_timeout_ms", "how long a gateway of the other site may take to accept a connection.";
    pause(Duration) = "pause_ms", "how long a gateway that could not be reached or did not reply gets no request.";
    inflight_max(usize) = "inflight_max", "how many requests may be handed over at the same time.";
    tls(table TlsBuilder) = "tls", "whose certificates the gateways of the other site have.";
} }

keys! { InstancesBuilder {
    max(usize) = "max", "how many gateways may run at the same time.";
    lease(Duration) = "lease_ms", "how long a share of a contract may be used without word from the others.";
    report_every(Duration) = "report_ms", "how often a gateway says what it needs.";
    owner_timeout(Duration) = "owner_timeout_ms", "how long an answer is kept until its gateway is known.";
    redis(table RedisBuilder) = "redis", "what carries words between the gateways.";
    hand_over(table HandOverBuilder) = "hand_over", "how a request goes to a gateway of the other site.";
} }
