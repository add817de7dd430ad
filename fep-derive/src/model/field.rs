//! A struct's field as an item: its kind, its length, and whether its options belong to it.

mod groups;

use fep_core::charset::CharsetId;
use fep_core::kinds::KindName;
use fep_core::limits::CHECK_MAX_BYTES;
use fep_core::options::{OptionName, and_listed};
use fep_core::words::Word as _;
use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

use super::{Field, Item, ItemKind, Len, NumberType};
use crate::attr::{Byte, Computed, FieldAttrs, Given, KindWord, Link, bytes, misplaced};
use crate::ctxt::Ctxt;
use crate::shape::{Shape, literal};

/// The options that every item has.
const COMMON: [&str; 4] = ["at", "order", "label", "name"];

/// A field while it is read.
pub(super) struct Source<'f> {
    pub(super) attrs: &'f FieldAttrs,
    pub(super) ty: &'f syn::Type,
    pub(super) shape: Shape<'f>,
    pub(super) charset: CharsetId,
    pub(super) cx: &'f Ctxt,
    member: Span,
}

impl Item {
    /// The model of a named field, or `None` if its kind cannot be determined.
    pub(super) fn read(field: &syn::Field, charset: CharsetId, cx: &Ctxt) -> Option<Self> {
        let member = field.ident.clone()?;
        misplaced(&field.attrs, "telegram", "a field's options are `#[field(…)]`", cx);
        let attrs = FieldAttrs::read(&field.attrs, cx);
        let source =
            Source { attrs: &attrs, ty: &field.ty, shape: Shape::of(&field.ty), charset, cx, member: member.span() };
        let what = source.what()?;
        let own_name = member.unraw().to_string();
        let unnamed = matches!(what, ItemKind::Filler { .. } | ItemKind::Flatten)
            || matches!(what, ItemKind::Literal(..)) && own_name.starts_with('_');
        let name = match attrs.name {
            Some(name) => name,
            None => Given { value: if unnamed { String::new() } else { own_name }, span: member.span() },
        };
        if name.value.contains('.') || (name.value.is_empty() && !unnamed) {
            cx.error_at(name.span, "a name has at least one character and no dot, which separates names in a path");
        }
        let label = attrs.label.map_or_else(String::new, |label| label.value);
        let docs = field.attrs.iter().filter(|attr| attr.path().is_ident("doc")).cloned().collect();
        let vis = field.vis.clone();
        let ty = field.ty.clone();
        Some(Self { member, name, label, vis, docs, ty, at: attrs.at, order: attrs.order, what })
    }
}

