//! The routes that show the two sites and divide the requests between them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{ETAG, HeaderValue};
use axum::response::{IntoResponse, Response};
use fep_protocol::audit::Act;

use super::Shared;
use super::access::Who;
use super::auditing::{Deed, recorded};
use super::decision::{named, noted};
use super::error::ApiError;
use super::exchanges::parse;
use super::handing_over::HandOver;
use super::origin::refuse_foreign_page;
use super::routing::seen;
use crate::config::Action;
use crate::contract::problem::Problem;
use crate::contract::sites::{SitesBody, SitesView};
use crate::gateway::{NotMoved, SitesChange, SitesStatus};

/// `GET /v1/sites`
pub(super) async fn show(State(shared): State<Shared>, who: Who) -> Result<Response, ApiError> {
    who.may(Action::Read, None, None)?;
    Ok(shown(&shared, shared.gateway.sites().unwrap_or_default()))
}

/// `PUT /v1/sites`: `{"percents": {"seoul": 99, "busan": 1}, "note": "…"}`
pub(super) async fn change(
    State(shared): State<Shared>,
    who: Who,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    refuse_foreign_page(&headers)?;
    who.may(Action::Configure, None, None)?;
    if shared.gateway.sites().is_none() {
        return Err(refused(&NotMoved::NoSites));
    }
    let revision = seen(&headers)?;
    // One site named twice has two percentages.
    let SitesBody { percents, note, person } = serde_json::from_value(parse(&body)?)
        .map_err(|error| ApiError::new(Problem::BadRouting, format!("{error}; {EXAMPLE}")))?;
    let note = noted(note)?;
    let person = named(person, &who)?;
    let said = percents.as_ref().map_or_else(
        || "as the file says".to_owned(),
        |percents| {
            let parts: Vec<_> = percents.iter().map(|(site, percent)| format!("{site} {percent} %")).collect();
            parts.join(", ")
        },
    );
    let about = Some(format!("sites: {said}"));
    let deed = Deed { act: Act::Route, person: &person, note: &note, about, exchange: None };
    let change = SitesChange { percents, revision, person: person.clone(), note: note.clone() };
    let moved = async { shared.gateway.move_sites(change).await.map_err(|why| refused(&why)) };
    recorded(&shared, &who, &headers, "", deed, moved).await.map(|status| shown(&shared, status))
}

const EXAMPLE: &str = "write {\"percents\": {\"seoul\": 99, \"busan\": 1}, \"note\": \"…\"}";

fn shown(shared: &Shared, status: SitesStatus) -> Response {
    let handed_over = shared.handing_over.as_ref().map(HandOver::view);
    let tag = HeaderValue::from_str(&format!("\"{}\"", status.revision));
    let mut response = Json(SitesView { status, handed_over }).into_response();
    tag.into_iter().for_each(|tag| drop(response.headers_mut().insert(ETAG, tag)));
    response
}

fn refused(why: &NotMoved) -> ApiError {
    let problem = match why {
        NotMoved::NoSites => Problem::NoSites,
        NotMoved::Changed { .. } => Problem::RoutingChanged,
        NotMoved::Journal(_) => Problem::Journal,
        NotMoved::NotDurable(_) => Problem::NotDurable,
        NotMoved::OtherSites { .. } | NotMoved::Split(_) => Problem::BadRouting,
    };
    ApiError::new(problem, why.to_string())
}
