//! [`Computed`]: fields that the encoder fills by itself and the decoder verifies.

use alloc::borrow::Cow;
use core::fmt;

use fep_core::accepts::Accepts;
pub use fep_core::rules::LengthScope;

use super::{Field, Item, Layout};

/// The content of a computed field. The value may be omitted when a telegram is encoded. A value that is given is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Computed {
    /// The telegram's length in bytes.
    Length(LengthScope),
    /// The length in bytes of the item with this name: a later part, group, choice or tail. The item stands beside the field, or
    /// beside the part that contains the field.
    LengthOf(Cow<'static, str>),
    /// The number of entries of the group with this name. The group stands beside the field, or beside the part that contains the
    /// field.
    Count(Cow<'static, str>),
    /// The sum of a number over a group's entries. The path names the group and the field in its entries: `items.amount`. It begins
    /// beside the field, or beside the part that contains the field, and may lead through parts: `body.items.amount`.
    Sum(Cow<'static, str>),
    /// The number of the entry that contains the field. The first entry has this number.
    Sequence(u64),
    /// The sign of a number in another field.
    Sign(SignOf),
    /// The result of a function over encoded bytes.
    Check(Check),
}

/// A sign in a separate field, before or after its number. The rule of the number has [`super::Sign::Elsewhere`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOf {
    /// The name of the number, a sibling field.
    pub of: Cow<'static, str>,
    /// The byte for a number above zero. It is also the byte for zero, if `zero` is `None`.
    pub plus: u8,
    /// The byte for a number below zero.
    pub minus: u8,
    /// The byte for zero and for no value, if it differs from `plus`.
    pub zero: Option<u8>,
    /// Further signs that are read.
    pub accepts: Accepts,
}

/// A check over encoded bytes: a BCC, check digits (복기부호).
///
/// Two checks are equal if they have the same name and cover the same items. Their functions are not compared. The bytes of the
/// check itself are never covered.
#[derive(Clone)]
pub struct Check {
    /// The name of the function: `xor`, `check_digits`.
    pub name: Cow<'static, str>,
    /// The path of the first item that the check covers: beside the field, or beside the part that contains it, and then through
    /// parts. `None` means the start of the telegram.
    pub from: Option<Cow<'static, str>>,
    /// The path of the last item that the check covers, found like `from`. `None` means that the covered bytes end where the field
    /// begins.
    pub to: Option<Cow<'static, str>>,
    /// The function, or `None` if only its name is known. Then the value of the field must be given, and it is not verified.
    pub run: Option<CheckFn>,
}

/// Fills all bytes of a check field from the bytes that it covers, or returns a short reason why it cannot.
pub type CheckFn = fn(covered: &[u8], out: &mut [u8]) -> Result<(), &'static str>;

impl Field {
    /// Whether the encoder needs a value for the field. It does if the field is not computed, or if only the name of its check
    /// function is known.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        matches!(self.computed, None | Some(Computed::Check(Check { run: None, .. })))
    }
}

impl Check {
    /// The maximum length of a check field in bytes.
    pub const LEN_MAX: usize = fep_core::limits::CHECK_MAX_BYTES;
}

impl Layout {
    /// Sets the function of all checks with this name, including those in parts, entries and cases. Returns the number of checks
    /// with this name.
    ///
    /// A layout that was read from a file knows only the functions that come with the library. Check fields with other functions
    /// are not verified until this method sets their function.
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

    /// The name of the field that holds the sign of the number with this name, and the bytes of that sign.
    #[must_use]
    pub fn sign_of(&self, number: &str) -> Option<(&str, &SignOf)> {
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
        self.name == other.name && self.from == other.from && self.to == other.to
    }
}

impl Eq for Check {}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("name", &self.name)
            .field("from", &self.from)
            .field("to", &self.to)
            .field("run", &self.run.is_some())
            .finish()
    }
}
