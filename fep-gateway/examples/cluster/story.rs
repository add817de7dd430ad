//! What the demo shows, act by act.

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Failure;
use super::bank::Bank;
use super::member::{Door, Engines, Instance, Member};
use super::orders::{End, Goes, Order, Orders, Reply, end};
use super::servers::Server;

/// The orders of one act.
const ORDERS: u64 = 24;

/// How long the demo looks at a takeover.
const TAKEOVER_MAX: Duration = Duration::from_secs(20);

/// The pause between two looks, and between two orders of the traffic after the acts.
const LOOK: Duration = Duration::from_millis(100);
const TRICKLE: Duration = Duration::from_millis(700);

/// All parts of the demo.
#[derive(Debug)]
pub(super) struct Stage {
    members: [Member; 2],
    redis: Server,
    postgres: Server,
    bank: Bank,
    orders: Orders,
    // Dropped last: all others have their files in it.
    _folder: tempfile::TempDir,
}

impl Stage {
    /// Starts the servers, the bank and both gateways.
    ///
    /// # Errors
    /// If one of them does not start. Nothing is left behind.
    pub(super) async fn set() -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("fep-demo-cluster-").tempdir()?;
        open_for_all(folder.path())?;
        let postgres = Server::start("postgres", folder.path()).await?;
        let redis = Server::start("redis", folder.path()).await?;
        let bank = Bank::start(folder.path()).await?;
        let engines =
            Engines { postgres: postgres.address.clone(), redis: redis.address.clone(), bank: bank.address() };
        let one = Member::start("a", folder.path(), &engines).await?;
        let other = Member::start("b", folder.path(), &engines).await?;
        println!(
            "Two gateways work at the same time. Their journal is in PostgreSQL ({}), Redis ({}) is between them.\n\
             Each has one link to the bank ({}), which answers each second transfer on the link of the other one.\n\n  \
             a  http://{}/\n  b  http://{}/",
            engines.postgres, engines.redis, engines.bank, one.door.address, other.door.address
        );
        Ok(Self { members: [one, other], redis, postgres, bank, orders: Orders::default(), _folder: folder })
    }

    /// Each order goes to both gateways at the same time, and to the bank once.
    ///
    /// # Errors
    /// If a part of the demo fails.
    pub(super) async fn one_key_to_both(&mut self) -> Result<(), Failure> {
        println!("\n1  {ORDERS} orders, each with one key, and each sent to both gateways at the same time");
        let running = self.orders.send(ORDERS, Goes::ToBoth, &self.doors());
        let told = self.orders.told(running).await?;
        self.say_replies(&told);
        let seen = self.bank.transfers()?;
        let crossed = seen.values().filter(|seen| seen.crossed).count();
        println!("   The bank has {} transfers. {crossed} answers came on the link of the other gateway.", seen.len());
        Ok(())
    }

    /// One gateway is killed in the middle of traffic. The other one takes over what it left.
    ///
    /// # Errors
    /// If a part of the demo fails.
    pub(super) async fn a_gateway_dies(&mut self) -> Result<(), Failure> {
        println!("\n2  kill -9 of gateway a, while {ORDERS} orders run, each at one of the gateways");
        let before = self.bank.transfers()?.len();
        let running = self.orders.send(ORDERS, Goes::InTurn, &self.doors());
        self.bank_has(before + 16).await?;
        self.members[0].kill().await?;
        let died = Instant::now();
        let told = self.orders.told(running).await?;
        self.say_replies(&told);
        self.watch_takeover(died).await?;
        self.members[0].again().await?;
        println!("   Gateway a is started again, and works beside b as before.");
        Ok(())
    }

    /// Redis is killed. Nothing is lost with it.
    ///
    /// # Errors
    /// If a part of the demo fails.
    pub(super) async fn redis_dies(&mut self) -> Result<(), Failure> {
        println!("\n3  kill -9 of Redis, while {ORDERS} orders run");
        let before = self.bank.transfers()?.len();
        let running = self.orders.send(ORDERS, Goes::ToBoth, &self.doors());
        self.bank_has(before + 4).await?;
        self.redis.kill().await?;
        let told = self.orders.told(running).await?;
        self.say_replies(&told);
        println!(
            "   Nobody can be asked now whose an answer on the other link is: its gateway finds it in the journal, a little later."
        );
        self.redis.again().await?;
        println!("   Redis is started again, empty.");
        Ok(())
    }

    /// PostgreSQL is killed. Nothing goes out that could not be stored.
    ///
    /// # Errors
    /// If a part of the demo fails.
    pub(super) async fn postgres_dies(&mut self) -> Result<(), Failure> {
        println!("\n4  PostgreSQL is ended at once, while {ORDERS} orders run");
        let before = self.bank.transfers()?.len();
        let running = self.orders.send(ORDERS, Goes::ToBoth, &self.doors());
        self.bank_has(before + 4).await?;
        self.postgres.kill().await?;
        let told = self.orders.told(running).await?;
        self.say_replies(&told);
        let kept = self.bank.transfers()?.len();
        let running = self.orders.send(ORDERS, Goes::ToBoth, &self.doors());
        let told = self.orders.told(running).await?;
        println!("   {ORDERS} more orders, without a journal:");
        self.say_replies(&told);
        println!("   The bank got {} of these.", self.bank.transfers()?.len() - kept);
        let began = Instant::now();
        self.postgres.again().await?;
        for member in &self.members {
            member.ready().await?;
        }
        println!(
            "   PostgreSQL is started again. Both gateways are ready after {:.1} s.",
            began.elapsed().as_secs_f64()
        );
        Ok(())
    }

    /// Asks both gateways for the end of each order, and compares it with the bank's record.
    ///
    /// # Errors
    /// If an order has no end.
    pub(super) async fn compare(&self) -> Result<bool, Failure> {
        println!("\n5  Every caller asks again with its key until the end is known, at both gateways");
        let mut answered = 0;
        let mut settled = 0;
        let mut wrong = Vec::new();
        let mut ends = Vec::new();
        for order in &self.orders.all {
            let [one, other] = self.doors();
            let both = (end(&one, order.amount).await?, end(&other, order.amount).await?);
            ends.push((order.amount, both));
        }
        let seen = self.bank.transfers()?;
        for (amount, (one, other)) in &ends {
            let times = seen.get(amount).map_or(0, |seen| seen.times);
            let is_paid = !matches!(one, End::Settled { is_paid: false });
            if one != other || times != u32::from(is_paid) {
                wrong.push(format!("{amount}: a says {one:?}, b says {other:?}, the bank has it {times} times"));
            }
            match one {
                End::Answered => answered += 1,
                End::Settled { .. } => settled += 1,
            }
        }
        let doubled = seen.values().filter(|seen| seen.times > 1).count();
        println!(
            "   {} orders: {answered} answered, {settled} unknown and then settled. By the record of the bank: {} transfers,\n   \
             {doubled} of them twice. {} orders of which the gateways and the bank say different things.",
            ends.len(),
            seen.len(),
            wrong.len()
        );
        wrong.iter().for_each(|wrong| println!("   {wrong}"));
        Ok(wrong.is_empty())
    }

    /// Slow traffic until the program is told to end.
    ///
    /// # Errors
    /// If a part of the demo fails.
    pub(super) async fn go_on(&mut self) -> Result<(), Failure> {
        let [one, other] = &self.members;
        println!(
            "\nAn order comes every {} ms. The consoles show the gateways under \"Overview\":\n\n  a  http://{}/   kill -9 {}\n  \
             b  http://{}/   kill -9 {}\n\nKill one of them and look at the other one. Ctrl-C ends the demo.",
            TRICKLE.as_millis(),
            one.door.address,
            one.pid().unwrap_or_default(),
            other.door.address,
            other.pid().unwrap_or_default()
        );
        loop {
            let running = self.orders.send(1, Goes::ToBoth, &self.doors());
            self.orders.told(running).await?;
            sleep(TRICKLE).await;
        }
    }

    /// Ends everything.
    pub(super) async fn strike(self) {
        let Self { members, redis, postgres, bank, _folder, .. } = self;
        drop(members);
        drop(redis);
        drop(postgres);
        bank.stop().await;
    }

    fn doors(&self) -> [Door; 2] {
        self.members.each_ref().map(|member| member.door.clone())
    }

    /// Waits until the bank has this many transfers.
    async fn bank_has(&self, count: usize) -> Result<(), Failure> {
        let began = Instant::now();
        while self.bank.transfers()?.len() < count && began.elapsed() < TAKEOVER_MAX {
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Says what the callers were told, by gateway.
    fn say_replies(&self, orders: &[Order]) {
        for (member, number) in self.members.iter().zip(0..) {
            let mut counts = std::collections::BTreeMap::new();
            for told in orders.iter().filter_map(|order| order.told.get(number)) {
                let said = match told {
                    Reply::NotAsked => continue,
                    Reply::None => None,
                    Reply::Told(told) => told.outcome.as_deref().or(told.code.as_deref()),
                };
                *counts.entry(said.unwrap_or("no reply")).or_insert(0_u32) += 1;
            }
            let counts: Vec<String> = counts.iter().map(|(what, count)| format!("{what} {count}")).collect();
            println!("   {} said: {}", member.door.name, counts.join(", "));
        }
    }

    /// Looks at gateway a through gateway b, until b has taken over and settled everything.
    async fn watch_takeover(&self, died: Instant) -> Result<(), Failure> {
        let [_, survivor] = &self.members;
        let mut last = String::new();
        while died.elapsed() < TAKEOVER_MAX {
            let instances = survivor.door.instances().await.unwrap_or_default();
            let line = instances.iter().map(said).collect::<Vec<_>>().join("; ");
            if line != last {
                println!("   {:>4.1} s  {line}", died.elapsed().as_secs_f64());
                last = line;
            }
            let is_over = instances.iter().any(|instance| !instance.heirs.is_empty())
                && instances.iter().all(|instance| instance.in_flight == 0 && instance.unsettled == 0);
            if is_over {
                return Ok(());
            }
            sleep(LOOK).await;
        }
        Err("the other gateway has not taken over".into())
    }
}

/// A gateway in a line of the takeover.
fn said(instance: &Instance) -> String {
    let Instance { instance: name, state, heirs, in_flight, unsettled } = instance;
    let heirs = if heirs.is_empty() { String::new() } else { format!(", taken over by {}", heirs.join(" and ")) };
    format!("{name} {state}{heirs}: {in_flight} in flight, {unsettled} to settle")
}

/// PostgreSQL has a user of its own, who must reach its folder.
fn open_for_all(folder: &Path) -> Result<(), Failure> {
    #[cfg(unix)]
    std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(())
}
