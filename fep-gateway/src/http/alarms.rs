//! The routes that show alarms and let a person silence one.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use fep_protocol::audit::Act;

use super::Shared;
use super::access::Who;
use super::auditing::{Deed, recorded};
use super::decision::{named, noted};
use super::error::ApiError;
use super::institutions::{operated, parse, unknown};
use super::origin::refuse_foreign_page;
use crate::alarm_status::{AlarmsStatus, SilencedBy};
use crate::config::Action;
use crate::contract::decisions::SilenceBody;
use crate::contract::problem::Problem;
use crate::gateway::{AlarmSilence, NotSilenced};

/// The longest silence: a week. Nobody remembers a longer one.
const MINUTES_MAX: u32 = 7 * 24 * 60;

/// `GET /v1/alarms`: those of the institutions that the client may read completely, because an alarm is about all telegrams.
pub(super) async fn list(State(shared): State<Shared>, who: Who) -> Result<Json<AlarmsStatus>, ApiError> {
    seen(&shared, &who).map(Json)
}

fn seen(shared: &Shared, who: &Who) -> Result<AlarmsStatus, ApiError> {
    let mut status = shared.gateway.alarms().ok_or_else(|| refused(&NotSilenced::NoAlarms))?;
    let reads = |institution: &str| who.may(Action::Read, Some(institution), None).is_ok();
    status.alarms.retain(|alarm| reads(&alarm.institution));
    status.recent.retain(|change| reads(&change.institution));
    // The names and troubles of receivers are about all institutions.
    if who.may(Action::Read, None, None).is_err() {
        status.receivers.clear();
    }
    Ok(status)
}

/// `POST /v1/alarms/{rule}/{institution}/silence`: `{"minutes": 60, "note": "…"}`
pub(super) async fn silence(
    State(shared): State<Shared>,
    who: Who,
    names: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<AlarmsStatus>, ApiError> {
    refuse_foreign_page(&headers)?;
    let Path((rule, institution)) = names.map_err(|error| unknown(&error.body_text()))?;
    let institution = operated(&who, Ok(Path(institution)))?;
    let SilenceBody { minutes, note, person } = parse(body)?;
    if minutes > MINUTES_MAX {
        let message = format!("`minutes` is {minutes}, it must be 0 to {MINUTES_MAX}: a week at most");
        return Err(ApiError::new(Problem::NotADecision, message));
    }
    let person = named(person, &who)?;
    let note = noted(note)?;
    if shared.gateway.spec(&institution).is_none() {
        return Err(unknown(&institution));
    }
    // An act that cannot be done is not in the audit trail.
    let status = shared.gateway.alarms().ok_or_else(|| refused(&NotSilenced::NoAlarms))?;
    if !status.alarms.iter().any(|alarm| alarm.rule == rule && alarm.institution == institution) {
        return Err(refused(&NotSilenced::UnknownAlarm));
    }
    let until_ms = (minutes > 0).then(|| shared.gateway.now_ms().saturating_add(i64::from(minutes) * 60_000));
    let about = Some(match minutes {
        0 => format!("{rule}: it is told again"),
        minutes => format!("{rule}: {minutes} min"),
    });
    let deed = Deed { act: Act::SilenceAlarm, person: &person, note: &note, about, exchange: None };
    let by = SilencedBy { person: person.clone(), note: note.clone() };
    let silence = AlarmSilence { rule, institution: institution.clone(), until_ms, by };
    let silenced = async { shared.gateway.silence_alarm(silence).await.map_err(|why| refused(&why)) };
    recorded(&shared, &who, &headers, &institution, deed, silenced).await?;
    seen(&shared, &who).map(Json)
}

fn refused(why: &NotSilenced) -> ApiError {
    let problem = match why {
        NotSilenced::NoAlarms => Problem::NoAlarms,
        NotSilenced::UnknownAlarm => Problem::UnknownAlarm,
        NotSilenced::Elsewhere(_) => Problem::AtAnotherGateway,
        NotSilenced::NotDurable(_) => Problem::NotDurable,
    };
    ApiError::new(problem, why.to_string())
}
