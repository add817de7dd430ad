//! Which instance has the link of a contract that allows fewer links than there are instances: the rule, without a clock and without a store.
//!
//! ```text
//! instance ── look: renew, give back, seek ─► store: a lease for each place, by the store's clock
//!    ▲                                          │
//!    └── who has which place, who seeks it ◄────┘ ─► take a free one (compare and set) ─► connect, sign on
//! ```
//!
//! A place is one contracted link. An instance opens the link only while it has the place. Its own lease counts from the moment *before* it
//! asked, so it is over here earlier than in the store. It signs off at half of it if it could not renew, and closes at once at three quarters.
//!
//! Places are spread evenly: first those of each institution, then all. An instance that has more than its part gives one back, at most one in
//! the time of a lease. Of those that seek a free place, the one that has the fewest takes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// One contracted link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlaceKey {
    /// The name of the institution.
    pub institution: Arc<str>,
    /// The name of the line.
    pub line: Arc<str>,
    /// The number of the link on the line, from 0.
    pub number: u32,
}

/// The times of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceTerms {
    /// How long a place belongs to an instance that does not renew it, by the clock of the store.
    pub lease: Duration,
}

/// When an instance must have left a place that it could not renew, by its steady clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceLimits {
    /// It signs off then.
    pub leave_at: Duration,
    /// It closes the link at once then.
    pub cut_at: Duration,
}

/// A place as the store had it at a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceSeen {
    /// Which one.
    pub key: PlaceKey,
    /// Who has it. `None` if nobody does, or the lease is over.
    pub holder: Option<Arc<str>>,
    /// Who wants it, in the order of the names.
    pub seekers: Vec<Arc<str>>,
}

/// What an instance does with a place now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceNow {
    /// Whether it may have a connection.
    pub is_open: bool,
    /// Whether it would open the link if it had the place: it is not stopping, and no person stopped the line.
    pub is_wanted: bool,
}

/// What an instance asks the store at a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacesAsked {
    /// Give these back. Their links are closed.
    pub release: Vec<PlaceKey>,
    /// Renew these.
    pub renew: Vec<PlaceKey>,
    /// It would like to have these, and may have some of them.
    pub seek: Vec<PlaceKey>,
}

/// What the store says at a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacesSeen {
    /// Those that were renewed.
    pub renewed: Vec<PlaceKey>,
    /// All places after that.
    pub places: Vec<PlaceSeen>,
}

/// What an institution is told about one of its links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceWord {
    /// It has the place until then. It opens the link, if it has not been told to leave it.
    Have(PlaceLimits),
    /// It has the place until then, for a link that it is leaving. It opens nothing.
    Renewed(PlaceLimits),
    /// It leaves the link in order, because another instance gets it.
    Leave(Arc<str>),
    /// It does not have the place any more: it closes the link at once.
    Lost,
    /// Another instance has it, or nobody.
    Elsewhere(Option<Arc<str>>),
}

/// What an instance has.
#[derive(Clone, Debug)]
pub struct Places {
    name: Arc<str>,
    terms: PlaceTerms,
    /// With the instance that it is being given to, if there is one.
    held: BTreeMap<PlaceKey, Option<Arc<str>>>,
    /// Those whose links were open when it asked.
    open: BTreeSet<PlaceKey>,
    gave_at: Option<Duration>,
}

/// The longest pause between two looks.
const LOOK_PAUSE_MAX: Duration = Duration::from_millis(500);

impl PlaceTerms {
    /// The pause between two looks at the store.
    #[must_use]
    pub fn look_pause(&self) -> Duration {
        (self.lease / 8).min(LOOK_PAUSE_MAX)
    }

    fn limits(&self, asked_at: Duration) -> PlaceLimits {
        PlaceLimits { leave_at: asked_at + self.lease / 2, cut_at: asked_at + self.lease * 3 / 4 }
    }
}

impl Places {
    /// An instance that has nothing yet.
    #[must_use]
    pub fn new(name: Arc<str>, terms: PlaceTerms) -> Self {
        Self { name, terms, held: BTreeMap::new(), open: BTreeSet::new(), gave_at: None }
    }

    /// The times.
    #[must_use]
    pub fn terms(&self) -> PlaceTerms {
        self.terms
    }

    /// What to ask at the next look. `now` has all places of the configuration; one that is not in it has no link any more.
    #[must_use]
    pub fn ask(&mut self, now: &BTreeMap<PlaceKey, PlaceNow>) -> PlacesAsked {
        let mut asked = PlacesAsked::default();
        self.open = now.iter().filter(|(_, now)| now.is_open).map(|(key, _)| key.clone()).collect();
        for (key, to) in &self.held {
            let kept = now.get(key).is_some_and(|now| now.is_open || (now.is_wanted && to.is_none()));
            if kept { &mut asked.renew } else { &mut asked.release }.push(key.clone());
        }
        let wanted = now.iter().filter(|(key, now)| now.is_wanted && !self.gives_back(key));
        asked.seek = wanted.map(|(key, _)| key.clone()).collect();
        asked
    }

