//! `computed = …`: the value that the encoder puts into a field.

use fep_core::accepts::Accepts;
use fep_core::rules::LengthScope;
use fep_core::words::Word as _;
use proc_macro2::Ident;
use syn::parse::{ParseBuffer, ParseStream};
use syn::punctuated::Punctuated;
use syn::{LitInt, Path, Token};

use super::entry::{Entry, Given};
use super::words::Byte;
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
    /// `sum(items.amount)`
    Sum { group: Ident, path: Vec<Ident> },
    /// `sequence`, `sequence(5)`
    Sequence(u64),
    /// `sign(balance, '+', '-')`, `sign(balance, '+', '-', ' ')`
    /// The further signs that are read are an option of the field, `accepts(…)`.
    Sign { of: Ident, plus: Byte, minus: Byte, zero: Option<Byte>, accepts: Accepts },
    /// `xor`, `xor(from)`, `check(path::to::function)`, `check(path::to::function, from)`
    Check { function: Option<Path>, from: Option<Ident> },
}

impl Computed {
    pub(super) fn read(entry: &Entry, cx: &Ctxt) -> Option<Given<Self>> {
        let expected = "`length(rest)`, `length(all)`, `length(an_item)`, `count(a_group)`, `sum(a_group.a_number)`, \
                        `sequence`, `sign(a_number, '+', '-')`, `xor` or `check(a::function)`";
        entry.assigned(cx, expected, |input: ParseStream<'_>| {
            let what: Ident = input.parse()?;
            let word = what.to_string();
            if input.is_empty() {
                return match word.as_str() {
                    "sequence" => Ok(Self::Sequence(1)),
                    "xor" => Ok(Self::Check { function: None, from: None }),
                    _ => Err(syn::Error::new(what.span(), "needs to know of what")),
                };
            }
            let list;
            syn::parenthesized!(list in input);
            match word.as_str() {
                "length" => Ok(length(list.parse()?)),
                "count" => Ok(Self::Count(list.parse()?)),
                "sum" => sum(&list),
                "sequence" => Ok(Self::Sequence(list.parse::<LitInt>()?.base10_parse()?)),
                "sign" => sign(&list),
                "xor" => Ok(Self::Check { function: None, from: Some(list.parse()?) }),
                "check" => check(&list),
                _ => Err(syn::Error::new(what.span(), "nothing that can be computed")),
            }
        })
    }
}

fn length(of: Ident) -> Computed {
    match LengthScope::of_word(&of.to_string()) {
        Some(scope) => Computed::Length(scope),
        None => Computed::LengthOf(of),
    }
}

fn sum(list: &ParseBuffer<'_>) -> syn::Result<Computed> {
    let names = Punctuated::<Ident, Token![.]>::parse_separated_nonempty(list)?;
    let mut names = names.into_iter();
    match (names.next(), names.collect::<Vec<_>>()) {
        (Some(group), path) if !path.is_empty() => Ok(Computed::Sum { group, path }),
        _ => Err(list.error("which number of the entries?")),
    }
}

fn sign(list: &ParseBuffer<'_>) -> syn::Result<Computed> {
    let of = list.parse()?;
    let mut bytes = Vec::new();
    while !list.is_empty() {
        list.parse::<Token![,]>()?;
        bytes.push(Byte::of(&list.parse()?)?);
    }
    match *bytes.as_slice() {
        [plus, minus] => Ok(Computed::Sign { of, plus, minus, zero: None, accepts: Accepts::NONE }),
        [plus, minus, zero] => Ok(Computed::Sign { of, plus, minus, zero: Some(zero), accepts: Accepts::NONE }),
        _ => Err(list.error("the sign of plus, the sign of minus, and perhaps that of zero")),
    }
}

fn check(list: &ParseBuffer<'_>) -> syn::Result<Computed> {
    let function = Some(list.call(Path::parse_mod_style)?);
    let from = if list.is_empty() {
        None
    } else {
        list.parse::<Token![,]>()?;
        Some(list.parse()?)
    };
    Ok(Computed::Check { function, from })
}
