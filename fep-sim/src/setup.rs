//! How the gateway of a simulation is configured. It follows from the seed, so that a part of a plan has the same one.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fep_gateway::Config;
use fep_gateway::config::WhenFull;
use fep_protocol::random::SplitMix64;

use crate::draw::Draw;

/// The configuration of one gateway.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) banks: [BankSetup; BANKS],
    /// Whether the journal is encrypted.
    pub(crate) is_encrypted: bool,
    /// Whether transfers that the breaker of the first bank stops go on to the second one.
    pub(crate) passes_on: bool,
    /// When a person trips the breaker of the first bank, and resets it.
    pub(crate) tripped: Option<(Duration, Duration)>,
    /// Whether whole days move into archives.
    pub(crate) archives: Option<ArchiveSetup>,
    /// Whether the facts are stored by a database whose answers can be lost, and not by a disk.
    pub(crate) is_remote: bool,
}

/// What becomes of old days.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArchiveSetup {
    /// After how many days archives are deleted. `None`: never.
    pub(crate) keep_days: Option<i64>,
}

/// The contract with one bank, as far as it differs from seed to seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BankSetup {
    /// Whether there is a backup line beside the main one.
    pub(crate) has_backup: bool,
    /// How many requests may wait for their answers on one link.
    pub(crate) window: Option<usize>,
    /// Whether a request keeps its place although its answer is overdue, also if it is the only one.
    pub(crate) holds_overdue: bool,
    /// The policy for one more connection, if the bank connects to us on its main line.
    pub(crate) listens: Option<WhenFull>,
    /// The polls on its lines, if there are any.
    pub(crate) polls: Option<PollSetup>,
    /// Whether the gateway sends on the main line, which it connects, and the bank on another one.
    pub(crate) pair: Option<PairSetup>,
}

/// A line for each direction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PairSetup {
    /// Whether the bank connects the line on which it sends.
    pub(crate) listens: bool,
}

/// Frames that only show that the other side is alive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PollSetup {
    /// The frame of a poll.
    pub(crate) request: &'static str,
    /// The frame of its answer.
    pub(crate) answer: &'static str,
    /// Whether the gateway polls, in place of its echo test.
    pub(crate) ours: bool,
    /// What follows if the bank does not poll, or `None` if it need not.
    pub(crate) theirs: Option<Unpolled>,
    /// Whether a poll of the bank shows that it is alive.
    pub(crate) proves: bool,
}

/// What follows if a bank does not poll as agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unpolled {
    /// The link is closed.
    Close,
    /// The link counts as not ready.
    NotReady,
}

/// The number of banks. The first one gets into trouble, the second one only in some plans.
pub(crate) const BANKS: usize = 2;

/// The lines of a bank: the name, the rank and the number of links.
pub(crate) const LINES: [(&str, u8, usize); 3] = [("main", 1, 2), ("backup", 2, 1), ("receive", 1, 1)];

/// The line of a pair on which the bank sends.
pub(crate) const RECEIVE: usize = 2;

/// The first bank's table in `config.toml`, and its key with which transfers go on to the second bank.
const BREAKER: &str = "[institutions.bank-0.breaker]";
const PASSES_ON: &str = "alternatives = { Transfer = { institution = \"bank-1\" } }";

/// The folder of the archives, beside the journal, and after how many days they are deleted, if they are.
pub(crate) const ARCHIVE: &str = "archive";
const KEEP_DAYS: i64 = 3;

/// The name of the key file, in the folder of the journal.
pub(crate) const KEY_FILE: &str = "journal.keys";

/// A person trips a breaker within this time, in milliseconds, and for this long at most.
const TRIP_MAX_MS: u64 = 15_000;

/// How long the main line does not work before the backup line carries business.
pub(crate) const SWITCH_AFTER: Duration = Duration::from_millis(2000);

/// How long the main line must have been good before business returns to it.
pub(crate) const RETURN_AFTER: Duration = Duration::from_millis(5000);

/// The longest time between two polls of a bank.
pub(crate) const POLLED_WITHIN: Duration = Duration::from_millis(5000);

/// How long an answer or a poll shows that a bank is alive, where there are polls.
pub(crate) const ALIVE: Duration = Duration::from_millis(6500);

/// The key of the session in `config.toml` that a poll of ours replaces.
const ECHO_TEST: &str = "echo_test = \"EchoTest\"\n";

/// What was added later comes from a stream of its own, so that a seed without it stays what it was. The stream is chosen so that the
/// seeds that are known by their numbers have none of it: 3523 broke a rule, and 42, 84, 182, 196, 299 and 311 catch rare mutants.
const ADDED: u64 = 0xADDE_D2A4;

/// The same for a window of one that is held by a request without an answer.
const HOLDS: u64 = 0x4F1D_0544;

/// The same for a database in place of a disk.
const REMOTE: u64 = 0xDA7A_BA5E;

