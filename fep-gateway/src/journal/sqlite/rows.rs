//! The rows of the table of facts: a fact as the values of its columns, and back. What of a fact is sealed is not decided here.

use std::sync::Arc;

use fep_protocol::audit::AuditFact;
use fep_protocol::delivery::DeliveryFact;
use fep_protocol::exchange::{ExchangeId, Outcome, Passage, TelegramBytes};
use fep_protocol::fact::{Class, Fact, Idempotency, Reason, SentClass, What};
use fep_protocol::settlement::SettlementFact;
use fep_protocol::standing::Standing;
use fep_protocol::terms::Key;
use fep_protocol::trace::TraceHighWater;
use rusqlite::types::{ToSqlOutput, Type, ValueRef};
use rusqlite::{Error, Row, Statement};

use super::{signed, unsigned};
use crate::journal::store::FactNumber;

/// All columns. Those before `bytes` are open, and are authenticated with a sealed body.
pub(super) const COLUMNS: &str =
    "number, at_ms, institution, kind, class, line, incarnation, exchange, telegram, trace, outcome,
                       reason, reason_code, key, idempotency, digest, day, amount, detail, caller, code, bytes, sealed";

/// Stores a fact, with the columns in the order of `COLUMNS`.
pub(super) const INSERT: &str =
    "INSERT INTO facts (number, at_ms, institution, kind, class, line, incarnation, exchange, telegram, trace,
     outcome, reason, reason_code, key, idempotency, digest, day, amount, detail, caller, code, bytes, sealed)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)";

/// The number of open columns.
pub(super) const OPEN_COLUMNS: usize = 21;

/// The values of the open columns.
pub(super) type OpenColumns<'f> = [ValueRef<'f>; OPEN_COLUMNS];
fn text(text: Option<&str>) -> ValueRef<'_> {
    text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
}

