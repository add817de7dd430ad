//! Our side: the exchanges of the journal as rows. What an exchange came to is what the journal says: by its answer, or by its settlement.

use fep_codec::layout::Layout;
use fep_protocol::exchange::{ExchangeId, Money, Outcome};
use fep_protocol::reason::JournalError;
use fep_protocol::settlement::Verdict;

use super::fields::{Place, amount, holds, key, place};
use super::row::{Row, State};
use super::sorter::Sorter;
use super::terms::Terms;
use super::{Lacks, ReconcileError};
use crate::config::{Condition, ConditionValue, InstitutionConfig, ResponseCodes, SettlementConfig};
use crate::journal::filter::ExchangeFilter;
use crate::journal::lookup::{Lookup, Walked};
use crate::telegrams::{ResponseCode, TelegramCatalogue};
use crate::time::DAY_MS;

/// Adds the exchanges of the business date and those around it to the sorter.
///
/// # Errors
/// If the journal cannot be read, the body of a request cannot, or a temporary file cannot be written.
pub(super) fn read(
    terms: &Terms<'_>,
    (name, institution): (&str, &InstitutionConfig),
    day: i64,
    journal: &Lookup,
    rows: &mut Sorter,
) -> Result<(), ReconcileError> {
    let meaning = Meaning::new(institution, &terms.config.telegram)?;
    let around = i64::from(terms.config.days_around);
    let first = day - around;
    let last = day + around;
    // A business date begins up to 26 hours before the day of UTC and ends up to 24 hours after it, and an exchange is older than its request.
    let filter = ExchangeFilter {
        since_ms: Some((first - 2) * DAY_MS),
        until_ms: Some((last + 2) * DAY_MS),
        institution: Some(name.to_owned()),
        telegram: Some(terms.config.telegram.clone()),
        ..ExchangeFilter::default()
    };
    journal.walk(&filter, |exchange| {
        let of = institution.hours.calendar.business_date(exchange.sent_at_ms.unwrap_or(exchange.id.accepted_at_ms()));
        if of < first || of > last {
            return Ok(());
        }
        match meaning.row(terms, &exchange, of) {
            Ok(row) => rows.push(&row).map_err(ReconcileError::Disk),
            // It was never encoded.
            Err(Lacks::Fact) if exchange.outcome == Some(Outcome::NotSent) => Ok(()),
            Err(lacks) => Err(ReconcileError::Unreadable(exchange.id, lacks)),
        }
    })
}

/// What exchanges of one telegram mean for the money.
pub(super) struct Meaning {
    catalogue: TelegramCatalogue,
    telegram: String,
    request: Layout,
    /// Where the answer says what became of the request. `None` if the settlement says how to read it.
    code: Option<ResponseCode>,
    codes: ResponseCodes,
    verdicts: Option<Verdicts>,
}

/// The conditions of a settlement whose values stand in the configuration. They are read at their places, which is much faster than to decode the
/// answer. Only an answer that was decoded when it came is read so.
struct Verdicts {
    answer_len: usize,
    accepted: Vec<(Place, Vec<String>)>,
    declined: Vec<(Place, Vec<String>)>,
}

impl Verdicts {
    /// `None` if a value of a condition is that of the request.
    fn new(settlement: &SettlementConfig, answer: &Layout) -> Option<Self> {
        let text = |value: &ConditionValue| match value {
            ConditionValue::Text(text) => Some(text.clone()),
            ConditionValue::Request(_) => None,
        };
        let condition = |condition: &Condition| {
            Some((place(answer, &condition.path)?, condition.values.iter().map(text).collect::<Option<Vec<_>>>()?))
        };
        Some(Self {
            answer_len: answer.fixed_len()?,
            accepted: settlement.accepted.iter().map(condition).collect::<Option<Vec<_>>>()?,
            declined: settlement.declined.iter().map(condition).collect::<Option<Vec<_>>>()?,
        })
    }

    /// What an answer says. `None` if the spec has changed since it came.
    fn of(&self, answer: &[u8]) -> Option<State> {
        (answer.len() == self.answer_len).then_some(())?;
        Some(match (holds(&self.accepted, answer), self.declined.is_empty() || holds(&self.declined, answer)) {
            (true, _) => State::Done,
            (false, true) => State::Declined,
            (false, false) => State::Unsettled,
        })
    }
}

