//! [`Ctxt`]: collects every mistake in one derive input, so that all mistakes are reported at once.
//!
//! A stage reports its mistakes here and continues with the input that it understood. No mistake is lost or reported twice.

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
    /// Reports a mistake that spans all these tokens.
    pub(crate) fn error(&self, at: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(at, message));
    }

    /// Reports a mistake at this span.
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
