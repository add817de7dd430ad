//! How the gateway of a simulation is configured. It follows from the seed, so that a part of a plan has the same one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fep_gateway::Config;
use fep_protocol::random::SplitMix64;

/// The configuration of one gateway.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) banks: [BankSetup; BANKS],
}

/// The contract with one bank, as far as it differs from seed to seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BankSetup {
    /// Whether there is a backup line beside the main one.
    pub(crate) has_backup: bool,
    /// How many requests may wait for their answers on one link.
    pub(crate) window: Option<usize>,
}

/// The number of banks. The first one gets into trouble, the second one only in some plans.
pub(crate) const BANKS: usize = 2;

/// The lines of a bank: the name, the rank and the number of links.
pub(crate) const LINES: [(&str, u8, usize); 2] = [("main", 1, 2), ("backup", 2, 1)];

/// How long the main line does not work before the backup line carries business.
pub(crate) const SWITCH_AFTER: Duration = Duration::from_millis(2000);

/// How long the main line must have been good before business returns to it.
pub(crate) const RETURN_AFTER: Duration = Duration::from_millis(5000);

impl Setup {
    /// The setup of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut random = SplitMix64::new(seed ^ 0x0C0F_F1E0_0C0F_F1E0);
        let mut percent = |percent| random.next_u64() % 100 < percent;
        let first = BankSetup { has_backup: percent(60), window: percent(40).then(|| if percent(50) { 1 } else { 3 }) };
        let second = BankSetup { has_backup: false, window: None };
        Self { banks: [first, second] }
    }

    /// The setup of one bank.
    pub(crate) fn bank(&self, number: usize) -> &BankSetup {
        let [first, second] = &self.banks;
        if number == 0 { first } else { second }
    }

    /// The configuration of the gateway.
    pub(crate) fn config(&self, folder: &Path) -> Result<Config, String> {
        let text = include_str!("../config.toml");
        let (journal, bank) = text.split_once("\n# BANK\n").unwrap_or((text, ""));
        let spec = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../specs/bank-a/bank-a.toml"));
        let bank = bank.replace("SPEC", &spec.display().to_string());
        let banks = ["bank-0", "bank-1"].into_iter().zip(&self.banks);
        let banks: String = banks.map(|(name, setup)| bank.replace("NAME", name) + &setup.lines(name)).collect();
        Config::parse("config.toml", &format!("{journal}{banks}"), folder).map_err(|error| error.to_string())
    }
}

impl BankSetup {
    /// The lines that the bank has.
    fn lines(&self, bank: &str) -> String {
        let count = if self.has_backup { 2 } else { 1 };
        let window = self.window.map_or_else(String::new, |window| format!("window = {window}\n"));
        let line = |(name, rank, links): &(&str, u8, usize)| {
            format!(
                "\n[[institutions.{bank}.lines]]\nname = \"{name}\"\nconnect = \"127.0.0.1:1\"\nrank = {rank}\nlinks = {links}\n\
                 {window}connect_timeout_ms = 1000\nreconnect_min_ms = 100\nreconnect_max_ms = 2000\n"
            )
        };
        let lines: String = LINES.iter().take(count).map(line).collect();
        let switchover = if self.has_backup {
            let [after, return_after] = [SWITCH_AFTER, RETURN_AFTER].map(|time| time.as_millis());
            format!("\n[institutions.{bank}.switchover]\nafter_ms = {after}\nreturn_after_ms = {return_after}\n")
        } else {
            String::new()
        };
        lines + &switchover
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, bank) in self.banks.iter().enumerate() {
            let backup = if bank.has_backup { "a main and a backup line" } else { "one line" };
            let window = bank.window.map_or_else(|| "no window".to_owned(), |window| format!("a window of {window}"));
            writeln!(f, "bank {number} has {backup} and {window}")?;
        }
        Ok(())
    }
}
