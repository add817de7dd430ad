//! Instances that share by way of a real Redis: the contract of a coordinator, what happens when Redis is away, full, empty or slow, and
//! Sentinels and clusters. `FEP_REDIS` has the address of a server; the tests that end one start it themselves.

mod faults;
mod gateways;
mod indicators;
mod kinds;
mod probing;
mod server;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fep_gateway::config::{RedisConfig, RedisMode};
use fep_gateway::coordinator::{BlockReply, BlockWanted, Coordinator, Instances, SharedCoordinator};
use fep_protocol::coordination::Terms;
use fep_protocol::trace::TraceCounter;

use self::server::address;
use crate::conformance::conforms;

pub(crate) const TERMS: Terms = Terms {
    instances_max: 2,
    lease: Duration::from_millis(1500),
    report_every: Duration::from_millis(150),
    owner_timeout: Duration::from_millis(500),
};

/// What a journal grants, in memory.
#[derive(Clone, Default)]
struct Grants(Arc<Mutex<BTreeMap<Arc<str>, TraceCounter>>>);

/// An instance that knows the grants of all.
#[derive(Debug)]
struct Known {
    name: Arc<str>,
    grants: Grants,
}

impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grants")
    }
}

impl Instances for Known {
    fn instance(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    fn was_fenced(&self) -> bool {
        false
    }

    fn block(&self, wanted: BlockWanted) -> BlockReply {
        let mut grants = self.grants.0.lock().unwrap();
        let counter =
            grants.entry(wanted.institution).or_insert_with(|| TraceCounter::new(wanted.range, wanted.used.clone()));
        let block = counter.next(wanted.day, wanted.for_what);
        Box::pin(async move { Ok(block) })
    }
}

/// What several instances of one test share.
struct Shared {
    grants: Grants,
    config: RedisConfig,
}

impl Shared {
    /// On one server, with keys of its own.
    fn on(address: &str) -> Self {
        let (host, port) = address.rsplit_once(':').unwrap();
        Self::with(RedisMode::Server, vec![(host.to_owned(), port.parse().unwrap())])
    }

    fn with(mode: RedisMode, hosts: Vec<(String, u16)>) -> Self {
        static TESTS: AtomicUsize = AtomicUsize::new(0);
        let prefix = format!("fep-{}-{}", std::process::id(), TESTS.fetch_add(1, Ordering::Relaxed));
        let config = RedisConfig { hosts, mode, user: None, password_file: None, prefix, database: 0, tls: None };
        Self { grants: Grants::default(), config }
    }

    async fn try_instance(&self, name: &str, terms: Terms) -> Result<Arc<dyn Coordinator>, String> {
        let known = Arc::new(Known { name: name.into(), grants: self.grants.clone() });
        let made = SharedCoordinator::with_redis(known, terms, self.config.clone()).await?;
        Ok(Arc::new(made))
    }

    async fn instance(&self, name: &str) -> Arc<dyn Coordinator> {
        self.try_instance(name, TERMS).await.unwrap_or_else(|why| panic!("{why}"))
    }

    /// Checks the contract of a form.
    async fn conforms(&self) {
        let a = self.instance("a").await;
        let b = self.instance("b").await;
        conforms(&|name| if name == "a" { Arc::clone(&a) } else { Arc::clone(&b) }).await;
        indicators::are_heard([&a, &b]).await;
    }
}

#[tokio::test]
async fn redis_conforms() {
    let Some(address) = address() else { return };
    Shared::on(&address).conforms().await;
}

#[tokio::test]
async fn without_redis_each_has_its_equal_part_and_all_numbers_differ() {
    let grants = Grants::default();
    let known = |name: &str| Arc::new(Known { name: name.into(), grants: grants.clone() });
    let [a, b] = ["a", "b"].map(|name| SharedCoordinator::new(known(name), TERMS));
    assert_eq!((a.store(), b.store()), (None, None));
}
