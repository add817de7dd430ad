//! Properties of differences, over random configurations.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::*;

const SPEC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../specs/bank-a/bank-a.toml");

/// Edits of an institution, each with the key that it changes.
const EDITS: [(&str, &str, &str); 9] = [
    ("answer_timeout_ms = 5000", "answer_timeout_ms = 7000", "answer_timeout_ms"),
    ("drain_max_ms = 100", "drain_max_ms = 200", "drain_max_ms"),
    ("label = \"A\"", "label = \"B\"", "label"),
    ("links = 1", "links = 2", "lines.main"),
    ("127.0.0.1:9001", "127.0.0.1:9002", "lines.main"),
    ("FEPTEST01", "FEPTEST02", "fill"),
    ("unsolicited_max_per_s = 10", "unsolicited_max_per_s = 20", "unsolicited_max_per_s"),
    ("echo_interval_ms = 1000", "echo_interval_ms = 2000", "session"),
    ("answer_timeout_ms = 9000", "answer_timeout_ms = 9001", "telegrams.Transfer"),
];

fn institution(name: &str, edits: &[usize]) -> String {
    let text = format!(
        r#"
[institutions.{name}]
label = "A"
spec = "{SPEC}"
key = ["header.trace_no", "header.sent_date"]
trace = "header.trace_no"
answer_timeout_ms = 5000
unsolicited_max_per_s = 10
drain_max_ms = 100
[institutions.{name}.fill]
"header.transaction_code" = "FEPTEST01"
"header.sent_date" = "<date>"
[institutions.{name}.session]
echo_test = "EchoTest"
echo_interval_ms = 1000
[institutions.{name}.telegrams.Transfer]
answer_timeout_ms = 9000
[[institutions.{name}.lines]]
name = "main"
connect = "127.0.0.1:9001"
links = 1
"#
    );
    edits.iter().fold(text, |text, edit| {
        let (from, to, _) = EDITS[*edit];
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

/// The institutions of a configuration, each with its edits.
type Plan = BTreeMap<u8, Vec<usize>>;

fn config(plan: &Plan) -> Config {
    let text: String = plan.iter().map(|(name, edits)| institution(&format!("bank-{name}"), edits)).collect();
    Config::parse("gateway.toml", &text, Path::new("/")).unwrap_or_else(|error| panic!("{error}"))
}

fn plans() -> impl Strategy<Value = Plan> {
    let edits = proptest::sample::subsequence((0..EDITS.len()).collect::<Vec<_>>(), 0..=EDITS.len());
    proptest::collection::btree_map(0..4_u8, edits, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_difference_makes_the_new_configuration_out_of_the_old_one(from in plans(), to in plans()) {
        let from = config(&from);
        let to = config(&to);
        let difference = Difference::between(&from, &to);
        let mut institutions = from.institutions.clone();
        difference.apply(&mut institutions);
        prop_assert_eq!(&institutions, &to.institutions);
        prop_assert_eq!(difference.is_empty(), from.institutions == to.institutions);
        prop_assert!(Difference::between(&from, &from).is_empty());
    }

    #[test]
    fn exactly_the_keys_that_were_edited_are_named(from in plans(), edits in plans()) {
        let to: Plan = from.keys().map(|name| (*name, edits.get(name).cloned().unwrap_or_default())).collect();
        let difference = Difference::between(&config(&from), &config(&to));
        for (name, before) in &from {
            let after = &to[name];
            let edited: BTreeSet<_> = (0..EDITS.len())
                .filter(|edit| before.contains(edit) != after.contains(edit))
                .map(|edit| format!("institutions.bank-{name}.{}", EDITS[edit].2))
                .collect();
            let named = match difference.institutions.get(&format!("bank-{name}")) {
                Some(InstitutionChange::Changed { keys, .. }) => keys.iter().map(|key| key.key.clone()).collect(),
                None => BTreeSet::new(),
                other => panic!("{other:?}"),
            };
            prop_assert_eq!(named, edited);
        }
    }
}

#[test]
fn what_changes_in_place_is_told_from_what_starts_an_institution_anew() {
    let from = config(&BTreeMap::from([(1, vec![])]));
    let change = |edits: Vec<usize>| {
        let to = config(&BTreeMap::from([(1, edits)]));
        Difference::between(&from, &to).institutions["bank-1"].clone()
    };
    let in_place: Vec<_> = (0..EDITS.len()).filter(|edit| change(vec![*edit]).is_in_place()).collect();
    assert_eq!(in_place, [0, 1, 2, 8], "the two timeouts, the time for draining, the label");
    let InstitutionChange::Changed { keys, anew, .. } = change(vec![0, 3, 8]) else { panic!("it changed") };
    let names =
        |keys: &[KeyChange]| keys.iter().map(|key| key.key.replace("institutions.bank-1.", "")).collect::<Vec<_>>();
    assert_eq!((names(&keys).len(), names(&anew)), (3, vec!["lines.main".to_owned()]));
}

#[test]
fn a_rate_that_is_new_or_has_another_window_starts_an_institution_anew() {
    let with = |flow: &str| {
        let text = institution("bank-1", &[])
            .replace("drain_max_ms = 100", &format!("drain_max_ms = 100\nflow = {{ {flow} }}"));
        Config::parse("gateway.toml", &text, Path::new("/")).unwrap_or_else(|error| panic!("{error}"))
    };
    let before = with("rate_max = 10, rate_window_ms = 1000");
    for (flow, is_in_place) in [
        ("rate_max = 20, rate_window_ms = 1000", true),
        ("rate_max = 5, rate_window_ms = 1000, queue_max = 7, adaptive = false", true),
        ("rate_max = 10, rate_window_ms = 2000", false),
        ("queue_max = 7", false),
        ("rate_max = 10, businesses = { Transfer = { inflight_max = 2 } }", false),
    ] {
        let change = Difference::between(&before, &with(flow)).institutions["bank-1"].clone();
        assert_eq!(change.is_in_place(), is_in_place, "{flow}");
    }
}

#[test]
fn numbers_are_shown_and_what_can_be_secret_is_not() {
    let from = config(&BTreeMap::from([(1, vec![])]));
    let to = config(&BTreeMap::from([(1, vec![0, 4, 5])]));
    let InstitutionChange::Changed { keys, .. } = Difference::between(&from, &to).institutions["bank-1"].clone() else {
        panic!("it changed")
    };
    let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(
        keys,
        [
            "institutions.bank-1.answer_timeout_ms: 5000 -> 7000",
            "institutions.bank-1.fill",
            "institutions.bank-1.lines.main"
        ]
    );
}

#[test]
fn what_belongs_to_the_process_is_named_by_its_key() {
    let from = config(&BTreeMap::from([(1, vec![])]));
    let mut to = from.clone();
    to.http.listen = "127.0.0.1:9999".parse().unwrap();
    to.journal.path = "other.sqlite".into();
    let keys: Vec<_> = Difference::between(&from, &to).process.iter().map(ToString::to_string).collect();
    assert_eq!(keys, ["http.listen: 127.0.0.1:8470 -> 127.0.0.1:9999", "journal.path"]);
}

#[test]
fn a_line_that_comes_goes_or_changes_its_place_is_a_difference() {
    let from = config(&BTreeMap::from([(1, vec![])]));
    let keys = |to: &Config| match Difference::between(&from, to).institutions.get("bank-1") {
        Some(InstitutionChange::Changed { keys, .. }) => keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let mut to = from.clone();
    let lines = &mut to.institutions.get_mut("bank-1").unwrap().lines;
    lines.push(LineConfig { name: "backup".to_owned(), ..lines[0].clone() });
    assert_eq!(keys(&to), ["institutions.bank-1.lines.backup is new"]);
    let mut swapped = to.clone();
    swapped.institutions.get_mut("bank-1").unwrap().lines.reverse();
    let InstitutionChange::Changed { keys, .. } = Difference::between(&to, &swapped).institutions["bank-1"].clone()
    else {
        panic!("it changed")
    };
    assert_eq!(keys[0].key, "institutions.bank-1.lines");
}
