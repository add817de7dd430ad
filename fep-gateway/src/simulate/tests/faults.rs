//! Every fault on the wire, how often it happens, and how long answers take.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::{Client, SESSIONLESS, check_refused, scenario, spec, telegram, transfer};
use crate::simulate::{Delay, Simulator};

async fn client_of(rule: &str) -> Client {
    let mut client = Client::of(&format!("{SESSIONLESS}[[rules]]\ntelegram = \"Transfer\"\n{rule}\n")).await;
    client.send(&transfer(123, "a")).await;
    client
}

async fn client_of_action(action: &str) -> Client {
    client_of(&format!("action = \"{action}\"")).await
}

#[tokio::test]
async fn every_fault_can_be_seen_on_the_wire() {
    assert_eq!(client_of_action("wrong_trace").await.next().await.1["header"]["trace_no"], 500_123);
    assert!(client_of_action("silence").await.is_silent().await);
    assert!(client_of_action("lost").await.is_silent().await);
    assert_eq!(client_of_action("half_frame").await.rest().await.len(), 150);
    assert!(client_of_action("disconnect").await.rest().await.is_empty());
    assert!(spec().choose(&client_of_action("garbage").await.frame().await).is_err());
    let mut twice = client_of_action("duplicate").await;
    assert_eq!(twice.frame().await, twice.frame().await);
    let mut first = [0];
    client_of_action("bad_length").await.stream.read_exact(&mut first).await.unwrap();
    assert!(!first[0].is_ascii_digit());
}

#[tokio::test]
async fn a_telegram_of_the_wrong_length_is_a_whole_frame() {
    let right = client_of_action("answer").await.frame().await;
    let short = client_of_action("wrong_length").await.frame().await;
    assert_eq!((&short[..4], &short[4..]), (&b"0295"[..], &right[4..299]));
    let long = client_of("action = \"wrong_length\"\nbytes = 2").await.frame().await;
    assert_eq!((&long[..4], &long[4..300], &long[300..]), (&b"0298"[..], &right[4..], &b"??"[..]));
}

#[tokio::test]
async fn an_answer_can_come_on_another_link() {
    let rule = "[[rules]]\ntelegram = \"Transfer\"\naction = \"other_link\"\n";
    let bank = Simulator::start(spec(), scenario(&format!("{SESSIONLESS}{rule}")), "127.0.0.1:0").await.unwrap();
    let address = bank.address();
    let mut first = Client { stream: TcpStream::connect(address).await.unwrap(), bank };
    // Without another link it comes on its own.
    first.send(&transfer(1, "a")).await;
    assert_eq!(first.next().await.1["header"]["trace_no"], 1);
    let other = Simulator::start(spec(), scenario(SESSIONLESS), "127.0.0.1:0").await.unwrap();
    let mut second = Client { stream: TcpStream::connect(address).await.unwrap(), bank: other };
    second.send(&telegram("EchoTest", 2, json!({}))).await;
    assert_eq!(second.next().await.0, "EchoTestAnswer");
    first.send(&transfer(3, "a")).await;
    assert_eq!(second.next().await.1["header"]["trace_no"], 3);
    assert!(first.is_silent().await);
}

#[tokio::test]
async fn a_rule_skips_the_first_requests_and_stops_after_its_times() {
    let mut client = client_of("skip = 1\ntimes = 2\naction = \"answer\"\nset = { fee = 7 }").await;
    let mut fees = Vec::new();
    for trace in 0..5 {
        fees.push(client.next().await.1["fee"].as_u64().unwrap());
        client.send(&transfer(trace, "a")).await;
    }
    assert_eq!(fees, [0, 7, 7, 0, 0]);
}

/// The fees of 300 answers. Two rules of chance set them.
async fn drawn(seed: u64, more: &str) -> Vec<u64> {
    let text = format!(
        "seed = {seed}\n{SESSIONLESS}{more}[[rules]]\nname = \"few\"\nper_10000 = 500\naction = \"answer\"\nset = {{ fee = 1 }}\n\
         [[rules]]\nname = \"half\"\npercent = 50\naction = \"answer\"\nset = {{ fee = 2 }}\n"
    );
    let mut client = Client::of(&text).await;
    let mut fees = Vec::new();
    let mut request = transfer(0, "a");
    for trace in 0..300 {
        request[32..38].copy_from_slice(format!("{trace:06}").as_bytes());
        client.send(&request).await;
        // The fee is behind 162 bytes.
        fees.push(std::str::from_utf8(&client.frame().await[162..171]).unwrap().parse().unwrap());
    }
    fees
}

