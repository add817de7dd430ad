//! [`Computed`]: what the encoder fills into a field by itself and the decoder verifies.

use alloc::borrow::Cow;
use core::fmt;

pub use fep_core::rules::LengthScope;

use super::{Field, Item, Layout};

/// What a computed field says. It may be left out when a telegram is encoded; a value that is given is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Computed {
    /// The telegram's length in bytes.
    Length(LengthScope),
    /// The length in bytes of the sibling with this name: a later part, group, choice or tail.
    LengthOf(Cow<'static, str>),
    /// The number of entries of the group with this name, a sibling.
    Count(Cow<'static, str>),
    /// The sum of a number over a sibling group's entries. The path names the group and the field in its entries: `items.amount`.
    Sum(Cow<'static, str>),
    /// The number of the entry that the field stands in, counted from this one.
    Sequence(u64),
    /// The sign of a number in another field.
    Sign(SignOf),
    /// What a function makes of the encoded bytes before the field.
    Check(Check),
}

/// A sign that stands in a field of its own, before or behind its number, whose own sign is [`super::Sign::Elsewhere`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOf {
    /// The name of the number, a sibling field.
    pub of: Cow<'static, str>,
    /// The byte of a number above zero, and of zero if it has no byte of its own.
    pub plus: u8,
    /// The byte of a number below zero.
    pub minus: u8,
    /// The byte of zero and of no value, if it is another than that of numbers above zero.
    pub zero: Option<u8>,
}

/// A check over encoded bytes: a BCC, check digits (복기부호).
///
/// Two checks are equal if they have the same name and begin at the same item; what they run is not compared.
#[derive(Clone)]
pub struct Check {
    /// The name of the function: `xor`, `check_digits`.
    pub name: Cow<'static, str>,
    /// The name of the sibling item at which the covered bytes begin; none for the start of the telegram. They end where the
    /// field begins.
    pub from: Option<Cow<'static, str>>,
    /// The function; none if it is known by name only. Then the field must be given, and nobody verifies it.
    pub run: Option<CheckFn>,
}

/// Makes a check field's bytes, all of them, from the bytes that it covers, or says in a few words why it cannot.
pub type CheckFn = fn(covered: &[u8], out: &mut [u8]) -> Result<(), &'static str>;

impl Field {
    /// Whether the encoder needs a value for the field: it is not computed, or by a function that is known by name only.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        matches!(self.computed, None | Some(Computed::Check(Check { run: None, .. })))
    }
}

impl Check {
    /// The most bytes of a check field.
    pub const LEN_MAX: usize = fep_core::limits::CHECK_MAX_BYTES;
}

impl Layout {
    /// Gives all checks of this name their function, in parts, entries and cases too, and returns how many there are.
    ///
    /// A layout that was read from a file knows the functions that come with the library only; until it is given the others,
    /// their fields are not verified.
    pub fn supply(&mut self, name: &str, run: CheckFn) -> usize {
        if !self.has_check(name) {
            return 0;
        }
        let mut count = 0_usize;
        for item in self.items.to_mut() {
            let more = match item {
                Item::Field(Field { computed: Some(Computed::Check(check)), .. }) if check.name == name => {
                    check.run = Some(run);
                    1
                }
                Item::Part(part) => part.layout.to_mut().supply(name, run),
                Item::Group(group) => group.layout.to_mut().supply(name, run),
                Item::Choice(choice) => {
                    let cases = choice.cases.to_mut().iter_mut();
                    cases.map(|case| case.layout.to_mut().supply(name, run)).sum()
                }
                Item::Field(_) | Item::Literal(_) | Item::Filler(_) | Item::Tail(_) => 0,
            };
            count = count.saturating_add(more);
        }
        count
    }

    /// The field in which the sign of the number with this name stands, and what it can be.
    #[must_use]
    pub(crate) fn sign_of(&self, number: &str) -> Option<(&str, &SignOf)> {
        self.items().iter().find_map(|item| match item {
            Item::Field(Field { name, computed: Some(Computed::Sign(sign)), .. }) if sign.of == number => {
                Some((&**name, sign))
            }
            _ => None,
        })
    }

    fn has_check(&self, name: &str) -> bool {
        self.items().iter().any(|item| match item {
            Item::Field(field) => matches!(&field.computed, Some(Computed::Check(check)) if check.name == name),
            Item::Part(part) => part.layout.has_check(name),
            Item::Group(group) => group.layout.has_check(name),
            Item::Choice(choice) => choice.cases().iter().any(|case| case.layout.has_check(name)),
            Item::Literal(_) | Item::Filler(_) | Item::Tail(_) => false,
        })
    }
}

impl PartialEq for Check {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.from == other.from
    }
}

impl Eq for Check {}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("name", &self.name)
            .field("from", &self.from)
            .field("run", &self.run.is_some())
            .finish()
    }
}
