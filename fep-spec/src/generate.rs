//! A spec → the Rust that a person would write for it: annotated structs, which the derive lowers.
//!
//! Nothing is lowered here. A struct says what the sheet says, in the sheet's order, with the sheet's names in its doc
//! comments. The same spec always gives the same file: the output contains neither a date nor the tool's version.
//!
//! ```text
//! [telegrams.Transfer]                          /// Transfer (이체).
//! len = 300                              ►      #[telegram(len = 300, charset = "euc-kr", label = "이체", …)]
//! { name = "amount", type = "N", len = 13 }     pub struct Transfer { pub amount: u64, … }
//! ```

mod words;
mod choices;
mod codes;
mod kinds;
mod flattened;
mod items;
mod print;
mod files;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use fep_codec::Layout;
use fep_codec::layout::Item;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

pub(crate) use self::kinds::option_words;
pub use self::print::UnprintableError;
use self::words::{doc, ident};
use crate::lower::enum_name;
use crate::model::{Note, Spec, TelegramSpec};

/// What generated code has beyond the telegrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GenerateOptions {
    /// Telegrams have `Serialize` and `Deserialize`. The crate that compiles the code needs the feature `serde` of `fep-codec`.
    pub serde: bool,
}

/// The Rust source of a spec. `source` is the name of its file, for the head comment.
///
/// # Errors
/// If the result is not valid Rust. This can only happen with a [`Spec`] that was not read from a spec file.
pub fn rust(spec: &Spec, source: &str) -> Result<String, UnprintableError> {
    rust_with(spec, source, GenerateOptions::default())
}

/// [`rust()`] with options.
///
/// # Errors
/// As [`rust()`].
pub fn rust_with(spec: &Spec, source: &str, options: GenerateOptions) -> Result<String, UnprintableError> {
    let set = telegram_set(spec);
    let telegrams = spec.telegrams.iter().map(|telegram| {
        let own_entries = telegram.like.is_none();
        structs(spec, &telegram.layout, &telegram.notes, &telegram.remark, own_entries, options.serde)
    });
    let parts = spec.parts.iter().map(|part| structs(spec, &part.layout, &part.notes, "", true, false));
    let enums = spec.codes.iter().filter_map(|list| codes::enumeration(spec, list));
    let records = files::records(spec);
    let body: TokenStream = [set, records].into_iter().chain(telegrams).chain(parts).chain(enums).collect();
    let (plans, planned) = files::plans(spec);
    let text = print::file(&head(spec, source), &words::imports(&body), &planned, body)?;
    Ok(text + &plans)
}

/// The name of the file: `bank_a.rs`.
#[must_use]
pub fn file_name(spec: &Spec) -> String {
    format!("{}.rs", module_name(spec))
}

/// The name of the module: `bank_a`. It follows from the spec's name alone. Of a keyword of Rust it is `type_spec`.
#[must_use]
pub fn module_name(spec: &Spec) -> String {
    let name = spec.name.replace('-', "_");
    if words::is_keyword(&name) { name + "_spec" } else { name }
}

/// A file `mod.rs` that names the modules of these specs, in the order of their names.
#[must_use]
pub fn module_list<'s>(specs: impl IntoIterator<Item = &'s Spec>) -> String {
    let names: BTreeSet<String> = specs.into_iter().map(module_name).collect();
    let modules: String = names.iter().map(|name| format!("pub mod {name};\n")).collect();
    format!("//! The telegrams of all specs.\n//!\n//! Written by `fep gen`.\n\n{modules}")
}

/// All specs in one text, each in a module of its own, in the order of their names. A build script writes it for `include!`. Each spec
/// comes with the name of its file.
///
/// # Errors
/// As [`rust()`].
pub fn modules(specs: &[(&Spec, &str)], options: GenerateOptions) -> Result<String, UnprintableError> {
    let mut specs = specs.to_vec();
    specs.sort_by_key(|(spec, _)| module_name(spec));
    let mut text = String::new();
    for (spec, source) in specs {
        let _ = writeln!(text, "pub mod {} {{", module_name(spec));
        for line in rust_with(spec, source, options)?.lines() {
            let indent = if line.is_empty() { "" } else { "    " };
            let _ = writeln!(text, "{indent}{line}");
        }
        text.push_str("}\n");
    }
    Ok(text)
}

fn head(spec: &Spec, source: &str) -> Vec<String> {
    let Spec { name, title, version, hash, .. } = spec;
    vec![
        format!("{}: the telegrams of the spec `{name}`, version {}.", words::escaped(title), words::escaped(version)),
        String::new(),
        format!("Written by `fep gen` from {source} (fnv1a-64 {hash:016x}). A change belongs there."),
    ]
}

