//! Echo tests that a person asked for: who waits for which links, and what came of each.
//!
//! The machine decides what is sent and what becomes of a link without an answer. This only listens to its actions.

use std::time::Duration;

use fep_protocol::reason::CloseReason;
use fep_protocol::terms::{LinkId, Now};
use tokio::sync::oneshot;

use super::{Handle, Task, TaskCommand};
use crate::net::admission::{CannotDecide, LinkTested};

pub(super) type LineTestReply = oneshot::Sender<Result<Vec<LinkTested>, CannotDecide>>;

/// The maximum number of tests that wait at once. Each belongs to one person who waits.
const TESTS_MAX: usize = 16;

/// How much longer than the echo timeout a person waits: an echo test may wait for the rate of the contract.
const TURN_MAX: Duration = Duration::from_secs(4);

/// The tests that wait for their links.
#[derive(Debug, Default)]
pub(super) struct LineTests(Vec<LineTest>);

#[derive(Debug)]
struct LineTest {
    waits_for: Vec<LinkId>,
    done: Vec<LinkTested>,
    reply: LineTestReply,
}

impl LineTests {
    /// Notes what came of a link, and replies to those for whom it was the last one.
    pub(super) fn over(&mut self, link: LinkId, round_trip: Result<Duration, &CloseReason>) {
        let tested = LinkTested {
            link: link.link + 1,
            round_trip_us: round_trip.ok().map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
            why: round_trip.err().map(ToString::to_string),
            why_code: round_trip.err().map(|why| why.code().to_owned()),
        };
        for test in &mut self.0 {
            if let Some(at) = test.waits_for.iter().position(|waiting| *waiting == link) {
                test.waits_for.swap_remove(at);
                test.done.push(tested.clone());
            }
        }
        for at in (0..self.0.len()).rev() {
            if self.0.get(at).is_some_and(|test| test.waits_for.is_empty()) {
                let LineTest { mut done, reply, .. } = self.0.swap_remove(at);
                done.sort_unstable_by_key(|tested| tested.link);
                // The person may be gone.
                let _ = reply.send(Ok(done));
            }
        }
    }
}

impl Handle {
    /// Sends an echo test on every link of a line, and returns what came of each.
    ///
    /// # Errors
    /// The reason why that is not possible.
    pub async fn test_line(&self, line: &str) -> Result<Vec<LinkTested>, CannotDecide> {
        let (reply, done) = oneshot::channel();
        let sent = self.commands.send(TaskCommand::TestLine(line.to_owned(), reply)).await;
        sent.map_err(|_| CannotDecide::Stopped)?;
        match tokio::time::timeout(self.echo_timeout + TURN_MAX, done).await {
            Ok(done) => done.unwrap_or(Err(CannotDecide::Stopped)),
            Err(_) => Err(CannotDecide::NotTested),
        }
    }
}

impl Task {
    pub(super) fn test_line(&mut self, name: &str, reply: LineTestReply, now: Now) {
        self.tests.0.retain(|test| !test.reply.is_closed());
        let line = self.line_names.iter().position(|line| **line == *name);
        let tested = match line {
            None => Err(CannotDecide::NoSuchLine),
            Some(_) if self.tests.0.len() >= TESTS_MAX => Err(CannotDecide::TooManyTests),
            Some(line) => self.machine.test_line(line, now).map_err(CannotDecide::from),
        };
        match tested {
            Ok(waits_for) => self.tests.0.push(LineTest { waits_for, done: Vec::new(), reply }),
            // The person may be gone.
            Err(why) => drop(reply.send(Err(why))),
        }
    }
}
