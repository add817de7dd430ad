//! What happens to a cluster: a plan follows from a seed, and parts of it can be left out.

use std::fmt;
use std::time::Duration;

use fep_protocol::random::SplitMix64;

use crate::draw::Draw;

/// What happens to several gateways.
#[derive(Clone, Debug)]
pub struct ClusterPlan {
    /// The seed. It also decides delays and everything else that is not in the items.
    pub seed: u64,
    /// The number of gateways.
    pub(super) gateways: usize,
    /// What the gateways have.
    pub(super) has: Has,
    /// How many of a hundred answers come on the line of another gateway, without any trouble.
    pub(super) elsewhere_percent: u64,
    /// The items, in the order of their times, with their numbers in the whole plan.
    pub(super) items: Vec<(usize, Item)>,
}

/// What the gateways have beside the journal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Has {
    /// There is a Redis.
    pub(super) redis: bool,
    /// Each request has the mark of its gateway, which the bank repeats.
    pub(super) marks: bool,
}

/// One item of a plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) at: Duration,
    pub(super) what: What,
}

/// What happens. `at` is the number of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A service sends a transfer. With a key, it repeats it at any gateway. `twice`: two gateways get it at the same time.
    Transfer { at: usize, account: u8, key: bool, twice: bool },
    /// A service asks for a balance.
    Balance { at: usize },
    /// A gateway dies after this many more effects. It comes back after a while, or elsewhere with its name, or with a new one.
    Dies { at: usize, effects: u32, away: Duration, back: Back },
    /// A gateway is paused after this many more effects, and wakes up.
    Pauses { at: usize, effects: u32, lasts: Duration },
    /// A gateway is stopped as an operator stops it, and started again.
    Stops { at: usize },
    /// A gateway does not reach the journal.
    CutOff { at: usize, lasts: Duration },
    /// Answers of the journal to a gateway are lost, and half of its commits.
    Doubts { at: usize, lasts: Duration },
    /// Nobody reaches the journal: it is started again.
    JournalAway { lasts: Duration },
    /// The journal is slower by this much.
    JournalSlow { ms: u64, lasts: Duration },
    /// Something happens to Redis.
    Words(WordsFault, Duration),
    /// The bank behaves for a while.
    Bank(BankFault, Duration),
    /// The line of a gateway breaks, or nothing arrives on it.
    Line { at: usize, breaks: bool, lasts: Duration },
}

/// How a gateway comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Back {
    /// On the same machine, with the same name: its files prove that the earlier run is over.
    Same,
    /// On another machine with the same name: it waits for the end of its lease.
    Elsewhere,
    /// With another name.
    Renamed,
}

/// What happens to Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordsFault {
    /// Nobody reaches it.
    Away,
    /// It lost everything.
    Empty,
    /// A replica took over that lacks the writes of the last time.
    FailsOver,
    /// Two gateways see two different ones, each with what there was.
    Split,
    /// Every word takes this much longer.
    Slow { ms: u64 },
    /// It names any gateway as the owner of a key.
    Lies,
}

/// How the bank behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BankFault {
    /// It answers on the line of another gateway, if it can.
    Elsewhere,
    /// It answers this much later.
    Slow { ms: u64 },
    /// It carries transfers out or not, and answers no business.
    Silent,
    /// It answers twice.
    Doubles,
}

/// The length of the eventful part.
pub(super) const EVENTFUL: Duration = Duration::from_secs(12);

/// When no fault lasts any longer.
pub(super) const FAULTS_END: Duration = Duration::from_secs(16);

/// When everything has come to its end.
pub(super) const END: Duration = Duration::from_secs(55);

