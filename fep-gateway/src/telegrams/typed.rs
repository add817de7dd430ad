//! Requests from derived telegrams.

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
        let spec = |number: usize| self.spec.telegrams.get(number).map(|telegram| &telegram.layout);
        is_same(T::LAYOUT, spec(number))?;
        is_same(A::LAYOUT, entry.answer.and_then(spec))?;
        let bytes = telegram.encode_to_vec().map_err(DraftError::Invalid)?;
        if !T::LAYOUT.when.is_empty() && !T::LAYOUT.matches(&bytes) {
            // The record compares each code and says which one is another telegram's.
            let compared = Record::decode(T::LAYOUT, &bytes).and_then(|mut record| record.identify());
            return Err(DraftError::Invalid(compared.err().unwrap_or_else(|| no_telegram(&T::LAYOUT.name))));
        }
        self.framing.check(&bytes).map_err(DraftError::NoFrame)?;
        let open =
            (0..entry.fillers.len()).filter(|number| entry.fillers.get(*number).is_some_and(|one| one.is_open()));
        let draft = Draft { telegram: number, bytes: bytes.clone(), open: open.collect(), given: Vec::new() };
        Ok((draft, bytes))
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
}

/// Checks that a derived layout equals the spec's layout.
fn is_same(derived: &Layout, spec: Option<&Layout>) -> Result<(), DraftError> {
    let Some(spec) = spec else { return Err(DraftError::Invalid(no_telegram(&derived.name))) };
    match derived.difference(spec) {
        None => Ok(()),
        Some(difference) => Err(DraftError::OtherLayout { telegram: spec.name.clone().into_owned(), difference }),
    }
}
