//! [`Amount`]: the operations on a number for sums, and for signs in another field.

use crate::layout::NumberRule;

/// A Rust type for number fields that can be summed over entries and can get its sign from another field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number that can be summed or signed",
    label = "not a number",
    note = "the integers are, `Decimal` by the feature `decimal`, and `Option` of one"
)]
pub trait Amount: Sized {
    /// The number in its smallest unit, by the scale of the rule. It is zero if there is no value, and `None` if the number does not
    /// fit into an `i128`.
    fn units(&self, rule: &NumberRule) -> Option<i128>;

    /// The number with a minus, or `None` if the type cannot hold it.
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
