//! Each arrow of the state machine as a script: what happens, and what the machine asks for.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// 1 day after 1970, so that the wall clock can go back.
const START_MS: i64 = 86_400_000;

fn policy(inquiry_max: u32, reversal_max: u32) -> SettlementPolicy {
    SettlementPolicy {
        first_wait: 4 * SECOND,
        backoff_min: SECOND,
        backoff_max: 2 * SECOND,
        step_wait_max: 30 * SECOND,
        horizon: 60 * SECOND,
        inquiry_max,
        reversal_max,
    }
}

fn policies() -> BTreeMap<String, SettlementPolicy> {
    let named = [("Transfer", policy(3, 2)), ("Bare", policy(0, 0)), ("Blind", policy(0, 2)), ("Ask", policy(2, 0))];
    named.into_iter().map(|(name, policy)| (name.to_owned(), policy)).collect()
}

fn limits() -> SettlementLimits {
    SettlementLimits { cases_max: 3, lane_max: 5, closed_keep: 100 * SECOND, closed_max: 2 }
}

/// A journal and a wire that do what a script says.
struct Bench {
    machine: Settlement,
    now: Now,
    facts: Vec<CaseFact>,
    steps: BTreeMap<String, Step>,
    holds: bool,
    /// Whether business is closed.
    closed: bool,
    last: FactNumber,
    log: Vec<String>,
}

impl Bench {
    fn new() -> Self {
        let now = Now::new(1000 * SECOND, START_MS);
        let machine = Settlement::new(policies(), limits(), 7);
        let last = FactNumber(0);
        Self {
            machine,
            now,
            facts: Vec::new(),
            steps: BTreeMap::new(),
            holds: false,
            closed: false,
            last,
            log: Vec::new(),
        }
    }

    /// Carries out one word. `b/done` is about case `b`, `done` about case `a`.
    fn word(&mut self, word: &str) {
        let (case, word) = word.split_once('/').unwrap_or(("a", word));
        let (word, rest) = word.split_once(':').unwrap_or((word, ""));
        let id = ExchangeId::named(case);
        let now = self.now;
        let step = self.steps.get(case).cloned();
        match word {
            "open" => self.open(case, rest),
            "sent" => self.machine.sent(&step.unwrap(), now),
            "not_sent" => self.machine.not_sent(&step.unwrap(), "no_line_up", now),
            "unencodable" => self.machine.unencodable(&step.unwrap(), now),
            "no_answer" => self.machine.unanswered(&step.unwrap(), now),
            "late" => self.machine.late_answer(&id, Verdict::from_name(rest).unwrap(), now).unwrap(),
            "person" => {
                let step = StepKind::from_name(rest).map(PersonWants::Step);
                let wants = step.unwrap_or_else(|| PersonWants::Settle(Money::from_name(rest).unwrap()));
                let decision = PersonDecision { person: "kim".to_owned(), note: "called the bank".to_owned(), wants };
                if let Err(why) = self.machine.decide(&id, decision, now) {
                    self.log.push(format!("{why:?}"));
                }
            }
            "wall" => self.now.wall_ms += rest.parse::<i64>().unwrap() * 1000,
            "up" | "down" => self.machine.set_line_up(word == "up"),
            "shut" | "unshut" => self.closed = word == "shut",
            "hold" => self.holds = true,
            "ack" => {
                self.holds = false;
                self.machine.recorded(self.last, now);
            }
            "crash" => {
                self.facts.truncate(rest.parse().unwrap_or(usize::MAX));
                let facts = self.facts.clone();
                self.now.steady = SECOND;
                self.holds = false;
                self.machine = Settlement::resume(policies(), limits(), 8, facts, self.now);
            }
            "inherit" => {
                let account = rest.parse().ok().map(AccountKey);
                let opened =
                    SettlementFact::Opened { telegram: "Transfer".to_owned(), account, written_at_ms: now.wall_ms };
                let step = StepKind::Inquiry;
                let begun = SettlementFact::Begun { step, attempt: 1, repeat: false, horizon_passed: false };
                let facts = [opened, begun].map(|fact| CaseFact { case: id, at_ms: now.wall_ms, fact });
                self.facts.extend(facts.clone());
                self.machine.inherit(facts, now);
            }
            "first" => self.steps.get_mut(case).unwrap().attempt = 1,
            seconds if seconds.starts_with('+') => {
                let seconds: u32 = seconds[1..].parse().unwrap();
                self.now.steady += seconds * SECOND;
                self.now.wall_ms += i64::from(seconds) * 1000;
                self.machine.tick(self.now);
            }
            verdict => self.machine.verdict(&step.unwrap(), Verdict::from_name(verdict).expect(verdict), now),
        }
        self.obey();
    }