/// `pub enum BankA { Transfer(Transfer), … }`: all telegrams that are recognised by their `when` or their literals. Records of files
/// that have no `when` are in the enum of their file.
fn telegram_set(spec: &Spec) -> TokenStream {
    let is_known = |telegram: &&TelegramSpec| {
        let by_when = !telegram.layout.when.is_empty();
        by_when || telegram.layout.is_recognisable() && !spec.is_record(telegram.name())
    };
    let known: Vec<&TelegramSpec> = spec.telegrams.iter().filter(is_known).collect();
    let layouts: Vec<&Layout> = known.iter().map(|telegram| &telegram.layout).collect();
    let variants: Vec<TokenStream> = known
        .iter()
        .enumerate()
        // `fep check` warns of a telegram that an earlier one hides, and the derive would refuse it.
        .filter(|(number, _)| !Layout::is_hidden(&layouts, *number))
        .map(|(_, telegram)| {
            let name = ident(telegram.name());
            let doc = doc(telegram.name(), &telegram.layout.label, "");
            quote!(#doc #name(#name))
        })
        .collect();
    if variants.is_empty() {
        return TokenStream::new();
    }
    let name = ident(&enum_name(&spec.name));
    let text = format!(" Any telegram of {}.", words::escaped(&spec.title));
    quote! {
        #[doc = #text]
        #[derive(Telegram, Clone, Debug, PartialEq, Eq)]
        #[allow(clippy::large_enum_variant, reason = "telegrams are as long as the sheet says")]
        pub enum #name { #(#variants),* }
    }
}

/// The struct of a layout, and the types of the entries and choices that are written inside it.
///
/// A telegram that is `like` another shares its entries and choices, so their types are written only once.
fn structs(spec: &Spec, layout: &Layout, notes: &[Note], remark: &str, own_entries: bool, serde: bool) -> TokenStream {
    let none = Note::default();
    let noted = || layout.items().iter().zip(notes.iter().chain(std::iter::repeat(&none)));
    let flattened = flattened::parts(spec, layout, notes);
    let mut names = items::Unnamed::default();
    let mut fields: Vec<TokenStream> = Vec::new();
    for (index, (item, note)) in noted().enumerate() {
        match flattened.at(index) {
            Some(part) if part.first == index => fields.push(part.field()),
            Some(_) => {}
            None => fields.push(items::field(spec, layout, &flattened, item, note, &mut names)),
        }
    }
    let entries: Vec<TokenStream> = noted()
        .enumerate()
        .filter(|(index, _)| flattened.at(*index).is_none())
        .map(|(_, noted)| noted)
        .filter_map(|(item, note)| match (item, &note.entry) {
            (Item::Group(group), Some(_)) if group.layout.array_field().is_some() => None,
            (Item::Group(group), Some(notes)) if own_entries => {
                Some(structs(spec, &group.layout, notes, "", true, false))
            }
            (Item::Choice(choice), _) if own_entries => note.choice.as_ref().map(|known| {
                let bodies = choices::own_bodies(choice, known);
                let bodies = bodies.map(|(layout, notes)| structs(spec, layout, notes, "", true, false));
                [choices::enumeration(choice, known)].into_iter().chain(bodies).collect()
            }),
            _ => None,
        })
        .collect();
    let secret = layout.items().iter().any(|item| match item {
        Item::Field(field) | Item::Tail(field) => field.secret,
        Item::Group(group) => group.layout.array_field().is_some_and(|field| field.secret),
        _ => false,
    });
    let name = ident(&layout.name);
    let doc = doc(&layout.name, &layout.label, remark);
    let derives =
        if secret { quote!(Telegram, Clone, PartialEq, Eq) } else { quote!(Telegram, Clone, Debug, PartialEq, Eq) };
    let view = spec.viewed().iter().any(|viewed| viewed.name == layout.name);
    let options = options(layout, secret, serde, view);
    quote! {
        #doc
        #[derive(#derives)]
        #[telegram(#options)]
        pub struct #name { #(#fields),* }
        #(#entries)*
    }
}

/// `len = 300, charset = "euc-kr", label = "이체", when("header.telegram_code" = "0100"), debug, view`
fn options(layout: &Layout, secret: bool, serde: bool, view: bool) -> TokenStream {
    let mut options = Vec::new();
    if let Some(len) = layout.stated_len {
        let len = Literal::usize_unsuffixed(len);
        options.push(quote!(len = #len));
    }
    let charset = layout.charset.label();
    options.push(quote!(charset = #charset));
    if !layout.label.is_empty() {
        let label = &*layout.label;
        options.push(quote!(label = #label));
    }
    if !layout.when.is_empty() {
        let paths = layout.when.iter().map(|when| &*when.path);
        let values = layout.when.iter().map(|when| &*when.value);
        options.push(quote!(when(#(#paths = #values),*)));
    }
    if secret {
        options.push(quote!(debug));
    }
    if serde {
        options.push(quote!(serde));
    }
    if view {
        options.push(quote!(view));
    }
    quote!(#(#options),*)
}
