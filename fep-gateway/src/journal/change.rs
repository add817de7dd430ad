//! What one fact changes of an exchange or a notice, for who tells others about it. Pure: it is given all facts and reads no file.

use fep_protocol::exchange::{Exchange, ExchangeId, Flags, Money, Outcome, SettledBy};
use fep_protocol::fact::{Class, Fact, What};
use fep_protocol::reason::JournalError;

use super::notice::{ProjectedNotice, StoredNotice, is_of_notice, stored_notice};
use super::projection::Projected;
use super::store::FactNumber;

/// What of an exchange others can see and a fact can change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    outcome: Option<Outcome>,
    settled_by: Option<SettledBy>,
    money: Option<Money>,
    flags: Flags,
}

/// How an exchange changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExchangeChange {
    /// It has its outcome.
    Ended,
    /// Its unknown outcome was settled, or settled in another way than before.
    Settled,
    /// Its settlement needs a person.
    DeadLetter,
    /// A person should look at it: there are answers that contradict each other, or somebody doubts the settlement.
    Flagged,
}

/// Whether a fact can change an exchange in a way that others see.
pub(crate) fn may_change_exchange(fact: &Fact) -> bool {
    let can = matches!(fact.what, What::Settlement | What::Received(Class::Late | Class::Conflicting));
    fact.exchange.is_some() && !is_of_notice(fact) && (fact.outcome.is_some() || can)
}

/// Whether a fact can change a notice.
pub(crate) fn may_change_notice(fact: &Fact) -> bool {
    fact.exchange.is_some() && is_of_notice(fact) && fact.delivery.is_some()
}

/// The exchange as it was after a fact, and what the fact changed. `None` if it changed nothing. `facts` has all facts of the exchange up
/// to this one, in their order.
pub(crate) fn of_exchange(
    id: ExchangeId,
    facts: &[(FactNumber, Fact)],
) -> Result<Option<(ExchangeChange, Exchange)>, JournalError> {
    let Some(((last, fact), before)) = facts.split_last() else { return Ok(None) };
    let mut row = Projected::new(id);
    before.iter().for_each(|(number, fact)| row.add(*number, fact));
    let was = seen(&row);
    row.add(*last, fact);
    let is = seen(&row);
    let change = match () {
        () if was == is => return Ok(None),
        () if was.outcome != is.outcome => ExchangeChange::Ended,
        () if is.flags.dead_letter && !was.flags.dead_letter => ExchangeChange::DeadLetter,
        () if (was.settled_by, was.money) != (is.settled_by, is.money) && is.settled_by.is_some() => {
            ExchangeChange::Settled
        }
        () => ExchangeChange::Flagged,
    };
    let exchange = super::exchange(row, |number| Ok(find(facts, number)))?;
    Ok(Some((change, exchange)))
}

/// The notice as it was after a fact, if the fact changed its state. `facts` has all facts of the notice up to this one, in their order.
pub(crate) fn of_notice(id: ExchangeId, facts: &[(FactNumber, Fact)]) -> Result<Option<StoredNotice>, JournalError> {
    let Some(((last, fact), before)) = facts.split_last() else { return Ok(None) };
    let Some((_, first)) = facts.first() else { return Ok(None) };
    let mut row = ProjectedNotice::new(id, first);
    before.iter().for_each(|(number, fact)| row.add(*number, fact));
    let was = (!before.is_empty()).then(|| row.state());
    row.add(*last, fact);
    if was == Some(row.state()) {
        return Ok(None);
    }
    stored_notice(row, |number| Ok(find(facts, number))).map(Some)
}

fn seen(row: &Projected) -> Seen {
    Seen { outcome: row.outcome, settled_by: row.settled_by, money: row.money, flags: row.flags }
}

fn find(facts: &[(FactNumber, Fact)], number: FactNumber) -> Option<Fact> {
    facts.iter().find(|(found, _)| *found == number).map(|(_, fact)| fact.clone())
}
