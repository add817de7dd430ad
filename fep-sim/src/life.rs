//! The lives of the gateway's process: each has a runtime and memory of its own, and ends by a stop, by death, or with the simulation.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fep_gateway::exchange::Outcome;
use fep_gateway::gateway::{Decision, NotTaken, Notice, NoticeFuture, NoticeHandler, NoticeReply, Refusal};
use fep_gateway::ground::{FaultPoint, SimulatedGround, set_hook};
use fep_gateway::{Config, Gateway};
use fep_protocol::breaker::BreakerScope;
use fep_protocol::exchange::Money;
use fep_protocol::random::SplitMix64;
use fep_protocol::settlement::{PersonDecision, PersonWants};
use serde_json::{Map, Value, json};

use crate::draw::Draw;
use crate::end;
use crate::plan::{FAULTS_END, Item, Plan, What};
use crate::setup::Setup;
use crate::world::{Failure, Rule, Shared, SimulatedDisk, SimulatedNetwork, watch};

/// What came of a simulation.
#[derive(Clone, Debug)]
pub struct Report {
    /// The rules that did not hold, in the order of time.
    pub failures: Vec<Failure>,
    /// A digest of everything that happened. The same plan has the same one.
    pub digest: u64,
    /// Everything that happened, if it was asked for.
    pub history: Vec<String>,
    /// How often each check was made.
    pub made: Vec<(&'static str, u64)>,
}

/// A request of a service, from its first call to its end.
#[derive(Debug)]
struct Job {
    number: usize,
    at: Duration,
    what: What,
    is_over: bool,
    /// When it was sent first, by the wall clock in milliseconds since 1970.
    first_ms: Option<i64>,
}

/// How a life ended.
enum Ending {
    Died,
    Stopped,
    Over,
}

/// The process died before the gateway had started.
struct DiedAtStart;

type Jobs = Arc<Mutex<Vec<Job>>>;

/// After the last fault, everything must come to its end within this time: the horizon, all inquiries and reversals, and their pauses.
const CALM: Duration = Duration::from_secs(120);

/// How many of a hundred processes find that the index of the journal is gone.
const INDEX_LOST_PERCENT: u64 = 30;

/// How often a service repeats a request under its idempotency key.
const CALLS_MAX: usize = 6;

/// Runs a plan.
#[must_use]
pub fn run(plan: &Plan, keep_history: bool) -> Report {
    let shared = Shared::new(plan, keep_history);
    let result = folder().and_then(|folder| live_on(plan, &shared, folder.path()));
    set_hook(None);
    if let Err(why) = result {
        shared.lock().fail(Rule::Journal, why);
    }
    let mut world = shared.lock();
    Report {
        failures: std::mem::take(&mut world.checks.failures),
        digest: world.history.digest(),
        history: world.history.lines.take().unwrap_or_default(),
        made: std::mem::take(&mut world.checks.made).into_iter().collect(),
    }
}

/// A folder for the journal, in memory if the system has such a place.
pub(crate) fn folder() -> Result<tempfile::TempDir, String> {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.map_err(|error| format!("no folder for the journal: {error}"))
}

fn live_on(plan: &Plan, shared: &Shared, folder: &Path) -> Result<(), String> {
    let config = Setup::of(plan.seed).config(folder)?;
    let jobs = plan.items.iter().filter(|(_, item)| matches!(item.what, What::Transfer { .. } | What::Balance { .. }));
    let jobs = jobs.map(|(number, item)| Job {
        number: *number,
        at: item.at,
        what: item.what,
        is_over: false,
        first_ms: None,
    });
    let jobs: Jobs = Arc::new(Mutex::new(jobs.collect()));
    for life in 0.. {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
        let lived = catch_unwind(AssertUnwindSafe(|| runtime.block_on(live(plan, shared, &config, &jobs, life))));
        let ending = lived.unwrap_or_else(|cause| match cause.is::<DiedAtStart>() {
            true => Ok(Ending::Died),
            false => resume_unwind(cause),
        });
        shared.process_ended();
        drop(runtime);
        let mut world = shared.lock();
        match ending? {
            Ending::Over => break,
            Ending::Died | Ending::Stopped => {
                let down = world.draw.ms(0, 3000);
                let until = world.now + down;
                world.pass(until);
                world.days_pass();
            }
        }
        if loses_index(plan.seed, life) {
            world.lose_index(&config.journal.path)?;
        }
    }
    end::journal(shared, &config.journal.path);
    Ok(())
}

/// Whether the index is gone before the next life begins. This is no item of the plan, so that the plans of the seeds stay the same.
fn loses_index(seed: u64, life: u64) -> bool {
    Draw(SplitMix64::new(seed.rotate_left(32) ^ life)).percent(INDEX_LOST_PERCENT)
}

async fn live(plan: &Plan, shared: &Shared, config: &Config, jobs: &Jobs, life: u64) -> Result<Ending, String> {
    shared.lock().process_begins();
    shared.lock().count("a process");
    let starts = Rc::new(Cell::new(true));
    set_hook(Some(hook(shared, &starts)));
    let wall = shared.clone();
    let ground = SimulatedGround {
        wall_ms: Arc::new(move || wall.lock().wall_ms()),
        seed: plan.seed.wrapping_add(life),
        network: Arc::new(SimulatedNetwork(shared.clone())),
        disk: Arc::new(SimulatedDisk(shared.clone())),
        shared: None,
    };
    let service = Arc::new(Service(shared.clone()));
    let gateway = match Gateway::start_simulated(ground, config.clone(), service).await {
        Ok(gateway) => gateway,
        Err(_) if shared.lock().may_fail_to_start() => {
            shared.lock().count("a start that failed");
            return Ok(Ending::Died);
        }
        Err(error) => return Err(error.to_string()),
    };
    starts.set(false);
    end::earlier(shared, &gateway).await;
    tokio::spawn(shared.clone().drive());
    if shared.lock().setup.has_polls() {
        tokio::spawn(watch(shared.clone(), gateway.clone()));
    }
    let caller = Caller { shared: shared.clone(), gateway: gateway.clone(), jobs: Arc::clone(jobs), seed: plan.seed };
    let count = jobs.lock().unwrap_or_else(PoisonError::into_inner).len();
    (0..count).for_each(|job| drop(tokio::spawn(caller.clone().call(job))));
    let now = shared.lock().now;
    let orders = Order::of(plan, now);
    tokio::select! {
        biased;
        () = shared.died.notified() => Ok(Ending::Died),
        ending = operate(shared, &gateway, orders) => ending,
    }
}

/// Lets the process die at a fault point. A start has no place to wait at which it could be left, so it unwinds.
fn hook(shared: &Shared, starts: &Rc<Cell<bool>>) -> Box<dyn Fn(FaultPoint)> {
    let shared = shared.clone();
    let starts = Rc::clone(starts);
    Box::new(move |_| {
        let lives = shared.lock().effect();
        if !lives && starts.get() {
            shared.lock().count("a death at the start");
            resume_unwind(Box::new(DiedAtStart));
        }
    })
}

/// What operators do.
#[derive(Clone, Copy)]
enum Order {
    Stop,
    Settle,
    Trip,
    Reset,
}

impl Order {
    /// What is left for a process that begins now, in the order of time.
    fn of(plan: &Plan, now: Duration) -> Vec<(Duration, Self)> {
        let of_item = |item: &Item| match item.what {
            What::Stop | What::Away { dies: false, .. } => Some((item.at, Self::Stop)),
            What::Person => Some((item.at, Self::Settle)),
            _ => None,
        };
        let mut orders: Vec<_> = plan.items.iter().filter_map(|(_, item)| of_item(item)).collect();
        if let Some((at, until)) = Setup::of(plan.seed).tripped {
            // A decision of a person outlives a process, so one whose time passed while none ran is made up for.
            orders.extend([(at, Self::Trip), (until.max(now + Duration::from_millis(1)), Self::Reset)]);
        }
        orders.retain(|(at, _)| *at > now);
        orders.sort_by_key(|(at, _)| *at);
        orders
    }
}

/// Carries out what operators do, until the end.
async fn operate(shared: &Shared, gateway: &Gateway, orders: Vec<(Duration, Order)>) -> Result<Ending, String> {
    for (at, order) in orders {
        until(shared, at).await;
        match order {
            Order::Stop => {
                shared.lock().lines.is_stopping = true;
                gateway.stop().await;
                return Ok(Ending::Stopped);
            }
            Order::Settle => settle(gateway).await,
            Order::Trip => {
                let decision =
                    Decision::Trip { scope: BreakerScope::Institution, person: "kim".to_owned(), note: String::new() };
                decide(shared, gateway, decision).await;
            }
            Order::Reset => {
                decide(shared, gateway, Decision::Reset { scope: BreakerScope::Institution, person: "lee".to_owned() })
                    .await;
            }
        }
    }
    until(shared, FAULTS_END).await;
    shared.lock().calm();
    until(shared, FAULTS_END + CALM).await;
    end::settled(shared, gateway).await;
    shared.lock().lines.is_stopping = true;
    gateway.stop().await;
    Ok(Ending::Over)
}

async fn until(shared: &Shared, at: Duration) {
    let left = at.saturating_sub(shared.lock().now);
    tokio::time::sleep(left).await;
}

/// A person decides about the breaker of the first bank.
async fn decide(shared: &Shared, gateway: &Gateway, decision: Decision) {
    shared.lock().say(format_args!("{decision:?}"));
    if let Err(why) = gateway.decide("bank-0", decision).await {
        shared.lock().say(format_args!("it cannot be decided: {why:?}"));
    }
}

/// A person decides what waits for a person.
async fn settle(gateway: &Gateway) {
    let Ok(letters) = gateway.dead_letters(100).await else { return };
    for (exchange, _) in letters {
        let wants = PersonWants::Settle(Money::NotDone);
        let decision =
            PersonDecision { person: "kim".to_owned(), note: "the bank said so by telephone".to_owned(), wants };
        // The case may have been settled meanwhile.
        let _ = gateway.settle(&exchange.id, decision).await;
    }
}

/// A service of the bank, or rather all of them.
#[derive(Clone)]
struct Caller {
    shared: Shared,
    gateway: Gateway,
    jobs: Jobs,
    seed: u64,
}

impl Caller {
    /// Sends the request of a job, and repeats it if it has an idempotency key and was not sent.
    async fn call(self, job: usize) {
        let Some((number, at, what)) = self.job(job, |job| (!job.is_over).then_some((job.number, job.at, job.what)))
        else {
            return;
        };
        until(&self.shared, at).await;
        if self.is_forgotten(job) {
            return self.over(job);
        }
        let (bank, telegram, body, key) = request(number, what);
        let key = key.map(|key| format!("order-of-{}-{key}", self.seed));
        if key.is_none() {
            // Nobody knows what became of it if the process dies, so it is not repeated.
            self.over(job);
        }
        for _ in 0..CALLS_MAX {
            let asked = self.shared.lock().now;
            let result = self.gateway.exchange(&format!("bank-{bank}"), telegram, &body, key.as_deref()).await;
            let repeats = match result {
                Ok(exchange) => {
                    let outcome = exchange.outcome;
                    if !self.shared.lock().tell(asked, exchange) {
                        return;
                    }
                    outcome == Some(Outcome::NotSent)
                }
                Err(Refusal::StillRunning(_) | Refusal::KeyUnchecked(_)) => true,
                Err(refusal) => {
                    self.shared.lock().fail(Rule::Final, format!("request {number} was refused: {refusal}"));
                    false
                }
            };
            if !repeats || key.is_none() {
                break;
            }
            let pause = self.shared.lock().draw.ms(100, 2500);
            tokio::time::sleep(pause).await;
        }
        self.over(job);
    }

