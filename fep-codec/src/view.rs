//! Views over the bytes of a telegram: a field is decoded only when it is read.
//!
//! For a struct `Transfer`, `#[telegram(view)]` generates `TransferView` and `TransferViewMut`. A view checks the length when it
//! is created, and a field when it is read. It does not check literals, fillers and computed fields that are not read:
//! [`crate::Decode::decode`] does.
//!
//! [`patch`] and [`find`] do the same with a layout and a path, and [`refresh`] with a layout.

mod used;
mod locate;
mod patch;
pub(crate) mod window;
pub(crate) mod window_mut;
mod entries;

pub use self::entries::{Entries, Values};
pub use self::patch::{FixedPlace, find, patch, refresh};
use self::window::Window;
pub use self::window::end_of;
#[cfg(feature = "std")]
pub(crate) use self::window::least_end_of;
pub(crate) use self::window::whole_end_of;
use self::window_mut::WindowMut;
use crate::telegram::Telegram;

/// A telegram that has views. `#[telegram(view)]` implements this trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no view",
    label = "a part or an entry of a telegram with a view needs a view too",
    note = "put `#[telegram(view)]` on it, beside its `#[derive(Telegram)]`"
)]
pub trait Viewed<'b>: Telegram {
    /// The view that reads.
    type View: From<Window<'b>>;
    /// The view that patches.
    type ViewMut: From<WindowMut<'b>>;
}

#[cfg(test)]
mod tests;
