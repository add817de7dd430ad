//! The routes about rules.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use fep_spec::report::Source;
use serde_json::{Value, json};
use tracing::info;

use super::problem::{ApiError, Problem};
use super::toml;
use crate::simulate::Shared;
use crate::simulate::rules::Entry;
use crate::simulate::scenario::{RULES_MAX, Rule};

/// `GET /v1/rules`
pub(super) async fn list(State(shared): State<Shared>) -> Json<Value> {
    let memory = shared.institution.memory();
    Json(json!({"rules": memory.rules.entries().iter().map(shown).collect::<Vec<_>>()}))
}

/// `GET /v1/rules/{name}`
pub(super) async fn one(
    State(shared): State<Shared>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let Path(name) = name?;
    shared.institution.memory().rules.get(&name).map(|entry| Json(shown(entry))).ok_or_else(|| unknown(&name))
}

/// `PUT /v1/rules/{name}`
pub(super) async fn put(
    State(shared): State<Shared>,
    name: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Path(name) = name?;
    let mut keys = toml::object(&body?)?;
    keys.insert("name".to_owned(), name.as_str().into());
    let source = Source::new("the body", toml::lines(&keys)?);
    let institution = &shared.institution;
    let rule = Rule::read(source, &institution.scenario, &institution.spec);
    let rule = rule.map_err(|report| ApiError::unfit(&report))?;
    let mut memory = institution.memory();
    let Some(is_new) = memory.rules.put(&name, rule) else {
        return Err(ApiError::new(Problem::Full, format!("there are {RULES_MAX} rules, remove one first")));
    };
    info!(rule = name, is_new, "a rule was changed");
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(memory.rules.get(&name).map(shown).unwrap_or_default())))
}

/// `DELETE /v1/rules/{name}`
pub(super) async fn remove(
    State(shared): State<Shared>,
    name: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let Path(name) = name?;
    if !shared.institution.memory().rules.remove(&name) {
        return Err(unknown(&name));
    }
    info!(rule = name, "a rule was removed");
    Ok(StatusCode::NO_CONTENT)
}

fn unknown(name: &str) -> ApiError {
    ApiError::new(Problem::NoSuchRule, format!("there is no rule {name:?}"))
}

/// A rule as a scenario has it, with its counts.
fn shown(entry: &Entry) -> Value {
    let mut shown = entry.rule.to_json();
    if let Some(keys) = shown.as_object_mut() {
        keys.insert("name".to_owned(), entry.name.as_str().into());
    }
    json!({"rule": shown, "matches": entry.matches, "applied": entry.applied})
}
