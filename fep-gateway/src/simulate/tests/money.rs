//! A property of the bank: whatever comes, in whatever order, no money is made and none is lost.

use std::time::Duration;

use fep_codec::Record;
use serde_json::{Value as Json, json};

use super::bank::ACCOUNTS;
use super::{scenario, spec};
use crate::simulate::bank::{Bank, Order};
use crate::simulate::chance::Chance;
use crate::simulate::scenario::Verdict;

const NUMBERS: [&str; 4] = ["1002345678901", "1002345678902", "1002345678903", "77"];
const FEE: i64 = 500;

/// What a transfer is in the model: its payer, its receiver if that is here, its amount, and whether its money is away.
type Moved = (String, Option<String>, i64, bool);

#[test]
fn money_is_neither_made_nor_lost() {
    for seed in 0..40 {
        let spec = spec();
        let scenario = scenario(ACCOUNTS);
        let mut bank = Bank::new(scenario.bank.clone().unwrap());
        let mut number = Chance::new(seed).numbers("bank", 0);
        let mut pick = move |end: u32| number() % end;
        let mut model: std::collections::BTreeMap<u32, Option<Moved>> = std::collections::BTreeMap::new();
        let beginning = [10_000_000, 0, 300_000, 0];
        for _ in 0..300 {
            let trace = pick(40);
            let is_reversal = pick(3) == 0;
            let from = NUMBERS[pick(4) as usize];
            let to = NUMBERS[pick(4) as usize];
            let is_here = pick(2) == 0;
            let amount = i64::from([0, 1, 300, 499_000, 4_000_000][pick(5) as usize]);
            let name = if is_reversal { "Reversal" } else { "Transfer" };
            let telegram = spec.telegram(name).unwrap();
            let fields = json!({
                "header": {"trace_no": trace, "sent_date": "2026-11-21"}, "original_trace_no": trace, "original_date": "2026-11-21",
                "withdraw_account": from, "amount": amount, "deposit_bank": if is_here { "099" } else { "088" }, "deposit_account": to,
            });
            assert!(Record::new(&telegram.layout).get("amount").is_some());
            let is_declined = pick(10) == 0 && !is_reversal;
            let Json::Object(fields) = fields else { unreachable!() };
            let order =
                Order { telegram: name, layout: &telegram.layout, fields: &fields, is_declined, at: Duration::ZERO };
            let ruling = bank.carry_out(&order).unwrap();
            let known = model.get(&trace).cloned();
            match (is_reversal, known) {
                (false, None) => {
                    let moved = (from.to_owned(), is_here.then(|| to.to_owned()), amount, true);
                    model.insert(trace, (ruling.verdict == Verdict::Done).then_some(moved));
                }
                // A request under a key that is known moves nothing, whatever it is answered.
                (false, Some(_)) => assert!(ruling.key.is_none()),
                (true, None) => {
                    model.insert(trace, None);
                }
                (true, Some(Some((payer, paid, sum, is_away)))) if ruling.verdict == Verdict::Done => {
                    assert!(is_away && sum == amount, "it is moved back once");
                    model.insert(trace, Some((payer, paid, sum, false)));
                }
                (true, Some(_)) => assert_ne!(ruling.verdict, Verdict::Done),
            }
            let mut expected = beginning;
            let place = |account: &str| NUMBERS.iter().position(|number| *number == account).unwrap();
            for (payer, paid, sum, _) in model.values().flatten().filter(|(.., is_away)| *is_away) {
                expected[place(payer)] -= sum + FEE;
                if let Some(paid) = paid {
                    expected[place(paid)] += sum;
                }
            }
            for (account, expected) in NUMBERS.iter().zip(expected).take(3) {
                assert_eq!(bank.ledger.shown(account).unwrap().balance, expected, "seed {seed}");
            }
            assert!(bank.ledger.shown("77").is_none());
        }
    }
}
