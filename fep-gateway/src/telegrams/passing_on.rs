//! The draft of a request for another institution, whose telegram has the same layout, and the field by which a rule chooses one.

use super::fill::Filler;
use super::{Draft, TelegramCatalogue};

impl TelegramCatalogue {
    /// The same request for another institution: the fields of the service, and what the `fill` of that institution says instead of
    /// ours. A struct fills every field itself, so its constants are replaced, too. The configuration is checked: both telegrams
    /// have the same layout, and both institutions fill the same fields. `None` if that institution has no such request.
    #[must_use]
    pub fn passed_on(&self, draft: &Draft, to: &Self) -> Option<Draft> {
        let own = self.entries.get(draft.telegram)?;
        let (number, theirs) = to.request_named(&own.name).ok()?;
        let is_ours = |filler: &Filler| {
            let same = own.fillers.iter().position(|own| own.path() == filler.path());
            same.is_some_and(|same| !draft.given.contains(&same))
        };
        let open = theirs.fillers.iter().enumerate().filter(|(_, filler)| is_ours(filler)).map(|(number, _)| number);
        Some(Draft {
            telegram: number,
            bytes: draft.bytes.clone(),
            open: open.collect(),
            given: Vec::new(),
            is_batch: draft.is_batch,
        })
    }

    /// The bytes of a field of the request, as they will be on the wire. `None` if it has no such field at a fixed place.
    pub(crate) fn field_bytes<'d>(&self, draft: &'d Draft, path: &str) -> Option<&'d [u8]> {
        let layout = &self.spec.telegrams.get(draft.telegram)?.layout;
        draft.bytes.get(layout.span(path)?.range)
    }

    /// Whether services may send a request with this name.
    pub(crate) fn has_request(&self, telegram: &str) -> bool {
        self.request_named(telegram).is_ok()
    }
}
