//! Runs a batch: checks the file of requests, sends what has no state, and writes the file of results. The loop is in `running`.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use super::clock::BatchClock;
use super::ending::{Batch, BatchError, Checked, Ended};
use super::input::InputFile;
use super::ledger::{Identity, LEDGER_END, Ledger, LedgerError, sent_before};
use super::output::{Results, Written, place};
use super::plan::Plan;
use super::plan_output::Output;
use super::progress::{Count, Progress};
use super::running::Running;
use super::sender::Sender;
use super::windows::Started;
use crate::time;

/// `2026-11-30` of days since 1970-01-01.
fn date_text(date: i64) -> String {
    let (year, month, day) = time::date(date);
    format!("{year:04}-{month:02}-{day:02}")
}

fn checked(plan: &Plan, file: &Path, date: &str) -> Result<InputFile, BatchError> {
    let mut input = InputFile::check(plan, file).map_err(BatchError::Input)?;
    if let Some(output) = &plan.output {
        let own = place(output, date);
        let real = own.canonicalize();
        let is_own = |path: &Path| {
            path == own || path.canonicalize().is_ok_and(|path| real.as_ref().is_ok_and(|own| *own == path))
        };
        if is_own(file) || is_own(&plan.path) || own.to_string_lossy().ends_with(LEDGER_END) {
            return Err(BatchError::Overwrites(own));
        }
        Results::try_out(plan, output, date, &mut input).map_err(|error| BatchError::Output(Box::new(error)))?;
    }
    Ok(input)
}

/// Checks a file of requests as a run does, and sends nothing. A file of results is tried out.
///
/// # Errors
/// If anything in the file is wrong, or the file of results could not be written.
pub fn check(plan: &Plan, file: &Path) -> Result<Checked, BatchError> {
    let input = checked(plan, file, "2026-11-30")?;
    let contents = input.contents();
    let all = Count { requests: contents.requests, amount: contents.amount };
    Ok(Checked { all, others: contents.others.clone() })
}

/// Runs a batch until each request has a state, or until `stop` completes. What was on its way then is waited for.
///
/// # Errors
/// If the file of requests is refused, before anything is sent. Also if outcomes cannot be kept.
pub async fn run(
    batch: &Batch,
    stop: impl Future<Output = ()>,
    tell: &mut (dyn FnMut(&Progress) + Send),
) -> Result<Ended, BatchError> {
    let plan = &batch.plan;
    let date = date_text(batch.date);
    let checking = (Arc::clone(plan), batch.file.clone(), date.clone());
    let input = tokio::task::spawn_blocking(move || checked(&checking.0, &checking.1, &checking.2));
    let input = input.await.map_err(|error| BatchError::Broken(error.to_string()))??;
    let contents = input.contents().clone();
    let own = Identity {
        batch: plan.name.clone(),
        date: date.clone(),
        institution: plan.institution.clone(),
        telegram: plan.telegram.clone(),
        requests: contents.requests,
        file: contents.digest,
        gateway: format!("{}:{}", plan.gateway.host, plan.gateway.port),
        judgement: plan.judgement(),
    };
    let path = plan.folder.join(format!("{}-{date}{LEDGER_END}", plan.name));
    let told = plan.output.as_ref().map(|output| place(output, &date)).filter(|told| told.exists());
    if !batch.repeat && !path.exists() {
        if let Some(other) = sent_before(&path, &own)? {
            return Err(LedgerError::SentBefore(other).into());
        }
        if let Some(told) = told {
            return Err(BatchError::Told(told));
        }
    }
    let sender = Sender::new(plan, (&date, &own.file)).map_err(BatchError::Token)?;
    let mut progress = Progress::of(Count { requests: contents.requests, amount: contents.amount });
    let mut started = Started::default();
    let ledger = Ledger::open(&path, &own, |entry, before| {
        progress.count(before, entry.state, entry.amount.unwrap_or_default());
        if before.is_none() {
            let at_ms = time::parse(&entry.started).unwrap_or_default();
            started.count(entry.window.as_deref(), plan.windows.date(at_ms));
        }
    })?;
    // What was told does not change, also if it was told as unknown.
    let was_told = ledger.is_closed();
    let sender = Arc::new(sender);
    let clock = BatchClock::begin(&sender, Arc::clone(&batch.now_ms)).await;
    let mut running = Running::new(batch, (sender, clock), ledger, (progress, started), tell);
    let mut stop = pin!(stop);
    let mut input = running.send_all(input, stop.as_mut()).await?;
    if !was_told {
        running.settle(stop.as_mut()).await?;
    }
    running.last_word().await?;
    let (progress, mut ledger, stopped) = running.end();
    let mut results = None;
    let is_told = |output: &&Output| progress.is_complete() || output.tells_unknown() && progress.left() == 0;
    // A run that was stopped may have left requests on their way.
    if let Some(output) = plan.output.as_ref().filter(|_| stopped.is_none()).filter(is_told) {
        let entry = |request| ledger.entry(request);
        let writing = Results { plan, output, entry: &entry, number: None, last: u64::MAX, date: &date };
        let written = writing.write(&mut input);
        // What is told is final before anybody can read it.
        if let Ok(written) = &written
            && !ledger.is_closed()
        {
            ledger.close(written.path())?;
        }
        results = Some(written.and_then(Written::publish));
    }
    ledger.forget_if_empty()?;
    Ok(Ended { progress, results, ledger: path, stopped })
}
