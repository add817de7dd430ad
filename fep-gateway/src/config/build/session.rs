//! `session` and `hours`: when a link and an institution are open for business.

use std::time::Duration;

use fep_codec::Date;

use super::keys::{keys, texts};
use super::page::Page;
use super::{BusinessNotice, Stops};

/// `session`: the network management telegrams of a link.
#[derive(Clone, Debug, Default)]
pub struct SessionBuilder(pub(super) Page);

/// `session.poll`: frames that only show that the other side is alive.
#[derive(Clone, Debug)]
pub struct PollBuilder(pub(super) Page);

/// `[[session.notices]]`: a telegram by which the institution opens or stops business.
#[derive(Clone, Debug)]
pub struct SessionNoticeBuilder(pub(super) Page);

/// `hours`: when the institution is open.
#[derive(Clone, Debug, Default)]
pub struct HoursBuilder(pub(super) Page);

impl SessionBuilder {
    /// A session without telegrams.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `when_unpolled`: whether a link that the institution does not poll in time is closed. Otherwise it only counts as not ready.
    #[must_use]
    pub fn closes_unpolled(mut self, closes: bool) -> Self {
        self.0.set("when_unpolled", if closes { "close" } else { "not_ready" });
        self
    }

    /// Adds one of `notices`.
    #[must_use]
    pub fn notice(mut self, notice: SessionNoticeBuilder) -> Self {
        self.0.add("notices", notice.0);
        self
    }
}

impl PollBuilder {
    /// What the institution polls with: a text, or `hex:` with digits.
    #[must_use]
    pub fn new(request: impl Into<String>) -> Self {
        let mut page = Page::default();
        page.set("request", request.into());
        Self(page)
    }
}

impl SessionNoticeBuilder {
    /// A telegram and its meaning.
    #[must_use]
    pub fn new(telegram: impl Into<String>, means: BusinessNotice) -> Self {
        let mut page = Page::default();
        page.set("telegram", telegram.into());
        page.set("means", means);
        Self(page)
    }
}

impl HoursBuilder {
    /// Always open, until a key says otherwise.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One entry of `week`: the spans of weekdays, such as `("mon-fri", ["09:00-16:30"])`. Each weekday must be in one entry.
    #[must_use]
    pub fn week(mut self, weekdays: &str, spans: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.0.entry("week").set(weekdays, texts(spans));
        self
    }

    /// `holidays`: dates on which the institution is closed.
    #[must_use]
    pub fn holidays(mut self, dates: impl IntoIterator<Item = Date>) -> Self {
        self.0.set("holidays", dates.into_iter().map(|date| date.to_string()).collect::<Vec<_>>());
        self
    }

    /// One entry of `days`: the spans of a single date.
    #[must_use]
    pub fn day(mut self, date: Date, spans: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.0.entry("days").set(&date.to_string(), texts(spans));
        self
    }
}

keys! { SessionBuilder {
    sign_on(text) = "sign_on", "the telegram that opens business after connecting.";
    sign_off(text) = "sign_off", "the telegram that closes business.";
    echo_test(text) = "echo_test", "the telegram that tests a link.";
    accepted(values) = "accepted", "the values of an answer that mean acceptance.";
    poll(table PollBuilder) = "poll", "frames that show that the other side is alive.";
    sign_on_timeout(Duration) = "sign_on_timeout_ms", "how long a sign-on or a sign-off waits for its answer.";
    echo_interval(Duration) = "echo_interval_ms", "an echo test is sent at least this often.";
    echo_idle(Duration) = "echo_idle_ms", "an echo test is also sent when nothing was received for this long.";
    echo_timeout(Duration) = "echo_timeout_ms", "how long an echo test waits for its answer.";
    alive(Duration) = "alive_ms", "a link counts as alive this long after an answer.";
    polled_within(Duration) = "polled_within_ms", "the longest time between two polls of the institution.";
} }

keys! { PollBuilder {
    answer(text) = "answer", "what answers a poll.";
    sends(bool) = "sends", "whether the gateway polls, too.";
    proves(bool) = "proves", "whether a poll of the institution shows that it is alive.";
} }

keys! { SessionNoticeBuilder {
    when(values) = "when", "the fields that give the telegram this meaning.";
    stops(Stops) = "stops", "what it stops.";
    answered(bool) = "answered", "whether the gateway answers it.";
} }

keys! { HoursBuilder {
    day_starts_at(text) = "day_starts_at", "when the business date begins, such as `00:30`.";
    holidays_file(&Path) = "holidays_file", "more holidays: a date in each line.";
    allowed_outside(list) = "allowed_outside", "telegrams that may be sent although business is closed.";
} }
