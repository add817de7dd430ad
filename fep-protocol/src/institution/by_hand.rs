//! What a person does to the session of a line: an echo test now, sign-on and sign-off.
//!
//! A line that a person signed off is stopped: it stays so, also over a restart, until it is signed on or started. What a session may send, and
//! when, stays its own decision.

use super::Institution;
use super::at_need::LineRefusal;
use super::link::Stage;
use crate::session::SessionEvent;
use crate::terms::{Duty, LinkId, Now, Telegrams};

impl<T: Telegrams> Institution<T> {
    /// Sends an echo test now on every link of a line that can take it, and returns these links. An echo test that is under way counts.
    /// [`Action::Echo`](super::Action::Echo) has the round trip of each; a link that gets no answer is closed.
    ///
    /// # Errors
    /// If there is no such line, it has no echo test, or none of its links can be tested now.
    pub fn test_line(&mut self, line: usize, now: Now) -> Result<Vec<LinkId>, LineRefusal> {
        self.has_duty(line, Duty::EchoTest)?;
        let mut testable = self.links_of(line);
        testable.retain(|id| {
            let link = self.link(*id).filter(|link| link.stage == Stage::Open && link.is_heard);
            link.is_some_and(|link| link.session.can_test() && link.has_room())
        });
        if testable.is_empty() {
            return Err(LineRefusal::NoLinkToTest);
        }
        for id in &testable {
            self.session(*id, SessionEvent::TestNow, now);
        }
        Ok(testable)
    }

    /// Signs a line off by hand: it gets no new request, what is in flight on it may end, then each link signs off and closes. It stays so
    /// until [`sign_on`](Self::sign_on) or [`start_line`](Self::start_line).
    ///
    /// # Errors
    /// If there is no such line, it has no sign-off, or it is stopped already.
    pub fn sign_off(&mut self, line: usize, note: &str, now: Now) -> Result<(), LineRefusal> {
        self.has_duty(line, Duty::SignOff)?;
        self.stop_line(line, note, now)
    }

    /// Signs a line on by hand: one that a person stopped or signed off, one that waits before its next connection, and one that the
    /// institution signed off.
    ///
    /// # Errors
    /// If there is no such line, it has no sign-on, or there is nothing to sign on.
    pub fn sign_on(&mut self, line: usize, now: Now) -> Result<(), LineRefusal> {
        self.has_duty(line, Duty::SignOn)?;
        if self.stopped_line(line).is_some() {
            return self.start_line(line, now);
        }
        if self.leaving.is_some() {
            return Err(LineRefusal::Already);
        }
        let mut is_any = false;
        for id in self.links_of(line) {
            let Some(link) = self.link(id) else { continue };
            match link.stage {
                Stage::Waiting(_) if !link.line.at_need => self.connect(id),
                Stage::Open if link.session.is_signed_off() => self.session(id, SessionEvent::SignOnNow, now),
                _ => continue,
            }
            is_any = true;
        }
        self.progress(now);
        if is_any { Ok(()) } else { Err(LineRefusal::Already) }
    }

    /// Whether the gateway has this telegram to send on a line. On a line that only receives, and on links for one request, it has none.
    fn has_duty(&self, line: usize, duty: Duty) -> Result<(), LineRefusal> {
        let settings = self.settings.lines.get(line).ok_or(LineRefusal::NoSuchLine)?;
        let policy = &self.settings.policy;
        let is_agreed = match duty {
            Duty::SignOn => policy.sign_on,
            Duty::SignOff => policy.sign_off,
            Duty::EchoTest => policy.echo_test,
        };
        let has = is_agreed && settings.duty.sends() && !settings.one_shot;
        if has { Ok(()) } else { Err(LineRefusal::NoSuchDuty(duty)) }
    }
}
