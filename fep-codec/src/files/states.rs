//! The places in the order of a file: which records can stand at each of them. The reader must tell apart only those.
//!
//! ```text
//! Head once, Row any, Trailer once:    places { Head }  { Row, Trailer }  { }    pairs: Row and Trailer
//! ```

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use super::{Stands, Step};

/// The number of different places behind a step that are kept apart. If there are more, they are joined. Only a plan of deeply nested
/// groups has so many.
const PLACES_MAX: usize = 32;

/// A record that can stand at a place: its name, and whether it is the last record of the file.
pub(super) type Candidate<'f> = (&'f str, bool);

/// The records that can stand at one place.
type Place<'f> = Vec<Candidate<'f>>;

/// The pairs of records that can stand at one place.
#[derive(Default)]
pub(super) struct Pairs<'f>(BTreeSet<(Candidate<'f>, Candidate<'f>)>);

impl<'f> Pairs<'f> {
    /// All pairs of a file.
    pub(super) fn of(steps: &'f [Step]) -> BTreeSet<(Candidate<'f>, Candidate<'f>)> {
        let mut pairs = Self::default();
        let start = pairs.sequence(steps, &[Vec::new()]);
        start.iter().for_each(|place| pairs.add(place));
        pairs.0
    }

    /// Adds the places inside a sequence of steps. `behind` are the places that its end leads to. Returns those at its start.
    fn sequence(&mut self, steps: &'f [Step], behind: &[Place<'f>]) -> Vec<Place<'f>> {
        let mut later = behind.to_vec();
        for step in steps.iter().rev() {
            let first = first(step);
            // After an occurrence of the step: it must come again, or may come again, or cannot come again.
            let mut after = Vec::new();
            if step.min > 1 {
                keep(&mut after, first.clone());
            }
            if step.max.is_none_or(|max| max > step.min.max(1)) {
                later.iter().for_each(|place| keep(&mut after, join(&first, place)));
            }
            if step.max.is_some() {
                later.iter().for_each(|place| keep(&mut after, place.clone()));
            }
            match &step.stands {
                Stands::Record(_) | Stands::Last(_) => after.iter().for_each(|place| self.add(place)),
                Stands::Group(steps) => drop(self.sequence(steps, &after)),
            }
            later = if step.min == 0 { later.iter().map(|place| join(&first, place)).collect() } else { vec![first] };
        }
        later
    }

    fn add(&mut self, place: &Place<'f>) {
        for (at, one) in place.iter().enumerate() {
            let others = place.iter().skip(at + 1).filter(|other| other.0 != one.0);
            self.0.extend(others.map(|other| (*one, *other)));
        }
    }
}

/// The records with which a step can begin.
fn first(step: &Step) -> Place<'_> {
    match &step.stands {
        Stands::Record(layout) => vec![(&*layout.name, false)],
        Stands::Last(layout) => vec![(&*layout.name, true)],
        Stands::Group(steps) => {
            let mut place = Vec::new();
            for step in steps.iter() {
                place = join(&place, &first(step));
                if step.min > 0 {
                    break;
                }
            }
            place
        }
    }
}

fn join<'f>(one: &Place<'f>, other: &Place<'f>) -> Place<'f> {
    let mut both = one.clone();
    both.extend(other.iter().filter(|record| !one.contains(record)));
    both
}

fn keep<'f>(places: &mut Vec<Place<'f>>, place: Place<'f>) {
    if places.contains(&place) {
        return;
    }
    match places.get_mut(PLACES_MAX - 1) {
        Some(last) => *last = join(last, &place),
        None => places.push(place),
    }
}
