//! The words behind the name of this program: one command, then pairs such as `--callers 64`.

use std::path::PathBuf;
use std::time::Duration;

pub(crate) struct Arguments {
    words: Vec<String>,
}

impl Arguments {
    pub(crate) fn of_process() -> Self {
        // Cargo adds `--bench` to the arguments of a benchmark.
        Self { words: std::env::args().skip(1).filter(|word| word != "--bench").collect() }
    }

    /// The first word, if it is not an option.
    pub(crate) fn command(&self) -> Option<&str> {
        self.words.first().map(String::as_str).filter(|word| !word.starts_with("--"))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let at = self.words.iter().position(|word| word == name)?;
        Some(self.words.get(at + 1).unwrap_or_else(|| panic!("{name} has no value")))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.words.iter().any(|word| word == name)
    }

    pub(crate) fn number(&self, name: &str, default: usize) -> usize {
        self.text(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} needs a number")))
    }

    pub(crate) fn ms(&self, name: &str, default: u64) -> Duration {
        let default = usize::try_from(default).unwrap_or(usize::MAX);
        Duration::from_millis(u64::try_from(self.number(name, default)).unwrap_or(u64::MAX))
    }

    /// The number of a port that must be given.
    pub(crate) fn port(&self, name: &str) -> u16 {
        let text = self.text(name).unwrap_or_else(|| panic!("{name} is missing"));
        text.parse().unwrap_or_else(|_| panic!("{name} needs a port"))
    }

    pub(crate) fn folder(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }
}
