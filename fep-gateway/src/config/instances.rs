//! `[instances]`: several gateways that work at the same time. What they share is decided in `fep_protocol::coordination`.

mod marks;
mod redis;
mod sites;

use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use fep_protocol::coordination::Terms;
use fep_spec::document::Table;
use fep_spec::report::{Code, Finding};

pub use self::marks::MarksConfig;
pub use self::redis::{RedisConfig, RedisMode};
pub(crate) use self::sites::Authority;
pub use self::sites::{GatewayAt, SiteConfig, SitesConfig};
use super::PostgresConfig;
use super::names::ms;

/// `[instances]`: several gateways work at the same time, on one journal in a database. All of them have the same table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstancesConfig {
    /// `max`, required: how many gateways may run at the same time. Each has at least this part of every contract.
    pub max: usize,
    /// `lease_ms`, default 5000: how long a share of a contract may be used without word from the others.
    pub lease: Duration,
    /// `report_ms`, default one fifth of `lease_ms`: how often a gateway says what it needs.
    pub report_every: Duration,
    /// `owner_timeout_ms`, default 500: how long an answer that nothing waits for here is kept until its gateway is known.
    pub owner_timeout: Duration,
    /// `[instances.redis]`: what carries words between the gateways. Without it, each has its equal part of every contract, and breakers of
    /// its own.
    pub redis: Option<RedisConfig>,
    /// `[instances.marks]`: what each gateway writes into its requests, so that an answer says which gateway asked. Default: nothing.
    pub marks: Option<MarksConfig>,
    /// `[instances.sites]` and `[instances.hand_over]`: the gateways work at two sites. Default: all are at one.
    pub sites: Option<SitesConfig>,
}

/// How many gateways can share a contract.
const MAX: RangeInclusive<usize> = 2..=64;

/// The shortest and the longest lease of a share.
const LEASE: RangeInclusive<Duration> = Duration::from_millis(500)..=Duration::from_secs(600);

impl InstancesConfig {
    /// The rules by which the gateways share.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms {
            instances_max: self.max,
            lease: self.lease,
            report_every: self.report_every,
            owner_timeout: self.owner_timeout,
        }
    }
}

/// Reads the table, if there is one.
pub(super) fn read(
    table: Option<Table<'_>>,
    postgres: Option<&PostgresConfig>,
    folder: &Path,
) -> Option<InstancesConfig> {
    let table = table?;
    table.knows(&["max", "lease_ms", "report_ms", "owner_timeout_ms", "redis", "marks", "sites", "hand_over"]);
    let document = table.document();
    if postgres.is_none() {
        let hint = "add the table [journal.postgres], the same in each gateway, except `instance`";
        let message = "several gateways need a journal that they share, in a database";
        document.error_hint(Code::MissingKey, table.span(), message, hint);
    }
    let max = table.required("max").and_then(|max| max.integer(MAX));
    let lease = ms(&table, "lease_ms", 5000);
    if !LEASE.contains(&lease) {
        let span = table.key_span("lease_ms").unwrap_or_default();
        document.error(Code::BadValue, span, "`lease_ms` must be 500 to 600000");
    }
    let default_ms = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX) / 5;
    let report_every = ms(&table, "report_ms", default_ms.max(1));
    if report_every.is_zero() || report_every * 2 > lease {
        let span = table.key_span("report_ms").unwrap_or_default();
        let hint = "so that one that is lost ends no lease";
        document.error_hint(Code::BadValue, span, "`report_ms` must be 1 to half of `lease_ms`", hint);
    }
    let owner_timeout = ms(&table, "owner_timeout_ms", 500);
    let redis = redis::read(table.table("redis"), folder);
    let marks = marks::read(table.table("marks"), postgres);
    let sites = sites::read(&table, postgres, folder);
    table.finish();
    Some(InstancesConfig { max: max?.value, lease, report_every, owner_timeout, redis, marks, sites })
}

/// What a person should know of the table: what travels unencrypted.
pub(super) fn notes(table: Option<Table<'_>>, config: Option<&InstancesConfig>) -> Vec<Finding> {
    let Some((table, config)) = table.zip(config) else { return Vec::new() };
    [redis::note(&table, config), sites::note(&table, config.sites.as_ref())].into_iter().flatten().collect()
}

#[cfg(feature = "postgres")]
#[cfg(test)]
mod tests;
