//! Compile-time assertions about facts that only types show: total length, offsets, and the lengths that types require.
//!
//! Outside the implementations, a claim is a type with the stated number and a value with the actual number. If the two numbers
//! differ, the compiler shows both where the first one was written, under the name of the type.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::ask::{about_flattened, index, is_signed_in_flattened};
use super::{generics, named};
use crate::attr::{Computed, Link};
use crate::model::{Field, Item, ItemKind, Kind, Len, Repeat, Telegram};
use crate::paths;

/// A stated number, the actual number, and the message if there is no actual number.
struct Claim {
    at: Span,
    stated: usize,
    actual: TokenStream,
    /// The name under which the compiler shows both numbers.
    shown_as: &'static str,
    unless: &'static str,
    differs: &'static str,
}

/// A condition that must hold, and the message if it does not.
struct Condition {
    at: Span,
    holds: TokenStream,
    unless: &'static str,
}

/// The assertions of a struct without type parameters, next to its implementations.
pub(super) fn outside(telegram: &Telegram) -> TokenStream {
    let Some(ty) = generics::closed_type(telegram) else { return TokenStream::new() };
    let option = paths::option();
    let conditions = conditions(telegram, &ty)
        .into_iter()
        .map(|Condition { at, holds, unless }| quote_spanned!(at=> const _: () = ::core::assert!(#holds, #unless);));
    let claims = claims(telegram, &ty, &|ty| generics::closed(ty)).into_iter().map(|claim| {
        let Claim { at, stated, actual, shown_as, unless, .. } = claim;
        let shown_as = Ident::new(shown_as, at);
        quote_spanned! {at=>
            const _: () = {
                struct #shown_as<const N: usize>;
                let _: #shown_as<#stated> = #shown_as::<{
                    match #actual {
                        #option::Some(actual) => actual,
                        #option::None => ::core::panic!(#unless),
                    }
                }>;
            };
        }
    });
    quote!(#(#claims)* #(#conditions)*)
}

/// The assertions of a struct with type parameters. Only code inside an implementation can name these parameters.
pub(super) fn inside(telegram: &Telegram) -> TokenStream {
    if generics::closed_type(telegram).is_some() {
        return TokenStream::new();
    }
    let option = paths::option();
    let conditions = conditions(telegram, &quote!(Self))
        .into_iter()
        .map(|Condition { at, holds, unless }| quote_spanned!(at=> const { ::core::assert!(#holds, #unless) }));
    let claims = claims(telegram, &quote!(Self), &|ty| quote!(#ty)).into_iter().map(|claim| {
        let Claim { at, stated, actual, unless, differs, .. } = claim;
        quote_spanned! {at=>
            const {
                match #actual {
                    #option::Some(actual) => ::core::assert!(actual == #stated, #differs),
                    #option::None => ::core::panic!(#unless),
                }
            }
        }
    });
    quote!(#(#claims)* #(#conditions;)*)
}

fn claims(telegram: &Telegram, ty: &TokenStream, close: &dyn Fn(&syn::Type) -> TokenStream) -> Vec<Claim> {
    let trait_ = telegram.paths.telegram();
    let mut claims = Vec::new();
    if let Some(len) = &telegram.len {
        claims.push(Claim {
            at: len.span,
            stated: len.value,
            actual: quote!(<#ty as #trait_>::LAYOUT.fixed_len()),
            shown_as: "BytesOfAllItems",
            unless: "a part of this telegram varies in length, so it has no one length: leave `len` out",
            differs: "the items do not add up to `len`",
        });
    }
    for (number, item) in telegram.items.iter().enumerate() {
        if let Some(at) = &item.at {
            let index = index(telegram, number);
            claims.push(Claim {
                at: at.span,
                stated: at.value,
                actual: quote!(<#ty as #trait_>::LAYOUT.offset_of(#index)),
                shown_as: "OffsetOfThisField",
                unless: "a part before this field varies in length, so the field has no one offset: leave `at` out",
                differs: "the field does not stand `at` this offset",
            });
        }
        if let Some((field, ty)) = item.value()
            && field.ask_type_for_len
            && let Len::Stated(len) = &field.len
        {
            let option = paths::option();
            // A type of digits states how many there are, and two of them can share a byte.
            let stated = match &field.kind {
                Kind::Digits(digits) if !digits.encoding.is_zoned() => digits.capacity(len.value),
                _ => len.value,
            };
            let field_value = telegram.paths.field_value();
            let rule = telegram.paths.rule(field.kind.name());
            let ty = close(ty);
            let ty = named::own_value(telegram, item, &ty).unwrap_or(ty);
            claims.push(Claim {
                at: len.span,
                stated,
                actual: quote!(match <#ty as #field_value<'static, #rule>>::LEN {
                    #option::None => #option::Some(#stated),
                    asked => asked,
                }),
                shown_as: "BytesThatTheTypeIsFor",
                unless: "",
                differs: "the type is for fields of another length than `len`",
            });
        }
    }
    claims
}

fn conditions(telegram: &Telegram, ty: &TokenStream) -> Vec<Condition> {
    let trait_ = telegram.paths.telegram();
    let paths = telegram.when.iter().map(|condition| {
        let path = &condition.path;
        Condition {
            at: condition.path_span,
            holds: quote!(<#ty as #trait_>::LAYOUT.has_field(#path)),
            unless: "the path does not lead to a field with a fixed offset that can identify a telegram: text, digits, a code, a number, a flag or bytes",
        }
    });
    let mut lengths = telegram.items.iter().filter_map(|item| match &item.what {
        ItemKind::Computed {
            computed: Computed::Length(_) | Computed::Check { .. } | Computed::Link(Link::Check { .. }),
            span,
            ..
        } => Some(*span),
        _ => None,
    });
    let max = telegram.paths.late_max();
    let lengths_fit = Condition {
        at: lengths.next_back().unwrap_or_else(|| telegram.ident.span()),
        holds: quote!(<#ty as #trait_>::LAYOUT.late_fields() <= #max),
        unless: "with those of its parts and entries, this telegram has more computed lengths and checks than `LATE_MAX`",
    };
    let items = telegram.items.iter().enumerate().filter_map(|(number, item)| of_item(telegram, ty, number, item));
    let flattened =
        telegram.items.iter().enumerate().flat_map(|(number, item)| of_flattened(telegram, ty, number, item));
    let rests_end = Condition {
        at: telegram.ident.span(),
        holds: quote!(<#ty as #trait_>::LAYOUT.rests_end()),
        unless: "an item takes what is left of the telegram, but its end is unknown: the items behind it, or the entry \
                 that contains it, have no fixed length",
    };
    let borders = telegram.items.iter().enumerate().filter_map(|(number, item)| of_border(telegram, ty, number, item));
    let codes = telegram.items.iter().enumerate().filter_map(|(number, item)| of_codes(telegram, ty, number, item));
    paths.chain([lengths_fit]).chain(flattened).chain(borders).chain(items).chain(codes).chain([rests_end]).collect()
}

/// The conditions on a flattened part: its items do not clash with those around it, and its counts are named. That its end is known is
/// a condition on the whole layout.
fn of_flattened(telegram: &Telegram, ty: &TokenStream, number: usize, item: &Item) -> Vec<Condition> {
    if !matches!(item.what, ItemKind::Flatten) {
        return Vec::new();
    }
    let trait_ = telegram.paths.telegram();
    let layout = quote!(<#ty as #trait_>::LAYOUT);
    let ask = |function| about_flattened(telegram, function, &layout, number, item);
    let at = item.ty.span();
    vec![
        Condition {
            at,
            holds: ask("has_own_names"),
            unless: "a field of this flattened part has the name of another field: both would stand at one level. Leave `flatten` out, or \
                     give one of them another name",
        },
        Condition {
            at,
            holds: ask("are_counts_named"),
            unless: "a field of this flattened part counts a group here that does not name it: write `count = …` and `max = …` at the group",
        },
    ]
}

/// The condition on a single item that only types show.
fn of_item(telegram: &Telegram, ty: &TokenStream, number: usize, item: &Item) -> Option<Condition> {
    let trait_ = telegram.paths.telegram();
    let layout = quote!(<#ty as #trait_>::LAYOUT);
    let index = index(telegram, number);
    let ask = |function: &str| {
        let function = telegram.paths.slots(function);
        quote!(#function(#layout, #index))
    };
    match &item.what {
        ItemKind::Choice(by) => Some(Condition {
            at: by.span,
            holds: quote!(#layout.decider_of(#index).is_some()),
            unless: "the path does not lead to a text, digits or code field, before the choice or with a fixed offset, so it cannot \
                     select the body",
        }),
        ItemKind::Field(_) if is_signed_in_flattened(telegram, item) => Some(Condition {
            at: item.ty.span(),
            holds: ask("has_sign"),
            unless: "no field here, and none of a flattened part, is the sign of this number",
        }),
        ItemKind::Group { entry, repeat: Repeat::Padded { .. }, .. } => Some(Condition {
            at: entry.span(),
            holds: {
                let it = ask("entry");
                quote!(#it.fixed_len().is_some())
            },
            unless: "an entry that is not used is blank, so the entries of a padded group have one length",
        }),
        ItemKind::Group { entry, repeat: Repeat::Counted { .. } | Repeat::Rest { .. }, .. } => Some(Condition {
            at: entry.span(),
            holds: {
                let it = ask("entry");
                quote!(#it.min_len() > 0)
            },
            unless: "an entry that can be without any bytes has no end",
        }),
        ItemKind::Computed { computed, span, .. } => of_computed(computed, *span, &ask),
        _ => None,
    }
}

/// The condition that the codes of a field, or of an array's entries, are not longer than the field.
fn of_codes(telegram: &Telegram, ty: &TokenStream, number: usize, item: &Item) -> Option<Condition> {
    let (Field { kind: Kind::Code { .. }, len, .. }, _) = item.value()? else { return None };
    let trait_ = telegram.paths.telegram();
    let code = telegram.paths.slots("code");
    let entry = telegram.paths.slots("entry");
    let layout = quote!(<#ty as #trait_>::LAYOUT);
    let index = index(telegram, number);
    let code = match &item.what {
        ItemKind::Group { .. } => quote!(#code(#entry(#layout, #index), 0)),
        _ => quote!(#code(#layout, #index)),
    };
    Some(Condition {
        at: if let Len::Stated(len) = len { len.span } else { item.ty.span() },
        holds: quote!({
            let code = #code;
            code.rule.longest() <= code.field.len
        }),
        unless: "a code on the list is longer than the field",
    })
}

/// The condition on a computed field.
fn of_computed(computed: &Computed, at: Span, ask: &dyn Fn(&str) -> TokenStream) -> Option<Condition> {
    match computed {
        Computed::Link(Link::Sum(path)) if !path.outer => Some(Condition {
            at,
            holds: ask("is_sum_sound"),
            unless: "this path does not lead to a number of the entries with as many decimals as the sum",
        }),
        Computed::Link(link) if !link.paths().iter().any(|path| path.outer) => Some(Condition {
            at,
            holds: ask("is_link_answered"),
            unless: "this path does not lead to an item that the field can be computed from",
        }),
        Computed::Sum { .. } => Some(Condition {
            at,
            holds: ask("is_sum_sound"),
            unless: "this path does not lead to a number of the entries with as many decimals as the sum",
        }),
        Computed::Check { from: Some(_), .. } => Some(Condition {
            at,
            holds: {
                let it = ask("check_from");
                quote!(#it.is_some())
            },
            unless: "the item at which the covered bytes begin has no fixed offset",
        }),
        _ => None,
    }
}

/// The condition on two kinds of fields in a part: the count of a group, and a sign. A sign reaches out of flattened parts only.
fn of_border(telegram: &Telegram, ty: &TokenStream, number: usize, item: &Item) -> Option<Condition> {
    let trait_ = telegram.paths.telegram();
    match &item.what {
        ItemKind::Part if !generics::mentions(telegram, &item.ty) => Some(Condition {
            at: item.ty.span(),
            holds: {
                let part = named::member(&telegram.paths, &generics::closed(&item.ty));
                quote!(!<#part as #trait_>::LAYOUT.has_open_sign())
            },
            unless: "a field of this part is the sign of a number beside the part: flatten the part, `#[field(flatten)]`, so that both \
                     stand at one level",
        }),
        ItemKind::Group { repeat, .. } => counted_elsewhere(telegram, repeat).map(|by| Condition {
            at: by.span(),
            holds: {
                let is_counted = telegram.paths.slots("is_counted_in_part");
                let index = index(telegram, number);
                quote!(#is_counted(<#ty as #trait_>::LAYOUT, #index))
            },
            unless: "this path does not lead to a number that is computed as the count of this group, with room for `max`, and at a \
                     fixed offset if it stands before the group",
        }),
        _ => None,
    }
}

/// The field in a part, or in a flattened part, that counts a group.
fn counted_elsewhere<'t>(telegram: &Telegram, repeat: &'t Repeat) -> Option<&'t Ident> {
    let flattened = repeat.counted().map(|(by, _)| by).filter(|by| telegram.is_flattened(by));
    repeat.counted_in_part().map(|by| &by.head).or(flattened)
}
