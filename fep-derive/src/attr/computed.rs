//! `computed = …`: the value that the encoder puts into a field.

use fep_core::accepts::Accepts;
use fep_core::rules::LengthScope;
use fep_core::words::Word as _;
use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{LitInt, Path, Token};

use super::entry::{Entry, Given};
use super::words::{Byte, did_you_mean};
use crate::ctxt::Ctxt;

/// The source of a computed value.
#[derive(Clone)]
pub(crate) enum Computed {
    /// `length(rest)`, `length(all)`
    Length(LengthScope),
    /// `length(body)`
    LengthOf(Ident),
    /// `count(items)`
    Count(Ident),
    /// `sum(items.amount)`, or `sum(amounts)` for an array
    Sum { group: Ident, path: Vec<Ident> },
    /// `sequence`, `sequence(5)`
    Sequence(u64),
    /// `sign(balance, '+', '-')`, `sign(balance, '+', '-', ' ')`
    /// The further signs that are read are an option of the field, `accepts(…)`.
    /// With `sign(super::balance, …)` the number stands beside the flattened part that has the sign.
    Sign { of: Ident, outer: bool, plus: Byte, minus: Byte, zero: Option<Byte>, accepts: Accepts },
    /// `xor`, `xor(from)`, `check(path::to::function)`, `check(path::to::function, from)`
    Check { function: Option<Path>, from: Option<Ident> },
    /// `length(super::body)`, `count(super::items)`, `sum(super::items.amount)`, `check(function, from..=to)`: filled in when the
    /// layout that contains the items is complete.
    Link(Link),
}

/// A computed value that depends on items at paths.
#[derive(Clone)]
pub(crate) enum Link {
    Length(ItemPath),
    Count(ItemPath),
    Sum(ItemPath),
    Check { function: Option<Path>, from: Option<ItemPath>, to: Option<ItemPath> },
}

/// The path of an item: `memo`, `header.code`, `super::body`.
#[derive(Clone)]
pub(crate) struct ItemPath {
    /// Whether it begins in a layout that contains this one as a part.
    pub(crate) outer: bool,
    pub(crate) head: Ident,
    /// The names in parts.
    pub(crate) inner: Vec<Ident>,
}

impl ItemPath {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let outer = input.peek(Token![super]);
        if outer {
            input.parse::<Token![super]>()?;
            input.parse::<Token![::]>()?;
        }
        let head = input.call(Ident::parse_any)?;
        let mut inner = Vec::new();
        while input.peek(Token![.]) && !input.peek(Token![..]) {
            input.parse::<Token![.]>()?;
            inner.push(input.parse()?);
        }
        Ok(Self { outer, head, inner })
    }

    /// The name of an item beside the field, if it is one.
    fn beside(self) -> Result<Ident, Self> {
        if self.outer || !self.inner.is_empty() { Err(self) } else { Ok(self.head) }
    }

    /// The path in the layout, if `head` is the name of its first item.
    pub(crate) fn within(&self, head: &str) -> String {
        let inner = self.inner.iter().map(|name| name.unraw().to_string());
        std::iter::once(head.to_owned()).chain(inner).collect::<Vec<_>>().join(".")
    }
}

impl Link {
    /// The paths of the items that the value depends on.
    pub(crate) fn paths(&self) -> Vec<&ItemPath> {
        match self {
            Self::Length(path) | Self::Count(path) | Self::Sum(path) => vec![path],
            Self::Check { from, to, .. } => from.iter().chain(to).collect(),
        }
    }
}

/// The words that `computed = …` begins with.
const WORDS: [&str; 7] = ["length", "count", "sum", "sequence", "sign", "xor", "check"];

impl Computed {
    /// Whether it is the exclusive or of bytes.
    pub(crate) fn is_xor(&self) -> bool {
        matches!(self, Self::Check { function: None, .. } | Self::Link(Link::Check { function: None, .. }))
    }

