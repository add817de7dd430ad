//! Exchanges and notices with structs: the embedded gateway against a simulated bank, without any configuration file.
//!
//! ```sh
//! cargo run -p fep-gateway --example typed
//! ```
//!
//! The structs are in `mini_bank/telegrams.rs`. If the structs and the spec had different versions, the gateway would refuse the structs and
//! name the first difference.

#![allow(clippy::print_stdout, reason = "the output of an example")]

#[path = "mini_bank/telegrams.rs"]
#[allow(unreachable_pub, reason = "generated code is for any place")]
mod telegrams;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use fep_codec::{Date, Digits};
use fep_gateway::Gateway;
use fep_gateway::config::Filling;
use fep_gateway::config::build::{ConfigBuilder, InstitutionBuilder, JournalBuilder, LineBuilder, NoticeBuilder};
use fep_gateway::gateway::{TypedNotices, TypedOutcome};
use fep_gateway::simulate::{Scenario, Simulator};
use fep_spec::model::Spec;
use fep_spec::report::Source;
use tokio::sync::mpsc;

use telegrams::{DepositNotice, DepositNoticeAnswer, Header, Transfer, TransferAnswer};

/// The number of times that the transfer is sent until the line is up.
const ATTEMPTS_MAX: usize = 500;

/// The pause after an attempt that was not sent.
const PAUSE: Duration = Duration::from_millis(20);

const SPEC: &str = include_str!("mini_bank.toml");

/// The bank answers every transfer with this balance, and sends a notice every 100 ms.
const SCENARIO: &str = r#"
title = "a bank that agrees"
[answers]
set = { "header.response_code" = "0000", balance = 1250000 }
[[notices]]
telegram = "DepositNotice"
every_ms = 100
set = { "header.trace_no" = "<sequence>", "header.sent_date" = "<date>", account = "1002345678901", amount = 30000 }
"#;

/// The result of the example.
#[derive(Debug)]
pub struct Seen {
    /// The answer to the transfer.
    pub answer: TransferAnswer,
    /// The first notice.
    pub notice: DepositNotice,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let seen = run().await?;
    println!("the balance after transfer {}: {}", seen.answer.header.trace_no, seen.answer.balance);
    println!("a deposit of {} was notified", seen.notice.amount);
    Ok(())
}

/// Sends one transfer and receives one notice.
///
/// # Errors
/// If a step fails, or the transfer is not answered.
pub async fn run() -> Result<Seen, Box<dyn Error>> {
    let spec = Spec::parse("mini_bank.toml", SPEC).map_err(|report| report.to_string())?;
    let scenario =
        Scenario::read(Source::new("scenario.toml", SCENARIO), &spec).map_err(|report| report.to_string())?;
    let institution = InstitutionBuilder::new(Arc::new(spec.clone()), ["header.trace_no", "header.sent_date"])
        .trace("header.trace_no")
        .fill("header.sent_date", Filling::Date)
        .notice("DepositNotice", NoticeBuilder::new());
    let bank = Simulator::start(spec, scenario, "127.0.0.1:0").await?;
    let folder = tempfile::tempdir()?;
    let config = ConfigBuilder::new()
        .journal(JournalBuilder::new().path(folder.path().join("journal.sqlite")))
        .institution("mini-bank", institution.line(LineBuilder::connect("main", bank.address().to_string())))
        .build()?;
    let (taken, mut notices) = mpsc::unbounded_channel();
    let handler = TypedNotices::new().on(move |notice: DepositNotice| {
        let taken = taken.clone();
        async move {
            let header = Header { telegram_code: code("0410")?, response_code: code("0000")?, ..notice.header.clone() };
            let answer = DepositNoticeAnswer { header, account: notice.account, amount: notice.amount };
            taken.send(notice).map_err(|_| "the example has ended".to_owned())?;
            Ok(answer)
        }
    });
    let gateway = Gateway::start(config, Arc::new(handler)).await?;

    // The gateway sets the trace number and the date, and replaces these values.
    let header = Header {
        length: (),
        telegram_code: code("0100")?,
        trace_no: 0,
        sent_date: Date::new(2026, 11, 26)?,
        response_code: Digits::default(),
    };
    let transfer =
        Transfer { header, account: "1002345678901".parse()?, amount: 1_234_567, payee_name: "홍길동".parse()? };
    let answer = answered(&gateway, &transfer).await?;
    let notice = notices.recv().await.ok_or("the gateway has ended")?;
    gateway.stop().await;
    bank.stop().await;
    Ok(Seen { answer, notice })
}

/// Sends the transfer until it is answered, at most [`ATTEMPTS_MAX`] times.
async fn answered(gateway: &Gateway, transfer: &Transfer) -> Result<TransferAnswer, Box<dyn Error>> {
    for _ in 0..ATTEMPTS_MAX {
        let exchange = gateway.send::<Transfer, TransferAnswer>("mini-bank", transfer, None).await?;
        match exchange.outcome {
            TypedOutcome::Answered(answer) => return Ok(answer),
            // The line is not up yet. Nothing was sent, so sending again is safe.
            TypedOutcome::NotSent => tokio::time::sleep(PAUSE).await,
            TypedOutcome::Unreadable(error) => return Err(error.into()),
            TypedOutcome::Unknown => return Err("it is unknown whether the transfer was carried out".into()),
        }
    }
    Err(format!("the line was not up after {ATTEMPTS_MAX} attempts").into())
}

/// A code of four digits.
fn code(digits: &str) -> Result<Digits<4>, String> {
    digits.parse().map_err(|_| format!("{digits:?} is not a code of four digits"))
}
