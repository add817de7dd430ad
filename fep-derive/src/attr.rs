//! Stage 1, the attribute grammar: `#[telegram(…)]`, `#[field(…)]` and `#[code(…)]` become typed options.
//!
//! A key says what its value must look like, here and nowhere else. Which options go together is not known here; that is
//! [`crate::model`].

mod words;
mod entry;
mod charset;
mod options;
mod computed;
mod field;
mod telegram;
mod variant;

pub(crate) use self::computed::Computed;
pub(crate) use self::entry::{Given, misplaced};
pub(crate) use self::field::{FieldAttrs, KindWord, PageAttrs};
pub(crate) use self::options::{CodeLine, check_code};
pub(crate) use self::telegram::{Condition, TelegramAttrs, View};
pub(crate) use self::variant::{CaseAttrs, VariantAttrs};
pub(crate) use self::words::{Byte, bytes};