    pub(super) fn read(entry: &Entry, cx: &Ctxt) -> Option<Given<Self>> {
        let expected = forms(entry.first_word().as_deref().unwrap_or_default());
        let given = entry.assigned(cx, expected, |input: ParseStream<'_>| {
            let what: Ident = input.parse()?;
            let word = what.to_string();
            if !WORDS.contains(&word.as_str()) {
                let _rest: TokenStream = input.parse()?;
                return Ok(Err(what));
            }
            if input.is_empty() {
                return match word.as_str() {
                    "sequence" => Ok(Ok(Self::Sequence(1))),
                    "xor" => Ok(Ok(Self::Check { function: None, from: None })),
                    _ => Err(syn::Error::new(what.span(), "needs to know of what")),
                };
            }
            let list;
            syn::parenthesized!(list in input);
            let computed = match word.as_str() {
                "length" => Ok(length(ItemPath::parse(&list)?)),
                "count" => Ok(match ItemPath::parse(&list)?.beside() {
                    Ok(group) => Self::Count(group),
                    Err(path) => Self::Link(Link::Count(path)),
                }),
                "sum" => sum(&list),
                "sequence" => Ok(Self::Sequence(list.parse::<LitInt>()?.base10_parse()?)),
                "sign" => sign(&list),
                "xor" => covering(None, &list),
                "check" => check(&list),
                _ => Err(syn::Error::new(what.span(), "nothing that can be computed")),
            };
            computed.map(Ok)
        })?;
        match given.value {
            Ok(value) => Some(Given { value, span: given.span }),
            Err(what) => {
                let hint = did_you_mean(&what.to_string(), &WORDS);
                cx.error(&what, format_args!("nothing computes `{what}`{hint}"));
                None
            }
        }
    }
}

/// The forms of this word, for messages. Other words have all forms.
fn forms(word: &str) -> &'static str {
    match word {
        "length" => {
            "`length(rest)`, `length(all)`, `length(an_item)`, or `length(super::an_item)` for an item beside this part"
        }
        "count" => "`count(a_group)`, or `count(super::a_group)` for a group beside this part",
        "sum" => "`sum(a_group.a_number)`, or `sum(super::a_group.a_number)` for a group beside this part",
        "sequence" => "`sequence`, or `sequence(5)` to begin with 5",
        "sign" => {
            "`sign(a_number, '+', '-')` or `sign(a_number, '+', '-', ' ')`; the number is in the same struct, or `sign(super::a_number, …)` beside this flattened part"
        }
        "xor" => "`xor`, `xor(from_item)`, `xor(from_item..=to_item)` or `xor(..=to_item)`",
        "check" => {
            "`check(a::function)`, `check(a::function, from_item)` or `check(a::function, from_item..=to_item)`, with a path of a \
             function and not a text"
        }
        _ => {
            "`length(rest)`, `length(all)`, `length(an_item)`, `count(a_group)`, `sum(a_group.a_number)`, `sequence`, \
             `sign(a_number, '+', '-')`, `xor` or `check(a::function)`"
        }
    }
}

fn length(of: ItemPath) -> Computed {
    match of.beside() {
        Ok(of) => match LengthScope::of_word(&of.to_string()) {
            Some(scope) => Computed::Length(scope),
            None => Computed::LengthOf(of),
        },
        Err(path) => Computed::Link(Link::Length(path)),
    }
}

fn sum(list: &ParseBuffer<'_>) -> syn::Result<Computed> {
    Ok(match ItemPath::parse(list)? {
        ItemPath { outer: false, head, inner } => Computed::Sum { group: head, path: inner },
        path => Computed::Link(Link::Sum(path)),
    })
}

fn sign(list: &ParseBuffer<'_>) -> syn::Result<Computed> {
    let ItemPath { outer, head: of, inner } = ItemPath::parse(list)?;
    if let Some(inner) = inner.first() {
        return Err(syn::Error::new(
            inner.span(),
            "the number stands beside its sign, or beside the flattened part with the sign",
        ));
    }
    let mut bytes = Vec::new();
    while !list.is_empty() {
        list.parse::<Token![,]>()?;
        bytes.push(Byte::of(&list.parse()?)?);
    }
    match *bytes.as_slice() {
        [plus, minus] => Ok(Computed::Sign { of, outer, plus, minus, zero: None, accepts: Accepts::NONE }),
        [plus, minus, zero] => Ok(Computed::Sign { of, outer, plus, minus, zero: Some(zero), accepts: Accepts::NONE }),
        _ => Err(list.error("the sign of plus, the sign of minus, and perhaps that of zero")),
    }
}

fn check(list: &ParseBuffer<'_>) -> syn::Result<Computed> {
    let function = Some(list.call(Path::parse_mod_style)?);
    if list.is_empty() {
        return Ok(Computed::Check { function, from: None });
    }
    list.parse::<Token![,]>()?;
    covering(function, list)
}

/// The bytes that a check covers: `from`, `from..=to`, `..=to`.
fn covering(function: Option<Path>, list: &ParseBuffer<'_>) -> syn::Result<Computed> {
    let from = if list.peek(Token![..=]) { None } else { Some(ItemPath::parse(list)?) };
    if list.is_empty() {
        return Ok(match from.map(ItemPath::beside).transpose() {
            Ok(from) => Computed::Check { function, from },
            Err(path) => Computed::Link(Link::Check { function, from: Some(path), to: None }),
        });
    }
    list.parse::<Token![..=]>()?;
    let to = Some(ItemPath::parse(list)?);
    Ok(Computed::Link(Link::Check { function, from, to }))
}
