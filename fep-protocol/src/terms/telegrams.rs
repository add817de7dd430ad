//! What the machines ask of the telegrams of one institution.

use std::sync::Arc;

use super::{BusinessSign, Classified, Demand, Duty, EncodedRequest, KeyOwner, Now};
use crate::exchange::TelegramBytes;

/// Encodes and decodes the telegrams of one institution's spec. It has no clock: the caller passes one clock reading per
/// telegram.
pub trait Telegrams {
    /// A service's request, still without its trace number, date and time.
    type Draft;

    /// Says what decides when a request starts.
    fn demand(&self, draft: &Self::Draft) -> Demand;

    /// Encodes a request.
    ///
    /// # Errors
    /// The reason why the request cannot be encoded, as text.
    fn request(&self, draft: &Self::Draft, trace: u64, now: Now) -> Result<EncodedRequest, String>;

    /// Encodes a duty of ours.
    ///
    /// # Errors
    /// The reason why the duty cannot be encoded, as text.
    fn duty(&self, duty: Duty, trace: u64, now: Now) -> Result<EncodedRequest, String>;

    /// Encodes the positive answer to a duty of the institution.
    ///
    /// # Errors
    /// The reason why the answer cannot be encoded, as text.
    fn accept(&self, duty: Duty, theirs: &[u8]) -> Result<TelegramBytes, String>;

    /// Classifies received bytes.
    fn read(&self, bytes: &[u8]) -> Classified;

    /// The meaning of an unsolicited telegram for business, or `None` if it has none.
    fn business_sign(&self, bytes: &[u8]) -> Option<BusinessSign> {
        let _ = bytes;
        None
    }

    /// Encodes the positive answer to a telegram that opens or stops business.
    ///
    /// # Errors
    /// The reason why the answer cannot be encoded, as text.
    fn accept_sign(&self, sign: &BusinessSign, theirs: &[u8]) -> Result<TelegramBytes, String> {
        let _ = theirs;
        Err(format!("{} is not answered", sign.telegram))
    }

    /// Compares the values that an answer must repeat with those of its request. Returns the first difference as text
    /// without secrets, or `None` if there is none.
    fn contradiction(&self, request: &[u8], answer: &str, bytes: &[u8]) -> Option<String> {
        let _ = (request, answer, bytes);
        None
    }

    /// The instance that an answer names, if requests carry the mark of their instance and the institution repeats it. `Nobody` if it
    /// names this one, `None` if it names none. It is a hint: only the instance itself knows whether it waits for the answer.
    fn named_owner(&self, answer: &str, bytes: &[u8]) -> Option<KeyOwner> {
        let _ = (answer, bytes);
        None
    }

    /// The business day in days since 1970-01-01. Trace numbers restart from 1 on each business day.
    fn day(&self, now: Now) -> i64;
}

impl<T: Telegrams> Telegrams for Arc<T> {
    type Draft = T::Draft;

    fn demand(&self, draft: &Self::Draft) -> Demand {
        T::demand(self, draft)
    }

    fn request(&self, draft: &Self::Draft, trace: u64, now: Now) -> Result<EncodedRequest, String> {
        T::request(self, draft, trace, now)
    }

    fn duty(&self, duty: Duty, trace: u64, now: Now) -> Result<EncodedRequest, String> {
        T::duty(self, duty, trace, now)
    }

    fn accept(&self, duty: Duty, theirs: &[u8]) -> Result<TelegramBytes, String> {
        T::accept(self, duty, theirs)
    }

    fn read(&self, bytes: &[u8]) -> Classified {
        T::read(self, bytes)
    }

    fn business_sign(&self, bytes: &[u8]) -> Option<BusinessSign> {
        T::business_sign(self, bytes)
    }

    fn accept_sign(&self, sign: &BusinessSign, theirs: &[u8]) -> Result<TelegramBytes, String> {
        T::accept_sign(self, sign, theirs)
    }

    fn contradiction(&self, request: &[u8], answer: &str, bytes: &[u8]) -> Option<String> {
        T::contradiction(self, request, answer, bytes)
    }

    fn named_owner(&self, answer: &str, bytes: &[u8]) -> Option<KeyOwner> {
        T::named_owner(self, answer, bytes)
    }

    fn day(&self, now: Now) -> i64 {
        T::day(self, now)
    }
}
