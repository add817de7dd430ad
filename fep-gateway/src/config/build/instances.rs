//! `[instances]` in code.

use std::time::Duration;

use super::keys::keys;
use super::page::Page;

/// `[instances]`: several gateways work at the same time, on one journal in a database. It needs the feature `postgres`.
#[derive(Clone, Debug, Default)]
pub struct InstancesBuilder(Page);

impl InstancesBuilder {
    /// At most so many gateways run at the same time.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self::default().max(max)
    }

    pub(super) fn into_page(self) -> Page {
        self.0
    }
}

keys! { InstancesBuilder {
    max(usize) = "max", "how many gateways may run at the same time.";
    lease(Duration) = "lease_ms", "how long a share of a contract may be used without word from the others.";
    report_every(Duration) = "report_ms", "how often a gateway says what it needs.";
    owner_timeout(Duration) = "owner_timeout_ms", "how long an answer is kept until its gateway is known.";
} }
