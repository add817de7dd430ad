//! Exchanges as the console shows them: a summary in one line, and a telegram field by field with its secrets masked.

use fep_codec::dump;
use fep_codec::layout::{Item, Layout};
use schemars::JsonSchema;
use serde::Serialize;

use crate::telegrams::{LineSpec, ResponseCode};
use fep_protocol::exchange::{Exchange, ExchangeId, Flags, Money, Passage, RequestId, SettledBy, TraceParent};
use fep_protocol::settlement::SettlementFact;

/// One exchange in one line. Of the telegram's fields it contains only the trace number and the response code.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// The ID of the exchange.
    pub exchange: ExchangeId,
    /// The counterpart.
    pub institution: String,
    /// The name of the request telegram.
    pub telegram: String,
    /// The label of the telegram on the sheet.
    pub label: String,
    /// `answered`, `not_sent` or `unknown`; `null` while the exchange runs.
    pub outcome: Option<fep_protocol::exchange::Outcome>,
    /// What settled an unknown exchange later.
    pub settled_by: Option<SettledBy>,
    /// What became of the money, if an unknown exchange was settled.
    pub money: Option<Money>,
    /// What a person should look at: `conflicting`, `contradicting`.
    #[serde(skip_serializing_if = "Flags::is_empty")]
    pub flags: Flags,
    /// The trace number, as text.
    pub trace: String,
    /// The reason why it is not answered.
    pub reason: Option<String>,
    /// The stable code of the reason.
    pub reason_code: Option<String>,
    /// `passed_on` or `came_from`, with `institution` and `exchange`: the other exchange of a request that a breaker stopped at one
    /// institution, and that went to another.
    #[serde(flatten)]
    pub passage: Option<Passage>,
    /// The caller's name for its request, from the header `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The client that sent the request, if clients have names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The trace that the request belongs to, from the header `traceparent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<TraceParent>,
    /// The line that carried it.
    pub line: Option<String>,
    /// The incarnation of the link that carried it.
    pub link: Option<u64>,
    /// When it was accepted, in milliseconds since 1970.
    pub accepted_at_ms: i64,
    /// When its final state was reached, in milliseconds since 1970.
    pub ended_at_ms: Option<i64>,
    /// The time from acceptance to the final state, in milliseconds.
    pub response_ms: Option<i64>,
    /// The response code (응답코드) of the answer.
    pub response_code: Option<String>,
    /// The meaning of the response code on the sheet.
    pub response_meaning: Option<String>,
    /// Whether the institution declined: the response code is not all zeros.
    pub declined: bool,
}

/// A telegram field by field, secrets masked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct View {
    /// The name of the telegram.
    pub telegram: String,
    /// The label on the sheet.
    pub label: String,
    /// The length of the telegram in bytes, without what encloses it on the line.
    pub len: usize,
    /// The fields in wire order.
    pub fields: Vec<FieldView>,
    /// The reason why no fields are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One item of a telegram.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FieldView {
    /// The path. Empty for fillers.
    pub path: String,
    /// The label on the sheet.
    pub label: String,
    /// The offset of the first byte in the telegram.
    pub offset: usize,
    /// The length on the wire, in bytes.
    pub len: usize,
    /// The bytes in hexadecimal, or `** × 16` if 16 bytes are masked.
    pub hex: String,
    /// The value, or `!` and the reason why it cannot be read.
    pub value: String,
    /// Whether the bytes are masked.
    pub secret: bool,
}

/// Summarises an exchange in one line.
#[must_use]
pub fn summary(exchange: &Exchange, spec: Option<LineSpec<'_>>) -> Summary {
    let verdict = spec.and_then(|spec| verdict(exchange, spec));
    let (line, link) = exchange.line.clone().unzip();
    Summary {
        exchange: exchange.id,
        institution: exchange.institution.to_string(),
        telegram: exchange.telegram.to_string(),
        label: spec
            .and_then(|spec| spec.named(&exchange.telegram))
            .map_or_else(String::new, |telegram| telegram.layout.label.to_string()),
        outcome: exchange.outcome,
        settled_by: exchange.settled_by,
        money: exchange.money,
        flags: exchange.flags,
        trace: exchange.trace.clone(),
        reason: exchange.reason.clone(),
        reason_code: exchange.reason_code.clone(),
        passage: exchange.passage.clone(),
        request_id: exchange.caller.as_ref().and_then(|caller| caller.request_id.clone()),
        traceparent: exchange.caller.as_ref().and_then(|caller| caller.traceparent),
        client: exchange.caller.as_ref().and_then(|caller| caller.client.as_deref()).map(str::to_owned),
        line: line.map(|line| line.to_string()),
        link,
        accepted_at_ms: exchange.accepted_at_ms,
        ended_at_ms: exchange.ended_at_ms,
        response_ms: exchange.ended_at_ms.map(|ended| ended.saturating_sub(exchange.accepted_at_ms)),
        declined: spec.zip(verdict.as_ref()).is_some_and(|(spec, (code, _))| !spec.codes().accept(code)),
        response_code: verdict.as_ref().map(|(code, _)| code.clone()),
        response_meaning: verdict.and_then(|(_, meaning)| meaning),
    }
}

