//! Which of the gateways that share a journal judges alarms.

use super::OpenOptions;
use super::postgres::testing::Schema;
use super::postgres::tests::{Site, open};

#[tokio::test]
async fn a_judge_gives_its_place_back_and_an_earlier_run_does_not_take_it() {
    let Some(schema) = Schema::new() else { return };
    let sites = ["seoul-1", "busan-1"].map(|name| Site::new(schema.config(name)));
    let mut opened = Vec::new();
    for site in &sites {
        opened.push(open(OpenOptions { instances_max: 2, ..site.options() }).await.unwrap());
    }
    let [seoul, busan] = [0, 1].map(|at: usize| opened[at].journal.alarms());
    assert!(seoul.claim().await.unwrap() && !busan.claim().await.unwrap());
    seoul.store("{}".to_owned()).await.unwrap();
    seoul.release().await.unwrap();
    assert!(busan.claim().await.unwrap() && !seoul.claim().await.unwrap(), "the other one begins at once");
    assert_eq!(busan.read().await.unwrap().state, Some(b"{}".to_vec()), "what is stored stays");
    assert!(seoul.store(String::new()).await.is_err(), "who does not judge stores nothing");
    assert!(busan.claim_holds().is_some_and(|holds| !holds.is_zero()));
    // A later run of the same name judges.
    schema.execute("UPDATE instances SET epoch = epoch + 100 WHERE name = 'busan-1'");
    schema.execute("UPDATE alarms SET epoch = epoch + 100");
    assert!(!busan.claim().await.unwrap());
}
