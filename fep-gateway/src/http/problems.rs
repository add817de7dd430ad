//! The routes that explain the kinds of errors.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;

use super::error::ApiError;
use crate::contract::problem::{Problem, Row, Table};

/// `GET /problems`
pub(super) async fn list() -> Json<Table> {
    Json(Table { problems: Problem::ALL.iter().copied().map(Row::from).collect() })
}

/// `GET /problems/{code}`
pub(super) async fn one(code: Result<Path<String>, PathRejection>) -> Result<Json<Row>, ApiError> {
    let Path(code) = code.map_err(|error| ApiError::new(Problem::Path, error.body_text()))?;
    let unknown = || ApiError::new(Problem::NoSuchKind, format!("there is no kind of error {code:?}"));
    Problem::with_code(&code).map(|problem| Json(problem.into())).ok_or_else(unknown)
}
