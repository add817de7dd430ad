//! Telegrams whose bytes are kept and read again later: requests whose money may have to be settled, and notices that are delivered until a
//! service takes them. By another layout the same bytes say something else.

use super::{Role, TelegramCatalogue};

impl TelegramCatalogue {
    /// Whether bytes that this catalogue kept would be read by another layout in that one.
    #[must_use]
    pub fn is_read_otherwise_by(&self, other: &Self) -> bool {
        let kept = |role: Role, name: &str| role == Role::Notice || self.is_monetary(name);
        let mut kept =
            self.entries.iter().map(|entry| (entry.role, &*entry.name)).filter(|(role, name)| kept(*role, name));
        let layout = |of: &Self, name: &str| of.spec.telegram(name).map(|telegram| telegram.layout.clone());
        kept.any(|(_, name)| layout(self, name) != layout(other, name))
    }
}
