//! Whether business with one institution is open: by its hours, by its notices, and by what persons decided.
//!
//! Institutions say by telegrams that business will end soon (종료예고), has ended (종료), is disturbed (장애), works again
//! (복구) and begins (개시). This module knows no telegrams: the configuration says which telegram has which meaning. Links
//! and sign-on are `session`; an institution that does not answer is `breaker`.
//!
//! ```text
//! Open ──end notice──► Ending ──end──► Ended        Ending: nothing new starts, inquiries and reversals do
//!  ▲  └────fault────► Faulty                        Ended, Faulty: only telegrams that are allowed outside hours start
//!  └── recovery, open, an accepted sign-on ◄── from each of them
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::mutant::{Mutant, is_on};
use crate::terms::Priority;
pub use crate::terms::{BusinessNotice, Stops};

/// The maximum number of business codes that persons may block at a time.
pub const BLOCKS_MAX: usize = 256;

/// The reason why business is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClosedWhy {
    /// It is outside the institution's hours.
    Hours,
    /// The institution said so.
    Notice(BusinessNotice),
    /// A person blocked the institution or the business code.
    Person {
        /// The note of that person.
        note: String,
    },
}

/// A closed business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BusinessClosed {
    /// The business code that is closed. `None` for the whole institution.
    pub business: Option<String>,
    /// The reason.
    pub why: ClosedWhy,
    /// The time since when, in milliseconds since 1970. `None` for hours.
    pub since_ms: Option<i64>,
    /// The time when it opens again, in milliseconds since 1970. `None` if that is not known.
    pub opens_ms: Option<i64>,
    /// The same on the institution's clock, such as `2026-11-30 09:00`.
    pub opens: Option<String>,
}

/// Whether business with one institution is open.
#[derive(Clone, Debug)]
pub struct Business {
    calendar: Calendar,
    /// The names of telegrams that start although business is closed, such as `SignOn` and `EchoTest`.
    allowed_outside: BTreeSet<String>,
    notice: Option<NoticeState>,
    /// By business code; `None` is the whole institution.
    blocks: BTreeMap<Option<String>, Block>,
}

/// The last notice of the institution that still holds, as a plain value that a restart can bring back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoticeState {
    /// Its meaning.
    pub notice: BusinessNotice,
    /// What it stops.
    pub stops: Stops,
    /// When it came, in milliseconds since 1970.
    pub since_ms: i64,
}

#[derive(Clone, Debug)]
struct Block {
    note: String,
    since_ms: i64,
}

/// The error for more than [`BLOCKS_MAX`] blocked business codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyBlocks;

impl NoticeState {
    fn closed(self) -> BusinessClosed {
        let why = ClosedWhy::Notice(self.notice);
        BusinessClosed { business: None, why, since_ms: Some(self.since_ms), opens_ms: None, opens: None }
    }
}

impl Block {
    fn closed(&self, business: Option<&str>) -> BusinessClosed {
        let why = ClosedWhy::Person { note: self.note.clone() };
        let since_ms = Some(self.since_ms);
        BusinessClosed { business: business.map(str::to_owned), why, since_ms, opens_ms: None, opens: None }
    }
}

impl BusinessClosed {
    /// The stable code, as in the table of [`reason`](crate::reason).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.why {
            ClosedWhy::Hours => "outside_hours",
            ClosedWhy::Notice(BusinessNotice::EndNotice) => "business_ending",
            ClosedWhy::Notice(BusinessNotice::Fault) => "institution_fault",
            ClosedWhy::Notice(_) => "business_ended",
            ClosedWhy::Person { .. } => "business_blocked",
        }
    }
}

impl fmt::Display for BusinessClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.why, &self.business) {
            (ClosedWhy::Hours, _) => match &self.opens {
                Some(opens) => write!(f, "it is outside the hours of the institution, which opens at {opens}"),
                None => f.write_str("it is outside the hours of the institution"),
            },
            (ClosedWhy::Notice(BusinessNotice::EndNotice), _) => {
                f.write_str("the institution said that business ends soon")
            }
            (ClosedWhy::Notice(BusinessNotice::Fault), _) => f.write_str("the institution reported a fault"),
            (ClosedWhy::Notice(_), _) => f.write_str("the institution said that business has ended"),
            (ClosedWhy::Person { note }, Some(code)) => write!(f, "business code {code} is blocked: {note}"),
            (ClosedWhy::Person { note }, None) => write!(f, "business with the institution is blocked: {note}"),
        }
    }
}

impl fmt::Display for TooManyBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{BLOCKS_MAX} business codes are blocked already")
    }
}

impl std::error::Error for TooManyBlocks {}

