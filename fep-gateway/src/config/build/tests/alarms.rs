//! The table of alarms in code.

use super::*;
use crate::config::MailSecurity;

#[test]
fn alarms_are_configured_in_code() {
    let to = ["desk"];
    let rules = AlarmsBuilder::new()
        .utc_offset_minutes(540)
        .to(
            "desk",
            AlarmReceiverBuilder::mail("10.0.0.9:25", "fep@bank.example", ["desk@bank.example"])
                .security(MailSecurity::Plain),
        )
        .to("log", AlarmReceiverBuilder::log())
        .rule("silent", AlarmRuleBuilder::no_traffic(to, ms(600_000)).institutions(["bank-a"]))
        .rule(
            "old",
            AlarmRuleBuilder::unknown_age(to, ms(900_000)).hours(HoursBuilder::new()).remind_after(ms(3_600_000)),
        )
        .rule("errors", AlarmRuleBuilder::error_rate(to, 5).times(3).failed(["declined"]))
        .rule("slow", AlarmRuleBuilder::latency(to).only_while_open(true))
        .rule("letters", AlarmRuleBuilder::dead_letters(["desk", "log"]).count_max(2).clear_count(1))
        .rule("conflicts", AlarmRuleBuilder::conflicts(to).raise_after(ms(1)))
        .rule("large", AlarmRuleBuilder::amount(to, "Transfer", "amount").z_max(5));
    let line = || LineBuilder::connect("main", "10.0.0.7:9001");
    let read = bank(line()).alarms(rules.clone()).build().unwrap().alarms.unwrap();
    assert_eq!(
        (read.rules.len(), read.to.len(), &read.rules["silent"].institutions),
        (7, 2, &Some(vec!["bank-a".to_owned()]))
    );
    assert_eq!(read.rules["old"].holds.remind_after, Some(ms(3_600_000)));
    check(
        &bank(line()).alarms(rules.rule("silent", AlarmRuleBuilder::no_traffic(["dsk"], ms(1)).z_max(2))),
        &[
            "alarms.rules.silent.to: there is no receiver `dsk`",
            "alarms.rules.silent.z_max: `z_max` has no meaning with",
        ],
    );
}
