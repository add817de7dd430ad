//! The routes that show which exchanges need a person, and take a person's decision about one.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use fep_protocol::audit::Act;
use fep_protocol::exchange::{Exchange, ExchangeId, Money};
use fep_protocol::settlement::{FlagReason, NotDecided, PersonDecision, PersonWants, SettlementCase, Stage, StepKind};

use super::Shared;
use super::access::Who;
use super::auditing::{Deed, recorded};
use super::decision;
use super::error::ApiError;
use super::exchanges::{LetterQuery, at_path, checked_limit, reply_of, unreadable, wrong};
use super::notices;
use super::origin::refuse_foreign_page;
use super::scope::scope_of;
use crate::config::Action;
use crate::contract::decisions::SettlementWord;
use crate::contract::exchanges::{DeadLetter, DeadLetters, OwnerView, Past};
use crate::contract::problem::Problem;
use crate::contract::view::{settlement_step, summary};
use crate::gateway::{JournalError, LetterFilter, Owner, SettleError};

/// `GET /v1/dead-letters?limit=50&institution=bank-a&cursor=…`: who waits longest comes first, and is looked at first.
pub(super) async fn dead_letters(
    State(shared): State<Shared>,
    who: Who,
    query: Result<Query<LetterQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query.map_err(|error| unreadable(&error))?;
    let limit = checked_limit(query.limit.as_deref())?;
    let scope = scope_of(&who, query.scope, query.institution.as_deref(), None)?;
    let (behind, notice_behind) = places_of(query.cursor.as_deref())?;
    let filter = LetterFilter { behind, institution: query.institution, scope };
    let letters = shared.gateway.dead_letters_of(filter.clone(), limit).await?;
    let catalogues = shared.gateway.catalogues();
    let owners = shared.gateway.owners(letters.iter().map(|(exchange, _)| exchange.id).collect()).await?;
    let line = |((exchange, case), owner): (&(Exchange, SettlementCase), Option<Owner>)| DeadLetter {
        owner: owner.map(OwnerView::from),
        exchange: summary(exchange, catalogues.get(&*exchange.institution).map(|catalogue| catalogue.line_spec())),
        why: match case.stage() {
            Stage::DeadLetter(why) => Some(why.name()),
            Stage::Open | Stage::Settled { .. } => None,
        },
        disputes: case.flags().iter().copied().map(FlagReason::name).collect(),
        inquiries: case.attempts(StepKind::Inquiry),
        reversals: case.attempts(StepKind::Reversal),
        history: case
            .history()
            .iter()
            .map(|(at_ms, fact)| Past { at_ms: *at_ms, fact: settlement_step(fact) })
            .collect(),
        omitted: case.omitted(),
    };
    let notices = notices::dead_letters(&shared, LetterFilter { behind: notice_behind, ..filter }, limit).await?;
    let has_more = letters.len() == limit || notices.len() == limit;
    let next = has_more.then(|| {
        let place = letters.last().map(|(exchange, _)| exchange.id).or(behind);
        cursor(place, notices.last().map(|one| one.notice.notice).or(notice_behind))
    });
    let dead_letters = letters.iter().zip(owners).map(line).collect();
    Ok(Json(DeadLetters { dead_letters, notices, next }).into_response())
}

/// Where the next page begins: behind this exchange, and behind this notice.
fn cursor(exchange: Option<ExchangeId>, notice: Option<ExchangeId>) -> String {
    let text = |place: Option<ExchangeId>| place.map_or_else(String::new, |place| place.to_string());
    format!("{}-{}", text(exchange), text(notice))
}

fn places_of(cursor: Option<&str>) -> Result<(Option<ExchangeId>, Option<ExchangeId>), ApiError> {
    let Some(cursor) = cursor else { return Ok((None, None)) };
    let other = || wrong("cursor", "it is the `next` of a page");
    let (exchange, notice) = cursor.split_once('-').ok_or_else(other)?;
    let place = |text: &str| if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| other()) };
    Ok((place(exchange)?, place(notice)?))
}

/// `POST /v1/exchanges/{id}/settlement`
pub(super) async fn settle(
    State(shared): State<Shared>,
    who: Who,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    refuse_foreign_page(&headers)?;
    let exchange = at_path(&shared, &who, id).await?;
    who.may(Action::Settle, Some(&exchange.institution), Some(&exchange.telegram))?;
    let example = r#"write {"decision": "done", "note": "…"}, with done, not_done, reversed, inquire or reverse"#;
    let body = decision::read(body, &who, example)?;
    let wants = match body.decision {
        SettlementWord::Done => PersonWants::Settle(Money::Done),
        SettlementWord::NotDone => PersonWants::Settle(Money::NotDone),
        SettlementWord::Reversed => PersonWants::Settle(Money::Reversed),
        SettlementWord::Inquire => PersonWants::Step(StepKind::Inquiry),
        SettlementWord::Reverse => PersonWants::Step(StepKind::Reversal),
    };
    let deed =
        Deed { act: Act::Settle, person: &body.person, note: &body.note, about: None, exchange: Some(&exchange) };
    let decision = PersonDecision { person: body.person.clone(), note: body.note.clone(), wants };
    let decided = async { shared.gateway.settle(&exchange.id, decision).await.map_err(|error| refused(&error)) };
    let exchange = recorded(&shared, &who, &headers, &exchange.institution, deed, decided).await?;
    Ok(reply_of(&shared, &who, &exchange))
}

fn refused(error: &SettleError) -> ApiError {
    let problem = match error {
        SettleError::UnknownExchange => Problem::UnknownExchange,
        SettleError::Stopped => Problem::Stopped,
        SettleError::Elsewhere(_) => Problem::AtAnotherGateway,
        SettleError::NotDecided(why) => match why {
            NotDecided::NoSuchCase => Problem::NoCase,
            NotDecided::AlreadySettled => Problem::AlreadySettled,
            NotDecided::NoSuchStep(_) => Problem::NoSuchStep,
            NotDecided::TooManyDecisions => Problem::TooManyDecisions,
            _ => Problem::BadNote,
        },
        SettleError::Journal(JournalError::Closed) => Problem::Stopped,
        SettleError::Journal(_) => Problem::Journal,
    };
    ApiError::new(problem, error.to_string())
}
