//! `GET /v1/overview`: the traffic and what is open, of the institutions that the client may read.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::State;
use tokio::sync::Mutex;

use super::Shared;
use super::access::Who;
use super::error::ApiError;
use crate::alarm_status::{AlarmStatus, AlarmWord};
use crate::config::Action;
use crate::contract::overview::{
    InstanceView, InstitutionOverview, OpenView, OverviewList, TelegramOverview, TestClockView,
};
use crate::gateway::{Gateway, InstanceRecord, OpenKind, Overview, ROUND_TRIP_BOUNDS_MS, TestTimeStatus, TrafficOf};

/// How long an answer of the journal is used for other clients as well. Every open console asks every few seconds.
const FRESH: Duration = Duration::from_secs(1);

/// Counts, and when they were counted.
type Counted = (Instant, Arc<Overview>);

/// What was counted last.
#[derive(Clone, Debug)]
pub(super) struct OverviewCache {
    since_ms: i64,
    last: Arc<Mutex<Option<Counted>>>,
}

impl OverviewCache {
    pub(super) fn new() -> Self {
        Self { since_ms: now_ms(), last: Arc::default() }
    }

    /// The counts, which are not older than [`FRESH`]. Who comes meanwhile waits for the same ones.
    async fn get(&self, gateway: &Gateway) -> Result<Arc<Overview>, ApiError> {
        let mut last = self.last.lock().await;
        if let Some((_, overview)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(Arc::clone(overview));
        }
        let overview = Arc::new(gateway.overview().await?);
        *last = Some((Instant::now(), Arc::clone(&overview)));
        Ok(overview)
    }
}

/// `GET /v1/overview`
pub(super) async fn overview(State(shared): State<Shared>, who: Who) -> Result<Json<OverviewList>, ApiError> {
    let counted = shared.overview.get(&shared.gateway).await?;
    let seen = counted.traffic.iter().filter(|traffic| who.may_some(Action::Read, &traffic.institution));
    Ok(Json(OverviewList {
        at_ms: now_ms(),
        since_ms: shared.overview.since_ms,
        test_clock: shared.gateway.test_time().map(test_clock),
        redis: shared.gateway.store(),
        round_trip_bounds_ms: ROUND_TRIP_BOUNDS_MS.to_vec(),
        institutions: seen.map(|traffic| institution(&counted, traffic, &who)).collect(),
        alarms: alarms(&shared.gateway, &who),
        batches: shared.batches.seen(&who, shared.gateway.now_ms()),
        instances: counted.instances.iter().map(instance).collect(),
        // Errors name brokers, and topics have requests of all institutions.
        topics: who.may(Action::Read, None, None).map(|()| shared.gateway.topics()).unwrap_or_default(),
    }))
}

/// The alarms that are not quiet.
fn alarms(gateway: &Gateway, who: &Who) -> Vec<AlarmStatus> {
    let mut alarms = gateway.alarms().map(|status| status.alarms).unwrap_or_default();
    alarms.retain(|alarm| {
        alarm.state != AlarmWord::Quiet && who.may(Action::Read, Some(&alarm.institution), None).is_ok()
    });
    alarms
}

fn test_clock(time: TestTimeStatus) -> TestClockView {
    let TestTimeStatus { now_ms, speed, is_set, from, trouble } = time;
    TestClockView { now_ms, speed, is_set, from, trouble }
}

fn instance(record: &InstanceRecord) -> InstanceView {
    let InstanceRecord { instance, is_own, state, silent_ms, lease_ms, publishes, heirs, in_flight, unsettled } =
        record;
    InstanceView {
        instance: instance.clone(),
        is_own: *is_own,
        state: state.name(),
        silent_ms: *silent_ms,
        lease_ms: *lease_ms,
        publishes: *publishes,
        heirs: heirs.clone(),
        in_flight: *in_flight,
        unsettled: *unsettled,
    }
}

fn institution(counted: &Overview, traffic: &TrafficOf, who: &Who) -> InstitutionOverview {
    let name = &traffic.institution;
    let reads = |telegram: &str| who.may(Action::Read, Some(name), Some(telegram)).is_ok();
    let open = |kind: OpenKind| {
        let of = counted.open.iter().filter(|open| open.kind == kind && open.institution == *name);
        of.filter(|open| reads(&open.telegram)).fold(OpenView::default(), |sum, open| OpenView {
            count: sum.count + open.count,
            oldest_ms: Some(sum.oldest_ms.map_or(open.oldest_ms, |oldest| oldest.min(open.oldest_ms))),
        })
    };
    let telegrams = traffic.telegrams.iter().filter(|counts| reads(&counts.telegram));
    InstitutionOverview {
        institution: name.clone(),
        late: who.may(Action::Read, Some(name), None).is_ok().then_some(traffic.late),
        telegrams: telegrams
            .map(|counts| TelegramOverview {
                telegram: counts.telegram.to_string(),
                answered: counts.answered,
                unknown: counts.unknown,
                not_sent: counts.not_sent,
                round_trips: counts.round_trips.clone(),
            })
            .collect(),
        unsettled: open(OpenKind::Unsettled),
        dead_letters: open(OpenKind::DeadLetter),
        notices_undelivered: open(OpenKind::Undelivered),
        notice_dead_letters: open(OpenKind::DeadNotice),
    }
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
