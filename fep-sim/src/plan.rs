//! A plan: what callers, banks, network, disk, clock and process do, and when. A plan follows from its seed, and a part of a plan is a
//! plan too, so that a failing one can be shrunk.

use std::fmt;
use std::time::Duration;

use fep_protocol::random::SplitMix64;

/// Everything that happens in one simulation.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed. It also decides delays and everything else that is not in the items.
    pub seed: u64,
    /// The items, in the order of their times, with their numbers in the whole plan.
    pub(crate) items: Vec<(usize, Item)>,
}

/// One item of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// When, since the start of the simulation.
    pub(crate) at: Duration,
    /// What.
    pub(crate) what: What,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A service sends a transfer. `key`: under an idempotency key, with the natural retries.
    Transfer { bank: usize, account: u8, key: bool },
    /// A service asks for a balance.
    Balance { bank: usize },
    /// A bank behaves for a while.
    Bank { bank: usize, fault: BankFault, lasts: Duration },
    /// The network to a bank behaves for a while.
    Net { bank: usize, fault: NetFault, lasts: Duration },
    /// The disk behaves for a while.
    Disk { fault: DiskFault, lasts: Duration },
    /// The process dies after this many more effects on its surroundings.
    Crash { effects: u32 },
    /// The process is stopped as an operator stops it, and started again.
    Stop,
    /// The wall clock is set.
    Jump { ms: i64 },
    /// A bank sends a notice this many times.
    Notice { bank: usize, times: u8 },
    /// A person settles what waits for a person.
    Person,
}

/// How a bank behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BankFault {
    /// It answers this much later.
    Slow { ms: u64 },
    /// It answers no business, and carries it out or not.
    Silent,
    /// It answers nothing at all.
    Dead,
    /// It answers each request twice.
    Doubles,
    /// It answers each request a second time with another response code.
    Contradicts,
    /// It answers two requests with each other's amounts.
    Swaps,
    /// It answers with the key of no request.
    WrongKey,
    /// It sends bytes that are no telegram, in a valid frame.
    Rubbish,
    /// It sends bytes that are no frame.
    NoFrame,
    /// It says of every transfer that it does not know it.
    DeniesTransfers,
    /// It floods the line with telegrams that nobody asked for.
    Floods { per_s: u32 },
    /// It ends its half of each connection after an answer.
    HalfCloses,
    /// It accepts no connection.
    Refuses,
    /// It does not read.
    Deaf,
    /// It answers every inquiry with an error, so that only a reversal helps.
    KnowsNothing,
    /// It declines every reversal for now.
    BusyWithReversals,
}

/// How the network to a bank behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NetFault {
    /// Nothing arrives until the end, and then everything.
    Stalls,
    /// The same for every second connection, so that later telegrams overtake earlier ones.
    StallsSome,
    /// Every connection breaks at the beginning. Bytes on their way may be lost.
    Breaks,
    /// Everything takes longer.
    Slow { ms: u64 },
    /// Bytes arrive one by one.
    Crumbles,
    /// Some bytes are damaged where no key is.
    Damages,
    /// The kernel takes few bytes at a time.
    Narrow,
}

/// How the disk behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiskFault {
    /// It is full.
    Full,
    /// Writes fail.
    Fails,
    /// Each write takes this long.
    Slow { ms: u64 },
    /// A write hangs until the end.
    Hangs,
}

/// The length of the eventful part.
pub(crate) const EVENTFUL: Duration = Duration::from_secs(30);

/// The longest time that a fault of the network or a bank keeps bytes from arriving. It is below the horizon of the contract less the
/// time for the answer, because a bank that gets a transfer later breaks its contract.
const LASTS_MAX_MS: u64 = 4_000;

/// The number of banks. The first one gets into trouble, the second one only in some plans.
pub(crate) const BANKS: usize = 2;

/// Draws what a plan needs.
pub(crate) struct Draw(pub(crate) SplitMix64);

