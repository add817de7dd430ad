//! Publishes facts again, of journal files or of a database, also while gateways write them. The events have the same names and bytes as the first time, so that
//! whoever has them drops them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use fep_protocol::exchange::ExchangeId;
use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;
use tokio::runtime::Builder;

use super::maker::{Maker, until};
use super::{EventOrder, Outgoing, PublishOptions, Publisher};
use crate::config::{Config, Environment};
use crate::hex::hex;
use crate::journal::change;
use crate::journal::lookup::Lookup;
use crate::journal::reading::{JournalFiles, JournalPlace};
use crate::journal::seal::KeyRing;
use crate::telegrams::TelegramCatalogue;

/// Which facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The first fact. Default: the first one that the files have.
    pub first: Option<u64>,
    /// The last fact. Default: the last one.
    pub last: Option<u64>,
    /// Only facts from this time on, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Only facts before this time.
    pub until_ms: Option<i64>,
    /// Only facts of this exchange or notice.
    pub exchange: Option<ExchangeId>,
}

/// What was published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Republished {
    /// The number of facts of the range.
    pub facts: u64,
    /// The number of events that the broker took.
    pub events: u64,
    /// The number of events that it never takes.
    pub refused: u64,
    /// The number of facts whose bytes cannot be read: they have no event.
    pub unreadable: u64,
}

/// Why facts were not published again.
#[derive(Debug)]
pub enum RepublishError {
    /// The configuration has no table `[events]`.
    NoEvents,
    /// A journal cannot be read.
    Journal(JournalError),
    /// An institution of the configuration does not fit its spec.
    Unfit(String),
    /// The broker took nothing. What was published before is counted.
    Broker(String, Republished),
}

/// The maximum number of events in one piece.
const PIECE_MAX: usize = 256;

struct Republishing<'p> {
    maker: Maker,
    lookup: Lookup,
    keys: Option<&'p KeyRing>,
    catalogues: BTreeMap<String, TelegramCatalogue>,
    publisher: &'p dyn Publisher,
    done: Republished,
}

impl Range {
    fn has(&self, number: u64, fact: &Fact) -> bool {
        self.first.is_none_or(|first| number >= first)
            && self.last.is_none_or(|last| number <= last)
            && self.since_ms.is_none_or(|since| fact.at_ms >= since)
            && self.until_ms.is_none_or(|until| fact.at_ms < until)
            && self.exchange.is_none_or(|exchange| fact.exchange == Some(exchange))
    }
}

/// Publishes the events of facts again by the table `[events]`. Without `paths`, those of the journal of the configuration: of its database, or
/// of its file and its archives. It waits for the database and for the broker, so it must not be called on a thread of tokio.
///
/// # Errors
/// Those of [`republish`], or if this program was built without Kafka.
pub fn configured(
    config: &Config,
    paths: Vec<PathBuf>,
    keys: Option<&KeyRing>,
    range: &Range,
) -> Result<Republished, RepublishError> {
    let Some(events) = &config.events else { return Err(RepublishError::NoEvents) };
    let place = if paths.is_empty() { JournalPlace::configured(&config.journal) } else { JournalPlace::Files(paths) };
    #[cfg(feature = "kafka")]
    return republish(config, &place, keys, range, &super::kafka::KafkaPublisher::new(events));
    #[cfg(not(feature = "kafka"))]
    {
        let _ = (events, place, keys, range);
        Err(RepublishError::Unfit(super::PublishStartError::WithoutKafka.to_string()))
    }
}

