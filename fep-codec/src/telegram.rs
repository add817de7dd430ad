//! [`Telegram`] and [`Decode`]: what `#[derive(Telegram)]` implements.
//!
//! For a reader who knows serde:
//!
//! | here | serde | says |
//! |---|---|---|
//! | [`Telegram`] | `Serialize` | the type has a layout, and its values can be written |
//! | [`Decode<'a>`](Decode) | `Deserialize<'de>` | a value can be read, and may borrow from the bytes |
//! | [`DecodeOwned`] | `DeserializeOwned` | a value can be read, and borrows nothing |
//! | [`TelegramSet<'a>`](TelegramSet) | `Deserialize<'de>` of an internally tagged enum | one of several telegrams, chosen by codes in the bytes; may borrow |
//! | [`TelegramSetOwned`] | the same with `DeserializeOwned` | one of several telegrams that borrow nothing |
//! | [`FieldValue`](crate::FieldValue) | both traits of a leaf type | a type can be the value of one field |
//! | [`Writer`], [`Reader`] | `Serializer`, `Deserializer` | the cursors that derived code calls; not traits, as there is one format |
//!
//! One difference: a layout is known without a value ([`Telegram::LAYOUT`]), because the sheet fixes every byte in advance.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::cursor::{Reader, Writer};
use crate::error::{Culprit, Error, Fault};
use crate::layout::Layout;
use crate::layout::nearest::shown;

/// A type whose values are telegrams, parts of telegrams or entries of groups with one layout: serde's `Serialize`, with a layout.
///
/// Do not implement it: `#[derive(Telegram)]` does. Callers use [`encode_into`](Telegram::encode_into) or
/// [`encode_to_vec`](Telegram::encode_to_vec).
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::{Digits, Telegram};
///
/// #[derive(Telegram)]
/// struct Inquiry {
///     account: Digits<4>,
///     #[field(len = 3)]
///     serial: u32,
/// }
///
/// let inquiry = Inquiry { account: "0012".parse()?, serial: 7 };
/// let mut buffer = [0; 16];
/// let len = inquiry.encode_into(&mut buffer)?;
/// assert_eq!(buffer.get(..len), Some(&b"0012007"[..]));
/// assert_eq!(inquiry.encode_to_vec()?, b"0012007");
/// assert_eq!(Inquiry::LAYOUT.fixed_len(), Some(7));
/// # }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no telegram",
    label = "not a telegram, a part of one, or a group's entry",
    note = "put `#[derive(Telegram)]` on it; a plain field needs `len = …`"
)]
pub trait Telegram {
    /// The meaning of each byte.
    const LAYOUT: &'static Layout;

    /// Writes the items in wire order. Derived code implements this; call [`Telegram::encode_into`].
    ///
    /// # Errors
    /// The first item that cannot be written.
    fn encode_items(&self, writer: &mut Writer<'_>) -> Result<(), Error>;

    /// The number of bytes that [`Telegram::encode_into`] needs. Derived code returns the exact number, if every value can be
    /// written. An implementation by hand may return more but never less: [`Telegram::encode_to_vec`] cuts off the surplus.
    fn encoded_len(&self) -> usize;

    /// Writes the telegram to the start of `out` and returns its length in bytes. Allocates nothing, unless a part has a field that is
    /// computed from an item beside the part.
    ///
    /// # Errors
    /// If a value cannot be written, or `out` is too short. Then the content of `out` is unspecified.
    #[inline]
    fn encode_into(&self, out: &mut [u8]) -> Result<usize, Error> {
        if const { Self::LAYOUT.has_links() } {
            Self::LAYOUT.whole()?;
        }
        let mut writer = Writer::new(out);
        self.encode_items(&mut writer)?;
        writer.finish()
    }

    /// The telegram's bytes.
    ///
    /// # Errors
    /// If a value cannot be written.
    fn encode_to_vec(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; self.encoded_len()];
        let len = self.encode_into(&mut bytes)?;
        bytes.truncate(len);
        Ok(bytes)
    }
}

/// A telegram that can be read from bytes and may borrow from them: serde's `Deserialize<'de>`.
///
/// Do not implement it: `#[derive(Telegram)]` does. Callers use [`decode`](Decode::decode).
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::{Decode, Telegram};
///
/// #[derive(Telegram)]
/// struct Payee<'a> {
///     #[field(len = 5)]
///     name: &'a str, // borrows from the bytes
///     #[field(len = 3)]
///     serial: u32,
/// }
///
/// let payee = Payee::decode(b"kim  007")?;
/// assert_eq!((payee.name, payee.serial), ("kim", 7));
/// assert!(Payee::decode(b"kim  007 ").is_err()); // a byte is left over
/// # }
/// # Ok::<(), fep_codec::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no telegram",
    label = "not a telegram, a part of one, or a group's entry",
    note = "put `#[derive(Telegram)]` on it; a plain field needs `len = …`"
)]
pub trait Decode<'a>: Telegram + Sized {
    /// Reads the items in wire order. Derived code implements this; call [`Decode::decode`].
    ///
    /// # Errors
    /// The first item that cannot be read.
    fn decode_items(reader: &mut Reader<'a>) -> Result<Self, Error>;

    /// Reads a telegram from exactly these bytes.
    ///
    /// # Errors
    /// If the bytes are not such a telegram, or if bytes are left over.
    #[inline]
    fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::of_len(bytes, const { Self::LAYOUT.fixed_len() })?;
        let telegram = Self::decode_items(&mut reader)?;
        reader.finish()?;
        Ok(telegram)
    }
}

