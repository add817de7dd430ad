//! Stage 1, the attribute grammar: `#[telegram(…)]`, `#[field(…)]`, `#[code(…)]` and `#[choice(…)]` become typed options.
//!
//! Only this stage knows the syntax of a key's value. It does not know which options can be combined: that is
//! [`crate::model`].

mod words;
mod entry;
mod charset;
mod options;
mod computed;
mod field;
mod telegram;
mod variant;

pub(crate) use self::computed::{Computed, ItemPath, Link};
pub(crate) use self::entry::{Given, misplaced};
pub(crate) use self::field::{CountAttr, FieldAttrs, KindWord, PageAttrs};
pub(crate) use self::options::{CodeLine, check_code};
pub(crate) use self::telegram::{Condition, TelegramAttrs, View};
pub(crate) use self::variant::{CaseAttrs, VariantAttrs};
pub(crate) use self::words::{Byte, bytes};