impl Business {
    /// Business by these hours. `allowed_outside` has the names of the telegrams that start although business is closed.
    #[must_use]
    pub fn new(calendar: Calendar, allowed_outside: BTreeSet<String>) -> Self {
        Self { calendar, allowed_outside, notice: None, blocks: BTreeMap::new() }
    }

    /// Decides whether a telegram may start at this time of the business clock, in milliseconds since 1970. What a person blocked does not
    /// start, even if it is an inquiry of a service.
    ///
    /// # Errors
    /// The reason why it may not. What a person decided comes first, then the institution's notice, then its hours.
    pub fn may_start(
        &self,
        telegram: &str,
        business: Option<&str>,
        priority: Priority,
        business_ms: i64,
    ) -> Result<(), BusinessClosed> {
        if self.allowed_outside.contains(telegram) {
            return Ok(());
        }
        if !self.blocks.is_empty() {
            let keys = [None, business.map(str::to_owned)];
            if let Some((key, block)) = keys.into_iter().find_map(|key| self.blocks.get_key_value(&key)) {
                return Err(block.closed(key.as_deref()));
            }
        }
        self.may_step(telegram, priority, business_ms)
    }

    /// Decides whether a step of settlement may start at this time. A person who blocks business stops what is new, not the inquiries and
    /// reversals about what is unknown already.
    ///
    /// # Errors
    /// The institution's notice or its hours.
    pub fn may_step(&self, telegram: &str, priority: Priority, business_ms: i64) -> Result<(), BusinessClosed> {
        if self.allowed_outside.contains(telegram) {
            return Ok(());
        }
        if let Some(state) = self.notice.filter(|_| !is_on(Mutant::IgnoresTheEnd)) {
            let is_stopped = match state.stops {
                Stops::Nothing => false,
                Stops::New => !priority.is_privileged(),
                Stops::All => true,
            };
            if is_stopped {
                return Err(state.closed());
            }
        }
        if self.calendar.is_open(business_ms) { Ok(()) } else { Err(self.outside_hours(business_ms)) }
    }

    /// Handles a notice of the institution that stops this much. Returns whether that changed anything. A repeated notice
    /// keeps the time of the first. A fault is over with a recovery; an end notice during a fault changes nothing.
    pub fn notice(&mut self, notice: BusinessNotice, stops: Stops, wall_ms: i64) -> bool {
        let next = (stops != Stops::Nothing).then_some(NoticeState { notice, stops, since_ms: wall_ms });
        let is_kept = match (self.notice, next) {
            (Some(old), Some(next)) => old.notice == next.notice || next.stops < old.stops,
            (None, None) => true,
            _ => false,
        };
        if !is_kept {
            self.notice = next;
        }
        !is_kept
    }

    /// Brings back the notice that held before a restart.
    pub fn recall(&mut self, state: Option<NoticeState>) {
        self.notice = state;
    }

    /// The notice that holds now.
    #[must_use]
    pub fn state(&self) -> Option<NoticeState> {
        self.notice
    }

    /// Blocks a business code, or the whole institution, by hand.
    ///
    /// # Errors
    /// If [`BLOCKS_MAX`] codes are blocked already.
    pub fn block(&mut self, business: Option<&str>, note: &str, wall_ms: i64) -> Result<(), TooManyBlocks> {
        let key = business.map(str::to_owned);
        if self.blocks.len() >= BLOCKS_MAX && !self.blocks.contains_key(&key) {
            return Err(TooManyBlocks);
        }
        self.blocks.insert(key, Block { note: note.to_owned(), since_ms: wall_ms });
        Ok(())
    }

    /// Takes back a block. Returns whether there was one.
    pub fn unblock(&mut self, business: Option<&str>) -> bool {
        self.blocks.remove(&business.map(str::to_owned)).is_some()
    }

    /// Everything that closes business now, for people.
    #[must_use]
    pub fn closed(&self, business_ms: i64) -> Vec<BusinessClosed> {
        let blocks = self.blocks.iter().map(|(business, block)| block.closed(business.as_deref()));
        let notice = self.notice.map(NoticeState::closed);
        let hours = (!self.calendar.is_open(business_ms)).then(|| self.outside_hours(business_ms));
        blocks.chain(notice).chain(hours).collect()
    }

    fn outside_hours(&self, business_ms: i64) -> BusinessClosed {
        let opens_ms = self.calendar.next_change(business_ms);
        let opens = opens_ms.map(|wall_ms| self.calendar.local_text(wall_ms));
        BusinessClosed { business: None, why: ClosedWhy::Hours, since_ms: None, opens_ms, opens }
    }

