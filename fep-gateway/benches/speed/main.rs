//! Measures the gateway beside programs that do less, in one run: throughput, isolation of institutions, and memory.
//!
//! The parent process starts every contender, the bank and the HTTP callers as processes of their own, by running this program again with
//! another argument. So the processor time of each can be counted apart. Contenders alternate, and the tables show medians of rounds and
//! of ratios within a round, because the absolute numbers depend on the load of the machine.
//!
//! | argument | measures |
//! |---|---|
//! | `throughput` | exchanges a second, latency, processor time and journal bytes of the embedded API and of HTTP |
//! | `isolation` | the latency at one institution while another one hangs or floods |
//! | `memory` | memory per idle link and per exchange in flight |
//! | `crossing` | how much longer an exchange takes whose answer comes on the link of another gateway; needs `FEP_POSTGRES` and `FEP_REDIS` |
//! | `database` | the journal in PostgreSQL, of one gateway and of two, beside that in a file; needs `FEP_POSTGRES` |
//!
//! Run it with `make bench-gateway`. Processor times and memory are read from `/proc`, so these columns are empty outside Linux.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark: it panics without its data, and the tables are its purpose"
)]

mod arguments;
mod configuration;
mod usage;

mod goals;
mod measure;
mod telegrams;

mod child;
mod daemon;
mod peer;

mod disk;
mod echo;
mod embedded;
mod load;
mod proxy;
mod typed;

mod isolation;
mod memory;
mod throughput;
#[cfg(feature = "postgres")]
mod database;
#[cfg(feature = "postgres")]
#[cfg(feature = "redis")]
mod crossing;

use arguments::Arguments;

/// As the daemon, for all contenders.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments = Arguments::of_process();
    match arguments.command() {
        Some("peer") => peer::run(&arguments),
        Some("proxy") => proxy::run(&arguments),
        Some("embedded") => embedded::run(&arguments),
        Some("memory-of") => memory::contender(&arguments),
        Some("echo") => echo::run(&arguments),
        Some("load") => load::run(&arguments),
        Some("throughput") => throughput::run(&arguments),
        Some("isolation") => isolation::run(&arguments),
        Some("memory") => memory::run(&arguments),
        #[cfg(feature = "postgres")]
        Some("database") => database::run(&arguments),
        #[cfg(feature = "postgres")]
        #[cfg(feature = "redis")]
        Some("crossing") => crossing::run(&arguments),
        Some(other) => {
            panic!(
                "there is no `{other}`: say throughput, isolation, memory, database with the feature `postgres`, or crossing with that and `redis`"
            )
        }
        None => {
            throughput::run(&arguments);
            isolation::run(&arguments);
            memory::run(&arguments);
            #[cfg(feature = "postgres")]
            database::run(&arguments);
            #[cfg(feature = "postgres")]
            #[cfg(feature = "redis")]
            crossing::run(&arguments);
        }
    }
}
