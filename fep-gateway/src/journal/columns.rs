//! A fact as the values of its columns, and back. Every store of facts has these columns; a store that instances share has the name of the
//! instance besides. What of a fact is sealed is not decided here, and nothing here knows SQL.

use std::fmt;
use std::sync::Arc;

use fep_protocol::audit::AuditFact;
use fep_protocol::delivery::DeliveryFact;
use fep_protocol::exchange::{ExchangeId, Outcome, Passage, TelegramBytes};
use fep_protocol::fact::{Class, Fact, Idempotency, Reason, SentClass, TakenOver, What};
use fep_protocol::settlement::SettlementFact;
use fep_protocol::standing::Standing;
use fep_protocol::terms::Key;
use fep_protocol::trace::TraceHighWater;
use serde::de::DeserializeOwned;

use super::store::FactNumber;

/// What the values of a column are, if there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whole numbers.
    Integer,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// All columns in the order of their values. Those before `bytes` are open, and are authenticated with a sealed body.
pub(super) const LIST: [(&str, Kind); COLUMNS] = [
    ("number", Kind::Integer),
    ("at_ms", Kind::Integer),
    ("institution", Kind::Text),
    ("kind", Kind::Text),
    ("class", Kind::Text),
    ("line", Kind::Text),
    ("incarnation", Kind::Integer),
    ("exchange", Kind::Bytes),
    ("telegram", Kind::Text),
    ("trace", Kind::Text),
    ("outcome", Kind::Text),
    ("reason", Kind::Text),
    ("reason_code", Kind::Text),
    ("key", Kind::Text),
    ("idempotency", Kind::Text),
    ("digest", Kind::Bytes),
    ("day", Kind::Integer),
    ("amount", Kind::Integer),
    ("detail", Kind::Text),
    ("caller", Kind::Text),
    ("code", Kind::Text),
    ("bytes", Kind::Bytes),
    ("sealed", Kind::Bytes),
];

/// The number of columns.
pub(super) const COLUMNS: usize = 23;

/// The number of open columns.
pub(super) const OPEN_COLUMNS: usize = 21;

/// The value of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'r> {
    /// No value.
    Null,
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(&'r str),
    /// Bytes.
    Bytes(&'r [u8]),
}

/// The values of the open columns.
pub(super) type OpenColumns<'f> = [Value<'f>; OPEN_COLUMNS];

/// The values of all columns.
pub(super) type Columns<'r> = [Value<'r>; COLUMNS];

/// Columns that are no fact: a bug of the gateway that wrote them, or damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoFact(String);

/// Calls a function with the open columns of a fact.
pub(super) fn with_columns<T>(number: FactNumber, fact: &Fact, each: impl FnOnce(&OpenColumns<'_>) -> T) -> T {
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
        | What::Standing
        | What::Reconciliation
        | What::Verification
        | What::TakenOver => (None, None),
    };
    let number_of = |number: Option<i64>| number.map_or(Value::Null, Value::Integer);
    let reason = fact.reason.as_ref();
    let idempotency = fact.idempotency.as_ref();
    let key = fact.key.as_ref().map(key_json);
    let detail = detail(fact);
    let caller = fact.caller.as_deref().and_then(|caller| serde_json::to_string(caller).ok());
    each(&[
        Value::Integer(signed(number)),
        Value::Integer(fact.at_ms),
        Value::Text(&fact.institution),
        Value::Text(fact.what.kind()),
        text(fact.class()),
        text(fact.line.as_ref().map(|(name, _)| &**name)),
        number_of(fact.line.as_ref().map(|(_, incarnation)| signed(*incarnation))),
        fact.exchange.as_ref().map_or(Value::Null, |id| Value::Bytes(id.as_bytes())),
        text(fact.telegram.as_deref()),
        text(fact.trace.as_deref()),
        text(fact.outcome.map(Outcome::name)),
        text(reason.map(|reason| &*reason.sentence)),
        text(reason.map(|reason| &*reason.code)),
        text(key.as_deref()),
        text(idempotency.map(|idempotency| &*idempotency.key)),
        idempotency.map_or(Value::Null, |idempotency| Value::Bytes(&idempotency.digest)),
        number_of(day),
        number_of(amount),
        text(detail.as_deref()),
        text(caller.as_deref()),
        text(fact.code.as_deref()),
    ])
}

