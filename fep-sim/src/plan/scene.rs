//! The troubles of a plan: single ones, and those that belong together.

use std::time::Duration;

use super::{BankFault, DiskFault, EVENTFUL, Item, LASTS_MAX_MS, NetFault, What};
use crate::draw::Draw;
use crate::setup::BANKS;

/// Troubles that belong together, which would hardly meet by chance.
pub(super) fn scene(draw: &mut Draw, first_only: bool) -> Vec<Item> {
    let bank = usize::from(!first_only && draw.percent(50));
    let at = draw.ms(1000, 20_000);
    match draw.below(10) {
        7 => falling(draw, bank, at),
        9 if !first_only => restarting(draw, bank, at),
        8 if !first_only => dying_settlement(draw, bank),
        5 => switchover(draw, at),
        6 => closing(draw, bank, at),
        0 => hard_settlement(draw, bank),
        1 => overtaking(draw, bank, at),
        2 if first_only => flood(draw, at),
        _ if first_only => hard_settlement(draw, bank),
        3 => hard_recovery(draw, at),
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

/// The main line of the first bank is gone for longer than the contract waits, while requests come.
fn switchover(draw: &mut Draw, at: Duration) -> Vec<Item> {
    let fault = NetFault::LineBreaks { line: 0 };
    let lasts = draw.ms(2500, 9000);
    let mut items = vec![Item { at, what: What::Net { bank: 0, fault, lasts } }];
    for number in 0..10 {
        let transfer = What::Transfer { bank: 0, account: number % 4, key: number < 5 };
        items.push(Item { at: at.saturating_sub(Duration::from_millis(50)) + draw.ms(0, 60), what: transfer });
        items.push(Item { at: at + draw.ms(0, 16_000), what: transfer });
    }
    if draw.percent(80) {
        let before = at.saturating_sub(Duration::from_secs(3));
        let what = What::Bank { bank: 0, fault: BankFault::AnswersElsewhere, lasts: draw.ms(2000, LASTS_MAX_MS) };
        items.push(Item { at: before, what });
        for account in 0..4 {
            let what = What::Transfer { bank: 0, account, key: false };
            items.push(Item { at: before + draw.ms(0, 800), what });
        }
    }
    items
}

/// A bank closes while requests come.
fn closing(draw: &mut Draw, bank: usize, at: Duration) -> Vec<Item> {
    let mut items = vec![Item { at, what: What::Closes { bank, lasts: draw.ms(500, LASTS_MAX_MS) } }];
    for account in 0..4 {
        items.push(Item { at: at + draw.ms(0, 5000), what: What::Transfer { bank, account, key: true } });
        items.push(Item { at: at + draw.ms(0, 1000), what: What::Balance { bank } });
    }
    items
}

/// Connections fall again and again while many requests wait for the rate.
fn falling(draw: &mut Draw, bank: usize, at: Duration) -> Vec<Item> {
    let lasts = draw.ms(1000, LASTS_MAX_MS);
    let mut items = vec![Item { at, what: What::Bank { bank, fault: BankFault::NoFrame, lasts } }];
    items.extend(burst(draw, bank, at, (70, 1500)));
    items
}

/// The process dies and begins again, in a second in which more requests come than the rate has.
fn restarting(draw: &mut Draw, bank: usize, at: Duration) -> Vec<Item> {
    let mut items = burst(draw, bank, at, (40, 350));
    items.push(Item { at: at + draw.ms(380, 450), what: What::Crash { effects: 0 } });
    items.extend(burst(draw, bank, at + Duration::from_millis(450), (60, 550)));
    items
}

/// So many requests within so many milliseconds.
fn burst(draw: &mut Draw, bank: usize, at: Duration, (count, within_ms): (u8, u64)) -> Vec<Item> {
    let mut items = Vec::new();
    for number in 0..count {
        let what = match draw.percent(50) {
            true => What::Transfer { bank, account: number % 4, key: false },
            false => What::Balance { bank },
        };
        items.push(Item { at: at + draw.ms(0, within_ms), what });
    }
    items
}

/// The process dies while requests are under way, and again while it recovers. The disk may be in trouble then.
fn hard_recovery(draw: &mut Draw, at: Duration) -> Vec<Item> {
    let mut items = Vec::new();
    for bank in 0..BANKS {
        let slow = BankFault::Slow { ms: draw.between(300, 1500) };
        items.push(Item { at, what: What::Bank { bank, fault: slow, lasts: Duration::from_millis(500) } });
    }
    for account in 0..8 {
        let what = What::Transfer { bank: usize::from(account % 2), account: account % 4, key: account < 5 };
        items.push(Item { at: at + draw.ms(0, 200), what });
    }
    let dies_at = at + draw.ms(150, 600);
    let effects = u32::try_from(draw.below(20)).unwrap_or(0);
    items.push(Item { at: dies_at, what: What::Crash { effects } });
    for _ in 0..draw.between(1, 3) {
        let effects = u32::try_from(draw.below(6)).unwrap_or(0);
        items.push(Item { at: dies_at, what: What::CrashAtStart { effects } });
    }
    if draw.percent(40) {
        let fault = if draw.percent(50) { DiskFault::Fails } else { DiskFault::Full };
        items.push(Item { at: dies_at, what: What::Disk { fault, lasts: draw.ms(500, LASTS_MAX_MS) } });
    }
    items
}

/// A bank that leaves outcomes unknown, and then helps with nothing but reversals, if with those.
fn hard_settlement(draw: &mut Draw, bank: usize) -> Vec<Item> {
    let silent_at = draw.ms(0, 20_000);
    let mut items = match draw.percent(50) {
        true => silent_burst(draw, bank, silent_at),
        false => {
            let lasts = draw.ms(500, LASTS_MAX_MS);
            vec![Item { at: silent_at, what: What::Bank { bank, fault: BankFault::Silent, lasts } }]
        }
    };
    let account = u8::try_from(draw.below(4)).unwrap_or(0);
    let transfer = What::Transfer { bank, account, key: true };
    items.push(Item { at: silent_at + Duration::from_millis(100), what: transfer });
    items.extend(unhelpful(draw, bank));
    items
}

/// The process dies while many inquiries are under way.
fn dying_settlement(draw: &mut Draw, bank: usize) -> Vec<Item> {
    let silent_at = draw.ms(0, 20_000);
    let mut items = silent_burst(draw, bank, silent_at);
    items.extend(unhelpful(draw, bank));
    let effects = u32::try_from(draw.below(30)).unwrap_or(0);
    let at = silent_at + draw.ms(2500, 4500);
    items.push(Item { at, what: What::Crash { effects } });
    items.extend(crashes_at_start(draw).into_iter().map(|what| Item { at, what }));
    // Requests for each place that an earlier inquiry still has.
    for _ in 0..12 {
        items.push(Item { at: at + draw.ms(200, 1500), what: What::Balance { bank } });
    }
    items
}

/// More requests than the contract has places, and inquiries about several accounts, to a bank that says nothing. Silence holds no byte
/// back, so it may outlast the first inquiries.
fn silent_burst(draw: &mut Draw, bank: usize, silent_at: Duration) -> Vec<Item> {
    let lasts = draw.ms(5000, 7000);
    let mut items = vec![Item { at: silent_at, what: What::Bank { bank, fault: BankFault::Silent, lasts } }];
    for number in 0..15 {
        let transfer = What::Transfer { bank, account: number % 4, key: false };
        items.push(Item { at: silent_at + draw.ms(100, 500), what: transfer });
        items.push(Item { at: silent_at + draw.ms(100, 500), what: What::Balance { bank } });
    }
    items
}

/// A bank that knows nothing about transfers, and sometimes cannot reverse them for long.
fn unhelpful(draw: &mut Draw, bank: usize) -> Vec<Item> {
    let from_the_start = |fault, lasts| Item { at: Duration::ZERO, what: What::Bank { bank, fault, lasts } };
    let mut items = vec![from_the_start(BankFault::KnowsNothing, EVENTFUL)];
    if draw.percent(60) {
        items.push(from_the_start(BankFault::BusyWithReversals, draw.ms(10_000, 40_000)));
    }
    items
}

/// A trouble, with what belongs to it.
pub(super) fn troubles(draw: &mut Draw, first_only: bool) -> Vec<What> {
    let mut troubles = vec![trouble(draw, first_only)];
    if matches!(troubles.first(), Some(What::Crash { .. })) {
        troubles.extend(crashes_at_start(draw));
    }
    troubles
}

/// The processes after a crash may die, too: while they recover, at their first steps, or soon afterwards.
fn crashes_at_start(draw: &mut Draw) -> Vec<What> {
    let count = if draw.percent(50) { draw.between(1, 2) } else { 0 };
    let crash = |_| {
        let effects = if draw.percent(60) { draw.below(8) } else { draw.below(80) };
        What::CrashAtStart { effects: u32::try_from(effects).unwrap_or(0) }
    };
    (0..count).map(crash).collect()
}

fn trouble(draw: &mut Draw, first_only: bool) -> What {
    let bank = if first_only { 0 } else { usize::from(draw.percent(30)) };
    let lasts = draw.ms(50, LASTS_MAX_MS);
    let kinds = if first_only { 12 } else { 19 };
    match draw.below(kinds) {
        0..=5 => What::Bank { bank, fault: bank_fault(draw), lasts },
        6..=8 => What::Net { bank, fault: net_fault(draw), lasts },
        9 => What::Notice { bank, times: u8::try_from(draw.between(1, 3)).unwrap_or(1) },
        10 => What::Jump { ms: i64::try_from(draw.below(4 * 3_600_000)).unwrap_or(0) - 2 * 3_600_000 },
        11 => What::Closes { bank, lasts },
        12..=13 => What::Disk { fault: disk_fault(draw), lasts },
        14..=16 => What::Crash { effects: u32::try_from(draw.below(200)).unwrap_or(0) },
        17 => What::Person,
        _ => What::Stop,
    }
}

fn bank_fault(draw: &mut Draw) -> BankFault {
    match draw.below(18) {
        15 | 16 => BankFault::Restarts,
        14 => BankFault::AnswersElsewhere,
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
    match draw.below(11) {
        8 | 9 => NetFault::LineBreaks { line: usize::from(draw.percent(30)) },
        10 => NetFault::LineStalls { line: usize::from(draw.percent(30)) },
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