    /// The hours.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The hours, to change those of one day.
    pub fn calendar_mut(&mut self) -> &mut Calendar {
        &mut self.calendar
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::DayHours;

    fn business() -> Business {
        let allowed = BTreeSet::from(["EchoTest".to_owned()]);
        Business::new(Calendar::always(540), allowed)
    }

    /// Applies notices one after the other and checks which of a customer's request, an inquiry and an echo test may start.
    fn check(notices: &[BusinessNotice], expected: [bool; 3], code: Option<&str>) {
        let mut business = business();
        for (at, notice) in (1..).zip(notices) {
            business.notice(*notice, notice.stops(), at);
        }
        let cases =
            [("Transfer", Priority::Customer), ("ResultInquiry", Priority::Inquiry), ("EchoTest", Priority::Batch)];
        let may = cases.map(|(telegram, priority)| business.may_start(telegram, Some("100"), priority, 0));
        assert_eq!(may.each_ref().map(Result::is_ok), expected, "{notices:?}");
        assert_eq!(may[0].as_ref().err().map(BusinessClosed::code), code, "{notices:?}");
    }

    #[test]
    fn notices_open_and_stop_business() {
        use BusinessNotice::{End, EndNotice, Fault, Open, Recovery};
        check(&[], [true; 3], None);
        check(&[EndNotice], [false, true, true], Some("business_ending"));
        check(&[EndNotice, End], [false, false, true], Some("business_ended"));
        check(&[EndNotice, End, Open], [true; 3], None);
        check(&[Fault], [false, false, true], Some("institution_fault"));
        check(&[Fault, Recovery], [true; 3], None);
        check(&[Fault, EndNotice], [false, false, true], Some("institution_fault"));
        check(&[End, Fault, Recovery], [true; 3], None);
    }

    #[test]
    fn a_repeated_notice_keeps_its_time_and_a_restart_brings_it_back() {
        let mut business = business();
        assert!(business.notice(BusinessNotice::Fault, Stops::All, 7));
        assert!(!business.notice(BusinessNotice::Fault, Stops::All, 9));
        let mut again = self::business();
        again.recall(business.state());
        let closed = again.may_start("Transfer", None, Priority::Reversal, 10).unwrap_err();
        assert_eq!((closed.since_ms, closed.to_string().as_str()), (Some(7), "the institution reported a fault"));
        assert!(!self::business().notice(BusinessNotice::Open, Stops::Nothing, 1));
    }

    #[test]
    fn a_person_blocks_one_business_code_or_all() {
        let mut business = business();
        business.block(Some("100"), "wrong fees", 5).unwrap();
        let closed = business.may_start("Transfer", Some("100"), Priority::Reversal, 6).unwrap_err();
        assert_eq!(closed.to_string(), "business code 100 is blocked: wrong fees");
        assert_eq!((closed.code(), closed.since_ms), ("business_blocked", Some(5)));
        assert!(business.may_start("Transfer", Some("200"), Priority::Batch, 6).is_ok());
        assert!(business.may_step("ResultInquiry", Priority::Inquiry, 6).is_ok(), "what is unknown is settled");
        business.block(None, "moving house", 7).unwrap();
        assert!(business.may_step("ResultInquiry", Priority::Inquiry, 8).is_ok());
        assert!(business.may_start("Transfer", Some("200"), Priority::Batch, 8).is_err());
        assert!(business.may_start("EchoTest", None, Priority::Batch, 8).is_ok());
        assert_eq!(business.closed(9).len(), 2);
        assert!(business.unblock(None) && business.unblock(Some("100")) && !business.unblock(None));
        assert_eq!(business.closed(9), []);
        for number in 0..BLOCKS_MAX {
            business.block(Some(&number.to_string()), "", 0).unwrap();
        }
        assert_eq!(business.block(Some("one more"), "", 0), Err(TooManyBlocks));
    }

    #[test]
    fn outside_hours_the_reason_says_when_business_opens() {
        let mut business = business();
        business.calendar_mut().decide(0, Some(DayHours::closed()), "test").unwrap();
        // 1970-01-01 09:00 in Korea. The next day begins there 15 hours later.
        let closed = business.may_start("Transfer", None, Priority::Customer, 0).unwrap_err();
        assert_eq!((closed.code(), closed.opens_ms), ("outside_hours", Some(15 * 3_600_000)));
        let sentence = "it is outside the hours of the institution, which opens at 1970-01-02 00:00";
        assert_eq!(closed.to_string(), sentence);
        assert!(business.may_start("EchoTest", None, Priority::Customer, 0).is_ok());
        assert!(business.may_step("EchoTest", Priority::Inquiry, 0).is_ok());
        assert!(business.may_step("ResultInquiry", Priority::Inquiry, 0).is_err());
    }
}
