//! Which of the gateways that share a journal judges alarms.

use super::OpenOptions;
use super::alarms::Judging;
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
    let lease = schema.config("seoul-1").lease;
    let is_here = |judging| matches!(judging, Judging::Here(Some(lasts)) if !lasts.is_zero() && lasts <= lease);
    assert!(is_here(seoul.claim().await.unwrap()) && !is_here(busan.claim().await.unwrap()));
    seoul.store("{}".to_owned()).await.unwrap();
    seoul.release().await.unwrap();
    assert!(is_here(busan.claim().await.unwrap()), "the other one begins at once");
    assert_eq!(seoul.claim().await.unwrap(), Judging::Elsewhere);
    assert_eq!(busan.read().await.unwrap().state, Some(b"{}".to_vec()), "what is stored stays");
    assert!(seoul.store(String::new()).await.is_err(), "who does not judge stores nothing");
    // With an old sign of life it judges for as long as that lasts, and no longer: then another one may begin.
    schema.execute("UPDATE instances SET seen_at = clock_timestamp() - make_interval(secs => lease_ms / 2000.0)");
    assert!(matches!(busan.claim().await.unwrap(), Judging::Here(Some(lasts)) if lasts <= lease / 2));
    schema.execute("UPDATE instances SET seen_at = clock_timestamp() - make_interval(secs => lease_ms / 1000.0)");
    assert_eq!(busan.claim().await.unwrap(), Judging::Elsewhere);
    // A later run of the same name judges.
    schema.execute("UPDATE instances SET epoch = epoch + 100 WHERE name = 'busan-1'");
    schema.execute("UPDATE alarms SET epoch = epoch + 100");
    assert_eq!(busan.claim().await.unwrap(), Judging::Elsewhere);
}