/// Calls a function with the open columns of a fact.
pub(super) fn with_columns(
    number: FactNumber,
    fact: &Fact,
    each: impl FnOnce(&OpenColumns<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let (day, amount) = match fact.what {
        What::Traces(high_water) => (Some(high_water.day), Some(signed(high_water.high))),
        What::Surplus(_, count) => (None, Some(signed(count))),
        What::Sent(_)
        | What::Received(_)
        | What::Outcome
        | What::Settlement
        | What::Delivery
        | What::Audit
        | What::AuditEnd
        | What::Standing => (None, None),
    };
    let number_of = |number: Option<i64>| number.map_or(ValueRef::Null, ValueRef::Integer);
    let reason = fact.reason.as_ref();
    let idempotency = fact.idempotency.as_ref();
    let key = fact.key.as_ref().map(to_json);
    let detail = detail(fact);
    let caller = fact.caller.as_deref().and_then(|caller| serde_json::to_string(caller).ok());
    each(&[
        ValueRef::Integer(signed(number)),
        ValueRef::Integer(fact.at_ms),
        ValueRef::Text(fact.institution.as_bytes()),
        ValueRef::Text(fact.what.kind().as_bytes()),
        text(fact.class()),
        text(fact.line.as_ref().map(|(name, _)| &**name)),
        number_of(fact.line.as_ref().map(|(_, incarnation)| signed(*incarnation))),
        fact.exchange.as_ref().map_or(ValueRef::Null, |id| ValueRef::Blob(id.as_bytes())),
        text(fact.telegram.as_deref()),
        text(fact.trace.as_deref()),
        text(fact.outcome.map(Outcome::name)),
        text(reason.map(|reason| &*reason.sentence)),
        text(reason.map(|reason| &*reason.code)),
        text(key.as_deref()),
        text(idempotency.map(|idempotency| &*idempotency.key)),
        idempotency.map_or(ValueRef::Null, |idempotency| ValueRef::Blob(&idempotency.digest)),
        number_of(day),
        number_of(amount),
        text(detail.as_deref()),
        text(caller.as_deref()),
        text(fact.code.as_deref()),
    ])
}

/// Stores one fact. Columns without a value are not bound, because a cleared statement has no values.
pub(super) fn store(
    insert: &mut Statement<'_>,
    open: &OpenColumns<'_>,
    bytes: &[u8],
    sealed: Option<&[u8]>,
) -> Result<(), Error> {
    let blob = |bytes| ValueRef::Blob(bytes);
    let bytes = Some(bytes).filter(|bytes| !bytes.is_empty()).map_or(ValueRef::Null, blob);
    let rest = [bytes, sealed.map_or(ValueRef::Null, blob)];
    insert.clear_bindings();
    for (column, value) in (1..).zip(open.iter().copied().chain(rest)) {
        if value != ValueRef::Null {
            insert.raw_bind_parameter(column, ToSqlOutput::Borrowed(value))?;
        }
    }
    insert.raw_execute().map(drop)
}

pub(super) fn fact(row: &Row<'_>) -> Result<(FactNumber, Fact), Error> {
    let text = |name| row.get::<_, Option<String>>(name);
    let line = text("line")?.zip(row.get::<_, Option<i64>>("incarnation")?);
    let idempotency = text("idempotency")?.zip(row.get::<_, Option<[u8; 16]>>("digest")?);
    let what = what(row)?;
    let detail = text("detail")?;
    let detail_of = |kind: What| detail.as_deref().filter(|_| what == kind);
    let reason = text("reason")?.zip(Some(text("reason_code")?.unwrap_or_default()));
    let is_of_exchange = matches!(what, What::Sent(SentClass::Request) | What::Outcome);
    let passage = detail.as_deref().filter(|_| is_of_exchange);
    let is_audit = matches!(what, What::Audit | What::AuditEnd);
    let of_notice = detail
        .as_deref()
        .filter(|_| !is_of_exchange && !is_audit && !matches!(what, What::Settlement | What::Standing));
    let fact = Fact {
        at_ms: row.get("at_ms")?,
        institution: text("institution")?.unwrap_or_default().into(),
        what,
        line: line.map(|(name, incarnation)| (Arc::from(name), unsigned(incarnation))),
        exchange: row.get::<_, Option<[u8; ExchangeId::LEN]>>("exchange")?.and_then(|id| ExchangeId::from_bytes(&id)),
        telegram: text("telegram")?.map(Arc::from),
        trace: text("trace")?.map(Box::from),
        outcome: text("outcome")?.and_then(|name| Outcome::from_name(&name)),
        reason: reason.map(|(sentence, code)| Reason { sentence: sentence.into(), code: code.into() }),
        key: text("key")?.map(|key| from_json(&key)),
        settlement: detail_of(What::Settlement).map(|detail| settlement(detail).map(Box::new)).transpose()?,
        audit: detail.as_deref().filter(|_| is_audit).map(|detail| audit(detail).map(Box::new)).transpose()?,
        standing: detail_of(What::Standing).map(|detail| standing(detail).map(Box::new)).transpose()?,
        passage: passage.map(|detail| self::passage(detail).map(Box::new)).transpose()?,
        delivery: of_notice.map(|detail| delivery(detail).map(Box::new)).transpose()?,
        // What a caller said decides nothing, so it may be lost if it cannot be read.
        caller: text("caller")?.and_then(|caller| serde_json::from_str(&caller).ok()).map(Arc::new),
        code: text("code")?.map(Box::from),
        idempotency: idempotency.map(|(key, digest)| Box::new(Idempotency { key: key.into(), digest })),
        bytes: row.get::<_, Option<Vec<u8>>>("bytes")?.map_or_else(TelegramBytes::default, TelegramBytes::from),
    };
    Ok((unsigned(row.get("number")?), fact))
}

fn what(row: &Row<'_>) -> Result<What, Error> {
    let kind: String = row.get("kind")?;
    let class: Option<String> = row.get("class")?;
    let class = class.as_deref().unwrap_or_default();
    let amount = || row.get::<_, Option<i64>>("amount").map(|amount| unsigned(amount.unwrap_or_default()));
    let known = match kind.as_str() {
        "sent" => SentClass::from_name(class).map(What::Sent),
        "received" => Class::from_name(class).map(What::Received),
        "outcome" => Some(What::Outcome),
        "settlement" => Some(What::Settlement),
        "delivery" => Some(What::Delivery),
        "audit" => Some(What::Audit),
        "audit_end" => Some(What::AuditEnd),
        "standing" => Some(What::Standing),
        "traces" => Some(What::Traces(TraceHighWater { day: row.get("day")?, high: amount()? })),
        "surplus" => {
            Class::from_name(class).map(|class| amount().map(|count| What::Surplus(class, count))).transpose()?
        }
        _ => None,
    };
    known.ok_or_else(|| {
        let class = if class.is_empty() { "none" } else { class };
        let why = format!("it has a fact of kind {kind} and class {class}, which this gateway does not know");
        Error::ToSqlConversionFailure(why.into())
    })
}

/// The fact of a settlement, a delivery or the audit trail, what holds, or the other exchange of a request, as JSON.
fn detail(fact: &Fact) -> Option<String> {
    let standing = || fact.standing.as_deref().map(standing_json);
    let settlement = fact.settlement.as_deref().map(settlement_json).or_else(standing);
    let delivery = || serde_json::to_string(fact.delivery.as_deref()?).ok();
    let audit = || serde_json::to_string(fact.audit.as_deref()?).ok();
    settlement.or_else(delivery).or_else(audit).or_else(|| serde_json::to_string(fact.passage.as_deref()?).ok())
}

fn passage(detail: &str) -> Result<Passage, Error> {
    serde_json::from_str(detail).map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

fn audit(detail: &str) -> Result<AuditFact, Error> {
    serde_json::from_str(detail).map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

fn delivery(detail: &str) -> Result<DeliveryFact, Error> {
    serde_json::from_str(detail).map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

/// A fact of settlement as JSON. Its types have no content that JSON cannot hold.
pub(super) fn settlement_json(fact: &SettlementFact) -> String {
    serde_json::to_string(fact).unwrap_or_default()
}

pub(super) fn settlement(detail: &str) -> Result<SettlementFact, Error> {
    serde_json::from_str(detail).map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

/// What holds as JSON. Its types have no content that JSON cannot hold.
pub(super) fn standing_json(standing: &Standing) -> String {
    serde_json::to_string(standing).unwrap_or_default()
}

pub(super) fn standing(detail: &str) -> Result<Standing, Error> {
    serde_json::from_str(detail).map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

pub(super) fn to_json(key: &Key) -> String {
    serde_json::to_string(&key.fields().collect::<Vec<_>>()).unwrap_or_default()
}

pub(super) fn from_json(text: &str) -> Key {
    Key::new(serde_json::from_str::<Vec<String>>(text).unwrap_or_default())
}
