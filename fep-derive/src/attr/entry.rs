//! One entry of an attribute: `key`, `key = value` or `key(list)`, and the types of value that several keys have.
//!
//! The tokens are split at commas before they are parsed, so that a mistake in one entry does not hide another one.

use std::fmt::Display;

use fep_core::words::Word;
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::Parser as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, LitInt, LitStr, Meta};

use super::words::{Byte, did_you_mean};
use crate::ctxt::Ctxt;

/// A value with the span at which it was written.
#[derive(Clone)]
pub(crate) struct Given<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// `key`, `key = value` or `key(list)`.
pub(crate) struct Entry {
    pub(crate) key: Ident,
    value: Value,
}

enum Value {
    Word,
    Assigned(TokenStream),
    List(TokenStream),
    /// The value is a mistake, which was reported. The key is kept, because the user wrote it.
    Broken,
}

/// The entries of all attributes with this name, each key once.
pub(crate) fn entries(attrs: &[Attribute], name: &str, cx: &Ctxt) -> Vec<Entry> {
    unique(chunks(attrs, name, cx).into_iter().filter_map(|chunk| entry(chunk, cx)).collect(), cx)
}

/// The first entry of each key. Reports the other entries.
pub(crate) fn unique(entries: Vec<Entry>, cx: &Ctxt) -> Vec<Entry> {
    let mut kept: Vec<Entry> = Vec::new();
    for entry in entries {
        if kept.iter().any(|other| other.key == entry.key) {
            cx.error(&entry.key, format_args!("`{}` stands here twice", entry.key));
        } else {
            kept.push(entry);
        }
    }
    kept
}

/// Reports attributes with this name, which have no meaning on this item.
pub(crate) fn misplaced(attrs: &[Attribute], name: &str, instead: &str, cx: &Ctxt) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(name)) {
        cx.error(attr.path(), format_args!("`#[{name}(…)]` has no meaning here; {instead}"));
    }
}

/// The tokens between the commas of all attributes with this name.
pub(crate) fn chunks(attrs: &[Attribute], name: &str, cx: &Ctxt) -> Vec<TokenStream> {
    let mut all = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(name)) {
        match &attr.meta {
            Meta::List(list) => all.extend(split(list.tokens.clone())),
            other => cx.error(other, format_args!("write the options in parentheses: `#[{name}(…)]`")),
        }
    }
    all
}

/// Splits tokens at their commas. A comma at the end does not add an entry.
pub(crate) fn split(tokens: TokenStream) -> Vec<TokenStream> {
    let mut chunks = Vec::new();
    let mut chunk = TokenStream::new();
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => chunks.push(std::mem::take(&mut chunk)),
            _ => chunk.extend([token]),
        }
    }
    chunks.push(chunk);
    chunks.retain(|chunk| !chunk.is_empty());
    chunks
}

/// Parses one entry.
pub(crate) fn entry(chunk: TokenStream, cx: &Ctxt) -> Option<Entry> {
    let mut tokens = chunk.clone().into_iter();
    let Some(TokenTree::Ident(key)) = tokens.next() else {
        cx.error(chunk, "expected an option: `key`, `key = value` or `key(…)`");
        return None;
    };
    let value = match tokens.next() {
        None => Value::Word,
        Some(TokenTree::Punct(punct)) if punct.as_char() == '=' => {
            let value: TokenStream = tokens.collect();
            if value.is_empty() {
                cx.error(&chunk, format_args!("`{key} =` needs a value"));
                return Some(Entry { key, value: Value::Broken });
            }
            return Some(Entry { key, value: Value::Assigned(value) });
        }
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => Value::List(group.stream()),
        Some(other) => {
            cx.error(other, format_args!("expected `,`, `=` or `(` after `{key}`"));
            return Some(Entry { key, value: Value::Broken });
        }
    };
    if let Some(extra) = tokens.next() {
        cx.error(extra, format_args!("expected a comma after `{key}(…)`"));
    }
    Some(Entry { key, value })
}