/// Shows the telegram in a frame field by field, bytes and values, with secrets masked.
#[must_use]
pub fn view(spec: Option<LineSpec<'_>>, telegram: &str, frame: &[u8]) -> View {
    shown(spec, telegram, frame, false)
}

/// The same with its secrets. Whoever sees it is recorded first. A damaged telegram is shown as well: nothing has to be masked.
#[must_use]
pub(crate) fn revealed(spec: Option<LineSpec<'_>>, telegram: &str, frame: &[u8]) -> View {
    shown(spec, telegram, frame, true)
}

fn shown(spec: Option<LineSpec<'_>>, telegram: &str, frame: &[u8], reveal: bool) -> View {
    let found = spec.and_then(|spec| spec.named(telegram));
    let bytes = spec.map_or(frame, |spec| spec.telegram(frame));
    let mut view = View {
        telegram: telegram.to_owned(),
        label: found.map_or_else(String::new, |telegram| telegram.layout.label.to_string()),
        len: bytes.len(),
        fields: Vec::new(),
        error: None,
    };
    match found {
        None if reveal => view.fields.push(unread(bytes)),
        // Without a layout it is unknown which bytes are secret, so no byte is shown.
        None => view.error = Some("the spec has no such telegram any more, so its bytes cannot be masked".to_owned()),
        // A missing or extra byte in front of a secret moves the secret into a neighbouring field.
        Some(telegram) if !reveal && telegram.layout.fixed_len().is_some_and(|len| len != bytes.len()) => {
            let stated = telegram.layout.fixed_len().unwrap_or_default();
            let why = format!("it has {} bytes instead of {stated}, so its secrets cannot be masked", bytes.len());
            view.error = Some(why);
        }
        Some(telegram) => {
            let lines = dump::lines(&telegram.layout, bytes, reveal);
            view.fields = lines.into_iter().map(|line| field(&telegram.layout, line, reveal)).collect();
        }
    }
    view
}

/// A fact of settlement as clients see it: without the digest of the account, from which the account number could be found by trying.
pub(crate) fn settlement_step(fact: &SettlementFact) -> SettlementFact {
    match fact {
        SettlementFact::Opened { telegram, account: _, written_at_ms } => {
            SettlementFact::Opened { telegram: telegram.clone(), account: None, written_at_ms: *written_at_ms }
        }
        other => other.clone(),
    }
}

/// A telegram without a layout, as one item.
fn unread(bytes: &[u8]) -> FieldView {
    FieldView {
        path: String::new(),
        label: String::new(),
        offset: 0,
        len: bytes.len(),
        hex: hex(bytes),
        value: "! the spec has no such telegram any more".to_owned(),
        secret: false,
    }
}

fn field(layout: &Layout, line: dump::Line, reveal: bool) -> FieldView {
    // Bytes that belong to no field may be a secret that moved out of its place.
    let names_a_field =
        matches!(layout.item_by_path(&line.path), Some(Item::Field(_) | Item::Tail(_) | Item::Literal(_)));
    let astray = !reveal && line.value.is_err() && !names_a_field;
    let bytes = line.bytes.filter(|_| !astray);
    FieldView {
        secret: bytes.is_none(),
        hex: bytes.map_or_else(|| format!("** × {}", line.len), |bytes| hex(&bytes)),
        path: line.path,
        label: line.label,
        offset: line.offset,
        len: line.len,
        value: line.value.unwrap_or_else(|why| format!("! {why}")),
    }
}

/// Writes bytes in hexadecimal. More than 16 equal bytes become `20 × 30`, as in the dump, so that a long filler stays short.
fn hex(bytes: &[u8]) -> String {
    match bytes {
        [first, rest @ ..] if rest.len() >= 16 && rest.iter().all(|byte| byte == first) => {
            format!("{first:02x} × {}", bytes.len())
        }
        bytes => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
    }
}

