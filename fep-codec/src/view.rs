//! Views: a telegram's bytes as they are, of which only those fields are decoded that are touched.
//!
//! `#[telegram(view)]` makes `TransferView` and `TransferViewMut` of a struct `Transfer`. A view checks the length when it is
//! made, and a field when it is read. Nothing checks the literals, fillers and computed fields that are not read:
//! [`crate::Decode::decode`] does that.
//!
//! [`patch`], [`find`] and [`refresh`] do the same by a layout and a path.

mod locate;
mod patch;
pub(crate) mod window;
mod entries;

pub use self::entries::Entries;
pub use self::patch::{find, patch, refresh};
use self::window::{Window, WindowMut};
pub(crate) use self::window::{end_of, whole_end_of};
use crate::telegram::Telegram;

/// A telegram that has views; `#[telegram(view)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no view",
    label = "a part or an entry of a telegram with a view needs a view too",
    note = "put `#[telegram(view)]` on it, beside its `#[derive(Telegram)]`"
)]
pub trait Viewed<'b>: Telegram {
    /// The view.
    type View: From<Window<'b>>;
    /// The view that patches.
    type ViewMut: From<WindowMut<'b>>;
}

#[cfg(test)]
mod tests;