impl Entry {
    /// The span of the value, or of the key if there is no value.
    pub(crate) fn span(&self) -> Span {
        match &self.value {
            Value::Assigned(tokens) | Value::List(tokens) if !tokens.is_empty() => tokens.span(),
            _ => self.key.span(),
        }
    }

    fn given<T>(&self, value: T) -> Given<T> {
        Given { value, span: self.span() }
    }

    fn wrong(&self, cx: &Ctxt, expected: impl Display) {
        let message = format!("`{}` takes {expected}", self.key);
        match &self.value {
            Value::Broken => {}
            Value::Assigned(tokens) | Value::List(tokens) if !tokens.is_empty() => cx.error(tokens, message),
            _ => cx.error(&self.key, message),
        }
    }

    /// Reads `key = value` with this parser. Reports what was expected if the parser fails.
    pub(crate) fn assigned<T>(
        &self,
        cx: &Ctxt,
        expected: &str,
        read: impl Fn(syn::parse::ParseStream<'_>) -> syn::Result<T>,
    ) -> Option<Given<T>> {
        let Value::Assigned(tokens) = &self.value else {
            self.wrong(cx, expected);
            return None;
        };
        if let Ok(value) = (&read).parse2(tokens.clone()) {
            return Some(self.given(value));
        }
        let mut rest = tokens.clone().into_iter();
        let first: TokenStream = rest.next().into_iter().collect();
        match rest.next() {
            // `xor` is complete, but `xor(code..)` is not two words.
            Some(next) if !matches!(next, TokenTree::Group(_)) && (&read).parse2(first).is_ok() => {
                cx.error(next, "expected a comma before this");
            }
            _ => self.wrong(cx, expected),
        }
        None
    }

    /// The first word of `key = word…`.
    pub(crate) fn first_word(&self) -> Option<String> {
        match &self.value {
            Value::Assigned(tokens) => tokens.clone().into_iter().next().map(|token| token.to_string()),
            _ => None,
        }
    }

    /// Reads a `key` without a value.
    pub(crate) fn word(&self, cx: &Ctxt) -> Option<Given<()>> {
        if matches!(self.value, Value::Word) {
            return Some(self.given(()));
        }
        self.wrong(cx, "no value");
        None
    }

    /// Reads `key(list)` and returns the tokens of each entry.
    pub(crate) fn list(&self, cx: &Ctxt, expected: &str) -> Option<Vec<TokenStream>> {
        if let Value::List(tokens) = &self.value {
            return Some(split(tokens.clone()));
        }
        self.wrong(cx, expected);
        None
    }

    /// Whether the key has no value.
    pub(crate) fn is_word(&self) -> bool {
        matches!(self.value, Value::Word)
    }

    /// Whether a list follows the key.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }

    /// Reads `key = "string"`.
    pub(crate) fn string(&self, cx: &Ctxt, example: &str) -> Option<Given<String>> {
        let given = self.assigned(cx, &format!("a string: `{example}`"), |input| input.parse::<LitStr>())?;
        Some(self.given(given.value.value()))
    }

    /// Reads `key = 13`.
    pub(crate) fn number(&self, cx: &Ctxt, example: &str) -> Option<Given<usize>> {
        let expected = format!("a whole number: `{example}`");
        self.assigned(cx, &expected, |input| input.parse::<LitInt>()?.base10_parse())
    }

    /// Reads `key = 13` or `key = -13`.
    pub(crate) fn integer(&self, cx: &Ctxt, example: &str) -> Option<Given<i64>> {
        let expected = format!("a whole number: `{example}`");
        self.assigned(cx, &expected, |input| {
            let minus: Option<syn::Token![-]> = input.parse()?;
            let number: i64 = input.parse::<LitInt>()?.base10_parse()?;
            Ok(if minus.is_some() { -number } else { number })
        })
    }

    /// Reads `key = 13`. Reports zero.
    pub(crate) fn positive(&self, cx: &Ctxt, example: &str) -> Option<Given<usize>> {
        let given = self.number(cx, example)?;
        if given.value == 0 {
            cx.error_at(given.span, format_args!("`{}` must be 1 or more", self.key));
            return None;
        }
        Some(given)
    }

    /// Reads `key = '0'` or `key = b'\xFF'`.
    pub(crate) fn byte(&self, cx: &Ctxt, example: &str) -> Option<Given<Byte>> {
        let expected = format!("one byte, an ASCII character or a byte literal: `{example}`");
        self.assigned(cx, &expected, |input| Byte::of(&input.parse()?))
    }

    /// Reads `key = "one of these words"`.
    pub(crate) fn one_of<T: Copy>(&self, cx: &Ctxt, words: &[(&str, T)]) -> Option<Given<T>> {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let example = format!("{} = \"{}\"", self.key, names.first().copied().unwrap_or_default());
        let word = self.string(cx, &example)?;
        match words.iter().find(|(name, _)| *name == word.value) {
            Some((_, value)) => Some(self.given(*value)),
            None => {
                let hint = did_you_mean(&word.value, &names);
                cx.error_at(word.span, format_args!("`{}` cannot be \"{}\"{hint}", self.key, word.value));
                None
            }
        }
    }

    /// Reads `key = "word"` with one of the words of a rule.
    pub(crate) fn rule<W: Word>(&self, cx: &Ctxt) -> Option<Given<W>> {
        self.one_of(cx, W::WORDS)
    }

    /// Reads `key("word", "word")` or `key = "word"`, with the words of a rule, each at most once.
    pub(crate) fn rules<W: Word>(&self, cx: &Ctxt, example: &str) -> Option<Given<Vec<W>>> {
        if !self.is_list() {
            return self.rule(cx).map(|word| word.map(|word| vec![word]));
        }
        let mut words: Vec<W> = Vec::new();
        for chunk in self.list(cx, example)? {
            let entry = Self { key: self.key.clone(), value: Value::Assigned(chunk) };
            let word = entry.rule::<W>(cx)?;
            if words.contains(&word.value) {
                cx.error_at(word.span, format_args!("\"{}\" is there twice", word.value.word()));
                return None;
            }
            words.push(word.value);
        }
        if words.is_empty() {
            cx.error_at(self.span(), format_args!("`{}` needs at least one word: `{example}`", self.key));
            return None;
        }
        Some(self.given(words))
    }

    /// Reports an entry whose key is not one of these.
    pub(crate) fn unknown(&self, cx: &Ctxt, known: &[&str]) {
        self.unknown_with(cx, &did_you_mean(&self.key.to_string(), known));
    }

    /// Reports an unknown entry with a hint.
    pub(crate) fn unknown_with(&self, cx: &Ctxt, hint: &str) {
        cx.error(&self.key, format_args!("unknown option `{}`{hint}", self.key));
    }
}

impl<T> Given<T> {
    /// Replaces the value and keeps the span.
    pub(crate) fn map<U>(self, with: impl FnOnce(T) -> U) -> Given<U> {
        Given { value: with(self.value), span: self.span }
    }
}

/// Reads `"a" = "b"`, an element of conditions and of code lists.
pub(crate) fn string_pair(tokens: TokenStream, cx: &Ctxt, example: &str) -> Option<(LitStr, LitStr)> {
    let read = |input: syn::parse::ParseStream<'_>| {
        let left: LitStr = input.parse()?;
        input.parse::<syn::Token![=]>()?;
        Ok((left, input.parse::<LitStr>()?))
    };
    let pair = read.parse2(tokens.clone());
    if pair.is_err() {
        cx.error(tokens.into_token_stream(), format_args!("expected two strings: `{example}`"));
    }
    pair.ok()
}
