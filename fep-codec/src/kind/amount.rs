//! [`Amount`]: what sums and signs that stand in other fields need to know of a number.

use crate::layout::NumberRule;

/// A Rust type for number fields that can be summed over entries, and given a sign that stands in another field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number that can be summed or signed",
    label = "not a number",
    note = "the integers are, `Decimal` by the feature `decimal`, and `Option` of one"
)]
pub trait Amount: Sized {
    /// The number counted in its smallest unit, as the rule's scale says; zero if there is no value, none if it is larger than
    /// an `i128`.
    fn units(&self, rule: &NumberRule) -> Option<i128>;

    /// The number with a minus, if the type has it.
    fn negated(self) -> Option<Self>;
}

macro_rules! integers {
    ($($integer:ident)*) => {
        $(impl Amount for $integer {
            #[inline]
            fn units(&self, _: &NumberRule) -> Option<i128> {
                i128::try_from(*self).ok()
            }

            #[inline]
            fn negated(self) -> Option<Self> {
                Self::try_from(i128::try_from(self).ok()?.checked_neg()?).ok()
            }
        })*
    };
}

integers!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128);

impl<T: Amount> Amount for Option<T> {
    #[inline]
    fn units(&self, rule: &NumberRule) -> Option<i128> {
        self.as_ref().map_or(Some(0), |value| value.units(rule))
    }

    #[inline]
    fn negated(self) -> Option<Self> {
        match self {
            None => Some(None),
            Some(value) => value.negated().map(Some),
        }
    }
}