    fn open(&mut self, case: &str, rest: &str) {
        let (telegram, account) = rest.split_once('@').unwrap_or((rest, ""));
        let telegram = if telegram.is_empty() { "Transfer" } else { telegram };
        let unknown = UnknownExchange {
            exchange: ExchangeId::named(case),
            telegram: telegram.to_owned(),
            account: account.parse().ok().map(AccountKey),
            written_at_ms: self.now.wall_ms,
            written: Some(self.now.steady),
        };
        if let Err(why) = self.machine.open(unknown, self.now) {
            self.log.push(format!("{why:?}"));
        }
    }

    fn obey(&mut self) {
        self.carry_out();
        while self.machine.begin_steps(self.now, |_, _| !self.closed) {
            self.carry_out();
        }
    }

    fn carry_out(&mut self) {
        let shown = |case: &ExchangeId| if case.text() == "a" { String::new() } else { format!("{}/", case.text()) };
        while let Some(action) = self.machine.next_action() {
            match action {
                SettlementAction::Record(number, fact) => {
                    self.facts.push(fact);
                    self.last = number;
                    if !self.holds {
                        self.machine.recorded(number, self.now);
                    }
                }
                SettlementAction::Send(step) => {
                    let mark = if step.repeat { "*" } else { "" };
                    self.log.push(format!("{}{}{}{mark}", shown(&step.case), step.kind.name(), step.attempt));
                    self.steps.insert(step.case.text(), step);
                }
                SettlementAction::Withdraw(step) => self.log.push(format!("{}withdraw", shown(&step.case))),
                SettlementAction::Forgotten(_) => {}
                SettlementAction::Settled(case, by, money) => {
                    self.log.push(format!("{}{}={}", shown(&case), by.name(), money.name()));
                }
                SettlementAction::DeadLetter(case, why) => {
                    self.log.push(format!("{}dead={}", shown(&case), why.name()))
                }
                SettlementAction::Flag(case, why) => self.log.push(format!("{}flag={}", shown(&case), why.name())),
            }
        }
    }
}

/// Steps are shown as `reversal2*` (the second attempt, with the repeat mark), settlements as `inquiry=done`.
#[track_caller]
fn check(script: &str, expected: &str) {
    let mut bench = Bench::new();
    for word in script.split_whitespace() {
        bench.word(word);
    }
    assert_eq!(bench.log.join(" "), expected, "{script}");
    // Replaying all facts gives the same case.
    let replayed = Settlement::resume(policies(), limits(), 9, bench.facts.clone(), bench.now);
    assert_eq!(replayed.strays(), 0, "{script}");
    for (id, case) in bench.machine.cases().filter(|(_, case)| case.awaited().is_none()) {
        assert_eq!(replayed.case(id), Some(case), "{script}");
    }
}

#[test]
fn an_inquiry_settles() {
    check("open +3", "");
    check("open +5", "inquiry1");
    check("open +5 sent done", "inquiry1 inquiry=done");
    check("open +5 sent not_done", "inquiry1 inquiry=not_done");
    check("open +5 sent unclear +2 no_answer +2 done", "inquiry1 inquiry2* inquiry3* inquiry=done");
    check("open +5 confirmed +2 done", "inquiry1 inquiry2* inquiry=done");
    check("open open", "Twice");
    check("open:Other", "NoPolicy { telegram: \"Other\" }");
}