impl Meaning {
    pub(super) fn new(institution: &InstitutionConfig, telegram: &str) -> Result<Self, ReconcileError> {
        let catalogue = TelegramCatalogue::new(institution).map_err(ReconcileError::Unfit)?;
        let unknown = || ReconcileError::Unfit(format!("{} has no telegram {telegram}", institution.spec.name));
        let request = institution.spec.telegram(telegram).ok_or_else(unknown)?;
        let answer = request.answer.as_deref().and_then(|answer| institution.spec.telegram(answer));
        let code = answer.and_then(|answer| ResponseCode::of(&answer.layout, &institution.response_codes));
        if code.is_none() && !catalogue.is_monetary(telegram) {
            let why = format!(
                "nothing says whether an answer to {telegram} accepts it: name the field of its code with `response_code`, or write a settlement"
            );
            return Err(ReconcileError::Unfit(why));
        }
        let settlement = institution.telegrams.get(telegram).and_then(|limits| limits.settlement.as_ref());
        let verdicts = settlement.zip(answer).and_then(|(own, answer)| Verdicts::new(own, &answer.layout));
        Ok(Self {
            catalogue,
            telegram: telegram.to_owned(),
            request: request.layout.clone(),
            code,
            codes: institution.response_codes.clone(),
            verdicts,
        })
    }

    /// The row of an exchange.
    fn row(&self, terms: &Terms<'_>, exchange: &Walked, day: i64) -> Result<Row, Lacks> {
        let request = self.request(exchange)?;
        let amount = terms.here.amount.as_ref().and_then(|(place, more)| amount(place, *more, request));
        Ok(Row {
            key: key(&terms.here.key, request),
            amount,
            state: self.state(exchange),
            day,
            origin: origin(exchange.id),
        })
    }

    /// The request of an exchange, if it is one of this telegram.
    pub(super) fn request<'e>(&self, exchange: &'e Walked) -> Result<&'e [u8], Lacks> {
        if exchange.request.is_empty() {
            return Err(if exchange.sent_at_ms.is_none() { Lacks::Fact } else { Lacks::Key });
        }
        let request = self.catalogue.telegram(&exchange.request);
        if self.request.recognises(request) { Ok(request) } else { Err(Lacks::Layout) }
    }

    /// What became of the money of an exchange.
    pub(super) fn state(&self, exchange: &Walked) -> State {
        match (exchange.outcome, exchange.money) {
            // The institution and a decision say different things. Neither is believed.
            _ if exchange.is_disputed => State::Unsettled,
            (Some(Outcome::NotSent), _) => State::NotSent,
            (Some(Outcome::Unknown), Some(Money::Done)) => State::Done,
            (Some(Outcome::Unknown), Some(Money::NotDone)) => State::NotDone,
            (Some(Outcome::Unknown), Some(Money::Reversed)) => State::Reversed,
            // An answer that came too late, to a telegram without a settlement, says what it says.
            (Some(Outcome::Answered), _) => self.answered(exchange),
            (Some(Outcome::Unknown), None) if exchange.settled_by.is_some() => self.answered(exchange),
            (Some(Outcome::Unknown) | None, _) => State::Unsettled,
        }
    }

    fn answered(&self, exchange: &Walked) -> State {
        let Some(answer) = &exchange.answer else { return State::Unsettled };
        let verdicts = self.verdicts.as_ref().filter(|_| exchange.outcome == Some(Outcome::Answered));
        if let Some(state) = verdicts.and_then(|verdicts| verdicts.of(self.catalogue.telegram(answer))) {
            return state;
        }
        if self.catalogue.is_monetary(&self.telegram) {
            return match self.catalogue.late_verdict(&self.telegram, &exchange.request, answer) {
                Verdict::Done => State::Done,
                Verdict::NotDone => State::Declined,
                _ => State::Unsettled,
            };
        }
        match self.code.as_ref().and_then(|field| field.read(self.catalogue.telegram(answer))) {
            Some(code) if self.codes.accept(&code) => State::Done,
            Some(_) => State::Declined,
            None => State::Unsettled,
        }
    }
}

/// The name of an exchange as the origin of a row.
pub(super) fn origin(id: ExchangeId) -> [u8; 16] {
    let mut origin = [0; 16];
    for (to, from) in origin.iter_mut().zip(id.as_bytes()) {
        *to = *from;
    }
    origin
}

/// The exchange that a row came from.
pub(super) fn exchange_id(row: &Row) -> Option<ExchangeId> {
    ExchangeId::from_bytes(row.origin.get(..ExchangeId::LEN)?)
}

impl From<JournalError> for ReconcileError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}
