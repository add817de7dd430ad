//! Reads the table `framing` of a configuration or a scenario. Keys that contradict each other are refused.

use std::ops::Range;

use super::Framing;
use super::fits::{Misfit, on_lines};
use crate::document::{Located, Table};
use crate::model::Spec;
use crate::report::Code;
use fep_codec::framing::{BlockCheck, CheckRule, CodeTable, FixedLength, LengthCode, LengthPrefix, StxEtx, Terminated};
use fep_codec::layout::LengthScope;

/// The maximum of `frame_max_bytes` and `frame_len`, in bytes.
const FRAME_MAX_BYTES: usize = 16_777_216;
/// The maximum of `length_at`, in bytes.
const LENGTH_AT_MAX: u16 = 1000;
/// The maximum of `not_counted`, in bytes, and its minimum with a minus.
const NOT_COUNTED_MAX: i32 = 10_000;

#[derive(Clone, Copy)]
enum Kind {
    Length,
    StxEtx,
    Terminated,
    Fixed,
    CodeTable,
}

impl Framing {
    /// Reads the table `framing` of a configuration or a scenario. Without a table it returns the default framing: four digits
    /// that count the bytes after them, and frames of at most `frame_max_bytes` bytes.
    #[must_use]
    pub fn read(table: Option<Table<'_>>, spec: &Spec, frame_max_bytes: usize) -> Self {
        let default = LengthPrefix::new(4, LengthScope::Rest, frame_max_bytes).unwrap_or(LengthPrefix::FOUR_DIGITS);
        let Some(table) = table else { return Self::Length(default) };
        let kinds = [
            ("length", Kind::Length),
            ("stx-etx", Kind::StxEtx),
            ("terminated", Kind::Terminated),
            ("fixed", Kind::Fixed),
            ("code-table", Kind::CodeTable),
        ];
        let kind = table.choice("kind", &kinds).map_or(Kind::Length, |kind| kind.value);
        let reader = Reader { table: &table, spec, frame_max_bytes };
        let framing = match kind {
            Kind::Length => reader.length().map(Self::Length),
            Kind::StxEtx => Some(Self::StxEtx(reader.stx_etx())),
            Kind::Terminated => reader.terminated().map(Self::Terminated),
            Kind::Fixed => reader.fixed().map(Self::Fixed),
            Kind::CodeTable => reader.code_table().map(Self::CodeTable),
        };
        if let Some(misfit) = framing.as_ref().and_then(|framing| Misfit::find(framing, spec)) {
            let span = table.key_span(misfit.key).unwrap_or_else(|| table.span());
            table.document().error_hint(Code::ConflictingKeys, span, misfit.message, misfit.hint);
        }
        table.finish();
        // If there is no framing, the mistake was reported.
        framing.unwrap_or(Self::Length(default))
    }
}

struct Reader<'t, 'd> {
    table: &'t Table<'d>,
    spec: &'t Spec,
    frame_max_bytes: usize,
}

impl Reader<'_, '_> {
    fn length(&self) -> Option<LengthPrefix> {
        let (code, len) = self.length_form()?;
        let at = self.table.integer("length_at", 0..=LENGTH_AT_MAX);
        let counts = self.table.choice("counts", &[("rest", LengthScope::Rest), ("all", LengthScope::All)]);
        let not_counted = self.table.integer("not_counted", -NOT_COUNTED_MAX..=NOT_COUNTED_MAX);
        let stripped = self.table.boolean("stripped");
        if let (Some(_), Some(not_counted)) = (&counts, &not_counted) {
            let hint = "leave `counts` out: the length counts all bytes of the frame but `not_counted`";
            self.conflict(&not_counted.span, "`not_counted` stands beside `counts`", hint);
        }
        let offset = at.as_ref().map_or(0, |at| at.value);
        let scope = counts.map_or(LengthScope::Rest, |counts| counts.value);
        let head = usize::from(offset) + usize::from(len);
        let prefix = LengthPrefix::coded(code, len, scope, self.max(head))?.at(offset);
        let prefix = not_counted.map_or(prefix, |bytes| prefix.all_but(bytes.value));
        match (stripped, prefix.stripped()) {
            (Some(Located { value: true, .. }), Some(prefix)) => Some(prefix),
            (Some(Located { value: true, span }), None) => {
                let hint = "leave `stripped` out: the bytes before the length are the telegram's, so the length is a field of it";
                self.conflict(&span, "`stripped` stands beside `length_at`", hint);
                None
            }
            _ => Some(prefix),
        }
    }

