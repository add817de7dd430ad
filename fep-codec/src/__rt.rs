//! The items that `#[derive(Telegram)]`, `#[derive(Choice)]` and `#[derive(Code)]` call. They are not part of the public API.
//!
//! Derived code names this module and nothing else of the crate, so all other items may move. The derive and this crate depend
//! on each other's exact version, so this module may change in any release.

pub mod slots;
mod named;
mod first;
#[cfg(feature = "serde")]
pub mod serial;

pub use alloc::borrow::Cow;

pub use self::first::decode_flattened;
pub use self::named::{ChoiceType, CodeType, PartType, TailType, ValueType};
pub use crate::charset::Charset;
pub use crate::cursor::computed::FieldSum;
pub use crate::cursor::{Reader, Writer};
pub use crate::error::{Culprit, Error, Fault};
pub use crate::flattened::Flattened;
pub use crate::kind::code::{get_ascii_code, get_code, put_code};
pub use crate::kind::{CodeSet, FieldValue, PIVOT_DEFAULT, TailValue, xor};
pub use crate::layout::marks::Discriminator;
pub use crate::layout::rules::*;
pub use crate::layout::walk::FieldSlot;
pub use crate::layout::{
    Case, Check, Choice, Computed, Field, Filler, Group, Item, LATE_MAX, Layout, LengthScope, Literal, Page, Part,
    Repeat, SignOf, When,
};
pub use crate::nested::{Body, DecodeBody};
pub use crate::telegram::{Decode, Telegram, TelegramSet};
pub use crate::view::window::{ItemRef, Window};
pub use crate::view::window_mut::WindowMut;
pub use crate::view::{Entries, Values, Viewed};
