//! A plan: what callers, banks, network, disk, clock and process do, and when. A plan follows from its seed, and a part of a plan is a
//! plan too, so that a failing one can be shrunk.

mod added;
mod scene;

use std::fmt;
use std::time::Duration;

use fep_protocol::random::SplitMix64;

use self::scene::{scene, troubles};
use crate::draw::Draw;
use crate::setup::Setup;

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
    /// The next process that begins dies after this many effects, of which those of its recovery are the first.
    CrashAtStart { effects: u32 },
    /// The process is stopped as an operator stops it, and started again.
    Stop,
    /// The process is gone for days: it is stopped, or dies.
    Away { days: u8, dies: bool },
    /// The process dies at one of the next steps of archiving.
    CrashArchiving { steps: u32 },
    /// The wall clock is set.
    Jump { ms: i64 },
    /// A bank sends a notice this many times.
    Notice { bank: usize, times: u8 },
    /// A bank ends business by a telegram, declines sign-ons, and opens business again at the end.
    Closes { bank: usize, lasts: Duration },
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
    /// It loses its connections without a word to the gateway. Where it connects to us, it does so again at once.
    Restarts,
    /// It answers on another connection than the one on which it was asked, if it can on that of another line.
    AnswersElsewhere,
    /// It does not poll.
    SkipsPolls,
    /// It does not answer polls.
    IgnoresPolls,
    /// Its polls and its answers to polls are other bytes, incomplete, or there twice.
    GarblesPolls,
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
    /// Every connection of one line breaks at the beginning, and there are none until the end.
    LineBreaks { line: usize },
    /// Nothing arrives on one line until the end.
    LineStalls { line: usize },
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
    /// That of the archives is full now and then. The journal is on another one.
    ArchivesFull,
}

/// The length of the eventful part.
pub(crate) const EVENTFUL: Duration = Duration::from_secs(30);

/// When no fault lasts any longer.
pub(crate) const FAULTS_END: Duration = Duration::from_secs(EVENTFUL.as_secs() + 5);

/// The longest time that a fault of the network or a bank keeps bytes from arriving. It is below the horizon of the contract less the
/// time for the answer, because a bank that gets a transfer later breaks its contract.
const LASTS_MAX_MS: u64 = 4_000;

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
            let what = troubles(&mut draw, first_only);
            items.extend(what.into_iter().map(|what| Item { at, what }));
        }
        if draw.percent(50) {
            items.extend(scene(&mut draw, first_only));
        }
        items.extend(added::items(seed, first_only));
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
                            | NetFault::LineStalls { .. }
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
            What::Bank { bank, .. } | What::Net { bank, .. } | What::Closes { bank, .. } => bank != 0,
            What::Disk { fault, .. } => fault != DiskFault::ArchivesFull,
            What::Crash { .. } | What::CrashAtStart { .. } | What::CrashArchiving { .. } => true,
            What::Stop | What::Away { .. } => true,
            What::Transfer { .. } | What::Balance { .. } | What::Jump { .. } | What::Notice { .. } | What::Person => {
                false
            }
        })
    }

    /// Whether decisions can be seen at once: the disk is well, no flood keeps the gateway busy, and nobody sets the clock.
    pub(crate) fn is_punctual(&self) -> bool {
        !self.items.iter().any(|(_, item)| {
            let floods = matches!(item.what, What::Bank { fault: BankFault::Floods { .. }, .. });
            let is_slow = matches!(item.what, What::Disk { fault, .. } if fault != DiskFault::ArchivesFull);
            floods || is_slow || matches!(item.what, What::Jump { .. })
        })
    }
}

/// One line for each item.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Setup::of(self.seed))?;
        for (number, Item { at, what }) in &self.items {
            writeln!(f, "{number:4}  {:>9.3} s  {what:?}", at.as_secs_f64())?;
        }
        Ok(())
    }
}