/// Publishes the events of facts again, in the order of the facts. It must not be called on a thread of tokio.
///
/// # Errors
/// If the configuration has no table `[events]`, the journal cannot be read, or the broker takes nothing.
pub fn republish(
    config: &Config,
    place: &JournalPlace,
    keys: Option<&KeyRing>,
    range: &Range,
    publisher: &dyn Publisher,
) -> Result<Republished, RepublishError> {
    let events = config.events.as_ref().ok_or(RepublishError::NoEvents)?;
    let order = if events.by_account { EventOrder::Account } else { EventOrder::Exchange };
    let options = PublishOptions { order, fields: events.fields, alarm_after: events.alarm_after };
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| RepublishError::Unfit(format!("no runtime: {error}")))?;
    let mut files = JournalFiles::open_at(place, keys)?;
    let mut catalogues = BTreeMap::new();
    for (name, institution) in &config.institutions {
        let unfit = |why| RepublishError::Unfit(format!("institutions.{name}: {why}"));
        catalogues.insert(name.clone(), TelegramCatalogue::new(institution).map_err(unfit)?);
    }
    let maker = Maker { journal: hex(&files.journal_id()), options, is_test: config.environment == Environment::Test };
    let lookup = Lookup::open(place, keys)?;
    let mut work = Republishing { maker, lookup, keys, catalogues, publisher, done: Republished::default() };
    if let Some(before) = range.first.and_then(|first| first.checked_sub(1)) {
        files.skip_to(before);
    }
    loop {
        let page = files.next_page()?;
        let unreadable = files.take_unreadable();
        let is_over =
            page.is_empty() || page.first().is_some_and(|(first, _)| range.last.is_some_and(|last| *first > last));
        if is_over {
            return Ok(work.done);
        }
        let mut events = Vec::new();
        for (number, fact) in page.iter().filter(|(number, fact)| range.has(*number, fact)) {
            work.done.facts += 1;
            if unreadable.iter().any(|(unread, _)| unread == number) {
                work.done.unreadable += 1;
                continue;
            }
            events.extend(work.event(*number, fact)?);
            if events.len() >= PIECE_MAX {
                runtime.block_on(work.publish(&std::mem::take(&mut events)))?;
            }
        }
        runtime.block_on(work.publish(&events))?;
    }
}

impl Republishing<'_> {
    /// The event of a fact, if it is one.
    fn event(&mut self, number: u64, fact: &Fact) -> Result<Option<Outgoing>, JournalError> {
        let Some(id) = fact.exchange else { return Ok(None) };
        let is_exchange = change::may_change_exchange(fact);
        if !is_exchange && !change::may_change_notice(fact) {
            return Ok(None);
        }
        let facts = until(self.lookup.facts(&id)?, number, fact);
        if facts.iter().any(|(number, _)| self.lookup.unreadable().contains_key(number)) {
            self.done.unreadable += 1;
            return Ok(None);
        }
        let catalogue = self.catalogues.get(&*fact.institution);
        if !is_exchange {
            let is_first = facts.len() == 1;
            let notice = change::of_notice(id, &facts)?;
            return Ok(notice.map(|notice| self.maker.notice((number, fact), is_first, &notice, catalogue)));
        }
        let veil = self.keys.map(KeyRing::veil);
        let veil = |account| veil.map_or(account, |veil| veil.account(account));
        let changed = change::of_exchange(id, &facts)?;
        Ok(changed.map(|(change, exchange)| self.maker.exchange((number, fact), change, &exchange, catalogue, veil)))
    }

    async fn publish(&mut self, events: &[Outgoing]) -> Result<(), RepublishError> {
        if events.is_empty() {
            return Ok(());
        }
        let refused = match self.publisher.publish(events).await {
            Ok(()) => 0,
            Err(error) if error.refused.is_empty() => return Err(RepublishError::Broker(error.why, self.done)),
            Err(error) => error.refused.len() as u64,
        };
        self.done.refused += refused;
        self.done.events += events.len() as u64 - refused;
        Ok(())
    }
}

impl From<JournalError> for RepublishError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl fmt::Display for Republished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { facts, events, refused, unreadable } = self;
        write!(f, "{events} events of {facts} facts were published again")?;
        if *refused > 0 {
            write!(f, "; the broker never takes {refused} events")?;
        }
        if *unreadable > 0 {
            write!(f, "; {unreadable} facts cannot be read: give the key file")?;
        }
        Ok(())
    }
}

impl fmt::Display for RepublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEvents => f.write_str("the configuration has no table [events]: it says to which topic events go"),
            Self::Journal(error) => error.fmt(f),
            Self::Unfit(why) => f.write_str(why),
            Self::Broker(why, done) => {
                write!(f, "{why}; {done}: begin again, whoever has these events drops those that come twice")
            }
        }
    }
}

impl std::error::Error for RepublishError {}
