//! `/v1/clock`: what the business clock shows. A test can set it, production never.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;

use super::Shared;
use super::access::Who;
use super::error::ApiError;
use super::exchanges::parse;
use super::origin::refuse_foreign_page;
use crate::business_clock::BaseTime;
use crate::config::Action;
use crate::contract::clock::{ClockBody, ClockView};
use crate::contract::problem::Problem;
use crate::gateway::{Gateway, NotSet};
use crate::time::Rfc3339;

const EXAMPLE: &str =
    "write {\"base\": \"2026-12-31T23:59:30+09:00\", \"speed\": 60}, or {\"base\": null} for the real time";

/// `GET /v1/clock`. Every client may read it: who sends by the clock has to know it.
pub(super) async fn show(State(shared): State<Shared>, _: Who) -> Json<ClockView> {
    Json(shown(&shared.gateway))
}

/// `PUT /v1/clock`: `{"base": "2026-12-31T23:59:30+09:00", "speed": 60}`
pub(super) async fn set(
    State(shared): State<Shared>,
    who: Who,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<ClockView>, ApiError> {
    refuse_foreign_page(&headers)?;
    who.may(Action::Configure, None, None)?;
    let wrong = |why: String| ApiError::new(Problem::BadClock, format!("{why}; {EXAMPLE}"));
    let ClockBody { base, speed } = serde_json::from_value(parse(&body)?).map_err(|error| wrong(error.to_string()))?;
    let base = match (base, speed) {
        (Some(base), speed) => Some(BaseTime::from_text(&base, speed.unwrap_or(1)).map_err(wrong)?),
        (None, None) => None,
        (None, Some(_)) => return Err(wrong("`speed` needs a `base`".to_owned())),
    };
    shared.gateway.set_test_time(base).map_err(|why| {
        let problem = match why {
            NotSet::Production => Problem::NotForProduction,
            NotSet::Follows(_) => Problem::FollowsAnother,
        };
        ApiError::new(problem, why.to_string())
    })?;
    Ok(Json(shown(&shared.gateway)))
}

fn shown(gateway: &Gateway) -> ClockView {
    let reading = gateway.clock_reading();
    ClockView {
        environment: reading.environment.name(),
        now: Rfc3339(reading.now_ms).to_string(),
        now_ms: reading.now_ms,
        base: reading.base.map(|base| Rfc3339(base.ms).to_string()),
        speed: reading.base.map_or(1, |base| base.speed),
        number: reading.number,
    }
}