impl Setup {
    /// The setup of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut random = SplitMix64::new(seed ^ 0x0C0F_F1E0_0C0F_F1E0);
        let mut percent = |percent| random.next_u64() % 100 < percent;
        let is_encrypted = percent(50);
        let mut listens = |often| {
            let policy = if percent(50) { WhenFull::Refuse } else { WhenFull::Replace };
            percent(often).then_some(policy)
        };
        let [first_listens, second_listens] = [listens(30), listens(50)];
        let first = BankSetup {
            has_backup: percent(60),
            window: percent(40).then(|| if percent(50) { 1 } else { 3 }),
            holds_overdue: false,
            listens: first_listens,
            polls: None,
            pair: None,
        };
        let second = BankSetup {
            has_backup: false,
            window: None,
            holds_overdue: false,
            listens: second_listens,
            polls: None,
            pair: None,
        };
        // Drawn last, so that the earlier draws of a seed stay the same.
        let passes_on = percent(40);
        let is_tripped = passes_on && percent(60);
        let at = Duration::from_millis(random.next_u64() % TRIP_MAX_MS);
        let tripped = is_tripped.then(|| (at, at + Duration::from_millis(500 + random.next_u64() % TRIP_MAX_MS)));
        let is_remote = Draw(SplitMix64::new(seed ^ REMOTE)).percent(30);
        let mut setup = Self { banks: [first, second], is_encrypted, passes_on, tripped, archives: None, is_remote };
        setup.add(&mut Draw(SplitMix64::new(seed ^ ADDED)));
        let [first, _] = &mut setup.banks;
        first.holds_overdue = first.window == Some(1) && Draw(SplitMix64::new(seed ^ HOLDS)).percent(60);
        setup
    }

    /// Adds what came later.
    fn add(&mut self, draw: &mut Draw) {
        let [has_polls, has_pairs, has_archives] = [25, 20, 25].map(|often| draw.percent(often));
        for bank in &mut self.banks {
            let polls = PollSetup::of(draw);
            bank.polls = (has_polls && draw.percent(70)).then_some(polls);
        }
        let keep_days = draw.percent(40).then_some(KEEP_DAYS);
        self.archives = has_archives.then_some(ArchiveSetup { keep_days });
        for bank in &mut self.banks {
            let pair = PairSetup { listens: draw.percent(50) };
            if has_pairs && draw.percent(70) {
                *bank = BankSetup { has_backup: false, polls: None, pair: Some(pair), ..*bank };
            }
        }
    }

    /// The keys of the journal about archives.
    fn archives(&self) -> String {
        let Some(ArchiveSetup { keep_days }) = self.archives else { return String::new() };
        let keep_days = keep_days.map_or_else(String::new, |days| format!("keep_days = {days}\n"));
        format!("archive = \"{ARCHIVE}\"\narchive_after_days = 1\n{keep_days}")
    }

    /// Whether a bank has polls.
    pub(crate) fn has_polls(&self) -> bool {
        self.banks.iter().any(|bank| bank.polls.is_some())
    }

    /// The setup of one bank.
    pub(crate) fn bank(&self, number: usize) -> &BankSetup {
        let [first, second] = &self.banks;
        if number == 0 { first } else { second }
    }

    /// The configuration of the gateway. The key file is made.
    pub(crate) fn config(&self, folder: &Path) -> Result<Config, String> {
        let text = include_str!("../config.toml");
        let (journal, bank) = text.split_once("\n# BANK\n").unwrap_or((text, ""));
        let spec = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../specs/bank-a/bank-a.toml"));
        let bank = bank.replace("SPEC", &spec.display().to_string());
        let banks = ["bank-0", "bank-1"].into_iter().zip(&self.banks);
        let banks: String =
            banks.map(|(name, setup)| setup.polled(&bank).replace("NAME", name) + &setup.lines(name)).collect();
        let encryption =
            if self.is_encrypted { format!("encryption = {{ key_file = \"{KEY_FILE}\" }}\n") } else { String::new() };
        if self.is_encrypted {
            key_file(&folder.join(KEY_FILE)).map_err(|error| format!("no key file: {error}"))?;
        }
        let banks = if self.passes_on { banks.replacen(BREAKER, &format!("{BREAKER}\n{PASSES_ON}"), 1) } else { banks };
        let text = format!("{journal}{encryption}{}{banks}", self.archives());
        Config::parse("config.toml", &text, folder).map_err(|error| error.to_string())
    }
}

/// Writes the key file, which only its owner may read.
fn key_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(include_bytes!("../journal.keys"))
}

impl PollSetup {
    fn of(draw: &mut Draw) -> Self {
        let (request, answer) = if draw.percent(70) { ("0002HB", "0002HA") } else { ("0000", "0000") };
        let ours = draw.percent(60);
        let theirs = if draw.percent(50) { Unpolled::Close } else { Unpolled::NotReady };
        let theirs = (!ours || draw.percent(50)).then_some(theirs);
        Self { request, answer, ours, theirs, proves: draw.percent(70) }
    }