/// The fact that these columns are, without a sealed body.
///
/// # Errors
/// If they are no fact that this gateway knows.
pub(super) fn fact(columns: &Columns<'_>) -> Result<(FactNumber, Fact), NoFact> {
    let [
        number,
        at_ms,
        institution,
        kind,
        class,
        line,
        incarnation,
        exchange,
        telegram,
        trace,
        outcome,
        reason,
        reason_code,
        key,
        idempotency,
        digest,
        day,
        amount,
        detail,
        caller,
        code,
        bytes,
        _sealed,
    ] = *columns;
    let amount = || amount.integer().map(|amount| unsigned(amount.unwrap_or_default()));
    let what = what(kind.text()?.unwrap_or_default(), class.text()?.unwrap_or_default(), day, amount)?;
    let line = line.text()?.zip(incarnation.integer()?);
    let idempotency = idempotency.text()?.zip(digest.bytes()?);
    let detail = detail.text()?;
    let detail_of = |kind: What| detail.filter(|_| what == kind);
    let reason = reason.text()?.zip(Some(reason_code.text()?.unwrap_or_default()));
    let is_of_exchange = matches!(what, What::Sent(SentClass::Request) | What::Outcome);
    let passage = detail.filter(|_| is_of_exchange);
    let is_audit = matches!(what, What::Audit | What::AuditEnd);
    let is_of_own_kind =
        matches!(what, What::Settlement | What::Standing | What::Reconciliation | What::Verification | What::TakenOver);
    let is_other = is_of_exchange || is_audit || is_of_own_kind;
    let of_notice = detail.filter(|_| !is_other);
    let fact = Fact {
        at_ms: at_ms.integer()?.ok_or_else(|| NoFact("it has no time".to_owned()))?,
        institution: institution.text()?.unwrap_or_default().into(),
        instance: None,
        what,
        line: line.map(|(name, incarnation)| (Arc::from(name), unsigned(incarnation))),
        exchange: exchange.bytes()?.map(exchange_id).transpose()?,
        telegram: telegram.text()?.map(Arc::from),
        trace: trace.text()?.map(Box::from),
        outcome: outcome.text()?.and_then(Outcome::from_name),
        reason: reason.map(|(sentence, code)| Reason { sentence: sentence.into(), code: code.to_owned().into() }),
        key: key.text()?.map(key_from_json),
        settlement: detail_of(What::Settlement).map(|detail| settlement(detail).map(Box::new)).transpose()?,
        audit: detail.filter(|_| is_audit).map(|detail| of_json::<AuditFact>(detail).map(Box::new)).transpose()?,
        standing: detail_of(What::Standing).map(|detail| standing(detail).map(Box::new)).transpose()?,
        reconciliation: detail_of(What::Reconciliation).map(|detail| of_json(detail).map(Box::new)).transpose()?,
        verification: detail_of(What::Verification).map(|detail| of_json(detail).map(Box::new)).transpose()?,
        taken_over: detail_of(What::TakenOver).map(|detail| of_json::<TakenOver>(detail).map(Box::new)).transpose()?,
        passage: passage.map(|detail| of_json::<Passage>(detail).map(Box::new)).transpose()?,
        delivery: of_notice.map(|detail| of_json::<DeliveryFact>(detail).map(Box::new)).transpose()?,
        // What a caller said decides nothing, so it may be lost if it cannot be read.
        caller: caller.text()?.and_then(|caller| serde_json::from_str(caller).ok()).map(Arc::new),
        code: code.text()?.map(Box::from),
        idempotency: idempotency.map(|(key, digest)| of_request(key, digest).map(Box::new)).transpose()?,
        bytes: bytes.bytes()?.map_or_else(TelegramBytes::default, |bytes| TelegramBytes::from(bytes.to_vec())),
    };
    let number = number.integer()?.ok_or_else(|| NoFact("it has no number".to_owned()))?;
    Ok((unsigned(number), fact))
}

fn exchange_id(bytes: &[u8]) -> Result<ExchangeId, NoFact> {
    ExchangeId::from_bytes(bytes).ok_or_else(|| NoFact(format!("the ID of its exchange has {} bytes", bytes.len())))
}

fn of_request(key: &str, digest: &[u8]) -> Result<Idempotency, NoFact> {
    let digest = digest.try_into().map_err(|_| NoFact(format!("its digest has {} bytes, not 16", digest.len())))?;
    Ok(Idempotency { key: key.into(), digest })
}

fn what(kind: &str, class: &str, day: Value<'_>, amount: impl Fn() -> Result<u64, NoFact>) -> Result<What, NoFact> {
    let known = match kind {
        "sent" => SentClass::from_name(class).map(What::Sent),
        "received" => Class::from_name(class).map(What::Received),
        "outcome" => Some(What::Outcome),
        "settlement" => Some(What::Settlement),
        "delivery" => Some(What::Delivery),
        "audit" => Some(What::Audit),
        "audit_end" => Some(What::AuditEnd),
        "standing" => Some(What::Standing),
        "reconciliation" => Some(What::Reconciliation),
        "verification" => Some(What::Verification),
        "taken_over" => Some(What::TakenOver),
        "traces" => match day.integer()? {
            Some(day) => Some(What::Traces(TraceHighWater { day, high: amount()? })),
            None => None,
        },
        "surplus" => {
            Class::from_name(class).map(|class| amount().map(|count| What::Surplus(class, count))).transpose()?
        }
        _ => None,
    };
    known.ok_or_else(|| {
        let class = if class.is_empty() { "none" } else { class };
        NoFact(format!("it has a fact of kind {kind} and class {class}, which this gateway does not know"))
    })
}

