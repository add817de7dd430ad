//! Options whose value has a syntax of its own: signs, patterns, lists of codes.

use fep_core::accepts::{Accept, Accepts};
use fep_core::calendar::Pattern;
use fep_core::codes::kept;
use fep_core::rules::{NoneAs, Nones, Sign, WrittenSign};
use proc_macro2::Span;

use super::entry::{Entry, Given, entry, string_pair, unique};
use super::words::Byte;
use crate::ctxt::Ctxt;

/// One `"20" = "입금"` in `codes(…)`.
#[derive(Clone)]
pub(crate) struct CodeLine {
    pub(crate) code: String,
    pub(crate) label: String,
    pub(crate) span: Span,
}

/// Reads `pattern = "YYYYMMDD"`.
pub(super) fn pattern(entry: &Entry, cx: &Ctxt) -> Option<Given<Pattern>> {
    let word = entry.string(cx, "pattern = \"YYYYMMDD\"")?;
    match Pattern::parse(&word.value) {
        Ok(pattern) => Some(word.map(|_| pattern)),
        Err(error) => {
            let guess = Pattern::guess(&word.value);
            let hint = guess.map(|pattern| format!("; did you mean \"{pattern}\"?")).unwrap_or_default();
            cx.error_at(word.span, format_args!("`pattern` cannot be \"{}\": {error}{hint}", word.value));
            None
        }
    }
}

/// Reads `none = "zeros"`, or `none("zeros", "spaces")`, of which the first is written.
pub(super) fn none(entry: &Entry, cx: &Ctxt) -> Option<Given<Nones>> {
    let words = entry.rules::<NoneAs>(cx, "none(\"zeros\", \"spaces\")")?;
    Some(words.map(|words| Nones::of(&words)))
}

/// Reads `sign = "leading-minus"`, `sign(trailing, plus = '+', minus = '-')` or `sign(leading, overpunch = "ebcdic")`.
pub(super) fn sign(given: &Entry, cx: &Ctxt) -> Option<Given<WrittenSign>> {
    if !given.is_list() {
        let others = [("unsigned", Sign::Unsigned), ("elsewhere", Sign::Elsewhere)];
        let words = [Sign::WORDS.as_slice(), &others].concat();
        return given.one_of(cx, &words).map(|word| word.map(WrittenSign::of_characters));
    }
    let entries = given.list(cx, "")?.into_iter().filter_map(|chunk| entry(chunk, cx)).collect();
    let mut leading = None;
    let mut plus = Byte::Ascii(b'+');
    let mut minus = Byte::Ascii(b'-');
    let mut overpunch = None;
    let mut byte = None;
    for entry in unique(entries, cx) {
        match entry.key.to_string().as_str() {
            side @ ("leading" | "trailing") => {
                entry.word(cx)?;
                if leading.replace(side == "leading").is_some() {
                    cx.error(&entry.key, "a number has one sign: `leading` or `trailing`");
                }
            }
            "plus" => plus = byte.insert(entry.byte(cx, "plus = '+'")?).value,
            "minus" => minus = byte.insert(entry.byte(cx, "minus = '-'")?).value,
            "overpunch" => overpunch = Some(entry.rule(cx)?),
            _ => entry.unknown(cx, &["leading", "trailing", "plus", "minus", "overpunch"]),
        }
    }
    if let (Some(byte), Some(_)) = (&byte, &overpunch) {
        cx.error_at(byte.span, "an overpunched sign has no byte of its own");
    }
    let [plus_is_character, minus_is_character] = [plus, minus].map(|byte| matches!(byte, Byte::Ascii(_)));
    let plus = plus.value();
    let minus = minus.value();
    let sign = match (leading, overpunch) {
        (Some(true), None) => Sign::Leading { plus, minus },
        (Some(false), None) => Sign::Trailing { plus, minus },
        (Some(true), Some(form)) => Sign::LeadingOverpunch(form.value),
        (Some(false), Some(form)) => Sign::TrailingOverpunch(form.value),
        (None, Some(_)) => {
            cx.error_at(
                given.span(),
                "say which digit carries the sign: `sign(leading, …)` is the first, `sign(trailing, …)` the last",
            );
            return None;
        }
        (None, None) => {
            cx.error_at(given.span(), "say where the sign byte stands: `sign(leading)` or `sign(trailing)`");
            return None;
        }
    };
    Some(Given { value: WrittenSign { sign, plus_is_character, minus_is_character }, span: given.span() })
}

/// Reads `accepts("host-signs", "minus-zero")`.
pub(super) fn accepts(entry: &Entry, cx: &Ctxt) -> Option<Given<Accepts>> {
    let forms = entry.rules::<Accept>(cx, "accepts(\"minus-zero\")")?;
    Some(forms.map(|forms| Accepts::of(&forms)))
}

impl CodeLine {
    /// Reads `codes("20" = "입금", …)`. Reports a code that is listed twice.
    pub(super) fn read(entry: &Entry, cx: &Ctxt) -> Option<Given<Vec<Self>>> {
        let example = "codes(\"20\" = \"입금\", \"30\" = \"출금\")";
        let mut lines: Vec<Self> = Vec::new();
        for chunk in entry.list(cx, &format!("a list: `{example}`"))? {
            let Some((code, label)) = string_pair(chunk, cx, "\"20\" = \"입금\"") else { continue };
            let kept = kept(&code.value()).to_owned();
            check_code(&kept, code.span(), lines.iter().map(|line| line.code.as_str()), cx);
            lines.push(Self { code: kept, label: label.value(), span: code.span() });
        }
        Some(Given { value: lines, span: entry.span() })
    }
}

/// Checks a code: it is ASCII without padding, and it is not on the list yet.
pub(crate) fn check_code<'c>(code: &str, span: Span, mut before: impl Iterator<Item = &'c str>, cx: &Ctxt) {
    if !code.is_ascii() {
        cx.error_at(span, "a code is ASCII");
    } else if code.ends_with(' ') {
        cx.error_at(span, "write the code without padding");
    } else if before.any(|known| known == code) {
        cx.error_at(span, format_args!("the code \"{code}\" is already on the list"));
    }
}
