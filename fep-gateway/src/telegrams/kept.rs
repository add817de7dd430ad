//! Telegrams whose bytes are kept and read again later: requests whose money may have to be settled, and notices that are delivered until a
//! service takes them. By another layout, or in another framing, the same bytes say something else. What is received is not kept: it is read as the
//! institution sends it now.

use super::{Entry, Role, TelegramCatalogue};

impl TelegramCatalogue {
    /// Whether that catalogue would read bytes that this one kept in another way.
    #[must_use]
    pub fn is_read_otherwise_by(&self, other: &Self) -> bool {
        let is_kept = |entry: &&Entry| entry.role == Role::Notice || self.is_monetary(&entry.name);
        let is_relaid = |entry: &Entry| {
            let own = self.spec.telegram(&entry.name);
            let others = other.spec.telegram(&entry.name);
            own.map(|telegram| &telegram.layout) != others.map(|telegram| &telegram.layout)
        };
        let mut kept = self.entries.iter().filter(is_kept);
        kept.any(|entry| self.framing != other.framing || is_relaid(entry))
    }
}
