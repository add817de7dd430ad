//! [`Samples`]: valid telegrams at the limits of each field, for tests of the programs on both sides.
//!
//! Each sample shows one limit: the smallest or the largest number, the longest text, a code, a case of a choice, a group that is
//! empty or full. The other fields have values between their limits. Links between fields hold: a count is the number of entries, and
//! amounts are no greater than their sum can be. Each sample is encoded, decoded and compared before it is returned. A limit that no
//! valid telegram can have is returned with the reason.
//!
//! ```
//! use fep_spec::Spec;
//! use fep_spec::samples::{Options, Samples};
//!
//! let spec = Spec::load("../specs/bank-a/bank-a.toml".as_ref())?;
//! let transfer = spec.telegram("Transfer").ok_or("no such telegram")?;
//! let samples = Samples::of(&spec, transfer, Options::default());
//! let largest = samples.all.iter().find(|sample| sample.shows == "amount: largest").ok_or("no such sample")?;
//! assert_eq!(largest.record.get("amount"), Some(&9_999_999_999_999_i64.into()));
//! assert!(samples.impossible.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod random;
mod text;
mod dates;
mod numbers;
mod limits;
mod fill;
mod cases;
mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fep_codec::layout::{Layout, When};
use fep_codec::{Field, Record, Value};
use serde_json::json;

use self::cases::{Case, Cases};
pub use self::files::{FileSample, REPEAT_MAX};
use self::fill::{Filling, Wanted};
use self::numbers::{Bound, bounds};
use self::random::Random;
use crate::hex::hex;
use crate::model::{Spec, TelegramSpec};

/// The most samples with values between the limits, for one telegram.
pub const BETWEEN_MAX: usize = 100_000;

/// How samples are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The same seed makes the same samples. Another one changes the values between the limits.
    pub seed: u64,
    /// The number of samples with all values between the limits. They come first. At most [`BETWEEN_MAX`].
    pub between: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, between: 1 }
    }
}

/// The samples of a telegram.
#[derive(Debug)]
pub struct Samples<'s> {
    /// The samples: first those between the limits, then the limits in wire order.
    pub all: Vec<Sample<'s>>,
    /// The limits that no sample shows.
    pub impossible: Vec<Impossible>,
}

/// A valid telegram.
#[derive(Clone, Debug)]
pub struct Sample<'s> {
    /// The path of the item and the limit that the sample shows: `items[0].amount: largest`. `between the limits` if it shows none.
    pub shows: String,
    /// All values, with the computed ones.
    pub record: Record<'s>,
    /// The bytes of the telegram.
    pub bytes: Vec<u8>,
}

/// A limit that no valid telegram can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impossible {
    /// The path of the item and the limit.
    pub shows: String,
    /// The reason, in one line.
    pub why: String,
}

/// The number of times that a sample is tried with other values between the limits: a random value can make a group's entry blank, or
/// the telegram another one.
const TRIES: usize = 8;

impl<'s> Samples<'s> {
    /// The samples of a telegram of this spec.
    #[must_use]
    pub fn of(spec: &Spec, telegram: &'s TelegramSpec, options: Options) -> Self {
        let layout = &telegram.layout;
        let maker = Maker::new(spec, telegram, options.seed);
        let mut cases = Cases {
            marks: &maker.marks,
            bounds: &maker.bounds,
            random: Random::of(options.seed, telegram.name()),
            deciders: BTreeSet::new(),
            found: Vec::new(),
        };
        cases.items(layout, "", &Wanted::default());
        let limits = cases.found;
        let between = (1..=options.between.min(BETWEEN_MAX)).map(|number| Case {
            name: if number == 1 { "between the limits".to_owned() } else { format!("between the limits, {number}") },
            wanted: vec![Wanted::default()],
        });
        let mut samples = Self { all: Vec::new(), impossible: Vec::new() };
        for case in between.chain(limits) {
            match maker.sample(&case) {
                Ok(sample) => samples.all.push(sample),
                Err(why) => samples.impossible.push(Impossible { shows: case.name, why }),
            }
        }
        samples
    }
}

impl<'s> Sample<'s> {
    /// One sample with all values between the limits. It is the first one of [`Samples::of`], without the work for the others.
    ///
    /// # Errors
    /// In one line, if no such telegram is found.
    pub fn between_limits(spec: &Spec, telegram: &'s TelegramSpec, seed: u64) -> Result<Self, String> {
        let case = Case { name: "between the limits".to_owned(), wanted: vec![Wanted::default()] };
        Maker::new(spec, telegram, seed).sample(&case)
    }
}

