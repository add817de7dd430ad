//! Requests from derived telegrams.

use std::ptr;
use std::sync::atomic::Ordering;

use fep_codec::{Layout, Record, Telegram};

use super::{Draft, DraftError, Role, TelegramCatalogue, no_telegram};

impl TelegramCatalogue {
    /// Creates a draft from a derived telegram; `A` is its answer. The values that the gateway knows only at sending time
    /// replace those of the telegram: `<trace>`, `<date>`, `<time>`, `<transaction>`. Constants of the configuration do not
    /// replace them, because a struct gives every field a value.
    ///
    /// # Errors
    /// If the spec has no such request, if the layout of the telegram or of its answer differs from the spec, if the
    /// telegram cannot be encoded, or if it has the codes of another telegram.
    pub fn draft_of<T: Telegram, A: Telegram>(&self, telegram: &T) -> Result<(Draft, Vec<u8>), DraftError> {
        let (number, entry) = self.request_named(&T::LAYOUT.name)?;
        self.is_same(T::LAYOUT, Some(number))?;
        self.is_same(A::LAYOUT, entry.answer)?;
        let bytes = telegram.encode_to_vec().map_err(DraftError::Invalid)?;
        if !T::LAYOUT.when.is_empty() && !T::LAYOUT.matches(&bytes) {
            // The record compares each code and says which one is another telegram's.
            let compared = Record::decode(T::LAYOUT, &bytes).and_then(|mut record| record.identify());
            return Err(DraftError::Invalid(compared.err().unwrap_or_else(|| no_telegram(&T::LAYOUT.name))));
        }
        self.framing.check(&bytes).map_err(DraftError::NoFrame)?;
        let open =
            (0..entry.fillers.len()).filter(|number| entry.fillers.get(*number).is_some_and(|one| one.is_open()));
        let draft =
            Draft { telegram: number, bytes: bytes.clone(), open: open.collect(), given: Vec::new(), is_batch: false };
        Ok((draft, bytes))
    }

    /// Checks that the answer to a request has the layout of `A`.
    ///
    /// # Errors
    /// If the spec has no such request, or if its answer has another layout.
    pub fn answers_with<A: Telegram>(&self, request: &str) -> Result<(), DraftError> {
        let (_, entry) = self.request_named(request)?;
        self.is_same(A::LAYOUT, entry.answer)
    }

    /// The request with this name, and its index.
    pub(super) fn request_named(&self, telegram: &str) -> Result<(usize, &super::Entry), DraftError> {
        let Some(number) = self.by_name.get(telegram).copied() else {
            let nearest = super::nearest(telegram, self.by_name.keys().map(String::as_str)).map(str::to_owned);
            return Err(DraftError::UnknownTelegram { nearest });
        };
        match self.entries.get(number) {
            Some(entry) if entry.role == Role::Request => Ok((number, entry)),
            _ => Err(DraftError::NotARequest),
        }
    }

    /// Checks that a derived layout equals the layout of the spec's telegram with this index. A layout that was found equal is known by
    /// its address, because comparing takes longer than encoding.
    fn is_same(&self, derived: &'static Layout, number: Option<usize>) -> Result<(), DraftError> {
        let found = number.and_then(|number| Some((self.spec.telegrams.get(number)?, self.entries.get(number)?)));
        let Some((telegram, entry)) = found else { return Err(DraftError::Invalid(no_telegram(&derived.name))) };
        if ptr::eq(entry.equal.load(Ordering::Relaxed), derived) {
            return Ok(());
        }
        if let Some(difference) = derived.difference(&telegram.layout) {
            let telegram = telegram.layout.name.clone().into_owned();
            return Err(DraftError::OtherLayout { telegram, difference });
        }
        entry.equal.store(ptr::from_ref(derived).cast_mut(), Ordering::Relaxed);
        Ok(())
    }
}
