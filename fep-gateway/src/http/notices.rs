//! The routes that show notices and their deliveries, and take a person's decision about one.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use fep_protocol::audit::Act;
use fep_protocol::delivery::{DeliveryDecision, DeliveryWish, NotDelivered, Stage};
use fep_protocol::exchange::ExchangeId;
use fep_protocol::fact::Fact;
use serde::Deserialize;

use super::Shared;
use super::access::Who;
use super::auditing::{Deed, recorded};
use super::decision;
use super::error::ApiError;
use super::exchanges::{checked_limit, place_of, time_of, unreadable};
use super::origin::refuse_foreign_page;
use super::scope::{ScopeWord, scope_of};
use crate::config::Action;
use crate::contract::decisions::DeliveryWord;
use crate::contract::notices::{Delivered, FactView, NoticeDetail, NoticeList, NoticeSummary, notice_summary};
use crate::contract::problem::Problem;
use crate::contract::view::view;
use crate::gateway::{DeliverError, JournalError, LetterFilter, NoticeFilter, StoredNotice};
use crate::telegrams::TelegramCatalogue;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
    since: Option<String>,
    until: Option<String>,
    institution: Option<String>,
    telegram: Option<String>,
    state: Option<String>,
    scope: Option<ScopeWord>,
}

/// `GET /v1/notices?limit=50&institution=bank-a&telegram=DepositNotice&state=dead_letter&cursor=…`
pub(super) async fn list(
    State(shared): State<Shared>,
    who: Who,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<NoticeList>, ApiError> {
    let Query(query) = query.map_err(|error| unreadable(&error))?;
    let limit = checked_limit(query.limit.as_deref())?;
    let scope = scope_of(&who, query.scope, query.institution.as_deref(), query.telegram.as_deref())?;
    if let Some(state) = query.state.as_deref().filter(|state| !Stage::NAMES.contains(state)) {
        let names = Stage::NAMES.join(", ");
        let message = format!("there is no state {state:?}; there are: {names}");
        return Err(ApiError::new(Problem::Query, message));
    }
    let ListQuery { limit: _, scope: _, cursor, since, until, institution, telegram, state } = query;
    let since_ms = time_of("since", since)?;
    let until_ms = time_of("until", until)?;
    let behind = place_of(cursor)?;
    let filter = NoticeFilter { since_ms, until_ms, behind, institution, telegram, state, scope };
    let page = shared.gateway.notices(filter, limit).await?;
    let notices = page.notices.iter().map(|notice| summary(&shared, notice)).collect();
    Ok(Json(NoticeList { notices, next: page.next }))
}

/// `GET /v1/notices/{id}`
pub(super) async fn one(
    State(shared): State<Shared>,
    who: Who,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<NoticeDetail>, ApiError> {
    let notice = find(&shared, &who, id).await?;
    let facts = shared.gateway.notice_timeline(&notice.id).await?;
    let catalogue = shared.gateway.catalogue(&notice.institution);
    let spec = catalogue.as_deref().map(TelegramCatalogue::line_spec);
    let telegram = spec.and_then(|spec| spec.named(&notice.telegram));
    let answer = telegram.and_then(|telegram| telegram.answer.as_deref()).unwrap_or_default();
    Ok(Json(NoticeDetail {
        received: view(spec, &notice.telegram, &notice.bytes),
        answer: notice.answer.as_ref().map(|bytes| view(spec, answer, bytes)),
        other_answer: notice.kept.as_ref().map(|bytes| view(spec, answer, bytes)),
        notice: with_persons(delivered(&shared, &notice), &facts),
        facts: facts.iter().map(|(number, fact)| FactView::new(*number, fact)).collect(),
    }))
}

/// `POST /v1/notices/{id}/delivery`
pub(super) async fn decide(
    State(shared): State<Shared>,
    who: Who,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Delivered>, ApiError> {
    refuse_foreign_page(&headers)?;
    let notice = find(&shared, &who, id).await?;
    who.may(Action::Settle, Some(&notice.institution), Some(&notice.telegram))?;
    let example = r#"write {"decision": "deliver", "note": "…"}, with deliver or close"#;
    let body = decision::read(body, &who, example)?;
    let wants = match body.decision {
        DeliveryWord::Deliver => DeliveryWish::Deliver,
        DeliveryWord::Close => DeliveryWish::Close,
    };
    let about = Some(notice.id.to_string());
    let deed = Deed { act: Act::Deliver, person: &body.person, note: &body.note, about, exchange: None };
    let decision = DeliveryDecision { person: body.person.clone(), note: body.note.clone(), wants };
    let decided = async { shared.gateway.deliver(&notice.id, decision).await.map_err(|error| refused(&error)) };
    let notice = recorded(&shared, &who, &headers, &notice.institution, deed, decided).await?;
    Ok(Json(delivered(&shared, &notice)))
}

/// The notices that need a person, oldest first.
pub(super) async fn dead_letters(
    shared: &Shared,
    filter: LetterFilter,
    limit: usize,
) -> Result<Vec<Delivered>, ApiError> {
    let notices = shared.gateway.dead_notices(filter, limit).await?;
    Ok(notices.iter().map(|notice| delivered(shared, notice)).collect())
}

fn summary(shared: &Shared, notice: &StoredNotice) -> NoticeSummary {
    let catalogue = shared.gateway.catalogue(&notice.institution);
    notice_summary(notice, catalogue.as_deref().map(TelegramCatalogue::line_spec))
}

fn delivered(shared: &Shared, notice: &StoredNotice) -> Delivered {
    let deliveries = notice.case.history().to_vec();
    Delivered { notice: summary(shared, notice), deliveries, omitted: notice.case.omitted() }
}

/// Adds what persons wrote. Only the journal has it, not its index.
fn with_persons(mut delivered: Delivered, facts: &[(u64, Fact)]) -> Delivered {
    for past in &mut delivered.deliveries {
        let decisions =
            facts.iter().filter(|(_, fact)| fact.at_ms == past.at_ms).filter_map(|(_, fact)| fact.delivery.as_deref());
        let own = decisions.into_iter().find(|decision| decision.name() == past.fact.name());
        past.fact = own.unwrap_or(&past.fact).clone();
    }
    delivered
}

async fn find(shared: &Shared, who: &Who, id: Result<Path<String>, PathRejection>) -> Result<StoredNotice, ApiError> {
    let Path(id) = id.map_err(|error| ApiError::new(Problem::Path, error.body_text()))?;
    let unknown = || ApiError::new(Problem::UnknownNotice, format!("there is no notice {id:?}"));
    let name: ExchangeId = id.parse().map_err(|_| unknown())?;
    let notice = shared.gateway.find_notice(&name).await?.ok_or_else(unknown)?;
    who.may(Action::Read, Some(&notice.institution), Some(&notice.telegram))?;
    Ok(notice)
}

fn refused(error: &DeliverError) -> ApiError {
    let problem = match error {
        DeliverError::UnknownNotice | DeliverError::NotDelivered(NotDelivered::NotHere) => Problem::UnknownNotice,
        DeliverError::Stopped => Problem::Stopped,
        DeliverError::Elsewhere(_) => Problem::AtAnotherGateway,
        DeliverError::NotDelivered(why) => match why {
            NotDelivered::NothingToDeliver => Problem::NothingToDeliver,
            NotDelivered::AlreadyEnded => Problem::AlreadyEnded,
            NotDelivered::Running => Problem::DeliveryRunning,
            NotDelivered::TooManyDecisions => Problem::TooManyDecisions,
            _ => Problem::BadNote,
        },
        DeliverError::Journal(JournalError::Closed) => Problem::Stopped,
        DeliverError::Journal(_) => Problem::Journal,
    };
    ApiError::new(problem, error.to_string())
}