impl Source<'_> {
    fn what(&self) -> Option<ItemKind> {
        match &self.attrs.kind {
            Some(kind) => self.stated(&kind.value),
            // A kind was written but could not be read. That was reported.
            None if self.attrs.has("literal") || self.attrs.has("computed") => None,
            None => self.inferred(),
        }
    }

    fn stated(&self, word: &KindWord) -> Option<ItemKind> {
        match word {
            KindWord::Literal(bytes) => self.literal(bytes),
            KindWord::Filler => self.filler(),
            KindWord::Computed(computed) => self.computed(computed),
            KindWord::Choice(by) => self.choice(by),
            KindWord::Part => self.part(),
            KindWord::Flatten => self.flatten(),
            KindWord::Group => self.group(),
            _ if matches!(self.shape, Shape::Unit) => {
                self.cx.error(self.ty, "a field with a value cannot be `()`");
                None
            }
            KindWord::Value(kind) => self.field(*kind),
        }
    }

    /// Infers the kind from the type.
    fn inferred(&self) -> Option<ItemKind> {
        let inner = match &self.shape {
            Shape::Option(inner) => &Shape::of(inner),
            shape => shape,
        };
        if let Some(instead) = inner.instead() {
            self.cx.error(self.ty, instead);
            return None;
        }
        let kind = match inner {
            _ if self.attrs.has("codes") => KindName::Code,
            Shape::Text(_) | Shape::String | Shape::Cow | Shape::Str | Shape::Char => KindName::Text,
            Shape::Digits(_) => KindName::Digits,
            Shape::Integer(_) | Shape::Decimal => KindName::Number,
            Shape::Bool => KindName::Flag,
            Shape::Date | Shape::YearMonth | Shape::MonthDay => KindName::Date,
            Shape::Time => KindName::Time,
            Shape::DateTime | Shape::MonthDayTime => KindName::DateTime,
            Shape::ByteArray(_) | Shape::Bytes => KindName::Bytes,
            _ => return self.not_a_field(),
        };
        self.field(kind)
    }

    /// Handles a type that is not one of the known value types: a part, or a mistake.
    fn not_a_field(&self) -> Option<ItemKind> {
        let message = match &self.shape {
            Shape::Unit => {
                "`()` stands for bytes without information: say which, `filler, len = …`, `literal = \"…\"` or `computed = …`"
            }
            Shape::Vec if self.attrs.has("group") => return None,
            Shape::Vec => "entries that repeat are a group: `#[field(group, count = item_count, max = 10)]`",
            Shape::Array => "entries that repeat are a group: `#[field(group)]`",
            Shape::Path if !self.attrs.has("len") => return self.part(),
            Shape::Path => {
                "say how these bytes are read: `text`, `digits`, `number`, `date`, `time`, `datetime`, `code`, `flag` or \
                 `bytes`; a part has no `len` of its own"
            }
            Shape::Option(_) => {
                "only numbers, dates and times can be missing; this type has no contents that mean \"none\""
            }
            _ => "no field is of this type; a field is a number, a text, a date, … or another telegram",
        };
        self.cx.error(self.ty, message);
        None
    }

    fn computed(&self, computed: &Computed) -> Option<ItemKind> {
        self.unit("a computed field")?;
        let is_check = matches!(computed, Computed::Check { .. } | Computed::Link(Link::Check { .. }));
        let mut options: Vec<&str> = match computed {
            Computed::Sum { .. } | Computed::Link(Link::Sum(_)) => {
                vec!["computed", "len", "encoding", "sign", "scale", "secret", "point", "pad", "justify", "accepts"]
            }
            Computed::Sign { .. } => vec!["computed", "len", "secret", "accepts"],
            _ if is_check => vec!["computed", "len", "secret"],
            _ => vec!["computed", "len", "encoding", "pad", "justify", "accepts"],
        };
        let value_kind = self.attrs.value_kind.as_ref();
        if let Some(kind) = value_kind.filter(|_| is_check) {
            options.extend(OptionName::of(kind.value).map(|option| option.word()));
        }
        self.only("a computed field", &options);
        let len = self.stated_len("len = 4")?;
        if matches!(computed, Computed::Sign { .. }) && len.value != 1 {
            self.cx.error_at(len.span, "a sign has 1 byte");
        }
        if is_check && len.value > CHECK_MAX_BYTES {
            self.cx.error_at(len.span, format_args!("a check has at most {CHECK_MAX_BYTES} bytes"));
        } else if computed.is_xor() && len.value > 2 {
            self.cx.error_at(len.span, "an xor check has one byte, or two for hex digits");
        }
        let span = self.attrs.kind.as_ref().map_or(self.member, |kind| kind.span);
        let encoding = self.encoding();
        let secret = self.attrs.secret;
        let kind = match value_kind {
            None => self.number()?,
            Some(kind) => self.kind_of_check(kind, is_check)?,
        };
        let states_kind = value_kind.is_some();
        let computed = self.with_accepts(computed.clone());
        Some(ItemKind::Computed { computed, len, encoding, kind, states_kind, secret, span })
    }

    /// A computed sign with the further signs that it accepts. Reports those that it cannot accept.
    fn with_accepts(&self, computed: Computed) -> Computed {
        let Some(accepts) = &self.attrs.accepts else { return computed };
        let (of, outer, plus, minus, zero) = match computed {
            Computed::Sign { of, outer, plus, minus, zero, .. } => (of, outer, plus, minus, zero),
            other => return other,
        };
        let is_blank = |sign| matches!(sign, Byte::Ascii(b' ')) || sign == Byte::Raw(self.charset.space());
        let blank = [Some(plus), Some(minus), zero].into_iter().flatten().any(is_blank);
        for form in accepts.value.iter() {
            if let Err(reason) = form.check_sign(zero.is_some(), blank) {
                self.cx.error_at(accepts.span, reason);
            }
        }
        Computed::Sign { of, outer, plus, minus, zero, accepts: accepts.value }
    }

    fn choice(&self, by: &str) -> Option<ItemKind> {
        self.only("a choice", &["choice"]);
        let span = self.attrs.kind.as_ref().map_or(self.member, |kind| kind.span);
        if let Shape::Path = self.shape {
            return Some(ItemKind::Choice(Given { value: by.to_owned(), span }));
        }
        self.cx.error(self.ty, "a choice is an enum with `#[derive(Choice)]`");
        None
    }

    /// A tail: a field as long as its value.
    fn tail(&self, kind: KindName) -> Option<ItemKind> {
        if !kind.can_be_tail() {
            self.cx.error_at(self.member, "only text, digits and bytes can be a tail: other values have one length");
            return None;
        }
        if let Some(at) = self.attrs.key("len") {
            self.cx.error_at(at, "a tail is as long as its value; write the most bytes as `max = …`");
        }
        if matches!(self.shape, Shape::ByteArray(_)) {
            self.cx.error(self.ty, "a tail varies in length: `Vec<u8>` or `&[u8]`");
            return None;
        }
        if !self.attrs.has("max") {
            self.cx.error_at(self.member, "how many bytes at most? write `max = 500`");
        }
        let kind = self.kind(kind)?;
        let max = self.attrs.max.clone()?;
        Some(ItemKind::Tail(Field {
            len: Len::Stated(max),
            kind,
            secret: self.attrs.secret,
            ask_type_for_len: false,
            number: None,
        }))
    }

    fn field(&self, kind: KindName) -> Option<ItemKind> {
        if self.attrs.tail.is_some() {
            return self.tail(kind);
        }
        let is_number = kind == KindName::Number;
        let rule = self.kind(kind);
        let len = self.len(kind)?;
        let kind = rule?;
        let ask_type_for_len =
            matches!(len, Len::Stated(_)) && self.type_len().is_none_or(|len| literal(&len).is_none());
        let asks = ask_type_for_len && (self.shape.is_custom() || self.type_len().is_some());
        // An option that could not be read was reported. Without it, the numbers of the field are not known.
        let unknown = self.attrs.has("sign") && self.attrs.sign.is_none()
            || self.attrs.has("encoding") && self.attrs.encoding.is_none()
            || self.attrs.has("digits_max") && self.attrs.digits_max.is_none();
        let number = (is_number && !unknown).then(|| NumberType {
            narrow: self.attrs.narrow.as_ref().map(|narrow| narrow.span),
            sign_stated: self.attrs.has("sign"),
        });
        Some(ItemKind::Field(Field { len, kind, secret: self.attrs.secret, ask_type_for_len: asks, number }))
    }

    pub(super) fn type_len(&self) -> Option<syn::Expr> {
        match &self.shape {
            Shape::Option(inner) => Shape::of(inner).len().cloned(),
            shape => shape.len().cloned(),
        }
    }

    /// The length as written, or the length that the type or the kind has.
    fn len(&self, kind: KindName) -> Option<Len> {
        let of_type = self.type_len();
        let of_kind = self.len_of_kind(kind);
        if kind == KindName::Digits && !self.encoding().is_zoned() {
            return self.half_digits_len(of_type.as_ref());
        }
        if of_type.as_ref().and_then(literal) == Some(0) {
            self.cx.error(self.ty, "a field has at least 1 byte");
            return None;
        }
        let Some(len) = self.attrs.len.clone() else {
            return match (of_type, of_kind) {
                _ if self.attrs.has("len") => None,
                (Some(len), _) => Some(Len::OfType(Box::new(len))),
                (None, Some(value)) => Some(Len::Stated(Given { value, span: self.member })),
                (None, None) => {
                    // A pattern that could not be read would have given the length. It was reported.
                    if !self.attrs.has("pattern") {
                        self.missing_len(Self::example_len(kind));
                    }
                    None
                }
            };
        };
        if let Some(expr) = &of_type
            && let Some(stated) = literal(expr)
            && stated != len.value
        {
            let message = format!("`len` is {}, but the type is for fields of {}", len.value, bytes(stated));
            self.cx.error_at(len.span, message);
            return None;
        }
        Some(Len::Stated(len))
    }

    /// The length of digits with two in a byte, as written, or the length that the digits of the type need.
    fn half_digits_len(&self, of_type: Option<&syn::Expr>) -> Option<Len> {
        let digits = of_type.and_then(literal);
        let encoding = self.encoding();
        let len = match (&self.attrs.len, digits) {
            (Some(len), _) => len.clone(),
            (None, Some(digits)) => Given { value: encoding.len(digits)?, span: self.ty.span() },
            (None, None) => {
                self.missing_len(Self::example_len(KindName::Digits));
                return None;
            }
        };
        let room = self.attrs.digits_max.as_ref().map_or_else(|| encoding.digits(len.value), |max| max.value);
        if let Some(digits) = digits.filter(|digits| *digits != room) {
            let message = format!("{} have {room} digits, but the type is for {digits}", bytes(len.value));
            self.cx.error_at(
                len.span,
                format_args!("{message}; `digits_max = {digits}` says that one half byte is padding"),
            );
            return None;
        }
        Some(Len::Stated(len))
    }

    pub(super) fn stated_len(&self, example: &str) -> Option<Given<usize>> {
        if self.attrs.len.is_none() && !self.attrs.has("len") {
            self.missing_len(example);
        }
        self.attrs.len.clone()
    }

    fn missing_len(&self, example: &str) {
        self.cx.error_at(self.member, format_args!("how many bytes? write `#[field({example})]`"));
    }

    fn literal(&self, literal: &[Byte]) -> Option<ItemKind> {
        self.unit("a literal")?;
        self.only("a literal", &["literal", "len"]);
        if let Some(len) = &self.attrs.len
            && len.value != literal.len()
        {
            let message = format!("`len` is {}, but the literal has {}", len.value, bytes(literal.len()));
            self.cx.error_at(len.span, message);
        }
        if let Some(kind) = &self.attrs.value_kind
            && kind.value != KindName::Text
        {
            self.cx
                .error_at(kind.span, format_args!("a field has one kind, and `{}` is the second", kind.value.word()));
        }
        let is_text = self.attrs.value_kind.is_some() || literal.iter().all(|byte| matches!(byte, Byte::Ascii(_)));
        Some(ItemKind::Literal(literal.to_vec(), is_text))
    }

    fn filler(&self) -> Option<ItemKind> {
        self.unit("a filler")?;
        self.only("a filler", &["filler", "len", "pad", "any"]);
        if let Some(at) = self.attrs.key("name") {
            self.cx.error_at(at, "a filler has no value, so it has no name; the sheet's word for it is its `label`");
        }
        let len = self.stated_len("filler, len = 89")?.value;
        Some(ItemKind::Filler { len, pad: self.pad(), any: self.attrs.any })
    }

    /// The padding byte. The default is a space of the telegram's charset.
    fn pad(&self) -> Byte {
        self.attrs.pad.as_ref().map_or(Byte::Raw(self.charset.space()), |pad| pad.value)
    }

    fn part(&self) -> Option<ItemKind> {
        self.only("a part", &["part"]);
        if let Some(at) = self.attrs.key("label") {
            self.cx.error_at(at, "a part is shown by its fields; put the label on its own struct");
        }
        if let Shape::Path = self.shape {
            return Some(ItemKind::Part);
        }
        self.cx.error(self.ty, "a part is another telegram: a struct with `#[derive(Telegram)]`");
        None
    }

    fn flatten(&self) -> Option<ItemKind> {
        self.only("a flattened part", &["flatten"]);
        for key in ["name", "label"] {
            if let Some(at) = self.attrs.key(key) {
                let message = format!("the fields of a flattened part stand at this level, so the part has no `{key}`");
                self.cx.error_at(at, message);
            }
        }
        if let Shape::Path = self.shape {
            return Some(ItemKind::Flatten);
        }
        self.cx.error(self.ty, "a flattened part is another telegram: a struct with `#[derive(Telegram)]`");
        None
    }

    /// Reports an item without information whose type is not `()`.
    fn unit(&self, item: &str) -> Option<()> {
        if matches!(self.shape, Shape::Unit) {
            return Some(());
        }
        self.cx.error_at(self.ty.span(), format_args!("{item} carries no information of its own: its type is `()`"));
        None
    }

    /// Reports options that the item does not have.
    pub(super) fn only(&self, item: &str, options: &[&str]) {
        for key in &self.attrs.keys {
            let name = key.to_string();
            let name = name.as_str();
            // Unknown keys and a second kind were reported when they were read.
            let reported = FieldAttrs::is_kind(name) || !FieldAttrs::is_key(name);
            if reported || options.contains(&name) || COMMON.contains(&name) {
                continue;
            }
            self.cx.error(key, format_args!("`{name}` is no option of {item}{}", where_it_belongs(name)));
        }
    }
}

/// A hint for an option on the wrong item.
fn where_it_belongs(option: &str) -> String {
    match option {
        "secret" => "; only fields with a value can be secret".to_owned(),
        "len" => "; its length is the length of its contents".to_owned(),
        "any" => "; it belongs to fillers".to_owned(),
        "count" | "rest" | "padded" | "page" => "; it belongs to groups".to_owned(),
        "max" => "; it belongs to groups and tails".to_owned(),
        "tail" => "; it belongs to text, digits and bytes".to_owned(),
        "narrow" => "; it belongs to numbers".to_owned(),
        "encoding" => format!("; it belongs to {}, and text has a `charset`", OptionName::Encoding.kinds_listed()),
        _ => OptionName::of_word(option).map_or_else(String::new, |option| {
            let mut kinds: Vec<&str> = option.kinds().iter().map(|kind| kind.plural()).collect();
            if option == OptionName::Pad {
                kinds.extend(["fillers", "padded groups"]);
            }
            format!("; it belongs to {}", and_listed(&kinds))
        }),
    }
}
