//! What must hold when everything has come to its end: nothing is open, the journal agrees with the bank, all gateways say the same, and what callers
//! were told is still so.

use std::collections::{BTreeMap, BTreeSet};

use fep_gateway::exchange::{Exchange, ExchangeId, Outcome};
use fep_protocol::exchange::Money;

use super::member::Process;
use super::world::Transfer;
use super::world::{Shared, World};
use crate::telegram::{KEY, RESPONSE, Telegram};
use crate::world::Rule;

/// More exchanges than any plan has.
const ALL: usize = 10_000;

/// What one gateway says.
struct Says {
    exchanges: BTreeMap<ExchangeId, Exchange>,
    letters: BTreeSet<ExchangeId>,
}

/// Checks everything.
pub(super) fn everything(shared: &Shared, processes: &[Option<Process>]) {
    let mut all = Vec::new();
    for (at, process) in processes.iter().enumerate() {
        match process.as_ref().map(asked) {
            Some(Ok(says)) => all.push(says),
            Some(Err(why)) => shared.lock().fail(Rule::Journal, format!("gateway {at} cannot be asked: {why}")),
            None => shared.lock().fail(Rule::Together, format!("gateway {at} does not run in the end")),
        }
    }
    let mut world = shared.lock();
    let Some(first) = all.first() else { return };
    for (at, says) in all.iter().enumerate().skip(1) {
        if says.exchanges != first.exchanges || says.letters != first.letters {
            world.fail(Rule::Together, format!("gateway {at} says something else than gateway 0"));
        }
    }
    for exchange in first.exchanges.values() {
        world.has_ended(exchange, first.letters.contains(&exchange.id));
    }
    for told in std::mem::take(&mut world.checks.told) {
        world.is_still_so(&told, first.exchanges.get(&told.id));
    }
}

fn asked(process: &Process) -> Result<Says, String> {
    process.ask_now(async |gateway| {
        let exchanges = gateway.recent(ALL).await.map_err(|error| error.to_string())?;
        let letters = gateway.dead_letters(ALL).await.map_err(|error| error.to_string())?;
        Ok(Says {
            exchanges: exchanges.into_iter().map(|exchange| (exchange.id, exchange)).collect(),
            letters: letters.into_iter().map(|(exchange, _)| exchange.id).collect(),
        })
    })
}

impl World {
    fn is_still_so(&mut self, told: &Exchange, found: Option<&Exchange>) {
        let id = told.id;
        match found {
            None if told.journaled => self.fail(Rule::Durable, format!("{id} was told as journaled, and is not there")),
            Some(found) if told.journaled && told.outcome != found.outcome => {
                let what = format!("{id} was told as {:?} and is {:?}", told.outcome, found.outcome);
                self.fail(Rule::Durable, what);
            }
            Some(found) if told.outcome == Some(Outcome::Answered) && told.journaled && told.answer != found.answer => {
                self.fail(Rule::Durable, format!("the answer of {id} changed"));
            }
            Some(found) if told.outcome == Some(Outcome::Unknown) && found.outcome == Some(Outcome::NotSent) => {
                self.fail(Rule::NotSent, format!("{id} was told unknown and became not_sent"));
            }
            _ => {}
        }
    }

    fn has_ended(&mut self, exchange: &Exchange, is_dead_letter: bool) {
        let Exchange { id, telegram, .. } = exchange;
        let Some(outcome) = exchange.outcome else {
            return self.fail(Rule::Settled, format!("{id} ({telegram}) still runs"));
        };
        if **telegram != *"Transfer" {
            return;
        }
        if outcome == Outcome::Unknown && exchange.money.is_none() && !is_dead_letter {
            return self.fail(Rule::Settled, format!("{id} is unknown, not settled, and waits for nobody"));
        }
        let key = Telegram(&exchange.request).get(KEY).to_vec();
        let is_done = self.bank.transfers.get(&key).is_some_and(Transfer::is_done);
        let response = exchange.answer.as_ref().map(|answer| Telegram(&answer.bytes).text(RESPONSE));
        let says = match (outcome, exchange.money) {
            (Outcome::NotSent, _) | (_, Some(Money::NotDone | Money::Reversed)) => false,
            (Outcome::Answered, _) => response.as_deref() == Some("0000"),
            (Outcome::Unknown, Some(Money::Done)) => true,
            (Outcome::Unknown, None) => return self.count("a dead letter"),
        };
        if says != is_done {
            let what = format!("{id} is {} {:?}, and the bank has it done: {is_done}", outcome.name(), exchange.money);
            return self.fail(Rule::Truth, what);
        }
        self.count(match (outcome, exchange.money) {
            (Outcome::Unknown, Some(_)) => "a settled transfer",
            _ => "a transfer",
        });
    }
}
