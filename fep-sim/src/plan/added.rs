//! The troubles of what a setup has beyond lines and a journal. They are drawn apart, so that a plan without them stays what it was.

use std::time::Duration;

use fep_protocol::random::SplitMix64;

use super::{BankFault, DiskFault, Item, NetFault, What};
use crate::draw::Draw;
use crate::setup::{BANKS, RECEIVE, Setup};

/// The latest time at which one of these troubles begins, and how long it lasts at most, in milliseconds. It ends before the calm.
const BEGINS_MAX_MS: u64 = 24_000;
const LASTS_MAX_MS: u64 = 10_000;

/// The items of a seed.
pub(super) fn items(seed: u64, first_only: bool) -> Vec<Item> {
    let setup = Setup::of(seed);
    let mut draw = Draw(SplitMix64::new(seed ^ 0x0ADD_0F5E_0ADD_0F5E));
    let mut items = Vec::new();
    if setup.archives.is_some() {
        items.extend(days(&mut draw));
    }
    if seed % 16 == 13 {
        items.extend(held(&mut draw));
    }
    for bank in 0..if first_only { 1 } else { BANKS } {
        if setup.bank(bank).pair.is_some() {
            items.extend(pair(&mut draw, bank, first_only));
        }
        if setup.bank(bank).polls.is_some() {
            items.extend(polls(&mut draw, bank));
        }
    }
    items
}

/// The kernel takes transfers only shortly before their deadline, and then their bytes are on the way for nearly the whole horizon. The
/// inquiries about them overtake them.
fn held(draw: &mut Draw) -> Vec<Item> {
    let at = draw.ms(1000, BEGINS_MAX_MS - 2000);
    let taken_at = at + draw.ms(1500, 1900);
    let net =
        |at, fault, until: Duration| Item { at, what: What::Net { bank: 0, fault, lasts: until.saturating_sub(at) } };
    let stalls_at = taken_at.saturating_sub(Duration::from_millis(50));
    let mut items = vec![
        net(at, NetFault::Narrow, taken_at),
        net(at, NetFault::Slow { ms: 100 }, stalls_at),
        net(stalls_at, NetFault::StallsSome, stalls_at + draw.ms(7500, 8700)),
    ];
    for account in 0..4 {
        for _ in 0..3 {
            let what = What::Transfer { bank: 0, account, key: true };
            items.push(Item { at: at + draw.ms(10, 100), what });
        }
    }
    items
}

/// A bank that does not poll, does not answer polls, or does so with other bytes, while it says nothing else or goes on as always.
fn polls(draw: &mut Draw, bank: usize) -> Vec<Item> {
    let mut items = Vec::new();
    for _ in 0..draw.between(1, 3) {
        let at = draw.ms(0, BEGINS_MAX_MS);
        let lasts = draw.ms(500, LASTS_MAX_MS);
        let fault = match draw.below(4) {
            0 => BankFault::SkipsPolls,
            1 => BankFault::IgnoresPolls,
            _ => BankFault::GarblesPolls,
        };
        items.push(Item { at, what: What::Bank { bank, fault, lasts } });
        if draw.percent(40) {
            items.push(Item { at, what: What::Bank { bank, fault: BankFault::Silent, lasts } });
        }
        if draw.percent(30) {
            let lasts = draw.ms(500, 4000);
            items.push(Item { at, what: What::Net { bank, fault: NetFault::Crumbles, lasts } });
        }
    }
    items
}

/// Days pass while no process runs. The next ones archive, and die at any step of it, or find a full disk.
fn days(draw: &mut Draw) -> Vec<Item> {
    let mut items = Vec::new();
    for _ in 0..draw.between(1, 3) {
        let at = draw.ms(2000, BEGINS_MAX_MS);
        let days = u8::try_from(draw.between(1, 3)).unwrap_or(2);
        items.push(Item { at, what: What::Away { days, dies: draw.percent(50) } });
        for _ in 0..draw.below(3) {
            let steps = u32::try_from(draw.below(12)).unwrap_or(0);
            items.push(Item { at: at + draw.ms(0, 4000), what: What::CrashArchiving { steps } });
        }
        if draw.percent(50) {
            let fault = if draw.percent(70) { DiskFault::ArchivesFull } else { DiskFault::Full };
            items.push(Item { at: at + draw.ms(0, 3500), what: What::Disk { fault, lasts: draw.ms(1000, 4000) } });
        }
    }
    items
}

/// One half of a pair dies, or both do in turn, while requests wait for their answers. The process may die meanwhile.
fn pair(draw: &mut Draw, bank: usize, first_only: bool) -> Vec<Item> {
    let mut items = Vec::new();
    for _ in 0..draw.between(1, 3) {
        let at = draw.ms(1000, BEGINS_MAX_MS);
        let line = if draw.percent(70) { RECEIVE } else { 0 };
        let fault = match draw.percent(70) {
            true => NetFault::LineBreaks { line },
            false => NetFault::LineStalls { line },
        };
        items.push(Item { at, what: What::Net { bank, fault, lasts: draw.ms(100, 4000) } });
        let slow = BankFault::Slow { ms: draw.between(100, 1500) };
        items.push(Item {
            at: at.saturating_sub(draw.ms(0, 1000)),
            what: What::Bank { bank, fault: slow, lasts: draw.ms(500, 4000) },
        });
        for account in 0..4 {
            let before = at.saturating_sub(draw.ms(0, 500));
            items.push(Item { at: before, what: What::Transfer { bank, account, key: account < 2 } });
            items.push(Item { at: at + draw.ms(0, 5000), what: What::Transfer { bank, account, key: true } });
        }
        items.push(Item { at: at + draw.ms(0, 3000), what: What::Notice { bank, times: 2 } });
        if draw.percent(30) {
            let what = What::Bank { bank, fault: BankFault::AnswersElsewhere, lasts: draw.ms(500, 4000) };
            items.push(Item { at, what });
        }
        if !first_only && draw.percent(40) {
            let effects = u32::try_from(draw.below(60)).unwrap_or(0);
            items.push(Item { at: at + draw.ms(0, 1500), what: What::Crash { effects } });
        }
    }
    items
}
