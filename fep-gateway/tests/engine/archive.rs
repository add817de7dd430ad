//! Archived exchanges: they are found as before, also after the index was made again.

use std::path::Path;
use std::sync::Arc;

use fep_gateway::Gateway;
use fep_gateway::config::ArchiveConfig;
use fep_gateway::gateway::{StandInOnly, StartOptions};

use crate::harness::{Bench, Setup, config, start, transfer, until};
use crate::peer::transfer_answer;

fn first_fact(journal: &Path) -> i64 {
    let file = rusqlite::Connection::open(journal).unwrap();
    file.query_row("SELECT min(number) FROM facts", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn an_archived_exchange_is_found_as_before() {
    let mut bench = Bench::new(Setup::default()).await;
    let gateway = bench.gateway.clone();
    let asked = tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &transfer(), Some("order-1")).await });
    let request = bench.peer.receive().await;
    bench.peer.send(request.0, &transfer_answer(&request.1)).await;
    let before = asked.await.unwrap().unwrap();
    let journal = bench.journal();
    let Bench { gateway, peer, folder } = bench;
    gateway.stop().await;
    drop(gateway);

    // Now it is 40 days later.
    let file = rusqlite::Connection::open(&journal).unwrap();
    file.execute_batch("UPDATE facts SET at_ms = at_ms - 40 * 86400000").unwrap();
    drop(file);
    let setup = Setup::default();
    let archive = folder.path().join("archive");
    let index = journal.with_file_name("journal.index.sqlite");
    let config = || {
        let mut config = config(&journal, peer.port, &setup);
        let folder = archive.clone();
        config.journal.archive =
            Some(ArchiveConfig { folder, after_days: 30, utc_offset_minutes: 540, keep_days: None });
        config
    };
    for what in ["with its index", "without its index"] {
        let gateway = start(config(), Arc::new(StandInOnly)).await;
        until("it is removed from the journal", async || first_fact(&journal) > 1).await;
        let found = gateway.find(&before.id).await.unwrap().unwrap();
        assert_eq!((&found.request, &found.answer), (&before.request, &before.answer), "{what}");
        let again = gateway.exchange("bank-a", "Transfer", &transfer(), Some("order-1")).await.unwrap();
        assert_eq!(again.id, before.id, "{what}: its idempotency key is known");
        gateway.stop().await;
        std::fs::remove_file(&index).unwrap();
    }
    std::fs::remove_dir_all(&archive).unwrap();
    let started = Gateway::start_with(config(), Arc::new(StandInOnly), StartOptions::default()).await;
    let error = started.err().unwrap().to_string();
    assert!(error.contains("its index must be made again from all facts, but the facts 1 to "), "{error}");
}
