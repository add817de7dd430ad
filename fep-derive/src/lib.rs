//! `#[derive(Telegram)]`, `#[derive(Choice)]` and `#[derive(Code)]`.
//!
//! Use them through `fep_codec`, which re-exports them together with the traits that they implement. This crate consists of
//! four stages. Each stage takes the output of the previous one:
//!
//! ```text
//! tokens ──attr──► options ──model──► telegram ──check──► telegram in wire order ──expand──► a list of calls
//! ```
//!
//! It does not handle the bytes of telegrams: each rule by which a value becomes bytes is in fep-codec.

// Reading order: a module imports only modules that are listed before it.
mod ctxt;
mod attr;
mod paths;
mod shape;
mod model;
mod check;
mod expand;

use proc_macro::TokenStream;
use syn::{Data, DeriveInput, parse_macro_input};

use crate::attr::TelegramAttrs;
use crate::ctxt::Ctxt;

#[doc = include_str!("telegram.md")]
#[proc_macro_derive(Telegram, attributes(telegram, field))]
pub fn derive_telegram(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let cx = Ctxt::default();
    let attrs = TelegramAttrs::read(&input.attrs, &cx);
    let (full, stub) = match &input.data {
        Data::Enum(data) => {
            let set = model::Set::read(&input, data, &attrs, &cx);
            (expand::set(&set), expand::set_stub(&set, &input.generics))
        }
        Data::Struct(_) | Data::Union(_) => {
            let telegram = check::check(model::Telegram::read(&input, attrs, &cx), &cx);
            (expand::telegram(&telegram), expand::telegram_stub(&telegram))
        }
    };
    finish(cx, full, stub)
}

#[doc = include_str!("choice.md")]
#[proc_macro_derive(Choice, attributes(telegram, choice))]
pub fn derive_choice(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let cx = Ctxt::default();
    let attrs = TelegramAttrs::read(&input.attrs, &cx);
    let choice = model::Cases::read(&input, &attrs, &cx);
    finish(cx, expand::choice(&choice), expand::choice_stub(&choice))
}

#[doc = include_str!("code.md")]
#[proc_macro_derive(Code, attributes(telegram, code))]
pub fn derive_code(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let cx = Ctxt::default();
    let set = model::CodeSetModel::read(&input, &cx);
    finish(cx, expand::code_set(&set), expand::code_stub(&set, &input.generics))
}

/// Returns the implementations, or the mistakes together with a stub.
fn finish(cx: Ctxt, full: proc_macro2::TokenStream, stub: proc_macro2::TokenStream) -> TokenStream {
    match cx.into_errors() {
        None => full.into(),
        Some(errors) => proc_macro2::TokenStream::from_iter([errors.into_compile_error(), stub]).into(),
    }
}

/// Compiles and runs the code in the README of this crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