    /// Whether a poll of ours looks like our answer to one of the bank.
    pub(crate) fn is_ambiguous(self) -> bool {
        self.request == self.answer && self.ours
    }
}

impl BankSetup {
    /// The configuration of a bank with its polls.
    fn polled(&self, config: &str) -> String {
        let Some(PollSetup { request, answer, ours, theirs, proves }) = self.polls else { return config.to_owned() };
        let echo_test = if ours { "" } else { ECHO_TEST };
        let [alive, within] = [ALIVE, POLLED_WITHIN].map(|time| time.as_millis());
        let theirs = theirs.map_or_else(String::new, |unpolled| {
            let word = if unpolled == Unpolled::Close { "close" } else { "not_ready" };
            format!("polled_within_ms = {within}\nwhen_unpolled = \"{word}\"\n")
        });
        let poll = format!(
            "{echo_test}{theirs}alive_ms = {alive}\n\
             poll = {{ request = \"{request}\", answer = \"{answer}\", sends = {ours}, proves = {proves} }}\n"
        );
        config.replacen(ECHO_TEST, &poll, 1)
    }

    /// Whether the bank has a line.
    pub(crate) fn has_line(&self, line: usize) -> bool {
        match line {
            0 => true,
            RECEIVE => self.pair.is_some(),
            _ => self.has_backup,
        }
    }

    /// Whether the bank connects a line to us.
    pub(crate) fn dials(&self, line: usize) -> bool {
        match line {
            0 => self.listens.is_some(),
            RECEIVE => self.pair.is_some_and(|pair| pair.listens),
            _ => false,
        }
    }

    /// The lines that the bank has.
    fn lines(&self, bank: &str) -> String {
        let window = self.window.map_or_else(String::new, |window| {
            let holds = if self.holds_overdue { "when_overdue = \"hold\"\n" } else { "" };
            format!("window = {window}\n{holds}")
        });
        let line = |(number, (name, rank, links)): (usize, &(&str, u8, usize))| {
            let listens = match number {
                0 => self.listens,
                RECEIVE => self.pair.filter(|pair| pair.listens).map(|_| WhenFull::Refuse),
                _ => None,
            };
            // The network is simulated, but no two lines can have one address.
            let port = bank.bytes().map(usize::from).sum::<usize>() + 10 * number;
            let listen = format!("listen = \"127.0.0.1:{port}\"\npeers = [\"127.0.0.1\"]");
            let role = match listens {
                None => "connect = \"127.0.0.1:1\"".to_owned(),
                Some(WhenFull::Refuse) => format!("{listen}\nwhen_full = \"refuse\""),
                Some(WhenFull::Replace) => format!("{listen}\nwhen_full = \"replace\""),
            };
            let carries = match (number, self.pair) {
                (RECEIVE, _) => "duty = \"receive\"\n".to_owned(),
                (_, Some(_)) => format!("{window}duty = \"send\"\n"),
                (_, None) => window.clone(),
            };
            format!(
                "\n[[institutions.{bank}.lines]]\nname = \"{name}\"\n{role}\nrank = {rank}\nlinks = {links}\n{carries}\
                 connect_timeout_ms = 1000\nreconnect_min_ms = 100\nreconnect_max_ms = 2000\n"
            )
        };
        let lines: String = LINES.iter().enumerate().filter(|(number, _)| self.has_line(*number)).map(line).collect();
        if !self.has_backup {
            return lines;
        }
        let [after, return_after] = [SWITCH_AFTER, RETURN_AFTER].map(|time| time.as_millis());
        lines + &format!("\n[institutions.{bank}.switchover]\nafter_ms = {after}\nreturn_after_ms = {return_after}\n")
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, bank) in self.banks.iter().enumerate() {
            let backup = if bank.has_backup { "a main and a backup line" } else { "one line" };
            let holds = if bank.holds_overdue { " that unanswered requests hold" } else { "" };
            let window =
                bank.window.map_or_else(|| "no window".to_owned(), |window| format!("a window of {window}{holds}"));
            let connects = if bank.listens.is_some() { "and connects to us" } else { "and we connect" };
            writeln!(f, "bank {number} has {backup}, {window} {connects}")?;
            if let Some(pair) = bank.pair {
                let connects = if pair.listens { "it connects" } else { "we connect" };
                writeln!(f, "bank {number} sends on a line of its own, which {connects}")?;
            }
            if let Some(polls) = bank.polls {
                writeln!(f, "bank {number} has polls: {polls:?}")?;
            }
        }
        if self.passes_on {
            writeln!(f, "transfers that the breaker of bank 0 stops go on to bank 1")?;
        }
        if let Some((at, until)) = self.tripped {
            writeln!(f, "a person trips it at {:.3} s until {:.3} s", at.as_secs_f64(), until.as_secs_f64())?;
        }
        if let Some(archives) = self.archives {
            writeln!(f, "old days move into archives: {archives:?}")?;
        }
        writeln!(f, "the journal is {}", if self.is_encrypted { "encrypted" } else { "plain" })
    }
}
