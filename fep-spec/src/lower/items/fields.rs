//! Fields and tails: their kind, from a type and from their own options, and the value that the encoder fills in.

use std::borrow::Cow;

use fep_codec::layout::{Computed, Field, Item, Kind};

use super::super::options::{self, FieldOptions};
use super::super::{Known, codes, names};
use super::{LEN_MAX, Read, computed, label, name};
use crate::document::{Located, Table};
use crate::model::{CodeList, Note};
use crate::report::Code;

/// The keys of every field.
pub(super) const KEYS: [&str; 6] = ["label", "len", "secret", "type", "codes", "closed"];

/// Reads a field, or a tail if it has `tail = true`.
pub(super) fn field(known: &mut Known<'_>, owner: &str, table: &Table<'_>) -> Option<Read> {
    table.knows(&["name", "tail"]);
    table.knows(&computed::KEYS);
    let name = name(table, "name");
    let tail = table.boolean("tail").is_some_and(|tail| tail.value);
    if tail {
        table.refuses(&["len"]);
        table.refuses(&computed::KEYS);
    }
    if let Some((key, at)) = ["count", "repeat", "padded"].iter().find_map(|key| Some((key, table.key_span(key)?))) {
        table.refuses(&["count", "max", "repeat", "padded", "page"]);
        table.knows(&KEYS);
        table.knows(&options::keys());
        let hint = "a field that repeats is an array: write `group` in place of `name`";
        table.document().error_hint(Code::ConflictingKeys, at, format!("`{key}` of a field"), hint);
        return None;
    }
    let computed = computed::read(table, known.charset);
    let role = Role { tail, computed, in_padded: false };
    let (field, note) = value(known, owner, table, name.clone(), role)?;
    let item = if tail { Item::Tail(field) } else { Item::Field(field) };
    Some(Read { note, keys: computed::places(table), ..Read::plain(item, name.map(|name| name.span)) })
}

/// Reads the field that each entry of an array is. In a padded array, `pad` belongs to the unused entries.
pub(super) fn entry<'d>(
    known: &mut Known<'_>,
    owner: &str,
    table: &Table<'d>,
    name: Located<&'d str>,
    padded: bool,
) -> Option<(Field, Note)> {
    let document = table.document();
    // Of the keys of a computed field, the first one is the mistake.
    let computed = computed::KEYS.into_iter().find(|key| table.has(key)).map(|key| (key, NOT_COMPUTED));
    table.refuses(&computed::KEYS);
    table.refuses(&NOT_OF_ARRAYS.map(|(key, _)| key));
    let mut foreign = false;
    for (key, hint) in NOT_OF_ARRAYS.into_iter().chain(computed) {
        if let Some(at) = table.key_span(key) {
            document.error_hint(Code::ConflictingKeys, at, format!("`{key}` of an array of plain values"), hint);
            foreign = true;
        }
    }
    let role = Role { tail: false, computed: Some(None), in_padded: padded };
    let (field, note) = value(known, owner, table, Some(name), role)?;
    (!foreign).then_some((Field { name: Cow::Borrowed(""), ..field }, note))
}

/// The keys of a field that the entry of an array cannot have, and what to do instead.
const NOT_OF_ARRAYS: [(&str, &str); 2] = [
    ("name", "its entries have no name: leave it out, or write items = [ { name = … } ] for entries with names"),
    ("tail", "its entries have one length: write `len`"),
];

/// What to do instead of a computed field as the entry of an array.
const NOT_COMPUTED: &str = "write items = [ { name = …, computed = … } ] for entries with a computed field";

/// What a field is in its layout.
#[allow(clippy::option_option, reason = "absent and unreadable are two things")]
struct Role {
    tail: bool,
    computed: Option<Option<Located<Computed>>>,
    /// Whether it is the entry of a padded array.
    in_padded: bool,
}