    /// The form of the length, and its length in bytes.
    fn length_form(&self) -> Option<(LengthCode, u8)> {
        let digits = self.table.integer("length_digits", 1..=LengthPrefix::DIGITS_MAX);
        let bytes = self.table.integer("length_bytes", 1..=4_u8);
        let form = self.table.choice(
            "length_as",
            &[
                ("ascii", LengthCode::Ascii),
                ("ebcdic", LengthCode::Ebcdic),
                ("bcd", LengthCode::Bcd),
                ("big-endian", LengthCode::BigEndian),
                ("little-endian", LengthCode::LittleEndian),
                ("half-swapped", LengthCode::HalfSwapped),
                ("byte-swapped", LengthCode::ByteSwapped),
            ],
        );
        if let (Some(_), Some(bytes)) = (&digits, &bytes) {
            let hint = "leave one of them out: a length is digits or a binary number";
            self.conflict(&bytes.span, "`length_bytes` stands beside `length_digits`", hint);
            return None;
        }
        let default = if bytes.is_some() { LengthCode::BigEndian } else { LengthCode::Ascii };
        let code = form.as_ref().map_or(default, |form| form.value);
        let place = |key| self.table.key_span(key).unwrap_or_default();
        match code {
            LengthCode::Ascii | LengthCode::Ebcdic | LengthCode::Bcd if bytes.is_some() => {
                let hint = "write `length_digits`: the number of digits";
                self.conflict(
                    &place("length_bytes"),
                    "`length_as` names digits, and the length has `length_bytes`",
                    hint,
                );
                None
            }
            LengthCode::Ascii | LengthCode::Ebcdic => Some((code, digits.map_or(4, |digits| digits.value))),
            LengthCode::Bcd => {
                let digits = digits.map_or(4, |digits| digits.value);
                if !digits.is_multiple_of(2) {
                    let hint = "write 2, 4, 6 or 8: each byte has two digits";
                    self.conflict(&place("length_digits"), "a length in BCD has an even number of digits", hint);
                    return None;
                }
                Some((code, digits / 2))
            }
            _ if digits.is_some() => {
                let hint = "write `length_bytes`: the number of bytes";
                self.conflict(
                    &place("length_digits"),
                    "`length_as` names a binary number, and the length has `length_digits`",
                    hint,
                );
                None
            }
            LengthCode::HalfSwapped | LengthCode::ByteSwapped => {
                if bytes.is_some_and(|bytes| bytes.value != 4) {
                    let hint = "leave `length_bytes` out";
                    self.conflict(&place("length_bytes"), "a length with swapped halves or bytes has 4 bytes", hint);
                    return None;
                }
                Some((code, 4))
            }
            _ => self.table.required("length_bytes").and(bytes).map(|bytes| (code, bytes.value)),
        }
    }

