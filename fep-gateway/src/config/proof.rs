//! What proves that a line is alive, as far as the configuration provides for it: an echo test, or polls.
//!
//! Answers to requests prove it as well, but nobody knows when the next request comes. So a line that has nothing else counts as alive while
//! it is connected. That is no mistake, and a person must know it: this module makes the notes of the configuration about it, and
//! `net::statuses` says which of these lines nothing proved lately.

use std::collections::BTreeMap;
use std::time::Duration;

use fep_protocol::terms::LineDuty;
use fep_spec::document::{Table, Value};
use fep_spec::report::{Code, Finding, Report, Severity};

use super::{InstitutionConfig, LineConfig};

/// What has to prove again and again that a line is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The echo test of the gateway, which must be answered.
    EchoTest,
    /// Polls: those of the gateway, which must be answered, or those of the institution, if it has to poll.
    Poll,
}

/// Why nothing has to prove that a line is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproved {
    /// The gateway sends on the line, and does not test it.
    Untested,
    /// Only the institution sends on the line, and it need not poll.
    Unpolled,
    /// The line has a link for each request, which is never tested.
    OneShot,
}

/// How long an answer proves that a link is alive, if there is no session to say it.
const ALIVE: Duration = Duration::from_secs(40);

/// The maximum number of lines that a note names.
const NAMES_MAX: usize = 5;

impl Proof {
    /// The word in `/v1/lines`: `echo_test` or `poll`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EchoTest => "echo_test",
            Self::Poll => "poll",
        }
    }
}

impl InstitutionConfig {
    /// What has to prove again and again that the line is alive: without it, the line does not stay ready.
    ///
    /// # Errors
    /// If there is nothing: why not.
    pub fn proof(&self, line: &LineConfig) -> Result<Proof, Unproved> {
        if line.carry.one_shot {
            return Err(Unproved::OneShot);
        }
        let session = self.session.as_ref();
        let polls = session.is_some_and(|session| session.poll.as_ref().is_some_and(|poll| poll.sends));
        if session.is_some_and(|session| session.echo_test.is_some()) && (line.duty.sends() || self.hears_alone(line)) {
            return Ok(Proof::EchoTest);
        }
        if polls && line.duty.sends() {
            return Ok(Proof::Poll);
        }
        let proves = |poll: &super::PollConfig| poll.proves;
        let has_to_poll =
            session.is_some_and(|session| session.polled_within.is_some() && session.poll.as_ref().is_none_or(proves));
        match line.duty {
            LineDuty::Both | LineDuty::Receive | LineDuty::Answer if has_to_poll => Ok(Proof::Poll),
            LineDuty::Both | LineDuty::Send => Err(Unproved::Untested),
            LineDuty::Receive | LineDuty::Answer => Err(Unproved::Unpolled),
        }
    }

    /// How long an answer proves that a link is alive.
    #[must_use]
    pub fn alive(&self) -> Duration {
        self.session.as_ref().map_or(ALIVE, |session| session.alive)
    }

    /// Whether the answers to our echo tests can come only on the one link of this line.
    fn hears_alone(&self, line: &LineConfig) -> bool {
        let mut hearing = self.lines.iter().filter(|line| matches!(line.duty, LineDuty::Both | LineDuty::Receive));
        line.duty == LineDuty::Receive && line.links == 1 && hearing.all(|other| other.name == line.name)
    }
}

/// Notes about how lines are proved. About lines that nothing has to prove there is one for each institution and each reason.
pub(super) fn notes(table: Option<Table<'_>>, institutions: &BTreeMap<String, InstitutionConfig>) -> Report {
    let mut report = Report::default();
    let Some(table) = table.filter(|table| !table.document().has_errors()) else { return report };
    for (name, value) in table.entries() {
        let Some((institution, table)) = institutions.get(name.value).zip(value.table()) else { continue };
        report.findings.extend(too_seldom(&table, institution));
        let places: Vec<_> = table.array("lines").unwrap_or_default().into_iter().filter_map(Value::table).collect();
        for why in [Unproved::Untested, Unproved::Unpolled, Unproved::OneShot] {
            let lines = institution.lines.iter().zip(&places);
            let lines: Vec<_> = lines.filter(|(line, _)| institution.proof(line) == Err(why)).collect();
            let Some((_, place)) = lines.first() else { continue };
            let names: Vec<_> = lines.iter().take(NAMES_MAX).map(|(line, _)| format!("`{}`", line.name)).collect();
            let more = lines.len().saturating_sub(NAMES_MAX);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let lines = format!("{} {}{more}", if lines.len() == 1 { "line" } else { "lines" }, names.join(", "));
            let span = place.key_span("name").unwrap_or_else(|| place.span());
            let message = format!("nothing has to prove that {lines} of {} is alive", name.value);
            let finding = Finding::new(table.document().source(), Severity::Note, Code::MissingKey, span, message);
            report.findings.push(finding.with_hint(why.advice()));
        }
    }
    report
}

