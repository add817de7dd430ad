//! `computed = …`: the value that the encoder fills into a field, and the kind of such a field.

use std::borrow::Cow;
use std::ops::Range;

use fep_codec::Charset;
use fep_codec::layout::{
    Accepts, BytesRule, Check, Computed, Field, Item, Kind, LengthScope, NumberRule, Sign, SignOf, TextRule,
};
use fep_core::words::Word as _;

use super::super::names;
use super::Items;
use crate::document::{Located, Table};
use crate::report::Code;

/// The keys that [`read`] reads.
pub(super) const KEYS: [&str; 7] = ["computed", "counts", "of", "signs", "function", "from", "to"];

/// The values of `computed`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Length,
    Count,
    Sum,
    Sequence,
    Sign,
    Check,
}

const WORDS: [(&str, Word); 6] = [
    ("length", Word::Length),
    ("count", Word::Count),
    ("sum", Word::Sum),
    ("sequence", Word::Sequence),
    ("sign", Word::Sign),
    ("check", Word::Check),
];

impl Word {
    /// The other keys that it uses.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Length => &["counts", "of"],
            Self::Count | Self::Sum => &["of"],
            Self::Sequence => &["from"],
            Self::Sign => &["of", "signs"],
            Self::Check => &["function", "from", "to"],
        }
    }

    fn name(self) -> &'static str {
        WORDS.iter().find(|(_, word)| *word == self).map_or("", |(name, _)| name)
    }
}

