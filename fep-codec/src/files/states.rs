//! The places in the order of a file: which records can stand at each of them. The reader must tell apart only those.
//!
//! ```text
//! Head once, Row any, Trailer once:    places { Head }  { Row, Trailer }  { }    pairs: Row and Trailer
//! ```

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use super::{FileLayout, Stands, Step};
use crate::layout::Layout;

/// The number of different places behind a step that are kept apart. If there are more, they are joined. Only a plan of deeply nested
/// groups has so many.
const PLACES_MAX: usize = 32;

/// A record that can stand at a place: its name, and whether the file must end with it. Then its position tells it apart.
type Candidate<'f> = (&'f str, bool);

/// The records that can stand at one place.
type Place<'f> = Vec<Candidate<'f>>;

/// The pairs of records that can stand at one place.
#[derive(Default)]
struct Pairs<'f>(BTreeSet<(Candidate<'f>, Candidate<'f>)>);

impl FileLayout {
    /// The pairs of records that can stand at the same place of the file, so that their literals and conditions must tell them apart.
    /// The earlier one in the order of the steps is the first of a pair. A last record that cannot be missing is told apart by its
    /// position, and records without marks behind length words by their fixed lengths.
    #[must_use]
    pub fn alternatives(&self) -> Vec<[&Layout; 2]> {
        let layouts = self.layouts();
        let place = |name: &str| layouts.iter().position(|layout| layout.name == name);
        let pairs = Pairs::of(&self.steps).into_iter().filter(|(one, other)| !one.1 && !other.1);
        let places = pairs.filter_map(|(one, other)| Some((place(one.0)?, place(other.0)?)));
        let mut ordered: Vec<(usize, usize)> = places.map(|(one, other)| (one.min(other), one.max(other))).collect();
        ordered.sort_unstable();
        ordered.dedup();
        let pairs = ordered.into_iter().filter_map(|(one, other)| Some([*layouts.get(one)?, *layouts.get(other)?]));
        let by_length = |pair: &[&Layout; 2]| {
            let unmarked = pair.iter().all(|layout| !layout.is_recognisable() && layout.fixed_len().is_some());
            self.record_word.is_some() && unmarked && pair[0].fixed_len() != pair[1].fixed_len()
        };
        pairs.filter(|pair| !by_length(pair)).collect()
    }
}

impl<'f> Pairs<'f> {
    /// All pairs of a file.
    fn of(steps: &'f [Step]) -> BTreeSet<(Candidate<'f>, Candidate<'f>)> {
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
        Stands::Last(layout) => vec![(&*layout.name, step.min > 0)],
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