    /// Takes the answer to what was asked at `asked_at`, by the steady clock, which is `now` at present. Returns what to tell the institutions,
    /// and the free places to take.
    pub fn saw(
        &mut self,
        asked: &PlacesAsked,
        seen: &PlacesSeen,
        asked_at: Duration,
        now: Duration,
    ) -> (Vec<(PlaceKey, PlaceWord)>, Vec<PlaceKey>) {
        let mut words = Vec::new();
        asked.release.iter().for_each(|key| drop(self.held.remove(key)));
        for key in &asked.renew {
            if !seen.renewed.contains(key) {
                self.held.remove(key);
                words.push((key.clone(), PlaceWord::Lost));
                continue;
            }
            let limits = self.terms.limits(asked_at);
            match self.held.get(key).cloned().flatten() {
                None => words.push((key.clone(), PlaceWord::Have(limits))),
                Some(to) => {
                    words.push((key.clone(), PlaceWord::Renewed(limits)));
                    words.push((key.clone(), PlaceWord::Leave(to)));
                }
            }
        }
        let counts = Counts::of(&seen.places);
        if self.gave_at.is_none_or(|gave_at| now.saturating_sub(gave_at) >= self.terms.lease)
            && let Some((key, to)) = self.gives(&seen.places, &counts)
        {
            self.gave_at = Some(now);
            self.held.insert(key.clone(), Some(Arc::clone(&to)));
            words.push((key, PlaceWord::Leave(to)));
        }
        let mut take = Vec::new();
        for place in seen.places.iter().filter(|place| !self.held.contains_key(&place.key)) {
            let is_next = counts.neediest(place).is_some_and(|name| *name == self.name);
            // Of several free ones, the next look takes the others: then the counts are right.
            if place.holder.is_none() && is_next && asked.seek.contains(&place.key) && take.is_empty() {
                take.push(place.key.clone());
            } else {
                // Its own name is that of an earlier run.
                let holder = place.holder.clone().filter(|holder| *holder != self.name);
                words.push((place.key.clone(), PlaceWord::Elsewhere(holder)));
            }
        }
        (words, take)
    }

    /// Takes the answer to taking these places: those that were free still.
    pub fn took(&mut self, taken: Vec<PlaceKey>, asked_at: Duration) -> Vec<(PlaceKey, PlaceWord)> {
        let limits = self.terms.limits(asked_at);
        self.held.extend(taken.iter().map(|key| (key.clone(), None)));
        taken.into_iter().map(|key| (key, PlaceWord::Have(limits))).collect()
    }

    fn gives_back(&self, key: &PlaceKey) -> bool {
        self.held.get(key).is_some_and(Option::is_some)
    }

    /// The place to give back, and to whom.
    fn gives(&self, places: &[PlaceSeen], counts: &Counts) -> Option<(PlaceKey, Arc<str>)> {
        if self.held.values().any(Option::is_some) {
            return None;
        }
        // What was told about one that is not open yet may be under way still.
        let is_open = |key: &PlaceKey| self.held.contains_key(key) && self.open.contains(key);
        let own = places.iter().filter(|place| is_open(&place.key));
        own.filter_map(|place| {
            let to = counts.neediest(place).filter(|to| **to != self.name)?;
            counts.has_more(&place.key.institution, &self.name, to).then(|| (place.key.clone(), Arc::clone(to)))
        })
        .next()
    }
}

/// How many places each instance has.
struct Counts {
    by_institution: BTreeMap<(Arc<str>, Arc<str>), usize>,
    all: BTreeMap<Arc<str>, usize>,
}

impl Counts {
    fn of(places: &[PlaceSeen]) -> Self {
        let mut counts = Self { by_institution: BTreeMap::new(), all: BTreeMap::new() };
        for place in places {
            let Some(holder) = &place.holder else { continue };
            let institution = Arc::clone(&place.key.institution);
            *counts.by_institution.entry((institution, Arc::clone(holder))).or_default() += 1;
            *counts.all.entry(Arc::clone(holder)).or_default() += 1;
        }
        counts
    }

    fn has(&self, institution: &Arc<str>, name: &Arc<str>) -> (usize, usize) {
        let here = self.by_institution.get(&(Arc::clone(institution), Arc::clone(name))).copied();
        (here.unwrap_or_default(), self.all.get(name).copied().unwrap_or_default())
    }

    /// Of those that seek a place, the one that has the fewest at its institution, then the fewest of all, then the first by name.
    fn neediest<'p>(&self, place: &'p PlaceSeen) -> Option<&'p Arc<str>> {
        let unique: BTreeSet<_> = place.seekers.iter().collect();
        unique.into_iter().min_by_key(|name| (self.has(&place.key.institution, name), Arc::clone(name)))
    }

    /// Whether one that gives a place of an institution to another one makes the two more even. Each such move makes the places of an
    /// institution more even, or leaves that as it is and makes all more even, so moves come to an end.
    fn has_more(&self, institution: &Arc<str>, from: &Arc<str>, to: &Arc<str>) -> bool {
        let from = self.has(institution, from);
        let to = self.has(institution, to);
        from.0 > to.0 + 1 || (from.0 == to.0 + 1 && from.1 > to.1 + 1)
    }
}

#[cfg(test)]
mod simulation;
