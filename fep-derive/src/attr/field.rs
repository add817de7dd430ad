//! `#[field(…)]` on a struct's field.

use fep_core::accepts::Accepts;
use fep_core::calendar::Pattern;
use fep_core::charset::CharsetId;
use fep_core::encoding::Encoding;
use fep_core::kinds::KindName;
use fep_core::likeness::nearest;
use fep_core::limits::{NUMBER_MAX_DIGITS, PIVOT_MAX};
use fep_core::options::OptionName;
use fep_core::rules::{Half, Justify, Nones, Overflow, Width, WrittenSign};
use fep_core::words::Word as _;
use proc_macro2::{Ident, Span};
use syn::{Attribute, Lit};

use super::charset::charset;
use super::computed::Computed;
use super::entry::{Entry, Given, entries};
use super::options::{CodeLine, accepts, none, pattern, sign};
use super::words::Byte;
use crate::ctxt::Ctxt;

/// The options of a field, as they were written.
#[derive(Clone, Default)]
pub(crate) struct FieldAttrs {
    pub(crate) kind: Option<Given<KindWord>>,
    /// The kind of value beside `computed` or `group`, of a check or of an entry.
    pub(crate) value_kind: Option<Given<KindName>>,
    pub(crate) name: Option<Given<String>>,
    pub(crate) label: Option<Given<String>>,
    pub(crate) len: Option<Given<usize>>,
    pub(crate) at: Option<Given<usize>>,
    pub(crate) order: Option<Given<usize>>,
    pub(crate) secret: bool,

    pub(crate) charset: Option<Given<CharsetId>>,
    pub(crate) justify: Option<Given<Justify>>,
    pub(crate) pad: Option<Given<Byte>>,
    pub(crate) overflow: Option<Given<Overflow>>,
    pub(crate) width: Option<Given<Width>>,
    pub(crate) compat: Option<Given<()>>,
    pub(crate) half: Option<Given<Half>>,
    pub(crate) open_shift: Option<Given<()>>,
    /// `newline = "15"`
    pub(crate) newline: Option<Given<bool>>,
    /// `full`: no padding.
    pub(crate) exact: Option<Given<()>>,
    pub(crate) encoding: Option<Given<Encoding>>,
    pub(crate) sign: Option<Given<WrittenSign>>,
    pub(crate) scale: Option<Given<i8>>,
    /// `point`, or `point = ','`
    pub(crate) point: Option<Given<Byte>>,
    pub(crate) accepts: Option<Given<Accepts>>,
    pub(crate) none: Option<Given<Nones>>,
    pub(crate) digits_max: Option<Given<usize>>,
    pub(crate) pattern: Option<Given<Pattern>>,
    pub(crate) pivot: Option<Given<usize>>,
    pub(crate) codes: Option<Given<Vec<CodeLine>>>,
    pub(crate) closed: Option<Given<()>>,
    pub(crate) yes: Option<Given<Byte>>,
    pub(crate) no: Option<Given<Byte>>,
    pub(crate) any: bool,
    pub(crate) count: Option<Given<CountAttr>>,
    pub(crate) max: Option<Given<usize>>,
    pub(crate) rest: Option<Given<()>>,
    pub(crate) padded: Option<Given<()>>,
    pub(crate) page: Option<PageAttrs>,
    pub(crate) tail: Option<Given<()>>,
    /// `narrow`: the type holds fewer numbers than the field.
    pub(crate) narrow: Option<Given<()>>,

    /// The keys as they were written.
    pub(crate) keys: Vec<Ident>,
}

/// The words of `newline`, and whether each means the byte `15`.
const NEW_LINES: [(&str, bool); 2] = [("15", true), ("25", false)];

/// `page(total = total_count, start = start_no)`.
#[derive(Clone)]
pub(crate) struct PageAttrs {
    pub(crate) total: Ident,
    pub(crate) start: Ident,
}

/// The field that counts a group: `item_count`, `header.item_count`.
#[derive(Clone)]
pub(crate) struct CountAttr {
    pub(crate) head: Ident,
    /// The names in the part that `head` names.
    pub(crate) inner: Vec<Ident>,
}

impl CountAttr {
    fn parse(input: syn::parse::ParseStream<'_>) -> syn::Result<Self> {
        let head = input.parse()?;
        let mut inner = Vec::new();
        while input.peek(syn::Token![.]) {
            input.parse::<syn::Token![.]>()?;
            inner.push(input.parse()?);
        }
        Ok(Self { head, inner })
    }
}

