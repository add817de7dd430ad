//! A quote-c stream over TCP to four consumers that decode by view, beside `tokio::sync::broadcast` for the fan-out, in turn.
//!
//! The thread that receives is one, the consumers share a second, and the sender has a third. `cargo bench -p fep-stream`. Arguments:
//! `--count N` trades in a run, `--rounds N`, `--rate N` trades a second for the times, `--buffer N` events for each consumer, `--only full` or
//! `--only paced`.

#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark shows something"
)]

mod quote;
mod load;
mod measure;
mod ours;
mod peer;

use load::Load;
use measure::Run;

/// Whatever stops a benchmark.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The consumers of the stream.
pub const CONSUMERS: usize = 4;

/// A runtime on the thread that asks for it, so that processor time has one owner.
pub fn own_runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let text = |name: &str| {
        arguments
            .windows(2)
            .find_map(|pair| if let [key, value] = pair { (key == name).then(|| value.clone()) } else { None })
    };
    let number = |name: &str, default: usize| text(name).map_or(Ok(default), |value| value.parse());
    let count = number("--count", 4_000_000)?;
    let rounds = number("--rounds", 3)?;
    let rate = number("--rate", 500_000)?;
    let buffer = number("--buffer", 1 << 17)?;
    let only = text("--only").unwrap_or_default();
    if only != "paced" {
        println!("\n{count} trades of 160 bytes, as fast as the receiver takes them\n");
        println!("| | trades/s | sent/s | missed | receiver, ns | consumers, ns |\n|---|--:|--:|--:|--:|--:|");
        alternate(rounds, Load { count, rate: None }, buffer)?;
    }
    if only != "full" {
        println!(
            "\n{rate} trades a second: from the sender's write, and from the read, to the end of a consumer's work, in µs\n"
        );
        println!(
            "| | trades/s | sent/s | missed | receiver, ns | consumers, ns | median | p99 | p99.9 | max | read: median | p99 | p99.9 | max |"
        );
        println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        alternate(rounds, Load { count: rate * 4, rate: Some(rate) }, buffer)?;
    }
    if only.is_empty() {
        println!("\na late joiner, from the call to its snapshot\n\n| instruments | µs |\n|--:|--:|");
        for instruments in [300, 3_000, 30_000] {
            println!("| {instruments} | {} |", ours::join(instruments)?.as_micros());
        }
    }
    Ok(())
}

/// Both in turn, because the machine is not always equally busy.
fn alternate(rounds: usize, load: Load, buffer: usize) -> Result<(), Failure> {
    for _ in 0..rounds {
        ours::run(load, buffer, false).map(|run: Run| run.show())?;
        ours::run(load, buffer, true).map(|run: Run| run.show())?;
        peer::run(load, buffer).map(|run: Run| run.show())?;
    }
    Ok(())
}
