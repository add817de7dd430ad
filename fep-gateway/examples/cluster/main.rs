//! `make demo-cluster`: two gateways share a journal in PostgreSQL, with Redis between them, and one after the other is killed: a gateway, Redis,
//! PostgreSQL. The bank answers each second transfer on the link of the other gateway. At the end, what the gateways say is compared with the
//! record of the bank.
//!
//! The gateways are processes of their own, the servers are real, the bank is the simulator. With `--once` the program ends after the comparison,
//! with exit code 1 if they differ. Without it, traffic goes on until Ctrl-C, for a look at the consoles and for a `kill` of one's own.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the output of an example")]

mod servers;
mod bank;
mod member;
mod orders;
mod story;

use std::error::Error;
use std::process::ExitCode;

use self::story::Stage;

/// Why the demo ends early.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

pub(crate) const SPEC: &str = include_str!("../../specs/bank-a/bank-a.toml");

#[tokio::main]
async fn main() -> ExitCode {
    let is_once = std::env::args().nth(1).is_some_and(|option| option == "--once");
    let shown = tokio::select! {
        shown = show(is_once) => shown,
        () = told_to_end() => Ok(true),
    };
    match shown {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo-cluster: {error}");
            ExitCode::from(2)
        }
    }
}

/// Completes when the program is told to end. Nothing may be left running then.
async fn told_to_end() {
    #[cfg(unix)]
    if let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        return;
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Returns whether the bank and the gateways say the same.
async fn show(is_once: bool) -> Result<bool, Failure> {
    let mut stage = Stage::set().await?;
    stage.one_key_to_both().await?;
    stage.a_gateway_dies().await?;
    stage.redis_dies().await?;
    stage.postgres_dies().await?;
    let is_right = stage.compare().await?;
    if !is_once {
        stage.go_on().await?;
    }
    stage.strike().await;
    Ok(is_right)
}