#[test]
fn not_found_is_not_done_only_after_the_horizon() {
    check("open +5 not_found +2 not_found +50 +2 not_found", "inquiry1 inquiry2*");
    check("open +5 not_found +2 not_found +53 not_found", "inquiry1 inquiry2* inquiry3* inquiry=not_done");
    // It was asked before the horizon and answered after it.
    check("open +5 not_found +50 sent +6 not_found", "inquiry1 inquiry2*");
    check("open +5 not_found +50 +6 not_found +2 not_found", "inquiry1 inquiry2* inquiry3* inquiry=not_done");
    // The first "not found" comes with the last try: there is one more after the horizon.
    let asked = "inquiry1 inquiry2* inquiry3* inquiry4*";
    check("open +5 no_answer +2 no_answer +2 not_found +55 not_found", &format!("{asked} inquiry=not_done"));
    check("open +5 no_answer +2 no_answer +2 not_found +55 no_answer +2", &format!("{asked} reversal1"));
    check("open +61 first not_found", "inquiry1 inquiry=not_done");
}

#[test]
fn a_wall_clock_that_jumps_settles_nothing_too_early() {
    check("open +5 wall:3600 not_found +2 not_found", "inquiry1 inquiry2*");
    check("open +5 not_found wall:3600 crash +5 not_found", "inquiry1 inquiry2*");
    check(
        "open +5 not_found crash wall:3600 +5 not_found +56 not_found",
        "inquiry1 inquiry2* inquiry3* inquiry=not_done",
    );
    check("open +5 not_found wall:-9999 crash +62 not_found", "inquiry1 inquiry2* inquiry=not_done");
    check("open wall:-9999 crash +62 not_found", "inquiry1 inquiry=not_done");
}

#[test]
fn what_stays_unknown_is_reversed() {
    let asked = "inquiry1 inquiry2* inquiry3* reversal1";
    let to_reversal = "open +5 no_answer +2 unclear +2 no_answer +2";
    check(to_reversal, asked);
    check(&format!("{to_reversal} confirmed"), &format!("{asked} reversal=reversed"));
    check(&format!("{to_reversal} refused"), &format!("{asked} dead=reversal_refused"));
    check(&format!("{to_reversal} no_answer +2 confirmed"), &format!("{asked} reversal2* reversal=reversed"));
    check(&format!("{to_reversal} unclear +2 no_answer"), &format!("{asked} reversal2* dead=reversal_unconfirmed"));
    // The answer to the first reversal comes while the second one is awaited, or after the case was given up.
    check(
        &format!("{to_reversal} no_answer +2 sent first confirmed"),
        &format!("{asked} reversal2* reversal=reversed"),
    );
    check(
        &format!("{to_reversal} no_answer +2 no_answer first confirmed"),
        &format!("{asked} reversal2* dead=reversal_unconfirmed reversal=reversed"),
    );
    check(
        &format!("{to_reversal} no_answer +2 refused first confirmed"),
        &format!("{asked} reversal2* dead=reversal_refused flag=answers_differ reversal=reversed"),
    );
    check("open:Blind +5 confirmed", "reversal1 reversal=reversed");
    check("open:Ask +5 no_answer +2 no_answer", "inquiry1 inquiry2* dead=still_unknown");
    check("open:Bare +59", "");
    check("open:Bare +60", "dead=still_unknown");
    check("open:Bare +59 late:done", "late answer=done");
}

#[test]
fn a_late_answer_settles_and_withdraws_what_is_not_written() {
    check("open late:done +5", "late answer=done");
    check("open late:not_done +5", "late answer=not_done");
    check("open late:unclear +5", "inquiry1");
    check("open late:not_found +5", "inquiry1");
    check("open +5 late:done", "inquiry1 withdraw late answer=done");
    check("open +5 sent late:done done +9", "inquiry1 late answer=done");
    check("open +5 late:done not_sent +9", "inquiry1 withdraw late answer=done");
    check("open hold +5 late:done ack +9", "late answer=done");
    // A reversal that is not written yet does not go out; one that may be written decides.
    check("open:Blind hold +5 late:done ack +9", "late answer=done");
    check("open:Blind +5 late:done not_sent +9", "reversal1 withdraw late answer=done");
    check("open:Blind +5 late:done sent refused", "reversal1 withdraw dead=reversal_refused");
    check("open:Blind +5 sent late:done confirmed", "reversal1 flag=done_and_reversed reversal=reversed");
    check("open:Blind +5 sent late:not_done confirmed", "reversal1 reversal=reversed");
    check(
        "open:Blind +5 sent no_answer late:done +2 confirmed",
        "reversal1 reversal2* flag=done_and_reversed reversal=reversed",
    );
    check("open:Blind +5 confirmed late:done", "reversal1 reversal=reversed flag=done_and_reversed");
}