/// Reads what a field and the entry of an array have in common.
fn value<'d>(
    known: &mut Known<'_>,
    owner: &str,
    table: &Table<'d>,
    name: Option<Located<&'d str>>,
    role: Role,
) -> Option<(Field, Note)> {
    let Role { tail, computed, in_padded } = role;
    let document = table.document();
    table.knows(&KEYS);
    table.knows(&options::keys());
    let label = label(table);
    let len = if tail { most(table) } else { table.required("len").and_then(|len| len.integer(1..=LEN_MAX)) };
    let secret = table.boolean("secret").is_some_and(|secret| secret.value);
    let type_name = table.string("type");
    let mut own = FieldOptions::read(table);
    if in_padded {
        own = own.without_pad();
    }
    own.codes = field_codes(known, owner, name.as_ref(), table);
    let base = match &type_name {
        Some(type_name) => Some(known.options_of(document, type_name)?),
        None => None,
    };
    if let (Some(kind), Some(_)) = (&own.kind, &base) {
        document.error_hint(
            Code::ConflictingKeys,
            kind.span.clone(),
            "both `type` and `kind`",
            "the type has a kind already: leave one out",
        );
        return None;
    }
    let name = name?;
    let len = len?;
    let options = own.clone().over(base.unwrap_or_default());
    if let (true, Some(_), Some(type_name)) = (in_padded, options.pad_span(), &type_name) {
        let message = format!("the type of the padded array `{}` has a `pad` for its values", name.value);
        let hint = "the `pad` of a padded array is that of unused entries: write items = [ { name = …, type = … } ]";
        document.error_hint(Code::ConflictingKeys, type_name.span.clone(), message, hint);
        return None;
    }
    let source = Source { table, name: &name, len, tail, own: &own, options: &options };
    let (kind, computed) = source.kind(known, computed)?;
    let note = Note {
        type_name: type_name.map(|type_name| type_name.value.to_owned()),
        codes: options.codes.as_ref().map(|codes| codes.value.clone()),
        ..Note::default()
    };
    let len = source.len.value;
    Some((Field { name: Cow::Owned(name.value.to_owned()), label, len, kind, secret, computed }, note))
}

/// The maximum length of a tail in bytes.
fn most(table: &Table<'_>) -> Option<Located<usize>> {
    if let Some(len) = table.key_span("len") {
        let hint = "write the most bytes that the sheet allows: max = 500";
        table.document().error_hint(
            Code::ConflictingKeys,
            len,
            "a tail is as long as its value and has no `len`",
            hint,
        );
    }
    table.required("max").and_then(|max| max.integer(1..=LEN_MAX))
}

/// A field whose kind is to be determined.
struct Source<'s, 'd> {
    table: &'s Table<'d>,
    name: &'s Located<&'d str>,
    len: Located<usize>,
    tail: bool,
    /// The options that are written at the item.
    own: &'s FieldOptions,
    /// The item's options, and the type's.
    options: &'s FieldOptions,
}

