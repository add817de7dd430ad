//! Errors of the interface as problem details (RFC 9457), in the form in which the gateway gives its own.

use axum::Json;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use fep_spec::report::Report;
use serde_json::{Map, Value, json};

/// An error: `{"type", "title", "status", "detail", "code", …}`.
#[derive(Debug)]
pub(in crate::simulate) struct ApiError {
    problem: Problem,
    detail: String,
    more: Map<String, Value>,
}

/// A kind of error. Programs read its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    BadBody,
    BadPath,
    BodyTooLarge,
    BodyTooSlow,
    Full,
    MethodNotAllowed,
    NoBank,
    NoSuchAccount,
    NoSuchEntry,
    NoSuchRoute,
    NoSuchRule,
    NotJson,
    NotSent,
    Origin,
}

impl Problem {
    const ALL: [Self; 14] = [
        Self::BadBody,
        Self::BadPath,
        Self::BodyTooLarge,
        Self::BodyTooSlow,
        Self::Full,
        Self::MethodNotAllowed,
        Self::NoBank,
        Self::NoSuchAccount,
        Self::NoSuchEntry,
        Self::NoSuchRoute,
        Self::NoSuchRule,
        Self::NotJson,
        Self::NotSent,
        Self::Origin,
    ];

    /// The status of HTTP, the stable code, and what errors of this kind have in common.
    const fn meaning(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::BadBody => (422, "bad_body", "the body does not fit the spec or the scenario"),
            Self::BadPath => (400, "bad_path", "the path or the query cannot be read"),
            Self::BodyTooLarge => (413, "body_too_large", "the body is too long"),
            Self::BodyTooSlow => (408, "body_too_slow", "the body did not come in time"),
            Self::Full => (409, "full", "there are as many as there may be"),
            Self::MethodNotAllowed => (405, "method_not_allowed", "the route does not take this method"),
            Self::NoBank => (404, "no_bank", "the scenario has no bank"),
            Self::NoSuchAccount => (404, "no_such_account", "the bank has no such account"),
            Self::NoSuchEntry => (404, "no_such_entry", "nothing is kept under this name and key"),
            Self::NoSuchRoute => (404, "no_such_route", "there is no such route"),
            Self::NoSuchRule => (404, "no_such_rule", "there is no such rule"),
            Self::NotJson => (400, "not_json", "the body is not a JSON object"),
            Self::NotSent => (409, "not_sent", "no link can take the telegram now"),
            Self::Origin => (403, "origin", "the request comes from a page or names another host"),
        }
    }

    fn type_of(self) -> String {
        format!("/problems#{}", self.meaning().1)
    }
}

impl ApiError {
    /// Creates an error with a one-line sentence for people.
    pub(super) fn new(problem: Problem, detail: impl Into<String>) -> Self {
        Self { problem, detail: detail.into(), more: Map::new() }
    }

    /// The error for a body that a scenario could not have either. `findings` has all mistakes.
    pub(super) fn unfit(report: &Report) -> Self {
        let finding = |message: &str, hint: Option<&str>| match hint {
            Some(hint) => format!("{message} ({hint})"),
            None => message.to_owned(),
        };
        let findings: Vec<String> =
            report.findings.iter().map(|found| finding(&found.message, found.hint.as_deref())).collect();
        let mut error = Self::new(Problem::BadBody, findings.join("; "));
        error.more.insert("findings".to_owned(), json!(findings));
        error
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::new(Problem::BodyTooLarge, format!("the body has more than {} bytes", super::BODY_MAX_BYTES))
            }
            _ => Self::new(Problem::NotJson, rejection.body_text()),
        }
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::new(Problem::BadPath, rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(Problem::BadPath, rejection.body_text())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code, title) = self.problem.meaning();
        let mut body = json!({
            "type": self.problem.type_of(), "title": title, "status": status, "detail": self.detail, "code": code,
        });
        if let Some(body) = body.as_object_mut() {
            body.extend(self.more);
        }
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
    }
}

/// `GET /problems`
pub(super) async fn list() -> Json<Value> {
    let rows = Problem::ALL.map(|problem| {
        let (status, code, title) = problem.meaning();
        json!({"type": problem.type_of(), "status": status, "code": code, "title": title})
    });
    Json(json!({ "problems": rows }))
}
