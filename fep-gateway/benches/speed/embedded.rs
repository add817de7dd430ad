//! The embedded API as a contender: a gateway with one line and one link, and callers in the same process.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fep_gateway::exchange::Outcome;
use fep_gateway::gateway::StandInOnly;
use fep_gateway::{Config, Gateway, metrics};
use serde_json::Value;

use crate::arguments::Arguments;
use crate::configuration::{self, Institution, ROOMY};
use crate::daemon::commits;
use crate::disk::{Alternated, alternate};
use crate::measure::Plan;
use crate::{telegrams, typed, usage};

pub(crate) const NAME: &str = "bank-a";

/// The pause between two tries while the line is not up yet.
const RETRY_PAUSE: Duration = Duration::from_millis(5);

#[tokio::main]
pub(crate) async fn run(arguments: &Arguments) {
    if arguments.has("--metrics") {
        metrics::install();
    }
    let place = arguments.folder("--journal-dir").expect("--journal-dir");
    let folder = tempfile::tempdir_in(place).expect("a folder");
    let port = arguments.port("--peer");
    let journal = arguments.text("--journal-settings").unwrap_or_default();
    let gateway =
        start(folder.path(), journal, &Institution { name: NAME, port, lines: 1, links: 1, settings: ROOMY }).await;
    let body = Arc::new(telegrams::transfer());
    while !transfer(&gateway, &body).await {
        tokio::time::sleep(RETRY_PAUSE).await;
    }
    let peer = arguments.number("--peer-process", 0);
    let peer = u32::try_from(peer).ok();
    let used = gateway.clone();
    let plan = Plan::of(arguments);
    let mut row = if arguments.has("--typed") {
        let request = Arc::new(typed::request());
        let exchange = move |_| {
            let gateway = used.clone();
            let request = Arc::clone(&request);
            async move { typed::transfer(&gateway, &request).await }
        };
        plan.run(std::process::id(), peer, exchange).await
    } else {
        let exchange = move |_| {
            let gateway = used.clone();
            let body = Arc::clone(&body);
            async move { transfer(&gateway, &body).await }
        };
        plan.run(std::process::id(), peer, exchange).await
    };
    if arguments.has("--alternate") {
        let body = telegrams::transfer();
        let Alternated { exchanges, exchange_us, disk_us } =
            alternate(folder.path(), plan.window, || transfer(&gateway, &body)).await;
        row.exchanges_total += exchanges;
        row.alternated_us = Some([exchange_us, disk_us]);
    }
    gateway.stop().await;
    row.journal_bytes = Some(usage::folder_bytes(folder.path()));
    row.written_bytes = usage::written(std::process::id());
    row.commits = commits(&metrics::page(&[], &[], [], [], None));
    row.print();
}

/// Starts a gateway with its journal in the folder. `journal` has further keys of the configuration's table `[journal]`.
pub(crate) async fn start(folder: &Path, journal: &str, institution: &Institution<'_>) -> Gateway {
    let path = configuration::write(folder, 0, journal, std::slice::from_ref(institution));
    let config = Config::load(&path).unwrap_or_else(|error| panic!("{error}"));
    Gateway::start(config, Arc::new(StandInOnly)).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Makes a transfer and says whether it was answered.
pub(crate) async fn transfer(gateway: &Gateway, body: &Value) -> bool {
    let exchange = gateway.exchange(NAME, "Transfer", body, None).await;
    exchange.unwrap_or_else(|refusal| panic!("{refusal}")).outcome == Some(Outcome::Answered)
}
