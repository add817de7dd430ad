//! The integer types of number fields: whether they hold every number that the field can hold.
//!
//! A type that tokens do not show as an integer, such as an alias or a type of the user, is not checked here.

use fep_core::encoding::Encoding;
use fep_core::rules::Sign;
use syn::Type;

use crate::ctxt::Ctxt;
use crate::model::{Field, Item, Kind, Len, NumberType, Telegram};
use crate::shape::{Integer, Shape};

/// A number field and its integer type.
struct Number<'t> {
    ty: &'t Type,
    integer: Integer,
    about: &'t NumberType,
    encoding: Encoding,
    sign: Sign,
    /// `13 digits`, or `a binary number of 4 bytes`.
    room: String,
    /// The largest number that the field can hold.
    largest: u128,
}

/// Checks each number field.
pub(super) fn check(telegram: &Telegram, cx: &Ctxt) {
    for number in telegram.items.iter().filter_map(Number::of) {
        number.check(cx);
    }
}

impl<'t> Number<'t> {
    fn of(item: &'t Item) -> Option<Self> {
        let (Field { kind, len: Len::Stated(len), number: Some(about), .. }, ty) = item.value()? else { return None };
        let Kind::Number(rule) = kind else { return None };
        let encoding = rule.encoding;
        let sign = rule.sign;
        let digits_max = rule.digits_max;
        let integer = integer(ty)?;
        let bytes = len.value.saturating_sub(sign.len() + usize::from(rule.point.is_some()));
        let bits = encoding.largest(bytes);
        // One of the bits is the sign.
        let bits = if encoding.is_binary() && sign != Sign::Unsigned { bits >> 1 } else { bits };
        let digits = digits_max.map_or(encoding.digits(bytes), |max| max.min(encoding.digits(bytes)));
        let of_digits = u32::try_from(digits).ok().and_then(|digits| 10_u128.checked_pow(digits));
        let of_digits = of_digits.map_or(u128::MAX, |beyond| beyond - 1);
        let largest = if encoding.is_binary() && digits_max.is_none() { bits } else { bits.min(of_digits) };
        let zeros = 10_u128.checked_pow(rule.zeros().into());
        let largest = zeros.and_then(|zeros| largest.checked_mul(zeros)).unwrap_or(u128::MAX);
        let room = match digits_max {
            None if encoding.is_binary() => format!("a binary number of {bytes} bytes"),
            _ => format!("{digits} digits"),
        };
        Some(Self { ty, integer, about, encoding, sign, room, largest })
    }

    fn check(&self, cx: &Ctxt) {
        let name = self.integer.name;
        let signed = self.sign != Sign::Unsigned;
        if self.integer.signed && !signed && !self.about.sign_stated {
            let unsigned = Integer::holding(self.largest, false).name;
            let sign = match self.encoding {
                Encoding::Ascii | Encoding::Ebcdic => {
                    "say how the digits carry it: `sign = \"leading-minus\"`, \"leading\", \"trailing\" or \"overpunch\""
                }
                Encoding::Packed | Encoding::Binary | Encoding::BinaryLittle => "write `sign = \"signed\"`",
                Encoding::Bcd => "write `encoding = \"packed\", sign = \"signed\"`, because bcd digits have none",
            };
            let message = format!(
                "`{name}` has a sign, and the bytes of this field have none: use `{unsigned}`. If the sheet has a sign, {sign}"
            );
            return cx.error(self.ty, message);
        }
        let loses_sign = signed && !self.integer.signed;
        let loses_digits = self.integer.largest() < self.largest;
        let better = Integer::holding(self.largest, signed).name;
        match (self.about.narrow, loses_sign, loses_digits) {
            (None, true, _) => {
                let message = format!(
                    "the field has a sign, and `{name}` has none: use `{better}`; or add `narrow`, if a negative number is an \
                     error"
                );
                cx.error(self.ty, message);
            }
            (None, false, true) => {
                let message = format!(
                    "{} can hold {}, and `{name}` ends at {}: use `{better}`; or add `narrow`, if a larger number is an error",
                    self.room,
                    self.largest,
                    self.integer.largest()
                );
                cx.error(self.ty, message);
            }
            (Some(narrow), false, false) => {
                cx.error_at(narrow, format_args!("`{name}` holds every number of this field: leave `narrow` out"));
            }
            _ => {}
        }
    }
}

/// The integer, if the type is one, or an `Option` of one.
fn integer(ty: &Type) -> Option<Integer> {
    match Shape::of(ty) {
        Shape::Integer(integer) => Some(integer),
        Shape::Option(inner) => integer(inner),
        _ => None,
    }
}
