//! Processes that this program starts by running itself with another argument. Each prints lines, and ends with its stdin.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::measure::Row;
use crate::peer::{Counts, Trouble};

/// How often something is asked that another process must reach, and for how long.
const POLL: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until the answer is yes.
///
/// # Panics
/// After a minute.
pub(crate) fn until(what: &str, mut is: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        thread::sleep(POLL);
    }
}

/// A process with a conversation over stdin and stdout. Dropping it ends it.
pub(crate) struct Process {
    child: Child,
    words: Option<ChildStdin>,
    lines: BufReader<ChildStdout>,
}

impl Process {
    /// Runs this program with other words.
    pub(crate) fn start<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("the path of this program"));
        command.args(words.into_iter().map(|word| word.as_ref().to_owned()));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("starts");
        let words = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().expect("stdout"));
        Self { child, words, lines }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn say(&mut self, word: &str) {
        let words = self.words.as_mut().expect("stdin");
        writeln!(words, "{word}").expect("the process listens");
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        assert!(!line.is_empty(), "the process ended without its line");
        line.trim_end().to_owned()
    }

    /// The row that it prints at its end.
    pub(crate) fn row(mut self) -> Row {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.words.take());
        // An error means that it has ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running bank.
pub(crate) struct Peer {
    process: Process,
    pub(crate) port: u16,
}

impl Peer {
    pub(crate) fn start(trouble: Option<Trouble>) -> Self {
        let mut words = vec!["peer"];
        if let Some(trouble) = trouble {
            words.extend(["--trouble", trouble.word()]);
        }
        let mut process = Process::start(words);
        let port = process.line().parse().expect("a port");
        Self { process, port }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn trouble(&mut self) {
        self.process.say("trouble");
    }

    pub(crate) fn calm(&mut self) {
        self.process.say("calm");
    }

    pub(crate) fn counts(&mut self) -> Counts {
        self.process.say("count");
        serde_json::from_str(&self.process.line()).expect("the counts")
    }

    /// Compares a row with the bank's own record.
    ///
    /// # Panics
    /// If a contender counted more exchanges than the bank has seen.
    pub(crate) fn confirm(&mut self, row: Row) -> Row {
        let seen = self.counts().transfers;
        assert!(seen >= row.exchanges, "{} exchanges, but the bank has seen {seen} transfers", row.exchanges);
        row
    }

    /// The words that tell a contender of this bank.
    pub(crate) fn words(&self) -> [String; 4] {
        ["--peer".to_owned(), self.port.to_string(), "--peer-process".to_owned(), self.id().to_string()]
    }
}
