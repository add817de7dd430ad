//! The user's types as derived code names them: `<Header as PartType>::Itself` is `Header`.
//!
//! Layout, encoding and decoding need different traits of a type. If each of them named the type directly, the compiler would report
//! each missing trait. Through these names, each of them needs the same trait first, so a wrong type is one message, at the field.

use crate::kind::{CodeSet, FieldValue, TailValue};
use crate::layout::CodeRule;
use crate::nested::DecodeBody;
use crate::telegram::Decode;

/// A part, an entry or a body: every [`Decode`].
pub trait PartType {
    /// The type.
    type Itself;
}

#[diagnostic::do_not_recommend]
impl<'a, T: Decode<'a>> PartType for T {
    type Itself = T;
}

/// A choice: every [`DecodeBody`].
pub trait ChoiceType {
    /// The type.
    type Itself;
}

#[diagnostic::do_not_recommend]
impl<'a, T: DecodeBody<'a>> ChoiceType for T {
    type Itself = T;
}

/// A code field whose type lists the codes: every [`CodeSet`].
pub trait CodeType {
    /// The type.
    type Itself;
}

#[diagnostic::do_not_recommend]
impl<'a, T: CodeSet + FieldValue<'a, CodeRule>> CodeType for T {
    type Itself = T;
}

/// A field: every [`FieldValue`] of the rule, for bytes of some lifetime.
pub trait ValueType<R> {
    /// The type.
    type Itself;
}

#[diagnostic::do_not_recommend]
impl<'a, R, T: FieldValue<'a, R>> ValueType<R> for T {
    type Itself = T;
}

/// A tail: every [`TailValue`] of the rule, for bytes of some lifetime.
pub trait TailType<R> {
    /// The type.
    type Itself;
}

#[diagnostic::do_not_recommend]
impl<'a, R, T: TailValue<'a, R>> TailType<R> for T {
    type Itself = T;
}