impl Draw {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound.max(1)
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn ms(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.between(low, high))
    }
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut draw = Draw(SplitMix64::new(seed ^ 0x5EED_0F5E_ED0F_5EED));
        let mut items = Vec::new();
        let within = u64::try_from(EVENTFUL.as_millis()).unwrap_or(u64::MAX);
        let requests = draw.between(20, 70);
        // Some plans are bursts, others a steady stream.
        let burst_at = draw.below(within);
        let is_burst = draw.percent(40);
        for _ in 0..requests {
            let at = if is_burst && draw.percent(60) { burst_at + draw.below(300) } else { draw.below(within) };
            let bank = usize::from(draw.percent(40));
            let what = match draw.percent(70) {
                true => {
                    What::Transfer { bank, account: u8::try_from(draw.below(4)).unwrap_or(0), key: draw.percent(60) }
                }
                false => What::Balance { bank },
            };
            items.push(Item { at: Duration::from_millis(at), what });
        }
        // In a third of the plans the trouble is the first bank's alone: the second one must not notice.
        let first_only = draw.percent(33);
        for _ in 0..draw.between(1, 9) {
            let at = draw.ms(0, within);
            items.push(Item { at, what: trouble(&mut draw, first_only) });
        }
        if draw.percent(50) {
            items.extend(scene(&mut draw, first_only));
        }
        items.sort_by_key(|item| item.at);
        Self { seed, items: items.into_iter().enumerate().collect() }
    }

    /// Only the items with these numbers.
    #[must_use]
    pub fn keep(&self, numbers: &[usize]) -> Self {
        let items = self.items.iter().filter(|(number, _)| numbers.contains(number)).copied().collect();
        Self { seed: self.seed, items }
    }

    /// The numbers of the items.
    #[must_use]
    pub fn numbers(&self) -> Vec<usize> {
        self.items.iter().map(|(number, _)| *number).collect()
    }

    /// Whether the kernel may keep bytes to this bank for a while.
    pub(crate) fn holds_bytes_back(&self, number: usize) -> bool {
        self.items.iter().any(|(_, item)| match item.what {
            What::Bank { bank, fault, .. } => bank == number && fault == BankFault::Deaf,
            What::Net { bank, fault, .. } => {
                bank == number
                    && matches!(
                        fault,
                        NetFault::Narrow
                            | NetFault::Stalls
                            | NetFault::StallsSome
                            | NetFault::Slow { .. }
                            | NetFault::Crumbles
                    )
            }
            _ => false,
        })
    }

    /// Whether something happens that every bank may notice: a bad disk, a crash, a clock that jumps, or a trouble of the second bank.
    pub(crate) fn troubles_all(&self) -> bool {
        self.items.iter().any(|(_, item)| match item.what {
            What::Bank { bank, .. } | What::Net { bank, .. } => bank != 0,
            What::Disk { .. } | What::Crash { .. } | What::Stop => true,
            What::Transfer { .. } | What::Balance { .. } | What::Jump { .. } | What::Notice { .. } | What::Person => {
                false
            }
        })
    }
}

/// Troubles that belong together, which would hardly meet by chance.
fn scene(draw: &mut Draw, first_only: bool) -> Vec<Item> {
    let bank = usize::from(!first_only && draw.percent(50));
    let at = draw.ms(1000, 20_000);
    match draw.below(4) {
        0 => hard_settlement(draw, bank, !first_only),
        1 => overtaking(draw, bank, at),
        2 if first_only => flood(draw, at),
        _ if first_only => hard_settlement(draw, bank, false),
        _ => slow_disk(draw, at),
    }
}

/// Transfers on a connection that stalls are overtaken by the inquiries about them.
fn overtaking(draw: &mut Draw, bank: usize, at: Duration) -> Vec<Item> {
    let lasts = draw.ms(3000, LASTS_MAX_MS);
    let mut items = vec![Item { at, what: What::Net { bank, fault: NetFault::StallsSome, lasts } }];
    for account in 0..4 {
        let transfer = What::Transfer { bank, account, key: true };
        items.push(Item { at: at + draw.ms(0, 300), what: transfer });
    }
    items
}

/// The first bank floods while the services of the second one work.
fn flood(draw: &mut Draw, at: Duration) -> Vec<Item> {
    let fault = BankFault::Floods { per_s: u32::try_from(draw.between(6000, 8000)).unwrap_or(6000) };
    let mut items = vec![Item { at, what: What::Bank { bank: 0, fault, lasts: draw.ms(1500, 3000) } }];
    for _ in 0..6 {
        items.push(Item { at: at + draw.ms(200, 3000), what: What::Balance { bank: 1 } });
    }
    items
}

/// Many requests are under way when the disk gets into trouble.
fn slow_disk(draw: &mut Draw, at: Duration) -> Vec<Item> {
    let what = What::Disk { fault: disk_fault(draw), lasts: draw.ms(2500, LASTS_MAX_MS) };
    let mut items = vec![Item { at, what }];
    for number in 0..12 {
        let bank = number % BANKS;
        let before = at.saturating_sub(Duration::from_millis(20));
        items.push(Item { at: before + draw.ms(0, 200), what: What::Transfer { bank, account: 0, key: number < 6 } });
    }
    items
}