/// The kind of item that the attribute of a field names.
#[derive(Clone)]
pub(crate) enum KindWord {
    /// A field with a value of this kind.
    Value(KindName),
    Part,
    /// A part without a name of its own.
    Flatten,
    Group,
    Filler,
    Literal(Vec<Byte>),
    Computed(Computed),
    Choice(String),
}

impl KindWord {
    /// The words without a value that do not name a kind of value.
    const PLAIN: [(&'static str, Self); 4] =
        [("part", Self::Part), ("flatten", Self::Flatten), ("group", Self::Group), ("filler", Self::Filler)];

    fn plain(word: &str) -> Option<Self> {
        let other = || Self::PLAIN.iter().find(|(name, _)| *name == word).map(|(_, kind)| kind.clone());
        KindName::of_word(word).map(Self::Value).or_else(other)
    }
}

impl FieldAttrs {
    /// The keys that are neither a kind of value nor an option of such a kind.
    const ITEM_KEYS: [&'static str; 21] = [
        "len", "label", "name", "at", "order", "secret", "part", "flatten", "group", "filler", "literal", "computed",
        "choice", "any", "count", "max", "rest", "padded", "page", "tail", "narrow",
    ];

    /// The keys of a group, whether its entries are parts or plain values.
    const GROUP_KEYS: [&'static str; 6] = ["group", "count", "max", "rest", "padded", "page"];

    /// Names that other libraries and sheets use for some of these keys.
    const SYNONYMS: [(&'static str, &'static str); 7] = [
        ("length", "len"),
        ("size", "len"),
        ("offset", "at"),
        ("position", "at"),
        ("masked", "secret"),
        ("skip", "filler"),
        ("value", "literal"),
    ];

    pub(crate) fn read(attrs: &[Attribute], cx: &Ctxt) -> Self {
        let mut new = Self::default();
        for entry in entries(attrs, "field", cx) {
            new.set(&entry, cx);
            new.keys.push(entry.key);
        }
        new
    }

    fn set(&mut self, entry: &Entry, cx: &Ctxt) {
        let key = entry.key.to_string();
        if let Some(kind) = KindWord::plain(&key) {
            return self.set_kind(entry.word(cx).map(|word| word.map(|()| kind)), entry, cx);
        }
        match key.as_str() {
            "literal" => self.set_kind(literal(entry, cx), entry, cx),
            "computed" => {
                let computed = Computed::read(entry, cx).map(|computed| computed.map(KindWord::Computed));
                self.set_kind(computed, entry, cx);
            }
            "choice" => {
                let by = entry.string(cx, "choice = \"header.business_code\"");
                self.set_kind(by.map(|by| by.map(KindWord::Choice)), entry, cx);
            }
            "len" => self.len = entry.positive(cx, "len = 13"),
            "label" => self.label = entry.string(cx, "label = \"출금금액\""),
            "name" => self.name = entry.string(cx, "name = \"amount\""),
            "at" => self.at = entry.number(cx, "at = 116"),
            "order" => self.order = entry.positive(cx, "order = 1"),
            "secret" => self.secret = entry.word(cx).is_some(),
            "any" => self.any = entry.word(cx).is_some(),
            "count" => {
                let expected = "the name of the counting field: `count = item_count`, `count = header.item_count`";
                self.count = entry.assigned(cx, expected, CountAttr::parse);
            }
            "max" => self.max = entry.positive(cx, "max = 10"),
            "rest" => self.rest = entry.word(cx),
            "padded" => self.padded = entry.word(cx),
            "page" => self.page = PageAttrs::read(entry, cx),
            "tail" => self.tail = entry.word(cx),
            "narrow" => self.narrow = entry.word(cx),
            _ => match OptionName::of_word(&key) {
                Some(option) => self.set_option(option, entry, cx),
                None => self.unknown(&key, entry, cx),
            },
        }
    }

    /// Reads an option that belongs to certain kinds.
    fn set_option(&mut self, option: OptionName, entry: &Entry, cx: &Ctxt) {
        match option {
            OptionName::Charset => self.charset = charset(entry, cx),
            OptionName::Justify => self.justify = entry.rule(cx),
            OptionName::Pad => self.pad = entry.byte(cx, "pad = '0'"),
            OptionName::Overflow => self.overflow = entry.rule(cx),
            OptionName::Width => self.width = entry.rule(cx),
            OptionName::Compat => self.compat = entry.word(cx),
            OptionName::Half => self.half = entry.rule(cx),
            OptionName::OpenShift => self.open_shift = entry.word(cx),
            OptionName::Newline => self.newline = entry.one_of(cx, &NEW_LINES),
            OptionName::Full => self.exact = entry.word(cx),
            OptionName::Encoding => self.encoding = entry.rule(cx),
            OptionName::DigitsMax => {
                let why = format!("a number has at most {NUMBER_MAX_DIGITS} digits");
                self.digits_max = at_most(NUMBER_MAX_DIGITS, entry.positive(cx, "digits_max = 8"), &why, cx);
            }
            OptionName::Sign => self.sign = sign(entry, cx),
            OptionName::Scale => {
                let why = format!(
                    "a number has at most {NUMBER_MAX_DIGITS} decimals, and `scale = -{NUMBER_MAX_DIGITS}` is the least"
                );
                let range = -(NUMBER_MAX_DIGITS as i64)..=NUMBER_MAX_DIGITS as i64;
                let given = entry.integer(cx, "scale = 2");
                let scale = given.as_ref().and_then(|given| i8::try_from(given.value).ok());
                match given {
                    Some(given) if !range.contains(&given.value) => cx.error_at(given.span, why),
                    given => self.scale = given.zip(scale).map(|(given, scale)| given.map(|_| scale)),
                }
            }
            OptionName::Point if entry.is_word() => {
                self.point = entry.word(cx).map(|word| word.map(|()| Byte::Ascii(b'.')));
            }
            OptionName::Point => self.point = entry.byte(cx, "point = ','"),
            OptionName::Accepts => self.accepts = accepts(entry, cx),
            OptionName::None => self.none = none(entry, cx),
            OptionName::Pattern => self.pattern = pattern(entry, cx),
            OptionName::Pivot => {
                let why = format!("a pivot is 0 to {PIVOT_MAX}: two-digit years below it are 20xx, the others 19xx");
                self.pivot = at_most(PIVOT_MAX.into(), entry.number(cx, "pivot = 70"), &why, cx);
            }
            OptionName::Codes => self.codes = CodeLine::read(entry, cx),
            OptionName::Closed => self.closed = entry.word(cx),
            OptionName::Yes => self.yes = entry.byte(cx, "yes = 'Y'"),
            OptionName::No => self.no = entry.byte(cx, "no = 'N'"),
        }
    }

    /// Reports an unknown key. If it was probably meant as another key, that key counts as written.
    fn unknown(&mut self, key: &str, entry: &Entry, cx: &Ctxt) {
        let synonyms = || Self::SYNONYMS.into_iter();
        let meant = |word: &str| synonyms().find(|(synonym, _)| *synonym == word).map(|(_, meant)| meant);
        // A misspelt synonym is a synonym too: `lenght`.
        let like = nearest(key, synonyms().map(|(word, _)| word).chain(Self::keys()));
        match meant(key).or_else(|| like.map(|like| meant(like).unwrap_or(like))) {
            Some(meant) => {
                entry.unknown_with(cx, &format!("; did you mean `{meant}`?"));
                self.keys.push(Ident::new(meant, entry.key.span()));
            }
            None => entry.unknown_with(
                cx,
                "; every field has `len`, `label`, `name`, `at`, `order`, `secret`, and a kind with its own options",
            ),
        }
    }

    fn set_kind(&mut self, kind: Option<Given<KindWord>>, entry: &Entry, cx: &Ctxt) {
        // A kind that could not be read was reported. It cannot be determined any more.
        let Some(kind) = kind else { return };
        let kind = Given { span: entry.key.span(), ..kind };
        match (&self.kind, &kind.value) {
            (
                Some(Given { value: KindWord::Group | KindWord::Computed(_) | KindWord::Literal(_), .. }),
                KindWord::Value(value),
            ) if self.value_kind.is_none() => {
                self.value_kind = Some(Given { value: *value, span: kind.span });
                return;
            }
            (
                Some(Given { value: KindWord::Value(value), span }),
                KindWord::Group | KindWord::Computed(_) | KindWord::Literal(_),
            ) => {
                self.value_kind = Some(Given { value: *value, span: *span });
                self.kind = Some(kind);
                return;
            }
            _ => {}
        }
        if self.kind.is_some() {
            cx.error(&entry.key, format_args!("a field has one kind, and `{}` is the second", entry.key));
        } else {
            self.kind = Some(kind);
        }
    }

    /// The options of an array's entry: all that do not belong to the group. In a padded group, `pad` belongs to the group.
    pub(crate) fn of_entry(&self) -> Self {
        let padded = self.has("padded");
        let is_own = |key: &Ident| !(Self::GROUP_KEYS.iter().any(|known| key == known) || padded && key == "pad");
        Self {
            kind: self.value_kind.clone().map(|kind| kind.map(KindWord::Value)),
            value_kind: None,
            pad: self.pad.clone().filter(|_| !padded),
            max: None,
            keys: self.keys.iter().filter(|key| is_own(key)).cloned().collect(),
            ..self.clone()
        }
    }

    /// All keys, in the order of preference for a guess.
    fn keys() -> impl Iterator<Item = &'static str> {
        let kinds = KindName::WORDS.iter().map(|(word, _)| *word);
        Self::ITEM_KEYS.into_iter().chain(kinds).chain(OptionName::WORDS.iter().map(|(word, _)| *word))
    }

    /// Whether the key exists.
    pub(crate) fn is_key(word: &str) -> bool {
        Self::keys().any(|key| key == word)
    }

    /// The span of the option, if it was written.
    pub(crate) fn key(&self, name: &str) -> Option<Span> {
        self.keys.iter().find(|key| *key == name).map(Ident::span)
    }

    /// Whether the word names the kind of a field.
    pub(crate) fn is_kind(word: &str) -> bool {
        matches!(word, "literal" | "computed" | "choice") || KindWord::plain(word).is_some()
    }

    /// Whether the option was written, even if its value is a mistake.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.key(name).is_some()
    }
}

impl PageAttrs {
    fn read(entry: &Entry, cx: &Ctxt) -> Option<Self> {
        let example = "page(total = total_count, start = start_no)";
        let mut total = None;
        let mut start = None;
        for chunk in entry.list(cx, &format!("the fields that say which page: `{example}`"))? {
            let Some(part) = super::entry::entry(chunk, cx) else { continue };
            let field = |input: syn::parse::ParseStream<'_>| input.parse::<Ident>();
            match part.key.to_string().as_str() {
                "total" => total = part.assigned(cx, "a field: `total = total_count`", field),
                "start" => start = part.assigned(cx, "a field: `start = start_no`", field),
                _ => part.unknown(cx, &["total", "start"]),
            }
        }
        match (total, start) {
            (Some(total), Some(start)) => Some(Self { total: total.value, start: start.value }),
            _ => {
                cx.error(&entry.key, format_args!("a page says both: `{example}`"));
                None
            }
        }
    }
}

fn at_most(max: usize, given: Option<Given<usize>>, why: &str, cx: &Ctxt) -> Option<Given<usize>> {
    let given = given?;
    if given.value <= max {
        return Some(given);
    }
    cx.error_at(given.span, why);
    None
}

/// Reads `literal = "H"` or `literal = b"\xFF"`.
fn literal(entry: &Entry, cx: &Ctxt) -> Option<Given<KindWord>> {
    let expected = "a string or a byte string: `literal = \"H\"`, `literal = b\"\\xFF\"`";
    let given = entry.assigned(cx, expected, |input| {
        let literal: Lit = input.parse()?;
        match &literal {
            Lit::Str(_) | Lit::ByteStr(_) => Ok(literal),
            other => Err(syn::Error::new(other.span(), "no string")),
        }
    })?;
    let bytes: Vec<Byte> = match &given.value {
        Lit::Str(text) if text.value().is_ascii() => text.value().into_bytes().into_iter().map(Byte::Ascii).collect(),
        Lit::ByteStr(bytes) => bytes.value().into_iter().map(Byte::Raw).collect(),
        other => {
            cx.error(
                other,
                "a literal string is ASCII; write the bytes as they stand on the wire: `literal = b\"\\xC8\\xAB\"`",
            );
            return None;
        }
    };
    if bytes.is_empty() {
        cx.error_at(given.span, "a literal has at least one byte");
        return None;
    }
    Some(given.map(|_| KindWord::Literal(bytes)))
}
