//! [`Shape`]: the form of a field's Rust type, as far as tokens show it.
//!
//! A type is recognised by its last path segment, as a human reader recognises it. A type with any other name is a part, or a type of
//! the user whose kind must be written. The compiler checks that the type can have that kind.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Expr, GenericArgument, PathArguments, Type};

/// A field's type.
pub(crate) enum Shape<'t> {
    /// `()`
    Unit,
    /// `Text<N>`
    Text(Expr),
    /// `Digits<N>`
    Digits(Expr),
    /// `String`
    String,
    /// `Cow<str>`
    Cow,
    /// `&str`
    Str,
    /// `char`
    Char,
    /// `u8` to `i128`
    Integer(Integer),
    /// `f32`, `f64`
    Float,
    /// `usize`, `isize`
    PointerSized,
    /// `Decimal`
    Decimal,
    /// `bool`
    Bool,
    /// `Date` of fep-codec or jiff, `NaiveDate`
    Date,
    /// `YearMonth`
    YearMonth,
    /// `MonthDay`
    MonthDay,
    /// `Time` of fep-codec or jiff, `NaiveTime`
    Time,
    /// `DateTime` of fep-codec or jiff, `NaiveDateTime`
    DateTime,
    /// `MonthDayTime`
    MonthDayTime,
    /// `[u8; N]`
    ByteArray(Expr),
    /// `Vec<u8>`, `&[u8]`
    Bytes,
    /// `[T; N]`
    Array,
    /// `Vec<T>`
    Vec,
    /// `Option<T>`
    Option(&'t Type),
    /// Any other path.
    Path,
    /// Any other type that is not a path.
    Other,
}

/// A number type of the language that telegrams can have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Integer {
    pub(crate) name: &'static str,
    pub(crate) signed: bool,
    bits: u32,
}

impl Integer {
    const fn unsigned(name: &'static str, bits: u32) -> Self {
        Self { name, signed: false, bits }
    }

    const fn signed(name: &'static str, bits: u32) -> Self {
        Self { name, signed: true, bits }
    }

    /// The largest number of the type.
    pub(crate) const fn largest(self) -> u128 {
        let all = u128::MAX >> (128 - self.bits);
        if self.signed { all >> 1 } else { all }
    }

    /// The smallest type that holds all numbers up to this one, and negative ones if it is `signed`. The widest one if none does.
    pub(crate) fn holding(largest: u128, signed: bool) -> Self {
        let mut candidates = INTEGERS.into_iter().filter(|integer| integer.signed == signed);
        let widest = if signed { Self::signed("i128", 128) } else { Self::unsigned("u128", 128) };
        candidates.find(|integer| integer.largest() >= largest).unwrap_or(widest)
    }
}

/// All of them; of each sign the smaller ones first.
const INTEGERS: [Integer; 10] = [
    Integer::unsigned("u8", 8),
    Integer::unsigned("u16", 16),
    Integer::unsigned("u32", 32),
    Integer::unsigned("u64", 64),
    Integer::unsigned("u128", 128),
    Integer::signed("i8", 8),
    Integer::signed("i16", 16),
    Integer::signed("i32", 32),
    Integer::signed("i64", 64),
    Integer::signed("i128", 128),
];

impl<'t> Shape<'t> {
    pub(crate) fn of(ty: &'t Type) -> Self {
        match ty {
            Type::Group(group) => Self::of(&group.elem),
            Type::Paren(paren) => Self::of(&paren.elem),
            Type::Tuple(tuple) if tuple.elems.is_empty() => Self::Unit,
            Type::Array(array) if is_u8(&array.elem) => Self::ByteArray(array.len.clone()),
            Type::Array(_) => Self::Array,
            Type::Reference(reference) => match &*reference.elem {
                Type::Slice(slice) if is_u8(&slice.elem) => Self::Bytes,
                Type::Path(path) if path.path.is_ident("str") => Self::Str,
                _ => Self::Other,
            },
            Type::Path(path) => Self::of_path(&path.path),
            _ => Self::Other,
        }
    }