#[tokio::test]
async fn a_seed_decides_which_requests_a_rate_hits() {
    let fees = drawn(1, "").await;
    let count = |fee: u64| fees.iter().filter(|found| **found == fee).count();
    assert!((5..=30).contains(&count(1)) && (110..=175).contains(&count(2)), "{} {}", count(1), count(2));
    assert_eq!(drawn(1, "").await, fees);
    assert_ne!(drawn(2, "").await, fees);
    // A rule about other telegrams changes nothing.
    let other = "[[rules]]\ntelegram = \"BalanceInquiry\"\npercent = 50\naction = \"silence\"\n";
    assert_eq!(drawn(1, other).await, fees);
}

#[tokio::test]
async fn answers_take_as_long_as_the_distribution_says() {
    let slow = "latency = { min_ms = 60, max_ms = 90 }\naction = \"answer\"";
    let begun = Instant::now();
    client_of(slow).await.frame().await;
    assert!(begun.elapsed() >= Duration::from_millis(60));
}

#[test]
fn a_distribution_is_measured_or_has_a_mean() {
    let delay = |latency: &str| scenario(&format!("[answers]\nlatency = {{ {latency} }}\n")).answers.delay;
    let ms = Duration::from_millis;
    assert_eq!(delay("mean_ms = 20"), Delay::Exponential { mean: ms(20) });
    assert_eq!(delay("mean_ms = 20, deviation_ms = 5"), Delay::Normal { mean: ms(20), deviation: ms(5) });
    let Delay::Measured(points) = delay("max_ms = 3000, p50_ms = 12, p999_ms = 400") else { panic!() };
    let points: Vec<_> = points.iter().map(|point| (point.per_mille, point.within)).collect();
    assert_eq!(points, [(500, ms(12)), (999, ms(400)), (1000, ms(3000))]);
    let refused = |latency: &str, expected: &str| {
        check_refused(&format!("[answers]\nlatency = {{ {latency} }}\n"), expected);
    };
    refused("p50_ms = 12", "s.toml:2:11: error: `max_ms` is missing");
    refused("p50_ms = 12, max_ms = 3", "`max_ms` is below the value before it");
    refused("mean_ms = 12, max_ms = 30", "which distribution is it?");
    refused("deviation_ms = 12", "which distribution is it?");
    refused("p51_ms = 12", "unknown key `p51_ms`");
    check_refused("[answers]\ndelay_ms = 1\nlatency = { mean_ms = 5 }\n", "leave out `delay_ms` and `jitter_ms`");
}

#[test]
fn mistakes_in_rates_and_names_are_refused() {
    let refused =
        |rule: &str, expected: &str| check_refused(&format!("[[rules]]\naction = \"silence\"\n{rule}\n"), expected);
    refused("at = { between = [\"23:50\"] }", "`between` has two times of day");
    refused("at = { between = [\"23:50\", \"24:00\"] }", "`24:00` cannot be read (a time of day is written 23:50)");
    refused("at = { dates = [\"2026-02-30\"] }", "`2026-02-30` cannot be read");
    refused("at = { weekdays = [\"sunday\"] }", "cannot be \"sunday\"");
    refused("at = { month_days = [0] }", "no month has a day 0");
    refused("at = { hours = [1] }", "unknown key `hours`");
    refused("percent = 1\nper_10000 = 100", "`percent` stands beside `per_10000`");
    refused("per_10000 = 10001", "`per_10000` is 10001, it must be 0 to 10000");
    refused("name = \"no answer\"", "`no answer` is no name for a rule");
    refused("name = \"a\"\n[[rules]]\nname = \"a\"\naction = \"lost\"", "two rules have the name `a`");
    check_refused("[[rules]]\naction = \"wrong_length\"\nbytes = 0\n", "with 0 bytes more, the length is right");
}
