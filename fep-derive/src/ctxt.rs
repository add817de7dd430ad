//! [`Ctxt`]: every mistake in one derive input, collected so that all are reported at once.
//!
//! Stages report here and go on with what they understood; nothing is thrown away and nothing is reported twice.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::Span;
use quote::ToTokens;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Ctxt {
    errors: RefCell<Option<syn::Error>>,
}

impl Ctxt {
    /// Reports a mistake at these tokens, all of them.
    pub(crate) fn error(&self, at: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(at, message));
    }

    /// Reports a mistake at this place.
    pub(crate) fn error_at(&self, at: Span, message: impl Display) {
        self.push(syn::Error::new(at, message));
    }

    fn push(&self, error: syn::Error) {
        let mut errors = self.errors.borrow_mut();
        match &mut *errors {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    /// All mistakes, if there are any.
    pub(crate) fn into_errors(self) -> Option<syn::Error> {
        self.errors.into_inner()
    }
}