    /// The type of an entry and the number of entries, if the type is a list of entries: `[T; N]`, `Vec<T>`. Here `u8` is an entry
    /// like any other.
    pub(crate) fn of_list(ty: &'t Type) -> Option<(&'t Type, Option<&'t Expr>)> {
        match ty {
            Type::Group(group) => Self::of_list(&group.elem),
            Type::Paren(paren) => Self::of_list(&paren.elem),
            Type::Array(array) => Some((&array.elem, Some(&array.len))),
            Type::Path(path) => match path.path.segments.last() {
                Some(last) if last.ident == "Vec" => match argument(&last.arguments) {
                    Some(GenericArgument::Type(entry)) => Some((entry, None)),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    fn of_path(path: &'t syn::Path) -> Self {
        let Some(last) = path.segments.last() else { return Self::Path };
        let name = last.ident.to_string();
        match (name.as_str(), argument(&last.arguments)) {
            ("Text", Some(len)) => length(len).map_or(Self::Path, Self::Text),
            ("Digits", Some(len)) => length(len).map_or(Self::Path, Self::Digits),
            ("Option", Some(GenericArgument::Type(inner))) => Self::Option(inner),
            ("Vec", Some(GenericArgument::Type(byte))) if is_u8(byte) => Self::Bytes,
            ("Vec", Some(GenericArgument::Type(_))) => Self::Vec,
            ("Cow", Some(GenericArgument::Type(Type::Path(inner)))) if inner.path.is_ident("str") => Self::Cow,
            ("String", None) => Self::String,
            ("char", None) => Self::Char,
            ("bool", None) => Self::Bool,
            ("f32" | "f64", None) => Self::Float,
            ("usize" | "isize", None) => Self::PointerSized,
            ("Decimal", None) => Self::Decimal,
            ("Date" | "NaiveDate", None) => Self::Date,
            ("YearMonth", None) => Self::YearMonth,
            ("MonthDay", None) => Self::MonthDay,
            ("Time" | "NaiveTime", None) => Self::Time,
            ("DateTime" | "NaiveDateTime", None) => Self::DateTime,
            ("MonthDayTime", None) => Self::MonthDayTime,
            (name, None) => INTEGERS.into_iter().find(|known| known.name == name).map_or(Self::Path, Self::Integer),
            _ => Self::Path,
        }
    }

    /// Whether the type holds text.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Text(_) | Self::String | Self::Cow | Self::Str)
    }

    /// Whether the type, or the type inside its `Option`, is the user's own.
    pub(crate) fn is_custom(&self) -> bool {
        match self {
            Self::Option(inner) => Shape::of(inner).is_custom(),
            _ => matches!(self, Self::Path | Self::Array | Self::Vec),
        }
    }

    /// Advice for a number type of the language that no field has.
    pub(crate) const fn instead(&self) -> Option<&'static str> {
        match self {
            Self::Float => Some(
                "a float cannot hold every decimal amount exactly, so no field is one: use an integer of the smallest unit, \
                 `scale = 2` and `u64`, or `Decimal` with fep-codec's feature `decimal`",
            ),
            Self::PointerSized => Some(
                "the size of this type depends on the machine, and a telegram does not: use `u64`, or `i64` if the sheet has a sign",
            ),
            _ => None,
        }
    }

    /// The length in bytes that the type carries.
    pub(crate) fn len(&self) -> Option<&Expr> {
        match self {
            Self::Text(len) | Self::Digits(len) | Self::ByteArray(len) => Some(len),
            _ => None,
        }
    }
}

/// The value of an integer literal, or `None` for any other expression.
pub(crate) fn literal(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) => number.base10_parse().ok(),
        _ => None,
    }
}

/// The last type or const argument: `Cow<'a, str>` → `str`.
fn argument(arguments: &PathArguments) -> Option<&GenericArgument> {
    match arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.last(),
        _ => None,
    }
}

/// A const argument. If it is a path, it is parsed as a type.
fn length(argument: &GenericArgument) -> Option<Expr> {
    match argument {
        GenericArgument::Const(len) => Some(len.clone()),
        GenericArgument::Type(Type::Path(path)) => {
            Some(Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: path.qself.clone(), path: path.path.clone() }))
        }
        _ => None,
    }
}

fn is_u8(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => is_u8(&group.elem),
        Type::Path(path) => path.path.is_ident("u8"),
        _ => false,
    }
}

/// Whether the type mentions one of these parameters.
pub(crate) fn mentions(ty: &Type, parameters: &[&Ident]) -> bool {
    fn any(tokens: TokenStream, parameters: &[&Ident]) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => parameters.contains(&&ident),
            TokenTree::Group(group) => any(group.stream(), parameters),
            _ => false,
        })
    }
    any(ty.to_token_stream(), parameters)
}