/// A bank that leaves outcomes unknown, and then helps with nothing but reversals, if with those. `dies`: the process may die while
/// many inquiries are under way.
fn hard_settlement(draw: &mut Draw, bank: usize, dies: bool) -> Vec<Item> {
    let of = |at: Duration, fault, lasts| Item { at, what: What::Bank { bank, fault, lasts } };
    let silent_at = draw.ms(0, 20_000);
    let is_burst = draw.percent(50);
    // Silence holds no byte back, so it may outlast the first inquiries.
    let silence = if is_burst { draw.ms(5000, 7000) } else { draw.ms(500, LASTS_MAX_MS) };
    let mut items =
        vec![of(Duration::ZERO, BankFault::KnowsNothing, EVENTFUL), of(silent_at, BankFault::Silent, silence)];
    let account = u8::try_from(draw.below(4)).unwrap_or(0);
    let transfer = What::Transfer { bank, account, key: true };
    items.push(Item { at: silent_at + Duration::from_millis(100), what: transfer });
    if is_burst {
        // More requests than the contract has places, and inquiries about several accounts.
        for number in 0..15 {
            let transfer = What::Transfer { bank, account: number % 4, key: false };
            items.push(Item { at: silent_at + draw.ms(100, 500), what: transfer });
            items.push(Item { at: silent_at + draw.ms(100, 500), what: What::Balance { bank } });
        }
        if dies && draw.percent(60) {
            let effects = u32::try_from(draw.below(60)).unwrap_or(0);
            items.push(Item { at: silent_at + draw.ms(2500, 5500), what: What::Crash { effects } });
        }
    }
    if draw.percent(60) {
        items.push(of(Duration::ZERO, BankFault::BusyWithReversals, draw.ms(10_000, 40_000)));
    }
    items
}

fn trouble(draw: &mut Draw, first_only: bool) -> What {
    let bank = if first_only { 0 } else { usize::from(draw.percent(30)) };
    let lasts = draw.ms(50, LASTS_MAX_MS);
    let kinds = if first_only { 11 } else { 18 };
    match draw.below(kinds) {
        0..=5 => What::Bank { bank, fault: bank_fault(draw), lasts },
        6..=8 => What::Net { bank, fault: net_fault(draw), lasts },
        9 => What::Notice { bank, times: u8::try_from(draw.between(1, 3)).unwrap_or(1) },
        10 => What::Jump { ms: i64::try_from(draw.below(4 * 3_600_000)).unwrap_or(0) - 2 * 3_600_000 },
        11..=12 => What::Disk { fault: disk_fault(draw), lasts },
        13..=15 => What::Crash { effects: u32::try_from(draw.below(200)).unwrap_or(0) },
        16 => What::Person,
        _ => What::Stop,
    }
}

fn bank_fault(draw: &mut Draw) -> BankFault {
    match draw.below(15) {
        0 => BankFault::Slow { ms: draw.between(100, LASTS_MAX_MS) },
        1 | 2 => BankFault::Silent,
        3 => BankFault::Dead,
        4 => BankFault::Doubles,
        5 => BankFault::Contradicts,
        6 => BankFault::Swaps,
        7 => BankFault::WrongKey,
        8 => BankFault::Rubbish,
        9 => BankFault::NoFrame,
        10 => BankFault::DeniesTransfers,
        11 => BankFault::Floods { per_s: u32::try_from(draw.between(50, 8000)).unwrap_or(50) },
        12 => BankFault::HalfCloses,
        13 => BankFault::Refuses,
        _ => match draw.percent(50) {
            true => BankFault::Deaf,
            false => BankFault::BusyWithReversals,
        },
    }
}

fn net_fault(draw: &mut Draw) -> NetFault {
    match draw.below(8) {
        0 => NetFault::Stalls,
        6 | 7 => NetFault::StallsSome,
        1 => NetFault::Breaks,
        2 => NetFault::Slow { ms: draw.between(50, LASTS_MAX_MS) },
        3 => NetFault::Crumbles,
        4 => NetFault::Damages,
        _ => NetFault::Narrow,
    }
}

fn disk_fault(draw: &mut Draw) -> DiskFault {
    match draw.below(4) {
        0 => DiskFault::Full,
        1 => DiskFault::Fails,
        2 => DiskFault::Slow { ms: draw.between(10, 1500) },
        _ => DiskFault::Hangs,
    }
}

/// One line for each item.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Item { at, what }) in &self.items {
            writeln!(f, "{number:4}  {:>9.3} s  {what:?}", at.as_secs_f64())?;
        }
        Ok(())
    }
}