    fn stx_etx(&self) -> StxEtx {
        let rules = [("none", None), ("bcc-xor", Some(CheckRule::Xor)), ("lrc-sum", Some(CheckRule::Lrc))];
        let rule = self.table.choice("check", &rules).and_then(|rule| rule.value);
        // Whether the check byte covers STX and ETX.
        let covers = self.table.choice(
            "check_over",
            &[
                ("text-etx", (false, true)),
                ("stx-text-etx", (true, true)),
                ("text", (false, false)),
                ("stx-text", (true, false)),
            ],
        );
        if let (None, Some(covers)) = (rule, &covers) {
            let hint = "write `check = \"bcc-xor\"` or `check = \"lrc-sum\"`, or leave `check_over` out";
            self.conflict(&covers.span, "`check_over` stands here without a `check`", hint);
        }
        let (covers_stx, covers_etx) = covers.map_or((false, true), |covers| covers.value);
        let framing = StxEtx::new(self.max(2 + usize::from(rule.is_some())));
        let framing = match rule {
            Some(rule) => framing.with_check(BlockCheck { rule, covers_stx, covers_etx }),
            None => framing,
        };
        if self.is_kept() { framing.kept() } else { framing }
    }

    fn terminated(&self) -> Option<Terminated> {
        let end = self.table.required_string("end")?;
        let bytes = match end.value {
            "cr" => Some(b"\r".to_vec()),
            "lf" => Some(b"\n".to_vec()),
            "crlf" => Some(b"\r\n".to_vec()),
            hex => bytes_of(hex),
        };
        let bytes = bytes.unwrap_or_default();
        let framing = Terminated::new(&bytes, self.max(bytes.len()));
        if framing.is_none() {
            self.table.document().error_hint(
                Code::BadValue,
                end.span,
                format!("`end` cannot be {:?}", end.value),
                "write `cr`, `lf`, `crlf`, or 1 to 4 bytes in hexadecimal: `ff`",
            );
        }
        let is_kept = self.is_kept();
        framing.map(|framing| if is_kept { framing.kept() } else { framing })
    }

    /// `stripped = false`: what encloses a telegram is part of it.
    fn is_kept(&self) -> bool {
        self.table.boolean("stripped").is_some_and(|stripped| !stripped.value)
    }

    fn fixed(&self) -> Option<FixedLength> {
        let len = self.table.required("frame_len")?.integer(1..=FRAME_MAX_BYTES)?;
        let lens = on_lines(self.spec).filter_map(|layout| Some((&layout.name, layout.fixed_len()?)));
        if let Some((name, other)) = lens.into_iter().find(|(_, other)| *other != len.value) {
            let hint = "on a line with frames of one length, each telegram has this length";
            self.conflict(&len.span, &format!("`frame_len` is {}, and {name} has {other} bytes", len.value), hint);
        }
        FixedLength::new(len.value)
    }

    fn code_table(&self) -> Option<CodeTable> {
        let layouts: Vec<_> = self.spec.telegrams.iter().map(|telegram| &telegram.layout).collect();
        let made = CodeTable::of(&layouts).inspect_err(|error| {
            let hint = "each telegram needs a fixed length, and a literal or a `when` from its first byte on";
            let span = self.table.key_span("kind").unwrap_or_default();
            self.table.document().error_hint(
                Code::Ambiguous,
                span,
                format!("{} has no code table: {error}", self.spec.name),
                hint,
            );
        });
        made.ok()
    }

    /// `frame_max_bytes`. The shortest frame must fit.
    fn max(&self, frame_min: usize) -> usize {
        let max = self.table.integer("frame_max_bytes", 1..=FRAME_MAX_BYTES);
        if let Some(max) = max.as_ref().filter(|max| max.value < frame_min) {
            let message = format!("`frame_max_bytes` is {}, and an empty frame has {frame_min} bytes", max.value);
            self.conflict(
                &max.span,
                &message,
                "write the length of the longest frame, with everything that encloses the telegram",
            );
        }
        max.map_or(self.frame_max_bytes, |max| max.value)
    }

    fn conflict(&self, span: &Range<usize>, message: &str, hint: &str) {
        self.table.document().error_hint(Code::ConflictingKeys, span.clone(), message, hint);
    }
}

/// The bytes of a text in hexadecimal.
fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = hex.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let byte = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high << 4 | low).ok(),
        _ => None,
    };
    digits.chunks(2).map(byte).collect()
}
