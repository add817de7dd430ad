//! What `GET /v1/overview` says: the traffic since the gateway started, and what is open now.

use schemars::JsonSchema;
use serde::Serialize;

use super::batches::BatchView;
use crate::alarm_status::AlarmStatus;
use crate::coordinator::StoreStatus;
use crate::topics::TopicStatus;

/// The institutions that the client may read, with their traffic and what is open.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OverviewList {
    /// The time of this reply, in milliseconds since 1970.
    pub(crate) at_ms: i64,
    /// When the gateway began to count traffic, in milliseconds since 1970. Counts of another time belong to another run.
    pub(crate) since_ms: i64,
    /// The business clock of a gateway for tests; `null` in production, where it is the clock of the machine.
    pub(crate) test_clock: Option<TestClockView>,
    /// How Redis does, by which gateways share; `null` if this one shares with nobody, or without it.
    pub(crate) redis: Option<StoreStatus>,
    /// The upper bounds of `round_trips`, in milliseconds.
    pub(crate) round_trip_bounds_ms: Vec<u64>,
    pub(crate) institutions: Vec<InstitutionOverview>,
    /// The alarms that are raised or wait, of the institutions that the client may read completely.
    pub(crate) alarms: Vec<AlarmStatus>,
    /// The batches of which this gateway was told in the last 24 hours, those told last first.
    pub(crate) batches: Vec<BatchView>,
    /// The gateways that share the journal, by name; empty if this one works alone.
    pub(crate) instances: Vec<InstanceView>,
    /// The topics from which this gateway takes requests, by cluster; empty if there are none, or if the client may not read everything.
    pub(crate) topics: Vec<TopicStatus>,
}

/// One of the gateways that share a journal.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InstanceView {
    pub(crate) instance: String,
    /// Whether it is the gateway that replies.
    pub(crate) is_own: bool,
    /// `writes`; `silent`: its lease is over and nobody has taken over yet; `ended`: it has stopped, or others took over.
    pub(crate) state: &'static str,
    /// How long ago it wrote last, in milliseconds, by the clock of the database.
    pub(crate) silent_ms: i64,
    /// How long after that others take over, in milliseconds.
    pub(crate) lease_ms: i64,
    /// Whether it publishes events.
    pub(crate) publishes: bool,
    /// The gateways that took over from its last run.
    pub(crate) heirs: Vec<String>,
    /// The number of its exchanges that run.
    pub(crate) in_flight: u64,
    /// The number of its settlements that go on or need a person.
    pub(crate) unsettled: u64,
}

/// The business clock of a gateway for tests. Dates and times in telegrams, trace numbers and hours follow it. All other times, also those of this
/// interface, are real.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TestClockView {
    /// The time that it shows, in milliseconds since 1970.
    pub(crate) now_ms: i64,
    /// How many seconds it goes on in one second.
    pub(crate) speed: u32,
    /// Whether it was set. Otherwise it shows the real time.
    pub(crate) is_set: bool,
    /// The clock of a simulator that it follows; `null` if it follows none.
    pub(crate) from: Option<String>,
    /// Why that clock cannot be read now; `null` if it can. The business clock goes on by itself meanwhile.
    pub(crate) trouble: Option<String>,
}

/// One institution. If the client may read only some of its telegrams, the counts are of those.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InstitutionOverview {
    pub(crate) institution: String,
    /// The number of answers that came too late, since the gateway started; `null` if the client may not read all of the institution.
    pub(crate) late: Option<u64>,
    /// The request telegrams that had an exchange since the gateway started.
    pub(crate) telegrams: Vec<TelegramOverview>,
    /// Unknown exchanges that nothing has settled.
    pub(crate) unsettled: OpenView,
    /// Exchanges whose settlement needs a person.
    pub(crate) dead_letters: OpenView,
    /// Notices that no service has taken yet.
    pub(crate) notices_undelivered: OpenView,
    /// Notices that need a person.
    pub(crate) notice_dead_letters: OpenView,
}

/// The exchanges of one request telegram that ended since the gateway started.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TelegramOverview {
    pub(crate) telegram: String,
    pub(crate) answered: u64,
    pub(crate) unknown: u64,
    pub(crate) not_sent: u64,
    /// The times from a request to its answer: each count is of those up to its bound in `round_trip_bounds_ms` and above the bound before, the
    /// last one of those above all bounds.
    pub(crate) round_trips: Vec<u64>,
}

/// How much is open.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct OpenView {
    pub(crate) count: u64,
    /// When the oldest was accepted or received, in milliseconds since 1970; `null` if there is none.
    pub(crate) oldest_ms: Option<i64>,
}