#[test]
fn contradictions_are_flagged_and_both_sides_kept() {
    check("open +5 done late:not_done", "inquiry1 inquiry=done flag=not_done_after_done");
    check("open +5 done late:done", "inquiry1 inquiry=done");
    check("open +61 not_found late:done", "inquiry1 inquiry=not_done flag=done_after_not_done");
    check("open late:done late:done", "late answer=done");
    check("open late:done late:not_done", "late answer=done flag=not_done_after_done flag=answers_differ");
    check("open +5 no_answer +2 not_done first done", "inquiry1 inquiry2* inquiry=not_done flag=done_after_not_done");
}

#[test]
fn a_person_settles_or_asks_for_a_step() {
    check("open person:done +9", "person=done");
    check("open +5 sent person:done done", "inquiry1 person=done");
    check("open +5 sent person:done not_done", "inquiry1 person=done flag=not_done_after_done");
    check("open person:inquiry", "inquiry1");
    check("open person:reversal sent confirmed", "reversal1 reversal=reversed");
    check("open:Bare person:reversal", "NoSuchStep(Reversal)");
    check("open late:done person:done", "late answer=done AlreadySettled");
    check("b/person:done", "NoSuchCase");
    let dead = "open:Blind +5 refused";
    check(&format!("{dead} +99"), "reversal1 dead=reversal_refused");
    check(&format!("{dead} person:not_done"), "reversal1 dead=reversal_refused person=not_done");
    check(&format!("{dead} person:reversal confirmed"), "reversal1 dead=reversal_refused reversal2* reversal=reversed");
    check(&format!("{dead} person:reversal no_answer +99"), "reversal1 dead=reversal_refused reversal2*");
    // What was not sent is sent when it is possible, also for a person. What cannot be made is not tried again.
    let log = "reversal1 dead=reversal_refused reversal2* reversal2*";
    check(&format!("{dead} person:reversal not_sent +2 confirmed"), &format!("{log} reversal=reversed"));
    check(&format!("{dead} person:reversal not_sent person:reversal no_answer +99"), log);
    check(
        &format!("{dead} person:reversal not_sent person:not_done +99"),
        "reversal1 dead=reversal_refused reversal2* person=not_done",
    );
    check(&format!("{dead} person:reversal unencodable +99"), "reversal1 dead=reversal_refused reversal2*");
    let dead = "open:Ask +5 no_answer +2 no_answer";
    check(&format!("{dead} person:inquiry done"), "inquiry1 inquiry2* dead=still_unknown inquiry3* inquiry=done");
    // A flagged case can be reversed; what settled it no longer counts.
    let flagged = "open +61 not_found late:done";
    let log = "inquiry1 inquiry=not_done flag=done_after_not_done";
    check(&format!("{flagged} person:done person:done"), &format!("{log} person=done AlreadySettled"));
    check(&format!("{flagged} person:reversal confirmed"), &format!("{log} reversal1 reversal=reversed"));
}

#[test]
fn notes_have_limits() {
    let mut bench = Bench::new();
    bench.word("open");
    let mut decide = |person: &str, note: &str| {
        let wants = PersonWants::Step(StepKind::Inquiry);
        let decision = PersonDecision { person: person.to_owned(), note: note.to_owned(), wants };
        bench.machine.decide(&ExchangeId::named("a"), decision, bench.now)
    };
    assert_eq!(decide("kim", " "), Err(NotDecided::NoteMissing));
    assert_eq!(decide("", "because"), Err(NotDecided::NoteMissing));
    assert_eq!(decide("kim", &"가".repeat(NOTE_MAX_CHARS + 1)), Err(NotDecided::NoteTooLong));
    assert_eq!(decide(&"가".repeat(PERSON_MAX_CHARS + 1), "because"), Err(NotDecided::NoteTooLong));
    for _ in 0..DECISIONS_MAX {
        assert_eq!(decide(&"가".repeat(PERSON_MAX_CHARS), &"가".repeat(NOTE_MAX_CHARS)), Ok(()));
    }
    assert_eq!(decide("kim", "because"), Err(NotDecided::TooManyDecisions));
}

