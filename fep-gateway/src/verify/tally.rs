//! Counts what was compared, by telegram and field, with a few examples of each. What it keeps does not grow with the number of telegrams.

use std::collections::BTreeMap;

use super::differ::Differing;

/// The maximum number of examples of a field or a failure.
const EXAMPLES_MAX: usize = 3;

/// The maximum number of different failures of a telegram. Further ones are counted together.
const FAILURES_MAX: usize = 20;

/// How the rest of the failures is called.
const OTHER_FAILURES: &str = "other failures";

/// Why a difference is no finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// The plan says that the field differs by nature.
    Ignored,
    /// The gateway fills it by its own clock, number or mark.
    Filled,
    /// The old side differs as often from itself.
    Noise,
}

/// All counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    telegrams: BTreeMap<String, OfTelegram>,
}

/// The counts of one telegram.
#[derive(Debug, Default)]
pub(super) struct OfTelegram {
    /// How many were only read: received ones, and others that the gateway did not make.
    pub(super) read: u64,
    /// How many pairs of telegrams were compared.
    pub(super) compared: u64,
    /// How many of them were the same, byte for byte.
    pub(super) same: u64,
    /// The fields that differed at least once.
    pub(super) fields: BTreeMap<String, OfField>,
    /// What could not be compared.
    pub(super) failures: BTreeMap<String, OfFailure>,
}

/// The counts of one field.
#[derive(Debug, Default)]
pub(super) struct OfField {
    pub(super) label: String,
    /// In how many comparisons it differed.
    pub(super) differing: u64,
    /// In how many pairs of answers of the old side it differed.
    pub(super) noise: u64,
    /// Why it may differ, if it is known before.
    pub(super) why: Option<Why>,
    pub(super) examples: Vec<Example>,
}

/// What could not be compared, with one reason.
#[derive(Debug, Default)]
pub(super) struct OfFailure {
    pub(super) count: u64,
    /// Where it was, the first times.
    pub(super) places: Vec<String>,
}

/// One difference.
#[derive(Clone, Debug)]
pub(super) struct Example {
    /// Where it is: a line of the recording, or an exchange.
    pub(super) place: String,
    pub(super) old: String,
    pub(super) new: String,
}

impl Tally {
    /// Counts one comparison. `why` says why a field may differ.
    pub(super) fn compared(
        &mut self,
        telegram: &str,
        place: &str,
        found: Vec<Differing>,
        why: impl Fn(&Differing) -> Option<Why>,
    ) {
        let own = self.of(telegram);
        own.compared += 1;
        own.same += u64::from(found.is_empty());
        for one in found {
            let why = why(&one);
            let field = own.fields.entry(one.path).or_default();
            field.label = one.label;
            field.differing += 1;
            // One difference without a reason is enough.
            field.why = if field.differing == 1 { why } else { field.why.filter(|_| why.is_some()) };
            if field.examples.len() < EXAMPLES_MAX {
                field.examples.push(Example { place: place.to_owned(), old: one.old, new: one.new });
            }
        }
    }

    /// Counts a telegram that could be read, and is compared with nothing.
    pub(super) fn read(&mut self, telegram: &str) {
        self.of(telegram).read += 1;
    }

    /// Counts two answers of the old side to one request.
    pub(super) fn old_twice(&mut self, telegram: &str, found: Vec<Differing>) {
        let own = self.of(telegram);
        for one in found {
            let field = own.fields.entry(one.path).or_default();
            field.label = one.label;
            field.noise += 1;
        }
    }

    /// Counts what could not be compared.
    pub(super) fn failed(&mut self, telegram: &str, place: &str, why: String) {
        let own = self.of(telegram);
        let is_new = !own.failures.contains_key(&why);
        let why = if is_new && own.failures.len() >= FAILURES_MAX { OTHER_FAILURES.to_owned() } else { why };
        let failure = own.failures.entry(why).or_default();
        failure.count += 1;
        if failure.places.len() < EXAMPLES_MAX {
            failure.places.push(place.to_owned());
        }
    }

    /// The telegrams by name.
    pub(super) fn telegrams(&self) -> impl Iterator<Item = (&str, &OfTelegram)> {
        self.telegrams.iter().map(|(name, own)| (name.as_str(), own))
    }

    fn of(&mut self, telegram: &str) -> &mut OfTelegram {
        if !self.telegrams.contains_key(telegram) {
            self.telegrams.insert(telegram.to_owned(), OfTelegram::default());
        }
        self.telegrams.entry(telegram.to_owned()).or_default()
    }
}

impl OfField {
    /// Why its differences are no findings. A field is noise if the old side differs from itself about as often: `tolerance` is how much more
    /// often the new side may differ, in percent of both together.
    pub(super) fn explained(&self, tolerance: u8) -> Option<Why> {
        if self.why.is_some() {
            return self.why;
        }
        let both = self.differing.saturating_add(self.noise);
        let more = self.differing.saturating_sub(self.noise);
        let is_noise = self.noise > 0 && more.saturating_mul(100) <= both.saturating_mul(u64::from(tolerance));
        is_noise.then_some(Why::Noise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(differing: u64, noise: u64) -> OfField {
        OfField { differing, noise, ..OfField::default() }
    }

    #[test]
    fn noise_is_what_the_old_side_shows_as_often() {
        // 20 percent of both together: 60 against 40 is the limit.
        assert_eq!(field(60, 40).explained(20), Some(Why::Noise));
        assert_eq!(field(61, 40).explained(20), None);
        assert_eq!(field(10, 90).explained(20), Some(Why::Noise));
        assert_eq!(field(1, 0).explained(20), None);
        assert_eq!(field(1, 1).explained(0), Some(Why::Noise));
        let declared = OfField { why: Some(Why::Ignored), ..field(5, 0) };
        assert_eq!(declared.explained(20), Some(Why::Ignored));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut tally = Tally::default();
        for number in 0..100 {
            let place = format!("line {number}");
            tally.failed("Pay", &place, format!("why {number}"));
            let one = Differing { path: "a".into(), label: String::new(), old: "1".into(), new: "2".into() };
            tally.compared("Pay", &place, vec![one], |_| None);
            tally.compared("Pay", &place, Vec::new(), |_| None);
        }
        let (name, own) = tally.telegrams().next().unwrap();
        assert_eq!((name, own.compared, own.same), ("Pay", 200, 100));
        assert_eq!(own.failures.len(), FAILURES_MAX + 1);
        assert_eq!(own.failures[OTHER_FAILURES].count, 80);
        assert_eq!(own.failures[OTHER_FAILURES].places.len(), EXAMPLES_MAX);
        assert_eq!((own.fields["a"].differing, own.fields["a"].examples.len()), (100, EXAMPLES_MAX));
    }
}
