//! Makes the events of facts. The same facts make the same events, byte for byte, in the running gateway and in a command.

use fep_protocol::exchange::{Exchange, LineStatus};
use fep_protocol::fact::Fact;
use fep_protocol::settlement::AccountKey;

use super::event::{About, Content, EventKind, VERSION};
use super::{EventOrder, Outgoing, PublishOptions};
use crate::journal::change::ExchangeChange;
use crate::journal::notice::StoredNotice;
use crate::telegrams::TelegramCatalogue;

/// The maximum length of the JSON of an event with fields, in bytes. Brokers take events of one megabyte at most by default.
const EVENT_MAX_BYTES: usize = 900_000;

/// What events have besides their facts.
#[derive(Clone, Debug)]
pub(super) struct Maker {
    /// The random name of the journal.
    pub(super) journal: String,
    pub(super) options: PublishOptions,
    /// Whether the gateway is for tests.
    pub(super) is_test: bool,
}

impl Maker {
    /// The event of a fact that changed an exchange. `veil` hides an account as the journal does.
    pub(super) fn exchange(
        &self,
        fact: (u64, &Fact),
        change: ExchangeChange,
        exchange: &Exchange,
        catalogue: Option<&TelegramCatalogue>,
        veil: impl Fn(AccountKey) -> AccountKey,
    ) -> Outgoing {
        let spec = catalogue.map(TelegramCatalogue::line_spec);
        let kind = match change {
            ExchangeChange::Ended => EventKind::ExchangeEnded,
            ExchangeChange::Settled => EventKind::ExchangeSettled,
            ExchangeChange::DeadLetter => EventKind::ExchangeDeadLetter,
            ExchangeChange::Flagged => EventKind::ExchangeFlagged,
        };
        let traceparent = exchange.caller.as_ref().and_then(|caller| caller.traceparent);
        let key = self.key(exchange, catalogue, veil);
        let about = |fields| About::exchange(exchange, spec, fields);
        Outgoing { traceparent, ..self.of_fact(fact, kind, key, about) }
    }

    /// The event of a fact that changed a notice.
    pub(super) fn notice(
        &self,
        fact: (u64, &Fact),
        is_first: bool,
        notice: &StoredNotice,
        catalogue: Option<&TelegramCatalogue>,
    ) -> Outgoing {
        let spec = catalogue.map(TelegramCatalogue::line_spec);
        let kind = if is_first { EventKind::NoticeReceived } else { EventKind::NoticeChanged };
        self.of_fact(fact, kind, notice.id.to_string(), |fields| About::notice(notice, spec, fields))
    }

    /// The event of the state of a line.
    pub(super) fn line(&self, line: &LineStatus, instance: Option<&str>, at_ms: i64) -> Outgoing {
        let LineStatus { institution, line: name, .. } = line;
        // Other instances have lines with the same names.
        let instance = instance.map_or_else(String::new, |instance| format!("@{instance}"));
        let id = format!("{}-line-{institution}-{name}{instance}-{at_ms}", self.journal);
        let key = format!("line:{institution}/{name}{instance}");
        self.outgoing(id, None, EventKind::LineChanged, key, at_ms, About::line(line.clone()))
    }

    /// The event of a fact. The fields of a very long telegram are left out: a broker that refuses an event would hold up all others.
    fn of_fact<'s>(
        &self,
        (number, fact): (u64, &Fact),
        kind: EventKind,
        key: String,
        about: impl Fn(bool) -> About<'s>,
    ) -> Outgoing {
        let id = format!("{}-{number}-{}", self.journal, fact.at_ms);
        let whole = self.outgoing(id.clone(), Some(number), kind, key.clone(), fact.at_ms, about(self.options.fields));
        if whole.json.len() <= EVENT_MAX_BYTES {
            return whole;
        }
        self.outgoing(id, Some(number), kind, key, fact.at_ms, about(false))
    }

    fn outgoing(
        &self,
        id: String,
        fact: Option<u64>,
        kind: EventKind,
        key: String,
        at_ms: i64,
        about: About<'_>,
    ) -> Outgoing {
        let environment = self.is_test.then_some("test");
        let content = Content { version: VERSION, id: &id, kind, at_ms, environment, fact, about };
        // Its types have no content that JSON cannot hold.
        let json = serde_json::to_string(&content).unwrap_or_default();
        Outgoing { id, kind: kind.name(), key, at_ms, traceparent: None, json }
    }

    /// What an exchange has to stay in order with.
    fn key(
        &self,
        exchange: &Exchange,
        catalogue: Option<&TelegramCatalogue>,
        veil: impl Fn(AccountKey) -> AccountKey,
    ) -> String {
        let account = catalogue
            .filter(|_| self.options.order == EventOrder::Account)
            .and_then(|catalogue| catalogue.account_key(&exchange.telegram, &exchange.request))
            .map(veil);
        account.map_or_else(|| exchange.id.to_string(), |account| format!("account:{:016x}", account.0))
    }
}

/// The facts up to a number. What the index does not have, such as a repetition that belongs to an earlier notice, is the fact alone.
pub(super) fn until(mut facts: Vec<(u64, Fact)>, number: u64, fact: &Fact) -> Vec<(u64, Fact)> {
    facts.retain(|(found, _)| *found <= number);
    if facts.last().is_none_or(|(last, _)| *last != number) {
        facts.push((number, fact.clone()));
    }
    facts
}
