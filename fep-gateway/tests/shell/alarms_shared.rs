//! Alarms of two gateways that share a journal: one judges, and the other one goes on where it ended.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::alarms::{Receiver, Station, folder, until};
use crate::harness::bank;
use crate::settlement;

/// The tables of a gateway with a schema of its own on the server of tests.
fn tables(instance: &str, url: &str) -> Option<String> {
    let Ok(address) = std::env::var("FEP_POSTGRES") else {
        assert!(
            std::env::var_os("FEP_CI").is_none(),
            "FEP_POSTGRES is missing: the address of a server, by scripts/postgres.sh"
        );
        eprintln!("skipped: FEP_POSTGRES is missing; alarms of two gateways are not tried");
        return None;
    };
    let schema = std::process::id();
    Some(format!(
        "{}[journal.postgres]\nhosts = [\"{address}\"]\ndatabase = \"postgres\"\nuser = \"fep\"\ninstance = \"{instance}\"\n\
         schema = \"alarms_{schema}\"\nlease_ms = 2000\n[instances]\nmax = 2\n\
         [alarms.to.on-call]\nkind = \"webhook\"\ncallback = \"{url}\"\npause_ms = 1\n\
         [alarms.rules.letters]\nkind = \"dead_letters\"\nclear_after_ms = 0\nto = [\"on-call\"]\n",
        settlement::SETTLEMENT
    ))
}

/// Waits until the alarms at a gateway are as wanted.
async fn shows(station: &Station, is_so: impl Fn(&Json) -> bool) -> Json {
    let waited = async {
        loop {
            let seen = station.get("/v1/alarms").await.1;
            if is_so(&seen) {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), waited).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_gateways_tells_and_the_other_goes_on_where_it_ended() {
    let (receiver, url) = Receiver::start(&[]).await;
    let Some((first, second)) = tables("a", &url).zip(tables("b", &url)) else { return };
    let bank = bank(settlement::BANK).await;
    let connect = bank.address().to_string();
    let folders = [folder(), folder()];
    let first = Station::start(folders[0].path(), &connect, &first).await;
    let second = Station::start(folders[1].path(), &connect, &second).await;
    let exchange = first.pays("silence").await["exchange"].as_str().unwrap().to_owned();
    let raised = receiver.has(1).await[0].1.clone();
    assert_eq!((&raised["instance"], &raised["alarms"][0]["rule"]), (&json!("a"), &json!("letters")), "{raised}");
    let seen = shows(&second, |seen| seen["alarms"][0]["state"] == "raised").await;
    assert_eq!((&seen["judges"], &seen["instance"]), (&json!(false), &json!("a")), "{seen}");
    let body = json!({ "minutes": 5, "note": "known", "person": "kim" });
    let (status, problem) = second.post("/v1/alarms/letters/bank-a/silence", &body).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("at_another_gateway")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("the gateway a judges the alarms"), "{problem}");
    first.stop().await;
    let seen = shows(&second, |seen| seen["judges"] == true).await;
    assert_eq!((&seen["alarms"][0]["state"], &seen["alarms"][0]["id"]), (&json!("raised"), &raised["alarms"][0]["id"]));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(receiver.posted().len(), 1, "nobody is called again");
    let body = json!({ "decision": "done", "note": "the bank says so", "person": "kim" });
    let decided = async {
        // It takes over what the first one left, a moment later.
        while second.post(&format!("/v1/exchanges/{exchange}/settlement"), &body).await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), decided).await.unwrap();
    until(|| receiver.posted().len() > 1).await;
    let over = receiver.posted()[1].1.clone();
    assert_eq!((&over["instance"], &over["alarms"][0]["action"]), (&json!("b"), &json!("clear")), "{over}");
    assert_eq!(over["alarms"][0]["id"], raised["alarms"][0]["id"]);
    second.stop().await;
}
