//! The routes that explain the kinds of errors.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use serde::Serialize;

use super::error::ApiError;
use super::problem::{Meaning, Problem};

#[derive(Debug, Serialize)]
pub(super) struct Table {
    problems: Vec<Row>,
}

/// One kind of error.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// What errors of this kind have as `type`.
    r#type: String,
    #[serde(flatten)]
    meaning: Meaning,
}

impl From<Problem> for Row {
    fn from(problem: Problem) -> Self {
        Self { r#type: problem.type_of(), meaning: problem.meaning() }
    }
}

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