/// A note if a line without requests is not ready between two tests.
fn too_seldom(table: &Table<'_>, institution: &InstitutionConfig) -> Option<Finding> {
    let session = institution.session.as_ref().filter(|session| session.tests_links())?;
    let pause = session.echo_interval.min(session.echo_idle);
    if session.alive >= pause {
        return None;
    }
    let document = table.document();
    let span = table.table("session").and_then(|session| session.key_span("alive_ms")).unwrap_or_default();
    let message = "`alive_ms` is shorter than the time between two tests of a link";
    let finding = Finding::new(document.source(), Severity::Note, Code::OutOfRange, span, message);
    let least = (pause + session.echo_timeout).as_millis();
    Some(finding.with_hint(format!("without requests a line is not ready between two tests: write at least {least}")))
}

impl Unproved {
    fn advice(self) -> &'static str {
        match self {
            Self::Untested => {
                "while it is connected it counts as ready: write `session.echo_test`, `session.poll` with `sends = true`, or \
                 `session.polled_within_ms` if the institution has to poll"
            }
            Self::Unpolled => {
                "while it is connected it counts as ready: write `session.polled_within_ms` if the institution has to poll"
            }
            Self::OneShot => "a link for one request is not tested: it counts as ready until connecting fails",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    const INSTITUTION: &str =
        "[institutions.bank-a]\nspec = \"specs/bank-a/bank-a.toml\"\nkey = [\"header.trace_no\"]\n";

    fn config(session: &str, lines: &[&str]) -> Config {
        let session =
            if session.is_empty() { String::new() } else { format!("[institutions.bank-a.session]\n{session}\n") };
        let line = |(number, keys): (usize, &&str)| {
            format!("[[institutions.bank-a.lines]]\nname = \"l{number}\"\nconnect = \"127.0.0.1:9\"\n{keys}\n")
        };
        let lines: String = lines.iter().enumerate().map(line).collect();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        Config::parse("gateway.toml", &format!("{INSTITUTION}{session}{lines}"), &root).unwrap()
    }

    /// Compares what proves each line: a word, or the reason why nothing does.
    fn check(session: &str, lines: &[(&str, Result<Proof, Unproved>)]) {
        let keys: Vec<&str> = lines.iter().map(|(keys, _)| *keys).collect();
        let config = config(session, &keys);
        let bank = &config.institutions["bank-a"];
        let proofs: Vec<_> = bank.lines.iter().map(|line| bank.proof(line)).collect();
        let expected: Vec<_> = lines.iter().map(|(_, proof)| *proof).collect();
        assert_eq!(proofs, expected, "{session} {keys:?}");
        assert_eq!(config.notes.is_empty(), proofs.iter().all(Result::is_ok), "{}", config.notes);
    }

    #[test]
    fn a_line_is_proved_by_what_has_to_come() {
        const ECHO: &str = "echo_test = \"EchoTest\"";
        const POLL: &str = "poll = { request = \"0000\", answer = \"0000\" }";
        let must_poll = format!("{POLL}\npolled_within_ms = 1000");
        let untested = Err(Unproved::Untested);
        check("", &[("", untested)]);
        check("sign_on = \"SignOn\"", &[("", untested)]);
        check(ECHO, &[("", Ok(Proof::EchoTest)), ("rank = 2\nstandby = \"cold\"", Ok(Proof::EchoTest))]);
        check(ECHO, &[("", Ok(Proof::EchoTest)), ("one_shot = true", Err(Unproved::OneShot))]);
        check("poll = { request = \"0000\", answer = \"0000\", sends = true }", &[("", Ok(Proof::Poll))]);
        // It may poll, but nobody misses its polls.
        check(POLL, &[("", untested)]);
        check(&must_poll, &[("", Ok(Proof::Poll))]);
        check("poll = { request = \"0000\", proves = false }\npolled_within_ms = 1000", &[("", untested)]);
    }

    #[test]
    fn of_separate_lines_each_is_proved_by_what_comes_on_it() {
        const ECHO: &str = "echo_test = \"EchoTest\"";
        let send = "duty = \"send\"";
        let receive = "duty = \"receive\"";
        let unpolled = Err(Unproved::Unpolled);
        let tested = Ok(Proof::EchoTest);
        check(ECHO, &[(send, tested), (receive, tested)]);
        check(ECHO, &[(send, tested), (receive, unpolled), (receive, unpolled)]);
        check(ECHO, &[(send, tested), ("duty = \"receive\"\nlinks = 2", unpolled)]);
        check(ECHO, &[("", tested), (receive, unpolled), ("duty = \"answer\"", unpolled)]);
        let must_poll = "poll = { request = \"0000\" }\npolled_within_ms = 1000";
        check(must_poll, &[(send, Err(Unproved::Untested)), (receive, Ok(Proof::Poll))]);
    }

    #[test]
    fn a_note_names_the_lines_their_place_and_the_keys() {
        let notes = config("", &[""]).notes.to_string();
        let expected =
            "gateway.toml:5:1: note: nothing has to prove that line `l0` of bank-a is alive (while it is connected";
        assert!(notes.starts_with(expected) && notes.contains("`session.echo_test`"), "{notes}");
        let notes = config("", &["one_shot = true"; 7]).notes.to_string();
        assert!(notes.contains("lines `l0`, `l1`, `l2`, `l3`, `l4` and 2 more of bank-a"), "{notes}");
        let notes = config("echo_test = \"EchoTest\"\nalive_ms = 19999", &[""]).notes.to_string();
        assert!(notes.starts_with("gateway.toml:6:1: note: `alive_ms` is shorter than"), "{notes}");
        assert!(notes.contains("write at least 25000"), "{notes}");
    }
}