/// Each value of `computed` with the keys that belong to it.
pub(crate) fn words() -> [(&'static str, &'static [&'static str]); 6] {
    WORDS.map(|(name, word)| (name, word.keys()))
}

/// The value that the encoder fills in, if the field is computed. The outer `None` means that it could not be read.
#[allow(clippy::option_option, reason = "absent and unreadable are two things")]
pub(super) fn read(table: &Table<'_>, charset: Charset) -> Option<Option<Located<Computed>>> {
    let document = table.document();
    let others = || KEYS.into_iter().filter(|key| *key != "computed");
    let word = table.choice("computed", &WORDS);
    let Some(word) = word else {
        if table.has("computed") {
            return None;
        }
        for at in others().filter_map(|key| table.key_span(key).map(|at| (key, at))) {
            let hint = "say what the field is computed as: computed = \"length\", or \"count\", \"sum\", …";
            document.error_hint(Code::ConflictingKeys, at.1, format!("`{}` without `computed`", at.0), hint);
        }
        return Some(None);
    };
    for key in others().filter(|key| !word.value.keys().contains(key)) {
        if let Some(at) = table.key_span(key) {
            let message = format!("`{key}` does not belong to computed = \"{}\"", word.value.name());
            document.error_hint(
                Code::ConflictingKeys,
                at,
                message,
                format!("its keys are: {}", word.value.keys().join(", ")),
            );
            return None;
        }
    }
    let value = match word.value {
        Word::Length => length(table, &word.span)?,
        Word::Count => Computed::Count(of(table, &word.span, "a computed count", "of the group: of = \"items\"")?),
        Word::Sum => Computed::Sum(sum(table, &word.span)?),
        Word::Sequence => {
            let first = table.has("from").then(|| table.integer("from", 0..=u32::MAX));
            Computed::Sequence(match first {
                None => 1,
                Some(first) => first?.value.into(),
            })
        }
        Word::Sign => Computed::Sign(sign(table, &word.span, charset)?),
        Word::Check => Computed::Check(check(table, &word.span)?),
    };
    Some(Some(Located { value, span: word.span }))
}

/// The item that a field refers to.
fn of(table: &Table<'_>, at: &Range<usize>, what: &str, example: &str) -> Option<Cow<'static, str>> {
    if !table.has("of") {
        table.document().error_hint(
            Code::MissingKey,
            at.clone(),
            format!("{what} without `of`"),
            format!("write the name {example}"),
        );
    }
    Some(Cow::Owned(table.string("of")?.value.to_owned()))
}

fn length(table: &Table<'_>, at: &Range<usize>) -> Option<Computed> {
    let counts = table.choice("counts", LengthScope::WORDS);
    match (table.key_span("counts"), table.key_span("of")) {
        (Some(counts), Some(_)) => {
            let hint = "`of` is for the length of one item, `counts` for the telegram's: leave one out";
            table.document().error_hint(Code::ConflictingKeys, counts, "both `counts` and `of`", hint);
            None
        }
        (Some(_), None) => Some(Computed::Length(counts?.value)),
        (None, Some(_)) => Some(Computed::LengthOf(Cow::Owned(table.string("of")?.value.to_owned()))),
        (None, None) => {
            let hint = "write counts = \"rest\" for the bytes after the field, counts = \"all\" for the telegram, or \
                        of = \"memo\" for those of a later item";
            table.document().error_hint(Code::MissingKey, at.clone(), "a computed length without `counts`", hint);
            None
        }
    }
}

fn sum(table: &Table<'_>, at: &Range<usize>) -> Option<Cow<'static, str>> {
    of(table, at, "a computed sum", "of the group and the number in its entries: of = \"items.amount\"")
}

fn sign(table: &Table<'_>, at: &Range<usize>, charset: Charset) -> Option<SignOf> {
    let document = table.document();
    let of = of(table, at, "a sign", "of the number: of = \"balance\"");
    if !table.has("signs") {
        let hint = "write the characters of plus and minus: signs = \"+-\"; a third one is that of zero: \"+- \"";
        document.error_hint(Code::MissingKey, at.clone(), "a sign without `signs`", hint);
    }
    let signs = table.string("signs")?;
    let (plus, minus, zero) = match *signs.value.as_bytes() {
        [plus, minus] => (plus, minus, None),
        [plus, minus, zero] => (plus, minus, Some(zero)),
        _ => {
            let message = format!("\"{}\" is not two or three characters of ASCII", signs.value);
            document.error_hint(
                Code::BadValue,
                signs.span,
                message,
                "plus and minus, and perhaps zero: \"+-\", \"+- \"",
            );
            return None;
        }
    };
    if plus == minus || zero == Some(plus) || zero == Some(minus) || !signs.value.is_ascii() {
        let message = "each sign is a character of its own, and of ASCII";
        document.error_hint(Code::BadValue, signs.span, message, "if zero is written like plus, leave it out: \"+-\"");
        return None;
    }
    let wire = |sign| {
        let byte = charset.byte_of(sign);
        if byte.is_none() {
            let message = format!("{charset} has no byte for {:?}", char::from(sign));
            document.error_hint(Code::NotInCharset, signs.span.clone(), message, "use other signs");
        }
        byte
    };
    let zero = match zero {
        Some(zero) => Some(wire(zero)?),
        None => None,
    };
    Some(SignOf { of: of?, plus: wire(plus)?, minus: wire(minus)?, zero, accepts: Accepts::NONE })
}

fn check(table: &Table<'_>, at: &Range<usize>) -> Option<Check> {
    let document = table.document();
    if !table.has("function") {
        let hint = "\"xor\", or the name of a function that computes it: function = \"check_digits\"";
        document.error_hint(Code::MissingKey, at.clone(), "a check without `function`", hint);
    }
    let function = table.string("function")?;
    if !names::is_snake(function.value) {
        let message = format!("`{}` is no name for a function", function.value);
        document.error_hint(
            Code::BadName,
            function.span,
            message,
            "names are snake_case in ASCII, like `check_digits`",
        );
        return None;
    }
    let from = if table.has("from") { Some(Cow::Owned(table.string("from")?.value.to_owned())) } else { None };
    let to = if table.has("to") { Some(Cow::Owned(table.string("to")?.value.to_owned())) } else { None };
    Some(Check { name: Cow::Owned(function.value.to_owned()), from, to, run: Check::known(function.value) })
}

/// The fixed kind of signs, and the kind of checks that state none. Other computed fields are numbers, whose kind is written at the
/// field.
pub(super) fn own_kind(computed: &Computed, charset: Charset, len: usize) -> Option<Kind> {
    match computed {
        Computed::Sign(_) => Some(Kind::Text(TextRule::new(charset))),
        Computed::Check(_) if len == 1 => Some(Kind::Bytes(BytesRule)),
        Computed::Check(_) => Some(Kind::Text(TextRule::new(Charset::Ascii))),
        _ => None,
    }
}

/// Whether a field of this kind and length can hold the computed value. Notes an error if it cannot.
pub(super) fn fits(table: &Table<'_>, computed: &Located<Computed>, kind: &Kind, len: &Located<usize>) -> bool {
    let document = table.document();
    let wrong = match (&computed.value, kind) {
        (Computed::Sign(_), _) if len.value != 1 => ("a sign has 1 byte", "write len = 1"),
        (Computed::Check(_), _) if len.value > Check::LEN_MAX => ("a check has at most 64 bytes", "mend `len`"),
        (Computed::Check(check), _) if check.name == "xor" && len.value > 2 => {
            ("an xor check has one byte, or two for hex digits", "write len = 1 or len = 2")
        }
        (Computed::Sign(_) | Computed::Check(_), _) => return true,
        (Computed::Sum(_), Kind::Number(rule)) if added(rule) => return true,
        (Computed::Sum(_), _) => {
            document.error_hint(
                Code::WrongComputed,
                computed.span.clone(),
                "a sum must be a number that always has a value",
                "mend its kind",
            );
            return false;
        }
        (_, Kind::Number(rule)) if is_whole(rule) => return not_secret(table),
        _ => {
            let message = "a computed field must be a number without sign and decimals";
            document.error_hint(Code::WrongComputed, computed.span.clone(), message, "choose kind = \"number\"");
            return false;
        }
    };
    document.error_hint(Code::WrongLength, len.span.clone(), wrong.0, wrong.1);
    false
}

/// Whether a number always has a value, and has room for each number of its digits.
fn added(rule: &NumberRule) -> bool {
    rule.none == NumberRule::UNSIGNED.none && rule.digits_max.is_none()
}

fn not_secret(table: &Table<'_>) -> bool {
    let secret = table.get("secret").filter(|_| table.boolean("secret").is_some_and(|secret| secret.value));
    if let Some(secret) = &secret {
        table.document().error_hint(
            Code::WrongComputed,
            secret.span(),
            "a computed number cannot be secret",
            "leave out `secret`",
        );
    }
    secret.is_none()
}

/// The places of the values of the keys.
pub(super) fn places(table: &Table<'_>) -> Vec<(&'static str, Range<usize>)> {
    KEYS.into_iter().filter_map(|key| Some((key, table.get(key)?.span()))).collect()
}

/// Makes the field that a group names in `count` its computed count, if the field states nothing else. The fields of a part are those
/// of every telegram that has the part, so they say themselves what they count.
pub(super) fn counts(all: &mut Items) {
    let counted = |item: &Item| match item {
        Item::Group(group) => Some((group.repeat.counted_by()?.to_owned(), group.name.clone())),
        _ => None,
    };
    let links: Vec<(String, Cow<'static, str>)> = all.items.iter().filter_map(counted).collect();
    let mut of_part = 0_usize;
    for (item, note) in all.items.iter_mut().zip(&all.notes) {
        of_part = note.flattened.as_ref().map_or(of_part, |part| part.count);
        let is_own = of_part == 0;
        of_part = of_part.saturating_sub(1);
        let Item::Field(field) = item else { continue };
        if !is_own || field.computed.is_some() || !can_count(field) {
            continue;
        }
        let group = links.iter().find(|(by, _)| *by == field.name).map(|(_, group)| group.clone());
        field.computed = group.map(Computed::Count);
    }
}

/// Whether a field can be a computed count: a number without sign and decimals that always has a value and is not secret.
pub(crate) fn can_count(field: &Field) -> bool {
    matches!(&field.kind, Kind::Number(rule) if is_whole(rule)) && !field.secret
}

fn is_whole(rule: &NumberRule) -> bool {
    rule.scale == 0 && rule.sign == Sign::Unsigned && added(rule)
}

/// Marks numbers whose sign stands in another field.
pub(super) fn signs_elsewhere(items: &mut [Item]) {
    let sign_of = |item: &Item| match item {
        Item::Field(Field { computed: Some(Computed::Sign(sign)), .. }) => Some(sign.of.clone()),
        _ => None,
    };
    let signed: Vec<Cow<'static, str>> = items.iter().filter_map(sign_of).collect();
    for item in items {
        if let Item::Field(Field { name, kind: Kind::Number(rule), .. }) = item
            && rule.sign == Sign::Unsigned
            && signed.contains(name)
        {
            rule.sign = Sign::Elsewhere;
        }
    }
}