    /// Whether the key of a request was removed together with its exchange. It would be another request now.
    fn is_forgotten(&self, job: usize) -> bool {
        let world = self.shared.lock();
        let [now_ms, before_ms] = [world.wall_ms(), world.removed_before_ms().unwrap_or(i64::MIN)];
        let first_ms = self.job(job, |job| Some(*job.first_ms.get_or_insert(now_ms)));
        first_ms.is_some_and(|first_ms| first_ms < before_ms)
    }

    fn over(&self, job: usize) {
        self.job(job, |job| {
            job.is_over = true;
            Some(())
        });
    }

    fn job<T>(&self, number: usize, of: impl FnOnce(&mut Job) -> Option<T>) -> Option<T> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.get_mut(number).and_then(of)
    }
}

/// The request of an item: bank, telegram, body and the number of its idempotency key.
fn request(number: usize, what: What) -> (usize, &'static str, Value, Option<usize>) {
    match what {
        What::Transfer { bank, account, key } => {
            let body = json!({
                "withdraw_account": format!("1102003004{account:02}"),
                "amount": 1000 + number,
                "deposit_bank": "088",
                "deposit_account": format!("9002003{number:05}"),
                "payee_name": "홍길동",
                "passbook_memo": "",
                "check_digits": "123456",
            });
            (bank, "Transfer", body, key.then_some(number))
        }
        What::Balance { bank } => (bank, "BalanceInquiry", json!({ "account": "110200300400" }), None),
        _ => (0, "", Value::Null, None),
    }
}

/// The service that takes notices.
struct Service(Shared);

impl NoticeHandler for Service {
    fn notice(&self, notice: Notice) -> NoticeFuture<'_> {
        Box::pin(async move {
            let (pause, fails) = {
                let mut world = self.0.lock();
                let is_eventful = world.now < FAULTS_END;
                (world.draw.ms(0, if is_eventful { 1500 } else { 500 }), is_eventful && world.draw.percent(20))
            };
            tokio::time::sleep(pause).await;
            if fails {
                return Err(NotTaken::Failed("the service fails".to_owned()));
            }
            self.0.lock().taken(&notice);
            let mut fields = Map::new();
            fields.insert("header".to_owned(), json!({ "response_code": "0000" }));
            Ok(NoticeReply::Answer(fields))
        })
    }
}
