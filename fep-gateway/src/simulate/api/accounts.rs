//! The routes about accounts and transactions. Account numbers are those of a test, so they are shown.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use fep_spec::report::Source;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::info;

use super::problem::{ApiError, Problem};
use super::toml;
use crate::simulate::Shared;
use crate::simulate::bank::{Account, Bank};
use crate::simulate::scenario::BankAccount;

/// The most transactions of one reply, and the number without `limit`.
const TRANSACTIONS_MAX: usize = 1000;
const TRANSACTIONS: usize = 50;

/// The query of `GET /v1/transactions`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    limit: Option<usize>,
}

/// `GET /v1/accounts`
pub(super) async fn list(State(shared): State<Shared>) -> Result<Json<Value>, ApiError> {
    with(&shared, |bank| {
        let accounts: Vec<_> = bank.ledger.accounts().map(|(number, account)| shown(number, account)).collect();
        Ok(Json(json!({ "accounts": accounts })))
    })
}

/// `GET /v1/accounts/{number}`
pub(super) async fn one(
    State(shared): State<Shared>,
    number: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let Path(number) = number?;
    with(&shared, |bank| {
        let account = bank.ledger.shown(&number).ok_or_else(unknown)?;
        Ok(Json(shown(&number, account)))
    })
}

/// `PUT /v1/accounts/{number}`
pub(super) async fn put(
    State(shared): State<Shared>,
    number: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Path(number) = number?;
    let mut keys = toml::object(&body?)?;
    keys.insert("number".to_owned(), number.as_str().into());
    let source = Source::new("the body", toml::lines(&keys)?);
    let account = BankAccount::read(source, &shared.institution.spec).map_err(|report| ApiError::unfit(&report))?;
    with(&shared, |bank| {
        let is_new = bank.ledger.shown(&number).is_none();
        let account = Account::from(&account);
        let reply = shown(&number, &account);
        if !bank.ledger.put(number.clone(), account) {
            return Err(ApiError::new(Problem::Full, "there are as many accounts as `accounts_max` allows"));
        }
        info!(is_new, "an account was changed");
        Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(reply)))
    })
}

/// `DELETE /v1/accounts/{number}`
pub(super) async fn remove(
    State(shared): State<Shared>,
    number: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let Path(number) = number?;
    with(&shared, |bank| if bank.ledger.remove(&number) { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) })
}

/// `GET /v1/transactions`
pub(super) async fn transactions(
    State(shared): State<Shared>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let Query(page) = page?;
    let limit = page.limit.unwrap_or(TRANSACTIONS);
    if limit == 0 || limit > TRANSACTIONS_MAX {
        return Err(ApiError::new(Problem::BadPath, format!("`limit` is {limit}, it must be 1 to {TRANSACTIONS_MAX}")));
    }
    with(&shared, |bank| {
        let transactions = bank.ledger.transactions().take(limit).map(|(key, transaction)| {
            json!({
                "key": key, "telegram": transaction.telegram, "state": transaction.state.name(), "debit": transaction.debit,
                "credit": transaction.credit, "amount": transaction.amount, "fee": transaction.fee,
            })
        });
        Ok(Json(json!({"transactions": transactions.collect::<Vec<_>>()})))
    })
}

fn with<T>(shared: &Shared, what: impl FnOnce(&mut Bank) -> Result<T, ApiError>) -> Result<T, ApiError> {
    let mut memory = shared.institution.memory();
    let none = || ApiError::new(Problem::NoBank, "the scenario has no [bank]");
    what(memory.bank.as_mut().ok_or_else(none)?)
}

/// The detail names no number: errors are logged by clients.
fn unknown() -> ApiError {
    ApiError::new(Problem::NoSuchAccount, "there is no account with this number")
}

fn shown(number: &str, account: &Account) -> Value {
    let Account { balance, overdraft, stopped, fields } = account;
    json!({"number": number, "balance": balance, "overdraft": overdraft, "stopped": stopped, "fields": fields})
}