/// Makes the samples of one telegram.
struct Maker<'m, 's> {
    spec: &'m Spec,
    telegram: &'s TelegramSpec,
    seed: u64,
    marks: BTreeMap<String, Value>,
    bounds: BTreeMap<String, Bound>,
}

impl<'m, 's> Maker<'m, 's> {
    fn new(spec: &'m Spec, telegram: &'s TelegramSpec, seed: u64) -> Self {
        let layout = &telegram.layout;
        Self { spec, telegram, seed, marks: marks(layout), bounds: bounds(layout) }
    }

    fn sample(&self, case: &Case) -> Result<Sample<'s>, String> {
        let mut first = None;
        for (number, wanted) in case.wanted.iter().enumerate() {
            for attempt in 0..TRIES {
                let random =
                    Random::of(self.seed, &format!("{} {} {number} {attempt}", self.telegram.name(), case.name));
                match self.attempt(wanted, random) {
                    Ok((record, bytes)) => return Ok(Sample { shows: case.name.clone(), record, bytes }),
                    Err(why) => {
                        first.get_or_insert(why);
                    }
                }
            }
        }
        Err(first.unwrap_or_else(|| "there is no such value".to_owned()))
    }

    fn attempt(&self, wanted: &Wanted, random: Random) -> Result<(Record<'s>, Vec<u8>), String> {
        let layout = &self.telegram.layout;
        let filling = Filling { wanted, marks: &self.marks, bounds: &self.bounds, few_digits: false, random };
        let record = filling.record(layout).map_err(|error| error.to_string())?;
        let bytes = record.encode().map_err(|error| error.to_string())?;
        let read = Record::decode(layout, &bytes).map_err(|error| error.to_string())?;
        if !agree(record.values(), read.values()) {
            return Err("the bytes mean another value".to_owned());
        }
        self.recognised(&bytes)?;
        Ok((read, bytes))
    }

    /// Whether the bytes are recognised as this telegram, if it can be recognised at all. Records are told apart within their file.
    fn recognised(&self, bytes: &[u8]) -> Result<(), String> {
        let own = self.telegram;
        if !own.layout.is_recognisable() {
            return Ok(());
        }
        let chosen = self.spec.choose(bytes).map_err(|error| error.to_string())?;
        let is_own = chosen.name() == own.name();
        if is_own || self.spec.is_record(own.name()) && own.layout.recognises(bytes) {
            return Ok(());
        }
        Err(format!("the bytes would be recognised as {}", chosen.name()))
    }
}

impl Sample<'_> {
    /// One line of JSON: `{"telegram": …, "sample": …, "fields": {…}, "bytes": "…"}`. `fep encode` reads it, and compares the bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        let fields = self.record.to_json_value();
        let telegram = &*self.record.layout().name;
        // Written by hand, because the keys have this order.
        let [telegram, shows] = [json!(telegram), json!(self.shows)];
        format!("{{\"telegram\":{telegram},\"sample\":{shows},\"fields\":{fields},\"bytes\":\"{}\"}}", hex(&self.bytes))
    }
}

/// One line: `Transfer: amount: largest: …`.
impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: no valid telegram shows this: {}", self.shows, self.why)
    }
}

/// The values that a telegram is recognised by.
fn marks(layout: &Layout) -> BTreeMap<String, Value> {
    let value = |when: &When| {
        let field: &Field = layout.span(&when.path)?.field;
        Some((when.path.to_string(), field.code_value(&when.value)))
    };
    layout.when.iter().filter_map(value).collect()
}

/// Whether all values that were given are the values that were read.
fn agree(given: &[Value], read: &[Value]) -> bool {
    given.len() == read.len()
        && given.iter().zip(read).all(|(given, read)| match (given, read) {
            (Value::Absent, _) => true,
            (Value::Part(given), Value::Part(read)) => agree(given, read),
            (Value::Group(given), Value::Group(read)) => {
                given.len() == read.len() && given.iter().zip(read).all(|(given, read)| agree(given, read))
            }
            (Value::Choice(case, given), Value::Choice(other, read)) => case == other && agree(given, read),
            (given, read) => given == read,
        })
}
