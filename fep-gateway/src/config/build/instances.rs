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

    pub(super) fn into_page(self) -> Page {
        self.0
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

keys! { InstancesBuilder {
    max(usize) = "max", "how many gateways may run at the same time.";
    lease(Duration) = "lease_ms", "how long a share of a contract may be used without word from the others.";
    report_every(Duration) = "report_ms", "how often a gateway says what it needs.";
    owner_timeout(Duration) = "owner_timeout_ms", "how long an answer is kept until its gateway is known.";
    redis(table RedisBuilder) = "redis", "what carries words between the gateways.";
} }
