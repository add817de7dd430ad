//! The console's card of the two sites, in a browser. The gateway of the other site is not there.

use serde_json::{Value as Json, json};

use crate::console_page::Page;
use crate::harness::{Bench, GOOD_BANK, transfer};

/// The tables of a gateway at two sites, with a schema of its own on the server of tests.
fn tables() -> Option<String> {
    let Ok(address) = std::env::var("FEP_POSTGRES") else {
        assert!(
            std::env::var_os("FEP_CI").is_none(),
            "FEP_POSTGRES is missing: the address of a server, by scripts/postgres.sh"
        );
        eprintln!("skipped: FEP_POSTGRES is missing; the card of the sites is not tried");
        return None;
    };
    let schema = std::process::id();
    Some(format!(
        "[journal.postgres]\nhosts = [\"{address}\"]\ndatabase = \"postgres\"\nuser = \"fep\"\ninstance = \"seoul-1\"\n\
         schema = \"console_{schema}\"\n[instances]\nmax = 2\n\
         [instances.sites.seoul]\npercent = 60\ngateways = {{ seoul-1 = \"http://127.0.0.1:9\" }}\n\
         [instances.sites.busan]\npercent = 40\ngateways = {{ busan-1 = \"http://127.0.0.1:9\" }}\n"
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn percentages_of_sites_are_shown_and_moved() {
    let Some(tables) = tables() else { return };
    let bench = Bench::of(GOOD_BANK, &tables).await;
    let send = |key: String| {
        let request = bench.client.post(format!("{}/v1/institutions/bank-a/exchanges/Transfer", bench.url));
        request.header("idempotency-key", key).body(transfer("rent").to_string()).send()
    };
    for number in 0..10 {
        let reply = send(format!("order-{number}")).await.unwrap();
        assert_eq!((reply.status().as_u16(), &reply.headers()["fep-served-by"]), (200, &"seoul-1".parse().unwrap()));
    }
    let Some(mut page) = Page::open(&bench) else { return };
    page.show("#/routes");
    page.has("seoul (this gateway)");
    page.has("60 %");
    page.has("as the file says, since the start");
    page.has("Gateways that get nothing now");
    page.press("Change …");
    page.write("percent", "101");
    page.write("note", "1 % back");
    page.write("person", "kim");
    page.confirm();
    page.has("The percentage is a whole number from 0 to 100.");
    page.write("percent", "1");
    page.confirm();
    page.has("busan gets 1 %, seoul gets 99 %.");
    page.has("1 % back");
    let status = bench.get("/v1/sites").await.1;
    assert_eq!(status["sites"]["busan"]["percent"], 1, "{status}");
    assert_eq!((&status["changed"]["person"], &status["site"]), (&json!("kim"), &json!("seoul")), "{status}");
    page.language("ko");
    page.show("#/routes");
    page.has("넘기지 않고 처리한 요구");
    page.press("파일대로 되돌리기 …");
    page.write("note", "끝");
    page.confirm();
    page.has("센터별 비율을 파일대로 되돌렸습니다.");
    let status = bench.get("/v1/sites").await.1;
    assert_eq!(status["sites"]["busan"]["percent"], 40, "{status}");
    page.was_quiet();
}

#[tokio::test]
async fn a_gateway_without_sites_says_so() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let status = bench.get("/v1/sites").await.1;
    assert_eq!((&status["sites"], &status["handed_over"]), (&json!({}), &Json::Null), "{status}");
    let body = json!({ "percents": { "a": 1, "b": 99 }, "note": "x" }).to_string();
    let reply = bench.client.put(format!("{}/v1/sites", bench.url)).body(body).send().await.unwrap();
    assert_eq!(reply.status(), 404);
    let problem: Json = reply.json().await.unwrap();
    assert_eq!(problem["code"], "no_sites", "{problem}");
}
