//! The names and doc comments of generated code.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;

use crate::lower;

/// The types of the runtime that generated code may name, in the order of an import.
const IMPORTS: [&str; 11] = [
    "Choice",
    "Code",
    "Date",
    "DateTime",
    "Digits",
    "MonthDay",
    "MonthDayTime",
    "Telegram",
    "Text",
    "Time",
    "YearMonth",
];

/// A name of the spec as a Rust identifier. A keyword becomes a raw identifier.
pub(super) fn ident(name: &str) -> Ident {
    if is_keyword(name) { Ident::new_raw(name, Span::call_site()) } else { Ident::new(name, Span::call_site()) }
}

/// Whether a name of letters, digits and `_` is a keyword of Rust.
pub(super) fn is_keyword(name: &str) -> bool {
    // `gen` is one since the edition of 2024.
    syn::parse_str::<Ident>(name).is_err() || name == "gen"
}

/// The identifier of an item.
pub(super) fn item_ident(name: &str) -> Ident {
    ident(&lower::ident(name))
}

/// `name = "accountNo"`, if the item's name is not its identifier. A name that begins with `_` would be none for the derive.
pub(super) fn own_name(name: &str) -> Option<TokenStream> {
    let is_own = lower::ident(name) == name && !name.starts_with('_');
    (!is_own && !name.is_empty()).then(|| quote!(name = #name))
}

/// `/// Withdraw account (출금계좌번호).`, and the remark in a separate paragraph.
pub(super) fn doc(name: &str, label: &str, remark: &str) -> TokenStream {
    let name = phrase(name);
    let first = if label.is_empty() { format!(" {name}.") } else { format!(" {name} ({}).", escaped(label)) };
    if remark.is_empty() {
        return quote!(#[doc = #first]);
    }
    let second = format!(" {}", escaped(remark));
    quote!(#[doc = #first] #[doc = ""] #[doc = #second])
}

/// The text on one line, with the characters of Markdown escaped. Characters that turn the direction of the text are spelled out: a compiler
/// refuses them in comments.
pub(super) fn escaped(text: &str) -> String {
    let mut line = String::new();
    for character in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if "\\`*[]<>#".contains(character) {
            line.push('\\');
        }
        match character {
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
                line.push_str(&format!("U+{:04X}", u32::from(character)))
            }
            _ => line.push(character),
        }
    }
    line
}

/// The imports that the tokens need.
pub(super) fn imports(tokens: &TokenStream) -> Vec<&'static str> {
    IMPORTS.into_iter().filter(|name| names(tokens, name)).collect()
}

fn names(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => names(&group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// `withdraw_account` → `Withdraw account`, `TransferAnswer` → `Transfer answer`.
fn phrase(name: &str) -> String {
    let mut phrase = String::new();
    let mut before = ' ';
    for character in name.chars() {
        if character == '_' {
            phrase.push(' ');
        } else if phrase.is_empty() {
            phrase.push(character.to_ascii_uppercase());
        } else if character.is_ascii_uppercase() && before.is_ascii_lowercase() {
            phrase.push(' ');
            phrase.push(character.to_ascii_lowercase());
        } else {
            phrase.push(character);
        }
        before = character;
    }
    phrase
}