#[test]
fn a_step_that_was_not_sent_is_no_try() {
    check("open +5 not_sent +2 not_sent +2 no_answer +2", "inquiry1 inquiry1 inquiry1 inquiry2*");
    check("open:Blind +5 not_sent +2 confirmed", "reversal1 reversal1 reversal=reversed");
    check("open down +5 +5 up", "inquiry1");
    check("open shut +5 +5 unshut", "");
    check("open shut +5 +5 +5 unshut +2 done", "inquiry1 inquiry=done");
    check("open shut +5 late:done", "late answer=done");
    check("open:@1 b/open:@1 shut +5 unshut +2", "inquiry1");
    check("open shut person:inquiry +5 unshut +2 done", "inquiry1 inquiry=done");
    check("open +5 unencodable +99", "inquiry1 dead=unencodable");
    check("open +5 unencodable late:done", "inquiry1 dead=unencodable late answer=done");
    check(
        "open:Blind +5 unencodable person:reversal confirmed",
        "reversal1 dead=unencodable reversal1 reversal=reversed",
    );
    check("open +5 +30 +2", "inquiry1 inquiry2*");
    check("open +5 sent +29", "inquiry1");
}

#[test]
fn after_a_crash_a_begun_step_counts_as_written() {
    check("open crash +5", "inquiry1");
    check("open +5 crash +5", "inquiry1 inquiry2*");
    check("open:Blind +5 crash +5", "reversal1 reversal2*");
    check("open:Blind hold +5 crash +5", "reversal2*");
    check("open:Blind +5 not_sent crash +5", "reversal1 reversal1");
    check("open:Blind +5 crash confirmed", "reversal1 reversal=reversed");
    check(
        "open:Blind +5 crash late:done +5 confirmed",
        "reversal1 reversal2* flag=done_and_reversed reversal=reversed",
    );
    check("open:Blind +5 refused crash +99 late:done", "reversal1 dead=reversal_refused");
    // Only the first facts were durable: the case was opened, the step begun, answered.
    check("open +5 hold done crash:1 +5", "inquiry1 inquiry1");
    check("open +5 hold done crash:2 +5", "inquiry1 inquiry2*");
    check("open +5 hold done crash:3", "inquiry1 inquiry=done");
}

#[test]
fn steps_of_an_account_go_one_after_the_other_and_hold_up_no_other() {
    check("open:Transfer@1 b/open:Transfer@1 c/open:Transfer@2 +5", "inquiry1 c/inquiry1");
    check("open:Transfer@1 b/open:Transfer@1 +5 sent done", "inquiry1 inquiry=done b/inquiry1");
    check("open:Transfer@1 b/open:Transfer@1 +5 sent late:done +9 done", "inquiry1 late answer=done b/inquiry1");
    check("open:Transfer@1 b/open:Transfer@1 +5 sent no_answer", "inquiry1 b/inquiry1");
}

/// What another instance began was never on the lane here: its end neither frees the account nor makes room.
#[test]
fn a_case_of_another_instance_waits_for_the_account_too() {
    check("open:@7 +5 b/inherit:7 c/open:@7 +6 done", "inquiry1 inquiry=done b/inquiry2*");
    check(
        "open:@7 +5 b/inherit:7 c/open:@7 +6 sent +1 done b/sent b/done c/done",
        "inquiry1 inquiry=done b/inquiry2* b/inquiry=done c/inquiry1 c/inquiry=done",
    );
}

#[test]
fn cases_and_memory_are_bounded() {
    let mut bench = Bench::new();
    assert!(bench.machine.has_room(2) && !bench.machine.has_room(3));
    ["open", "b/open", "c/open"].into_iter().for_each(|word| bench.word(word));
    assert!(!bench.machine.has_room(0) && bench.machine.unfinished() == 3);
    // Beyond the limit nothing is lost.
    ["d/open", "late:done", "b/late:done", "c/late:done", "d/late:done"].into_iter().for_each(|word| bench.word(word));
    assert!(bench.machine.has_room(2) && bench.machine.unfinished() == 0);
    assert_eq!(bench.machine.cases().map(|(id, _)| id.text()).collect::<Vec<_>>(), ["c", "d"]);
    assert_eq!(bench.machine.late_answer(&ExchangeId::named("a"), Verdict::Done, bench.now), Err(NoSuchCase));
    bench.word("+100");
    assert_eq!((bench.machine.cases().count(), bench.machine.deadline()), (0, None));
    bench.word("open");
    for _ in 0..HISTORY_MAX {
        ["+5", "not_sent"].into_iter().for_each(|word| bench.word(word));
    }
    let case = bench.machine.case(&ExchangeId::named("a")).unwrap();
    assert_eq!(case.history().len(), HISTORY_MAX);
    assert!(case.omitted() > 0 && matches!(case.history()[0].1, SettlementFact::Opened { .. }));
}

