//! Tokens → text. prettyplease formats them. Then this module adds blank lines between items, and joins attributes and imports
//! that fit on one line.

use std::fmt;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// Tokens that are not valid Rust.
#[derive(Debug)]
pub struct UnprintableError(syn::Error);

impl fmt::Display for UnprintableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the spec does not become Rust: {}", self.0)
    }
}

impl std::error::Error for UnprintableError {}

/// A whole file: head comment, imports, items. `files` are the types that the plans of record files need.
pub(super) fn file(
    head: &[String],
    imports: &[&str],
    files: &[&str],
    body: TokenStream,
) -> Result<String, UnprintableError> {
    let import = |names: &[&str], from: TokenStream| {
        let names: Vec<_> = names.iter().map(|name| Ident::new(name, Span::call_site())).collect();
        match names.as_slice() {
            [] => TokenStream::new(),
            [one] => quote!(use #from::#one;),
            several => quote!(use #from::{#(#several),*};),
        }
    };
    let cow = if files.is_empty() {
        TokenStream::new()
    } else {
        quote!(
            use std::borrow::Cow;
        )
    };
    let files = import(files, quote!(fep_codec::files));
    let imports = import(imports, quote!(fep_codec));
    let head = head.iter().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    let tokens = quote! {
        #(#![doc = #head])*
        #cow
        #files
        #imports
        #body
    };
    let file = syn::parse2(tokens).map_err(UnprintableError)?;
    Ok(with_blank_lines(&with_short_lists(&prettyplease::unparse(&file))))
}

/// The maximum width of a line in columns, as in this project's rustfmt.toml.
pub(super) const LINE_MAX_COLUMNS: usize = 120;

/// Joins an attribute or an import that prettyplease broke into several lines, if it fits on one line.
fn with_short_lists(text: &str) -> String {
    let mut out = String::new();
    let mut broken: Vec<&str> = Vec::new();
    for line in text.lines() {
        let attribute = line.trim_start().starts_with("#[") && line.ends_with('(');
        let import = line.starts_with("use ") && line.ends_with('{');
        let opens = broken.is_empty() && (attribute || import);
        if !opens && broken.is_empty() {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        broken.push(line);
        if matches!(line.trim(), ")]" | "};") {
            let whole = joined(&broken);
            let columns: usize = whole.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum();
            let kept = match (columns <= LINE_MAX_COLUMNS, whole.strip_suffix("};")) {
                (true, _) => whole,
                (false, Some(import)) => filled(import),
                (false, None) => broken.join("\n"),
            };
            out.push_str(&kept);
            out.push('\n');
            broken.clear();
        }
    }
    out
}

/// An import that does not fit on one line. Each of its lines has as many names as fit.
fn filled(import: &str) -> String {
    let (head, names) = import.split_once('{').unwrap_or((import, ""));
    let mut out = format!("{head}{{\n");
    let mut line = "   ".to_owned();
    for name in names.split(',').map(str::trim) {
        // The name comes with a blank and a comma.
        if line.len() + name.len() + 2 > LINE_MAX_COLUMNS {
            out.push_str(&line);
            out.push('\n');
            line.truncate(3);
        }
        line.push_str(&format!(" {name},"));
    }
    format!("{out}{line}\n}};")
}

/// The lines of one list as one line.
fn joined(lines: &[&str]) -> String {
    let mut whole = String::new();
    for line in lines {
        let closes = line.trim_start().starts_with([')', '}']);
        if whole.is_empty() {
            whole.push_str(line);
            continue;
        }
        if closes && whole.ends_with(',') {
            whole.pop();
        } else if !closes && !whole.ends_with(['(', '{']) {
            whole.push(' ');
        }
        whole.push_str(line.trim());
    }
    whole
}

/// Puts an empty line between the head comment, the imports and the items.
fn with_blank_lines(text: &str) -> String {
    let mut out = String::new();
    let mut before = "";
    for line in text.lines() {
        let same_block = before.starts_with("use fep") && line.starts_with("use fep");
        let in_import = before.starts_with("use ") && before.ends_with('{');
        let after_import = before.starts_with("use ") && !same_block && !in_import;
        let after_item = before == "}" || after_import || before.ends_with("{}");
        let after_head = before.starts_with("//!") && !line.starts_with("//!");
        if after_item || after_head {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
        before = line;
    }
    out
}
