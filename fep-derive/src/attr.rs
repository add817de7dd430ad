//! Stage 1, the attribute grammar: `#[telegram(…)]`, `#[field(…)]` and `#[code(…)]` become typed options.
//!
//! A key says what its value must look like, here and nowhere else. Which options go together is not known here; that is
//! [`crate::model`].

mod charset;
mod computed;
mod entry;
mod field;
mod options;
mod telegram;
mod variant;

pub(crate) use self::charset::{Byte, Charset};
pub(crate) use self::computed::{Computed, LengthScope};
pub(crate) use self::entry::{Given, bytes, misplaced};
pub(crate) use self::field::{FieldAttrs, KindWord, PageAttrs};
pub(crate) use self::options::{
    CodeLine, DatePattern, DateTimePattern, Encoding, Half, Justify, NoneAs, Overflow, Overpunch, Pattern, Sign,
    TimePattern, check_code,
};
pub(crate) use self::telegram::{Condition, TelegramAttrs, View};
pub(crate) use self::variant::{CaseAttrs, VariantAttrs};
