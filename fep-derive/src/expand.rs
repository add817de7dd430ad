//! Stage 4, the expansion: a model becomes trait implementations, each a list of calls into the runtime.
//!
//! This stage makes no decisions. The output reads each rule of the layout that it needs in a `const` block, so that the rule is
//! a constant where the call is inlined.

mod generics;
mod named;
mod ask;
mod layout;
mod assert;
mod debug;
mod encode;
mod decode;
mod view;
mod choice;
mod code;
mod serial;
mod set;
mod stub;

use proc_macro2::TokenStream;
use quote::quote;

pub(crate) use self::choice::{choice, choice_stub};
pub(crate) use self::code::code_set;
pub(crate) use self::set::set;
pub(crate) use self::stub::{code_stub, set_stub, telegram_stub};
use crate::model::Telegram;

/// All implementations for a struct.
pub(crate) fn telegram(telegram: &Telegram) -> TokenStream {
    let encode = encode::encode(telegram);
    let decode = decode::decode(telegram);
    let asserts = assert::outside(telegram);
    let debug = telegram.debug.then(|| debug::debug(telegram));
    let views = telegram.view.as_ref().map(|view| view::views(telegram, view, false));
    let serde = telegram.serde.then(|| serial::serial(telegram));
    quote!(#encode #decode #asserts #debug #serde #views)
}
