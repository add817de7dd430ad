//! Exchanges and notices with derived telegrams.

use std::sync::Arc;

use fep_codec::{Digits, Telegram};
use fep_gateway::Gateway;
use fep_gateway::gateway::{DraftError, Refusal, StartError, TypedNotices};

use crate::harness::{Bench, Setup, config};
use crate::peer::Peer;

#[path = "../../examples/typed.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::duplicate_mod,
    reason = "an example is a program with a `main`; here it is a module"
)]
mod example;

#[tokio::test]
async fn the_example_runs() {
    let seen = example::run().await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((seen.answer.balance, seen.answer.amount, seen.notice.amount), (1_250_000, 1_234_567, 30_000));
    assert_eq!(seen.answer.header.response_code.as_str(), "0000");
    assert_ne!(seen.answer.header.trace_no, 0, "the gateway gives the number");
}

/// A struct with the name of the bank's transfer and another layout than the sheet.
#[derive(Debug, Telegram)]
#[telegram(charset = "euc-kr", label = "이체")]
struct Transfer {
    #[field(len = 4, label = "전문길이", computed = length(rest))]
    length: (),
}

/// A struct with the name of the bank's notice and another layout than the sheet.
#[derive(Telegram)]
struct DepositNotice {
    #[field(full)]
    code: Digits<4>,
}

#[tokio::test]
async fn a_struct_of_another_version_is_refused_by_its_first_difference() {
    let mut bench = Bench::new(Setup::default()).await;
    let refused = bench.gateway.send::<Transfer, Transfer>("bank-a", &Transfer { length: () }, None).await;
    let Err(Refusal::Draft(DraftError::OtherLayout { telegram, difference })) = refused else { panic!("{refused:?}") };
    assert_eq!(telegram, "Transfer");
    assert!(difference.starts_with("length: it is Field"), "{difference}");
    assert!(bench.peer.is_quiet().await);

    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start().await;
    let notices = TypedNotices::new().on(async |notice: DepositNotice| Ok(notice));
    let config = config(&folder.path().join("journal.sqlite"), peer.port, &Setup::default());
    let Err(StartError::Institution { why, .. }) = Gateway::start(config, Arc::new(notices)).await else {
        panic!("it started")
    };
    assert!(why.starts_with("the struct DepositNotice is not the spec's telegram: code: it is Field"), "{why}");
}