impl ClusterPlan {
    /// The plan of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut draw = Draw(SplitMix64::new(seed ^ 0xC105_7E2D_C105_7E2D));
        let gateways = if draw.percent(25) { 3 } else { 2 };
        let has = Has { redis: draw.percent(75), marks: matches!(seed % 7, 3 | 5) };
        let within = u64::try_from(EVENTFUL.as_millis()).unwrap_or(u64::MAX);
        let mut items = Vec::new();
        let burst_at = draw.below(within);
        let is_burst = draw.percent(50);
        for _ in 0..draw.between(8, 40) {
            let at = if is_burst && draw.percent(60) { burst_at + draw.below(400) } else { draw.below(within) };
            let place = any(&mut draw, gateways);
            let key = draw.percent(70);
            let what = match draw.percent(85) {
                true => What::Transfer {
                    at: place,
                    account: u8::try_from(draw.below(4)).unwrap_or(0),
                    key,
                    twice: key && draw.percent(35),
                },
                false => What::Balance { at: place },
            };
            items.push(Item { at: Duration::from_millis(at), what });
        }
        for _ in 0..draw.between(1, 7) {
            let at = draw.ms(0, within);
            items.push(Item { at, what: trouble(&mut draw, gateways) });
        }
        items.sort_by_key(|item| item.at);
        let elsewhere_percent = if matches!(seed % 5, 0 | 2) { 0 } else { 50 };
        Self { seed, gateways, has, elsewhere_percent, items: items.into_iter().enumerate().collect() }
    }

    /// Only the items with these numbers.
    #[must_use]
    pub fn keep(&self, numbers: &[usize]) -> Self {
        let items = self.items.iter().filter(|(number, _)| numbers.contains(number)).copied().collect();
        Self { items, ..*self }
    }

    /// The numbers of the items.
    #[must_use]
    pub fn numbers(&self) -> Vec<usize> {
        self.items.iter().map(|(number, _)| *number).collect()
    }
}

fn any(draw: &mut Draw, gateways: usize) -> usize {
    usize::try_from(draw.below(u64::try_from(gateways).unwrap_or(1))).unwrap_or(0)
}

/// One trouble.
fn trouble(draw: &mut Draw, gateways: usize) -> What {
    let at = any(draw, gateways);
    let lasts = draw.ms(200, 3900);
    let effects = u32::try_from(draw.below(40)).unwrap_or(0);
    match draw.below(15) {
        0..=2 => What::Dies {
            at,
            effects,
            away: draw.ms(100, 9000),
            back: match draw.below(4) {
                0 => Back::Elsewhere,
                1 => Back::Renamed,
                _ => Back::Same,
            },
        },
        3..=5 => What::Pauses { at, effects, lasts: draw.ms(500, 9000) },
        6 => What::Stops { at },
        7 => What::CutOff { at, lasts: draw.ms(500, 6000) },
        8 => What::Doubts { at, lasts },
        9 => What::JournalAway { lasts },
        10 => What::JournalSlow { ms: draw.between(50, 900), lasts },
        11 | 12 => {
            let fault = match draw.below(6) {
                0 => WordsFault::Away,
                1 => WordsFault::Empty,
                2 => WordsFault::FailsOver,
                3 => WordsFault::Split,
                4 => WordsFault::Slow { ms: draw.between(50, 1500) },
                _ => WordsFault::Lies,
            };
            What::Words(fault, lasts)
        }
        13 => What::Line { at, breaks: draw.percent(50), lasts },
        _ => {
            let fault = match draw.below(4) {
                0 => BankFault::Slow { ms: draw.between(500, 3000) },
                1 => BankFault::Silent,
                2 => BankFault::Doubles,
                _ => BankFault::Elsewhere,
            };
            What::Bank(fault, draw.ms(1000, 8000))
        }
    }
}

impl What {
    /// How long it lasts, if it ends.
    pub(super) fn lasts(self) -> Option<Duration> {
        match self {
            Self::CutOff { lasts, .. } | Self::Doubts { lasts, .. } | Self::JournalAway { lasts } => Some(lasts),
            Self::JournalSlow { lasts, .. } | Self::Line { lasts, .. } => Some(lasts),
            Self::Words(_, lasts) | Self::Bank(_, lasts) => Some(lasts),
            Self::Transfer { .. } | Self::Balance { .. } | Self::Dies { .. } => None,
            Self::Pauses { .. } | Self::Stops { .. } => None,
        }
    }
}

/// One line for each item.
impl fmt::Display for ClusterPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let redis = if self.has.redis { "and a Redis" } else { "without Redis" };
        let marks = if self.has.marks { ", and their marks in all requests" } else { "" };
        writeln!(f, "{} gateways with one journal {redis}{marks}", self.gateways)?;
        writeln!(f, "{} % of the answers come on the line of another gateway", self.elsewhere_percent)?;
        for (number, Item { at, what }) in &self.items {
            writeln!(f, "{number:4}  {:>9.3} s  {what:?}", at.as_secs_f64())?;
        }
        Ok(())
    }
}
