//! Restarts and wrong numbers, case by case: what proves a new day, and what does not.

use super::*;

/// Both feeds bring each of these numbers, in lockstep.
fn both(told: &mut Told, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        told.on(0, number);
        told.on(1, number);
    }
}

#[test]
fn redundant_feeds_in_lockstep_begin_anew() {
    let mut told = Told::new(terms());
    both(&mut told, 60..=62);
    told.day = 2;
    both(&mut told, 1..=4);
    assert_eq!(told.said(), "60, 61, 62, restarted 63 1, 1, 2, 3, 4");
    assert_eq!(told.sequencer.tally().stray, 0);
}

#[test]
fn a_feed_that_loses_every_second_number_is_followed() {
    let mut told = Told::new(SequenceTerms { asks_max: 0, ..terms() });
    told.check(&[1, 2], "1, 2");
    told.check(&[50, 52, 54, 56], "lost 3-49 (47), 50");
    told.after(100 * MS);
    told.check(&[], "lost 51-51 (1), 52, lost 53-53 (1), 54, lost 55-55 (1), 56");
}

#[test]
fn what_was_out_of_place_is_told_at_the_end() {
    let mut told = Told::new(terms());
    told.check(&[1, 50, 51], "1");
    told.sequencer.end(&mut told.steps);
    told.check(&[], "out 50, out 51");
}

#[test]
fn a_near_restart_survives_losses_equal_telegrams_and_lost_numbers() {
    let mut told = Told::new(SequenceTerms { asks_max: 0, ..terms() });
    told.check(&[1, 2, 4, 5, 6], "1, 2");
    told.after(100 * MS);
    told.check(&[7, 8], "lost 3-3 (1), 4, 5, 6, 7, 8");
    // The first telegram is that of yesterday, the third number was lost yesterday, and the fourth is lost today.
    told.check(&[1], "");
    told.day = 2;
    told.check(&[2, 3, 5, 6], "differs 2, differs 5, differs 6, restarted 9 1");
    told.after(100 * MS);
    told.check(&[7], "lost 1-1 (1), 2, 3, lost 4-4 (1), 5, 6, 7");
}

#[test]
fn a_feed_that_lags_does_not_pull_the_sequence_back() {
    let mut told = Told::new(SequenceTerms { near_max: 10, jump_max: 5, ..terms() });
    both(&mut told, 40..=50);
    told.on(0, 51);
    told.day = 2;
    (1..=4).for_each(|number| told.on(0, number));
    told.said();
    // The other feed goes on with the old numbers. It is 7 numbers ahead of what the first one had.
    told.day = 1;
    (51..=58).for_each(|number| told.on(1, number));
    assert_eq!(told.said(), (52..=58).map(|number| format!("out {number}")).collect::<Vec<_>>().join(", "));
    // Then it begins anew and is ahead. From now on it counts.
    told.day = 2;
    (1..=7).for_each(|number| told.on(1, number));
    told.on(0, 5);
    assert_eq!(told.said(), "5, 6, 7");
    assert_eq!(told.sequencer.tally().restarts, 1);
}

#[test]
fn after_some_time_no_feed_is_a_day_behind() {
    let mut told = Told::new(terms());
    both(&mut told, 40..=41);
    told.day = 2;
    (1..=3).for_each(|number| told.on(0, number));
    told.said();
    told.after(Duration::from_secs(10));
    // It was not connected meanwhile, and its number is not behind its last one.
    (4..=6).for_each(|number| told.on(1, number));
    assert_eq!(told.said(), "4, 5, 6");
}

#[test]
fn a_late_answer_with_other_bytes_is_no_new_day() {
    let mut told = Told::new(terms());
    told.check(&[1, 5], "1, ask 2-4");
    (2..=4).for_each(|number| told.on(1, number));
    told.check(&[6], "2, 3, 4, 5, 6");
    told.day = 2;
    told.check(&[2, 3, 4], "differs 2, out 2, differs 3, out 3, differs 4, out 4");
    told.check(&[7], "7");
    // Nor is one that comes after the numbers were declared lost.
    told.check(&[11], "ask 8-10");
    told.after(100 * MS);
    told.check(&[12], "lost 8-10 (3), 11, 12");
    told.check(&[8, 9, 10, 13], "13");
    assert_eq!(told.sequencer.tally().restarts, 0);
}

#[test]
fn one_wrong_number_or_heartbeat_loses_nothing_but_itself() {
    let numbering = Numbering::new(8, 1).unwrap();
    let mut told = Told::new(SequenceTerms { asks_max: 0, ..SequenceTerms::new(numbering) });
    told.check(&[100, 50_101, 101], "100, out 50101, 101");
    told.sequencer.on_last(0, 50_101, told.now, &mut told.steps);
    told.check(&[102], "102");
    // Near enough to open a gap, which is filled in order: it waits as long as that.
    told.day = 9;
    told.check(&[150], "");
    told.day = 1;
    for number in 103..150 {
        told.check(&[number], &if number < 149 { number.to_string() } else { "149, 150".to_owned() });
        told.after(Duration::from_millis(900));
    }
    // The real one is not passed on, and that is told.
    told.check(&[150, 151], "differs 150, out 150, 151");
    assert_eq!(told.sequencer.tally().lost, 0);
}

#[test]
fn a_large_gap_is_asked_for_when_it_is_proved() {
    let numbering = Numbering::new(8, 1).unwrap();
    let mut told = Told::new(SequenceTerms::new(numbering));
    told.check(&[100, 5_101, 5_102], "100");
    told.check(&[5_103, 5_104], "ask 101-5100");
    // Heartbeats prove it, too.
    for _ in 0..3 {
        told.sequencer.on_last(0, 8_000, told.now, &mut told.steps);
    }
    told.check(&[], "ask 5105-8000");
}

#[test]
fn what_a_feed_that_lags_kept_of_the_old_day_does_not_come_into_the_new_one() {
    let mut told = Told::new(SequenceTerms { near_max: 24, asks_max: 0, ..terms() });
    both(&mut told, 1..=12);
    told.said();
    // A wrong number, which the other feed has passed on with another content.
    told.day = 9;
    told.on(1, 9);
    told.day = 2;
    (1..=4).for_each(|number| told.on(0, number));
    assert_eq!(told.said(), "differs 9, differs 1, differs 2, differs 3, restarted 13 1, 1, 2, 3, 4");
    (1..=4).for_each(|number| told.on(1, number));
    assert_eq!(told.said(), "out 9");
    told.check(&[5, 6], "5, 6");
}

#[test]
fn what_filled_a_gap_of_the_old_day_proves_no_third_one_when_it_comes_again() {
    let mut told = Told::new(SequenceTerms { jump_max: 5, asks_max: 0, ..terms() });
    told.check(&[10, 14, 15, 16, 17], "10");
    told.day = 2;
    // The numbers before were lost. These fit into the gap, and nothing shows yet that they are of another day.
    told.check(&[11, 12, 13], "11, 12, 13, 14, 15, 16, 17");
    told.check(&[14, 15, 16], "differs 14, differs 15, differs 16, restarted 18 14, 14, 15, 16");
    told.check(&[11, 12, 13, 14, 15, 16, 17], "17");
    assert_eq!((told.sequencer.tally().restarts, told.sequencer.tally().repeated), (1, 6));
}
