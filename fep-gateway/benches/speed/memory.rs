//! Memory of an idle link, of a line, and of an exchange that waits for its answer, in the embedded gateway.

use std::io::BufRead;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::arguments::Arguments;
use crate::child::{Peer, Process, until};
use crate::configuration::{Institution, ROOMY};
use crate::embedded::{NAME, start};
use crate::measure::{cell, count, median};
use crate::peer::Trouble;
use crate::throughput::disk_folder;
use crate::{telegrams, usage};

/// The pause before a request that was not accepted is made again. The queues of the gateway are shorter than the number of callers.
const RETRY_PAUSE: Duration = Duration::from_millis(5);

#[derive(Serialize, Deserialize)]
struct Memory {
    bytes: Option<u64>,
}

/// A process with a gateway that prints its memory whenever it is asked with the word `memory`, and begins to make requests with `ask`.
#[tokio::main]
pub(crate) async fn contender(arguments: &Arguments) {
    let folder = tempfile::tempdir_in(disk_folder(arguments)).expect("a folder");
    let lines = arguments.number("--lines", 1);
    let links = arguments.number("--links", 1);
    let port = arguments.port("--peer");
    let gateway = start(folder.path(), "", &Institution { name: NAME, port, lines, links, settings: ROOMY }).await;
    let callers = arguments.number("--callers", 0);
    let body = Arc::new(telegrams::transfer());
    let (words, mut said) = tokio::sync::mpsc::channel(4);
    std::thread::spawn(move || {
        std::io::stdin().lock().lines().map_while(Result::ok).all(|word| words.blocking_send(word).is_ok())
    });
    while let Some(word) = said.recv().await {
        match word.as_str() {
            "memory" => {
                let memory = Memory { bytes: usage::memory(std::process::id()) };
                println!("{}", serde_json::to_string(&memory).expect("JSON"));
            }
            "ask" => {
                for _ in 0..callers {
                    let gateway = gateway.clone();
                    let body = Arc::clone(&body);
                    tokio::spawn(async move {
                        while let Ok(exchange) = gateway.exchange(NAME, "Transfer", &body, None).await
                            && exchange.outcome == Some(fep_gateway::exchange::Outcome::NotSent)
                        {
                            tokio::time::sleep(RETRY_PAUSE).await;
                        }
                    });
                }
            }
            other => panic!("the contender does not know `{other}`"),
        }
    }
}

/// The memory of a gateway with these lines and links after all have signed on, and with this many exchanges in flight.
fn with(arguments: &Arguments, lines: usize, links: usize, callers: usize) -> Option<[f64; 2]> {
    let mut peer = Peer::start(Some(Trouble::Hang));
    peer.trouble();
    let pairs = [("--lines", lines), ("--links", links), ("--callers", callers)];
    let pairs = pairs.into_iter().flat_map(|(name, number)| [name.to_owned(), number.to_string()]);
    let place = ["--journal-dir".to_owned(), disk_folder(arguments).display().to_string()];
    let words = ["memory-of".to_owned()].into_iter().chain(pairs).chain(peer.words()).chain(place);
    let mut contender = Process::start(words);
    let mut memory = || {
        contender.say("memory");
        let memory: Memory = serde_json::from_str(&contender.line()).expect("the memory");
        memory.bytes.map(count)
    };
    let all = u64::try_from(lines * links).unwrap_or(u64::MAX);
    until("all links signed on", || peer.counts().sign_ons >= all);
    let idle = memory()?;
    if callers > 0 {
        contender.say("ask");
        let wanted = u64::try_from(callers).unwrap_or(u64::MAX);
        until("all exchanges are in flight", || peer.counts().transfers >= wanted);
    }
    contender.say("memory");
    let memory: Memory = serde_json::from_str(&contender.line()).expect("the memory");
    Some([idle, count(memory.bytes?)])
}

pub(crate) fn run(arguments: &Arguments) {
    let rounds = arguments.number("--rounds", 3);
    println!("## Memory: {rounds} rounds, embedded gateway\n");
    println!("| what | memory of the process, MB | kB each |\n|---|--:|--:|");
    let report = |what: &str, number: usize, measure: &dyn Fn() -> Option<[f64; 2]>| {
        let runs: Vec<[f64; 2]> = (0..rounds).filter_map(|_| measure()).collect();
        let total = median(runs.iter().map(|[_, more]| more / 1e6));
        let number = count(u64::try_from(number).unwrap_or(u64::MAX));
        let each = median(runs.iter().map(|[less, more]| (more - less) / 1e3 / number));
        println!("| {what} | {} | {} |", cell(total, 1), cell(each, 1));
    };
    let idle = |lines, links| with(arguments, lines, links, 0).map(|[idle, _]| idle);
    let of_links = |lines, links| Some([idle(1, 1)?, idle(lines, links)?]);
    report("1,000 links of one line, idle", 999, &|| of_links(1, 1000));
    report("1,000 lines of one link, idle", 999, &|| of_links(1000, 1));
    report("10,000 exchanges in flight on one link", 10_000, &|| with(arguments, 1, 1, 10_000));
    println!();
}