/// The fact of a settlement, a delivery, the audit trail, a reconciliation or a verification, what holds, a takeover, or the other exchange of a request, as JSON.
fn detail(fact: &Fact) -> Option<String> {
    let standing = || fact.standing.as_deref().map(standing_json);
    let settlement = fact.settlement.as_deref().map(settlement_json).or_else(standing);
    let delivery = || serde_json::to_string(fact.delivery.as_deref()?).ok();
    let audit = || serde_json::to_string(fact.audit.as_deref()?).ok();
    let taken_over = || serde_json::to_string(fact.taken_over.as_deref()?).ok();
    let passage = || serde_json::to_string(fact.passage.as_deref()?).ok();
    let reconciliation = || serde_json::to_string(fact.reconciliation.as_deref()?).ok();
    let verification = || serde_json::to_string(fact.verification.as_deref()?).ok();
    let of_work = || reconciliation().or_else(verification);
    settlement.or_else(delivery).or_else(audit).or_else(taken_over).or_else(passage).or_else(of_work)
}

fn of_json<T: DeserializeOwned>(detail: &str) -> Result<T, NoFact> {
    serde_json::from_str(detail).map_err(|error| NoFact(format!("it has a detail that cannot be read: {error}")))
}

/// A fact of settlement as JSON. Its types have no content that JSON cannot hold.
pub(super) fn settlement_json(fact: &SettlementFact) -> String {
    serde_json::to_string(fact).unwrap_or_default()
}

pub(super) fn settlement(detail: &str) -> Result<SettlementFact, NoFact> {
    of_json(detail)
}

/// What holds as JSON. Its types have no content that JSON cannot hold.
pub(super) fn standing_json(standing: &Standing) -> String {
    serde_json::to_string(standing).unwrap_or_default()
}

pub(super) fn standing(detail: &str) -> Result<Standing, NoFact> {
    of_json(detail)
}

/// A correlation key as JSON.
pub(super) fn key_json(key: &Key) -> String {
    serde_json::to_string(&key.fields().collect::<Vec<_>>()).unwrap_or_default()
}

fn key_from_json(text: &str) -> Key {
    Key::new(serde_json::from_str::<Vec<String>>(text).unwrap_or_default())
}

/// The bytes that are authenticated with a sealed body: each open column that has a value, with its position. A column that a later
/// version adds at the end changes nothing for facts without it.
///
/// ```text
/// (position 1 byte, type 1 byte, length 4 bytes, content)*    1 integer (8 bytes), 2 text, 3 bytes
/// ```
pub(super) fn associated(open: &[Value<'_>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    for (position, value) in (0_u8..).zip(open) {
        let integer = if let Value::Integer(number) = value { number.to_be_bytes() } else { [0; 8] };
        let (kind, content): (u8, &[u8]) = match value {
            Value::Null => continue,
            Value::Integer(_) => (1, &integer),
            Value::Text(text) => (2, text.as_bytes()),
            Value::Bytes(bytes) => (3, bytes),
        };
        out.extend([position, kind]);
        out.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(content);
    }
    out
}

impl<'r> Value<'r> {
    fn integer(self) -> Result<Option<i64>, NoFact> {
        match self {
            Self::Null => Ok(None),
            Self::Integer(number) => Ok(Some(number)),
            Self::Text(_) | Self::Bytes(_) => Err(NoFact("it has something else in a column of numbers".to_owned())),
        }
    }

    fn text(self) -> Result<Option<&'r str>, NoFact> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Integer(_) | Self::Bytes(_) => Err(NoFact("it has something else in a column of text".to_owned())),
        }
    }

    fn bytes(self) -> Result<Option<&'r [u8]>, NoFact> {
        match self {
            Self::Null => Ok(None),
            Self::Bytes(bytes) => Ok(Some(bytes)),
            Self::Integer(_) | Self::Text(_) => Err(NoFact("it has something else in a column of bytes".to_owned())),
        }
    }
}

fn text(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Null, Value::Text)
}

/// Converts a number for a store, which has no unsigned integers.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Converts a number of a store back.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

impl fmt::Display for NoFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoFact {}
