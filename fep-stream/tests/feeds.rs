//! Feeds over real TCP: slow consumers, feeds that die, gaps that are asked for, rubbish between telegrams, and recordings.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails by panicking"
)]

#[path = "../examples/quotes/feed_b7.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, reason = "generated, and not all of it is used")]
mod feed_b7;

#[path = "feeds/exchange.rs"]
mod exchange;
#[path = "feeds/gaps.rs"]
mod gaps;
#[path = "feeds/redundant.rs"]
mod redundant;
#[path = "feeds/slow.rs"]
mod slow;
#[path = "feeds/rubbish.rs"]
mod rubbish;
#[path = "feeds/recordings.rs"]
mod recordings;