#[test]
fn facts_have_stable_names() {
    let check = |fact: SettlementFact, json: &str| {
        assert_eq!(serde_json::to_string(&fact).unwrap(), json);
        assert_eq!(serde_json::from_str::<SettlementFact>(json).unwrap(), fact);
    };
    let text = str::to_owned;
    let step = StepKind::Reversal;
    check(
        SettlementFact::Opened { telegram: text("Transfer"), account: Some(AccountKey(7)), written_at_ms: 5 },
        r#"{"fact":"opened","telegram":"Transfer","account":7,"written_at_ms":5}"#,
    );
    check(
        SettlementFact::Begun { step, attempt: 2, repeat: true, horizon_passed: false },
        r#"{"fact":"begun","step":"reversal","attempt":2,"repeat":true,"horizon_passed":false}"#,
    );
    check(
        SettlementFact::NotWritten { step: StepKind::Inquiry, attempt: 1, why: text("no_line_up") },
        r#"{"fact":"not_written","step":"inquiry","attempt":1,"why":"no_line_up"}"#,
    );
    check(SettlementFact::Unanswered { step, attempt: 1 }, r#"{"fact":"unanswered","step":"reversal","attempt":1}"#);
    for (verdict, name) in Verdict::ALL.iter().zip(["done", "not_done", "not_found", "confirmed", "refused", "unclear"])
    {
        check(
            SettlementFact::Answered { step, attempt: 1, verdict: *verdict },
            &format!(r#"{{"fact":"answered","step":"reversal","attempt":1,"verdict":"{name}"}}"#),
        );
    }
    check(SettlementFact::LateAnswer { verdict: Verdict::Done }, r#"{"fact":"late_answer","verdict":"done"}"#);
    check(
        SettlementFact::Asked { step, person: text("kim"), note: text("why") },
        r#"{"fact":"asked","step":"reversal","person":"kim","note":"why"}"#,
    );
    check(
        SettlementFact::Decided { money: Money::NotDone, person: text("kim"), note: text("why") },
        r#"{"fact":"decided","money":"not_done","person":"kim","note":"why"}"#,
    );
    check(
        SettlementFact::Settled { by: SettledBy::LateAnswer, money: Money::Reversed },
        r#"{"fact":"settled","by":"late answer","money":"reversed"}"#,
    );
    let names = ["reversal_refused", "reversal_unconfirmed", "still_unknown", "no_policy", "reopened", "unencodable"];
    for (why, name) in DeadReason::ALL.iter().zip(names) {
        check(SettlementFact::DeadLettered { why: *why }, &format!(r#"{{"fact":"dead_lettered","why":"{name}"}}"#));
    }
    let names = ["done_after_not_done", "not_done_after_done", "done_and_reversed", "answers_differ"];
    for (why, name) in FlagReason::ALL.iter().zip(names) {
        check(SettlementFact::Flagged { why: *why }, &format!(r#"{{"fact":"flagged","why":"{name}"}}"#));
    }
    assert_eq!(SettledBy::from_name("person"), Some(SettledBy::Person));
    assert_eq!(SettledBy::from_name("people"), None);
}

/// FNV-1a of `a` and a zero byte, and of `foobar` and a zero byte, continued by hand from the published digests of `a`
/// (af63dc4c8601ec8c) and `foobar` (85944171f73967e8).
#[test]
fn an_account_is_a_digest_that_stays_the_same() {
    let prime = 0x0000_0100_0000_01B3_u64;
    for (text, digest) in [("a", 0xAF63_DC4C_8601_EC8C_u64), ("foobar", 0x8594_4171_F739_67E8)] {
        assert_eq!(AccountKey::of(&crate::terms::Key::new([text])), AccountKey(digest.wrapping_mul(prime)));
    }
    let of = |values: &[&'static str]| AccountKey::of(&crate::terms::Key::new(values.iter().copied()));
    assert_ne!(of(&["12", "3"]), of(&["1", "23"]));
}