/// The response code of the answer and its meaning.
fn verdict(exchange: &Exchange, spec: LineSpec<'_>) -> Option<(String, Option<String>)> {
    let answer = exchange.answer.as_ref()?;
    verdict_of(&answer.telegram, &answer.bytes, spec)
}

/// The response code in an answer telegram and its meaning.
pub(super) fn verdict_of(telegram: &str, frame: &[u8], spec: LineSpec<'_>) -> Option<(String, Option<String>)> {
    // Only this field is read: the whole answer was decoded when it arrived, and this runs once for each event listener.
    let field = ResponseCode::of(&spec.named(telegram)?.layout, spec.codes())?;
    let code = field.read(spec.telegram(frame))?;
    let meaning = field.meaning(&code);
    Some((code, meaning))
}

#[cfg(test)]
mod tests {
    use fep_codec::LengthPrefix;
    use fep_spec::model::Spec;

    use super::*;
    use crate::config::{Framing, ResponseCodes};

    const BANK_A: &str = include_str!("../../specs/bank-a/bank-a.toml");

    /// A transaction list with one entry and a secret account.
    fn list() -> Vec<u8> {
        let header = "0197FEPTEST01FEPCO00109906105001000123202611210930150000T2026112100001";
        let body =
            "1002345678901   20261101202611210000100001012026112109300020000000005000 0000000000000memo          ";
        format!("{header:<100}{body}").into_bytes()
    }

    fn shown(telegram: &str, bytes: &[u8]) -> String {
        by(view, telegram, bytes)
    }

    fn by(view: fn(Option<LineSpec<'_>>, &str, &[u8]) -> View, telegram: &str, bytes: &[u8]) -> String {
        let spec = Spec::parse("bank-a.toml", BANK_A).unwrap();
        let framing = Framing::Length(LengthPrefix::FOUR_DIGITS);
        serde_json::to_string(&view(Some(LineSpec::new(&spec, &framing, &ResponseCodes::default())), telegram, bytes))
            .unwrap()
    }

    #[test]
    fn a_telegram_is_shown_field_by_field_beside_its_bytes() {
        let text = shown("TransactionListAnswer", &list());
        assert!(text.contains(r#""path":"items[0].amount","label":"거래금액","offset":160,"len":13"#), "{text}");
        assert!(text.contains(r#""hex":"32 30","value":"20 (입금)""#), "{text}");
    }

    #[test]
    fn no_damage_brings_a_secret_to_light() {
        let whole = list();
        let hidden = |text: &str| !text.contains("1002345678901") && !text.contains("31 30 30 32 33 34 35");
        for end in 0..whole.len() {
            assert!(hidden(&shown("TransactionListAnswer", &whole[..end])), "cut at {end}");
        }
        let mut left_over = whole.clone();
        left_over.extend_from_slice(b"1002345678901");
        assert!(hidden(&shown("TransactionListAnswer", &left_over)));
        let mut uncounted = whole;
        uncounted[142..144].copy_from_slice(b"??");
        uncounted[150..163].copy_from_slice(b"1002345678901");
        assert!(hidden(&shown("TransactionListAnswer", &uncounted)));
        assert!(hidden(&shown("Transfer", b"1002345678901")));
        assert!(hidden(&shown("Renamed", b"1002345678901")));
    }
    #[test]
    fn a_look_at_secrets_shows_every_byte_also_of_damaged_telegrams() {
        let whole = list();
        let has_it = |text: &str| text.contains("31 30 30 32 33 34 35 36 37 38 39 30 31");
        assert!(has_it(&by(revealed, "TransactionListAnswer", &whole)));
        let mut uncounted = whole.clone();
        uncounted[100..116].fill(b' ');
        uncounted[142..144].copy_from_slice(b"??");
        uncounted[150..163].copy_from_slice(b"1002345678901");
        let text = by(revealed, "TransactionListAnswer", &uncounted);
        assert!(has_it(&text), "{text}");
        // Another layout puts the bytes into other fields.
        assert!(has_it(&by(revealed, "Renamed", &whole)));
        for telegram in ["Transfer", "Renamed"] {
            let text = by(revealed, telegram, &whole[100..]);
            assert!(!text.contains("masked") && !text.contains(r#""secret":true"#) && !text.contains("**"), "{text}");
        }
    }
}