impl Source<'_, '_> {
    /// The kind, and the computed value. `computed` is `None` if it could not be read.
    #[allow(clippy::option_option, reason = "absent and unreadable are two things")]
    fn kind(&self, known: &Known<'_>, computed: Option<Option<Located<Computed>>>) -> Option<(Kind, Option<Computed>)> {
        let document = self.table.document();
        let name = self.name.value;
        let len = self.len.clone();
        let written = self.options.kind.as_ref().map(|kind| kind.value);
        let of_computed = computed.iter().flatten().next();
        let own_kind = of_computed.and_then(|what| computed::own_kind(&what.value, known.charset, len.value));
        if written.is_none() && own_kind.is_none() {
            // If `computed` could not be read, it is unknown whether a kind is missing. An invalid kind was noted already.
            if computed.is_some() && !self.table.has("kind") && !self.table.has("type") {
                let hint =
                    "a type of [types], or a kind: text, digits, number, date, time, datetime, code, flag, bytes";
                let message = format!("`{name}` has neither `type` nor `kind`");
                document.error_hint(Code::MissingKey, self.name.span.clone(), message, hint);
            }
            return None;
        }
        let at = options::Field { document, name, len, charset: known.charset, codes: &known.codes };
        let kind = match written {
            Some(written) => {
                self.own.refuse_foreign(document, written);
                if self.tail { self.options.tail(written, self.own, &at) } else { self.options.kind(written, &at) }
            }
            None => None,
        };
        let is_check = matches!(of_computed.map(|what| &what.value), Some(Computed::Check(_)));
        let kind = match (kind, own_kind) {
            (Some(kind @ (Kind::Text(_) | Kind::Digits(_) | Kind::Bytes(_))), Some(_)) if is_check => kind,
            (Some(kind), Some(own)) if kind != own => return self.other_kind(is_check),
            (None, Some(own)) if written.is_none() && self.own.is_empty() => own,
            (None, Some(own @ Kind::Text(_))) if of_computed.is_some_and(is_sign) && self.own.is_bare_sign() => own,
            (None, Some(_)) if written.is_none() => return self.other_kind(is_check),
            (kind, _) => kind?,
        };
        let Some(computed) = computed? else { return Some((kind, None)) };
        if self.tail {
            document.error_hint(
                Code::WrongComputed,
                computed.span,
                "a tail is not computed",
                "leave out `computed`, or `tail`",
            );
            return None;
        }
        let computed = match computed {
            Located { value: Computed::Sign(sign), span } => {
                Located { value: Computed::Sign(self.own.sign_with_accepts(sign, &at)?), span }
            }
            other => other,
        };
        computed::fits(self.table, &computed, &kind, &self.len).then_some((kind, Some(computed.value)))
    }

    /// Notes a sign or a check of a kind that it cannot have.
    fn other_kind<T>(&self, is_check: bool) -> Option<T> {
        let key = ["type", "kind"].into_iter().find_map(|key| self.table.get(key)).map(|value| value.span());
        let at = key.unwrap_or_else(|| self.name.span.clone());
        let name = self.name.value;
        let document = self.table.document();
        if is_check {
            let message = format!("`{name}` is a check, which is text, digits or bytes");
            document.error_hint(
                Code::WrongComputed,
                at,
                message,
                "write kind = \"bytes\", or leave the kind out: one byte is bytes, more are ASCII text",
            );
        } else {
            let message = format!("the kind of `{name}` is fixed: a sign is text in the charset of the spec");
            document.error_hint(Code::WrongComputed, at, message, "leave out `type`, `kind` and their options");
        }
        None
    }
}

fn is_sign(computed: &Located<Computed>) -> bool {
    matches!(computed.value, Computed::Sign(_))
}

/// The name of the field's list of codes. A list that is written at the field gets its own name.
fn field_codes(
    known: &mut Known<'_>,
    owner: &str,
    field: Option<&Located<&str>>,
    table: &Table<'_>,
) -> Option<Located<String>> {
    let value = table.get("codes");
    let closed = table.boolean("closed");
    let document = table.document();
    let Some(value) = value else {
        if let Some(closed) = closed {
            document.error_hint(
                Code::ConflictingKeys,
                closed.span,
                "`closed` without `codes`",
                "a list of [codes] says itself that it is closed",
            );
        }
        return None;
    };
    if value.is_string() {
        if let Some(closed) = closed {
            document.error_hint(
                Code::ConflictingKeys,
                closed.span,
                "`closed` belongs to the list",
                "move it to the table under [codes]",
            );
        }
        return value.string().map(|name| known.code_list(document, &name));
    }
    let closed = closed.is_some_and(|closed| closed.value);
    let field = field?;
    let name = format!("{owner}{}", names::of_item(field.value));
    known.reserve(document, &Located { value: &name, span: field.span.clone() }, "the list of codes of a field");
    let (codes, complete) = codes::codes(value, closed);
    let list = CodeList {
        name: name.clone(),
        label: table.string("label").map(|label| label.value.to_owned()).unwrap_or_default(),
        open: !closed || !complete,
        codes,
    };
    known.codes.push(list);
    known.lists.push(field.span.clone());
    Some(Located { value: name, span: value.span() })
}
