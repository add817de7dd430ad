//! The writer thread. It takes all waiting commands, writes them as one transaction, and reports the results.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rusqlite::{Error, ErrorCode};
use tokio::sync::mpsc;

use super::JournalError;
use super::command::{Accepted, JournalCommand, NoticeState};
use super::store::Store;
use fep_protocol::exchange::Exchange;

/// The maximum number of further commands that one transaction takes from the queue after its first ones.
const BATCH_MAX: usize = 512;

/// The pause before a failed write is retried.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// The maximum time that closing spends on retrying failed writes.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

/// The maximum number of facts that are kept while writes fail. Beyond that the oldest are dropped, and an error is logged.
const KEPT_MAX: usize = 100_000;

/// The result of a command. It is reported after the commit.
enum Done {
    Written,
    Accepted(Accepted),
    Settled(Option<Box<Exchange>>),
    Notice(NoticeState),
}

/// Writes until it receives `Close`, or until all senders are gone.
pub(super) fn run(mut store: Store, mut queue: mpsc::Receiver<JournalCommand>) {
    let mut kept: VecDeque<JournalCommand> = VecDeque::new();
    loop {
        let mut batch: Vec<JournalCommand> = std::mem::take(&mut kept).into();
        let retrying = !batch.is_empty();
        let open = fill(&mut batch, &mut queue);
        let (batch, closing) = until_close(batch);
        if !batch.is_empty() {
            kept = write(&mut store, batch);
        }
        if closing || !open {
            break;
        }
        if !kept.is_empty() && retrying {
            std::thread::sleep(RETRY_PAUSE);
        }
    }
    let patience = Instant::now() + CLOSE_PATIENCE;
    while !kept.is_empty() && Instant::now() < patience {
        std::thread::sleep(RETRY_PAUSE);
        kept = write(&mut store, kept.into());
    }
    if !kept.is_empty() {
        // Do not log the commands: they contain telegrams.
        tracing::error!(lost = kept.len(), "the journal closes and could not write what happened");
    }
}

/// Waits for a first command if the batch is empty, then takes the commands that are already in the queue. Returns false if
/// no more commands can come.
fn fill(batch: &mut Vec<JournalCommand>, queue: &mut mpsc::Receiver<JournalCommand>) -> bool {
    if batch.is_empty() {
        match queue.blocking_recv() {
            Some(command) => batch.push(command),
            None => return false,
        }
    }
    for _ in batch.len()..batch.len() + BATCH_MAX {
        match queue.try_recv() {
            Ok(command) => batch.push(command),
            Err(mpsc::error::TryRecvError::Empty) => return true,
            Err(mpsc::error::TryRecvError::Disconnected) => return false,
        }
    }
    true
}

/// Returns the commands before the first `Close`, and whether there was a `Close`.
fn until_close(batch: Vec<JournalCommand>) -> (Vec<JournalCommand>, bool) {
    let len = batch.len();
    let batch: Vec<_> = batch.into_iter().take_while(|command| !matches!(command, JournalCommand::Close)).collect();
    let closing = batch.len() < len;
    (batch, closing)
}

/// Writes a batch as one transaction. If a command fails, writes the commands one by one. Returns the commands that must be
/// retried.
fn write(store: &mut Store, batch: Vec<JournalCommand>) -> VecDeque<JournalCommand> {
    let started = Instant::now();
    metrics::histogram!("fep_journal_batch_size").record(u32::try_from(batch.len()).unwrap_or(u32::MAX));
    let result = transaction(store, &batch);
    metrics::histogram!("fep_journal_commit_seconds").record(started.elapsed().as_secs_f64());
    match result {
        Ok(done) => {
            batch.into_iter().zip(done).for_each(|(command, done)| tell(command, done));
            VecDeque::new()
        }
        Err(error) if is_storage(&error) => keep(batch, &error),
        Err(_) => one_by_one(store, batch),
    }
}