/// A telegram that can be read and borrows nothing from its bytes: serde's `DeserializeOwned`. Every type that is a
/// [`Decode`] for all lifetimes is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a telegram that owns its values",
    label = "not a telegram that owns its values",
    note = "it needs `#[derive(Telegram)]` and no lifetime: `Text<N>` or `String` instead of `&str`"
)]
pub trait DecodeOwned: for<'a> Decode<'a> {}

impl<T: for<'a> Decode<'a>> DecodeOwned for T {}

/// One of several telegrams, recognised by its codes: what can come next on a line or in a file.
///
/// `#[derive(Telegram)]` on an enum implements this trait if each variant holds a telegram. The `when` and the literals of the
/// layouts select the variant ([`Mark`](crate::layout::Mark)). Each derived struct is a set of one, so that a function that reads a set also takes a single telegram. `any` in
/// the names of the functions means "any telegram of the set".
///
/// The lifetime is that of the bytes, because the telegrams may borrow from them. Code that keeps telegrams longer than the
/// bytes needs a [`TelegramSetOwned`].
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::{Digits, Telegram, TelegramSet};
///
/// #[derive(Telegram)]
/// #[telegram(when("code" = "0800"))]
/// struct SignOn {
///     code: Digits<4>,
/// }
///
/// #[derive(Telegram)]
/// #[telegram(when("code" = "0100"))]
/// struct Transfer {
///     code: Digits<4>,
///     #[field(len = 3)]
///     amount: u16,
/// }
///
/// #[derive(Telegram)]
/// enum Bank {
///     SignOn(SignOn),
///     Transfer(Transfer),
/// }
///
/// let Bank::Transfer(transfer) = Bank::decode_any(b"0100005")? else { panic!("a transfer") };
/// assert_eq!(transfer.amount, 5);
/// assert_eq!(Bank::any_fixed_len(b"0800"), Some(4));
/// assert!(Bank::decode_any(b"0999").is_err());
/// assert_eq!(SignOn::decode_any(b"0800")?.code.as_str(), "0800"); // a set of one
/// # }
/// # Ok::<(), fep_codec::Error>(())
/// ```
pub trait TelegramSet<'a>: Sized {
    /// The layouts of all telegrams, in the order in which they are tried.
    const LAYOUTS: &'static [&'static Layout];

    /// The length in bytes of the telegram at the start of these bytes, if its layout has a fixed length. `None` if the length
    /// varies, or if the bytes do not begin with a telegram of the set.
    fn any_fixed_len(bytes: &[u8]) -> Option<usize>;

    /// Reads a telegram of the set from exactly these bytes.
    ///
    /// # Errors
    /// If the bytes are no telegram of the set, or the telegram that was chosen cannot be read.
    fn decode_any(bytes: &'a [u8]) -> Result<Self, Error>;

    /// The number of bytes that [`TelegramSet::encode_any`] needs, as [`Telegram::encoded_len`].
    fn any_len(&self) -> usize;

    /// Writes the telegram to the start of `out` and returns its length in bytes.
    ///
    /// # Errors
    /// If a value cannot be written, or `out` is too short.
    fn encode_any(&self, out: &mut [u8]) -> Result<usize, Error>;
}

impl<'a, T: Decode<'a>> TelegramSet<'a> for T {
    const LAYOUTS: &'static [&'static Layout] = &[T::LAYOUT];

    #[inline]
    fn any_fixed_len(_: &[u8]) -> Option<usize> {
        const { T::LAYOUT.fixed_len() }
    }

    #[inline]
    fn decode_any(bytes: &'a [u8]) -> Result<Self, Error> {
        T::decode(bytes)
    }

    fn any_len(&self) -> usize {
        self.encoded_len()
    }

    fn encode_any(&self, out: &mut [u8]) -> Result<usize, Error> {
        self.encode_into(out)
    }
}

/// A set of telegrams that borrow nothing from their bytes. Every type that is a [`TelegramSet`] for all lifetimes is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of telegrams that own their values",
    label = "not a telegram or an enum of telegrams that own their values",
    note = "it needs `#[derive(Telegram)]` and no lifetime: `Text<N>` or `String` instead of `&str`"
)]
pub trait TelegramSetOwned: for<'a> TelegramSet<'a> {}

impl<T: for<'a> TelegramSet<'a>> TelegramSetOwned for T {}

impl Layout {
    /// The error for bytes that none of these layouts recognises. It names the fields in the conditions of the layouts, with their
    /// bytes, and the layout that comes nearest.
    #[cold]
    #[must_use]
    pub fn no_match(layouts: &[&Self], bytes: &[u8]) -> Error {
        let mut by = String::new();
        let mut paths = Vec::new();
        for layout in layouts {
            for when in layout.when.iter() {
                if paths.contains(&&when.path) {
                    continue;
                }
                paths.push(&when.path);
                let Some(span) = layout.span(&when.path) else { continue };
                let comma = if by.is_empty() { "" } else { ", " };
                let found = match bytes.get(span.range.clone()) {
                    Some(found) if !span.field.secret => shown(found),
                    Some(_) => "secret".to_owned(),
                    None => "is cut off".to_owned(),
                };
                // Writing to a String cannot fail.
                let _ = write!(by, "{comma}{} {found}", when.path);
            }
        }
        let near = Self::nearest(layouts, bytes).into();
        Error::new(Culprit::Peer, Fault::NoSuchTelegram { by: by.into(), near })
    }
}