/// Writes each command in a transaction of its own, so that one bad command does not affect the others.
fn one_by_one(store: &mut Store, batch: Vec<JournalCommand>) -> VecDeque<JournalCommand> {
    let mut kept = VecDeque::new();
    for command in batch {
        match transaction(store, std::slice::from_ref(&command)).map(|mut done| done.pop()) {
            Ok(done) => tell(command, done.unwrap_or(Done::Written)),
            Err(error) if is_storage(&error) => kept.extend(keep(vec![command], &error)),
            Err(error) => {
                // This is a bug in the gateway: a retry would not help.
                let lost = keep(vec![command], &error).len();
                tracing::error!(%error, lost, "the journal cannot take a command");
            }
        }
    }
    kept
}

fn transaction(store: &mut Store, batch: &[JournalCommand]) -> Result<Vec<Done>, Error> {
    let result = store
        .begin()
        .and_then(|()| batch.iter().map(|command| apply(store, command)).collect::<Result<Vec<_>, _>>())
        .and_then(|done| store.commit().map(|()| done));
    if result.is_err() {
        store.roll_back();
    }
    result
}

fn apply(store: &mut Store, command: &JournalCommand) -> Result<Done, Error> {
    match command {
        JournalCommand::Accept(acceptance, _) => store.accept(acceptance).map(Done::Accepted),
        JournalCommand::Send(sending, _) => store.send(sending).map(|()| Done::Written),
        JournalCommand::Received(entry) => store.entry(entry).map(|()| Done::Written),
        JournalCommand::Finish(finish, _) => store.finish(finish).map(|()| Done::Written),
        JournalCommand::Settle(settlement, _) => {
            store.settle(settlement).map(|settled| Done::Settled(settled.map(Box::new)))
        }
        JournalCommand::Notice(id, name, at_ms, _) => store.notice(id, name, *at_ms).map(Done::Notice),
        JournalCommand::Close => Ok(Done::Written),
    }
}

/// Reports the result of a command. The receiver may already be gone, which is not an error.
fn tell(command: JournalCommand, done: Done) {
    match (command, done) {
        (JournalCommand::Accept(_, reply), Done::Accepted(accepted)) => drop(reply.send(Ok(accepted))),
        (JournalCommand::Notice(_, _, _, reply), Done::Notice(state)) => drop(reply.send(Ok(state))),
        (JournalCommand::Send(_, reply) | JournalCommand::Finish(_, Some(reply)), _) => drop(reply.send(Ok(()))),
        (JournalCommand::Settle(_, Some(reply)), Done::Settled(exchange)) => {
            drop(reply.send(exchange.map(|exchange| *exchange)))
        }
        _ => {}
    }
}

/// Reports a storage failure to all callers. Requests for permission end here. Facts are returned and must be retried.
fn keep(batch: Vec<JournalCommand>, error: &Error) -> VecDeque<JournalCommand> {
    let error = JournalError::Failed(error.to_string());
    let mut kept = VecDeque::new();
    for command in batch {
        match command {
            JournalCommand::Accept(_, reply) => drop(reply.send(Err(error.clone()))),
            JournalCommand::Send(_, reply) => drop(reply.send(Err(error.clone()))),
            JournalCommand::Notice(_, _, _, reply) => drop(reply.send(Err(error.clone()))),
            JournalCommand::Finish(finish, reply) => {
                if let Some(reply) = reply {
                    drop(reply.send(Err(error.clone())));
                }
                kept.push_back(JournalCommand::Finish(finish, None));
            }
            JournalCommand::Settle(settlement, reply) => {
                if let Some(reply) = reply {
                    drop(reply.send(None));
                }
                kept.push_back(JournalCommand::Settle(settlement, None));
            }
            JournalCommand::Received(entry) => kept.push_back(JournalCommand::Received(entry)),
            JournalCommand::Close => {}
        }
    }
    if kept.len() > KEPT_MAX {
        let lost = kept.len() - KEPT_MAX;
        tracing::error!(lost, "the journal has been failing for too long and loses what happened");
        kept.drain(..lost);
    }
    kept
}

/// Whether the storage failed, and not the command.
fn is_storage(error: &Error) -> bool {
    let Error::SqliteFailure(failure, _) = error else { return false };
    matches!(
        failure.code,
        ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::ReadOnly
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory
    )
}
