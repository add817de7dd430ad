//! The alarm against a model that knows its whole history, and the promises to the person who is called.

use proptest::prelude::*;

use super::*;

fn holds(raise_s: u64, clear_s: u64, remind_s: Option<u64>) -> AlarmHolds {
    AlarmHolds {
        raise_after: Duration::from_secs(raise_s),
        clear_after: Duration::from_secs(clear_s),
        remind_after: remind_s.map(Duration::from_secs),
    }
}

/// What happened at one moment: the time that passed, the level, whether something may be told, and a silence of this many seconds.
type Step = (i64, Level, bool, Option<i64>);

fn step() -> impl Strategy<Value = Step> {
    let level = prop_oneof![
        4 => Just(Level::High),
        2 => Just(Level::Between),
        4 => Just(Level::Low),
        1 => Just(Level::Unjudged)
    ];
    let silence = prop::option::weighted(0.1, -5_i64..60);
    (0_i64..20_000, level, prop::bool::weighted(0.8), silence)
}

/// A time that passes, and now and then a clock that is set: up to two days forward or back.
fn jumping() -> impl Strategy<Value = Vec<Step>> {
    let day = 86_400_000_i64;
    let jump = prop_oneof![8 => Just(0_i64), 1 => -2 * day..2 * day, 1 => -15_000_i64..0];
    let one = (step(), jump).prop_map(|((passed, level, tells, silence), jump)| (passed + jump, level, tells, silence));
    prop::collection::vec(one, 1..80)
}

/// The model looks back over its history each time. It has no states.
#[derive(Default)]
struct Model {
    seen: Vec<(i64, Level)>,
    /// With the number of the moment.
    told: Vec<(i64, AlarmAction, usize)>,
    silenced_until_ms: Option<i64>,
}

impl Model {
    fn is_raised(&self) -> bool {
        self.told.last().is_some_and(|(_, action, _)| *action != AlarmAction::Clear)
    }

    /// How long the level has been this one, up to the last moment, counted from the last raise or clear.
    fn lasts_ms(&self, level: Level) -> Option<i64> {
        let last = self.told.iter().rev().find(|(_, action, _)| *action != AlarmAction::Remind);
        let from = last.map_or(0, |(_, _, at)| at + 1);
        let (now, _) = *self.seen.last()?;
        let run = self.seen.get(from..)?.iter().rev().take_while(|(_, seen)| *seen == level);
        run.last().map(|(at, _)| now - at)
    }

    /// A clock that was set back by more than ten seconds: what was, was now. Otherwise time does not go back.
    fn time(&mut self, now_ms: i64) -> i64 {
        let Some((latest, _)) = self.seen.last().copied() else { return now_ms };
        if now_ms >= latest - 10_000 {
            return now_ms.max(latest);
        }
        self.seen.iter_mut().for_each(|(at, _)| *at = now_ms.min(*at));
        self.told.iter_mut().for_each(|(at, ..)| *at = now_ms.min(*at));
        let rest = |until| if until > latest { now_ms + (until - latest) } else { until };
        self.silenced_until_ms = self.silenced_until_ms.map(rest);
        now_ms
    }

    fn observe(&mut self, level: Level, may_tell: bool, holds: &AlarmHolds, now_ms: i64) -> Option<AlarmAction> {
        let now_ms = self.time(now_ms);
        self.seen.push((now_ms, level));
        let may_tell = may_tell && self.silenced_until_ms.is_none_or(|until| until <= now_ms);
        let lasts = |level, hold: Duration| self.lasts_ms(level).is_some_and(|ms| passed(0, ms) >= hold);
        let since_told = self.told.last().map_or(0, |(at, ..)| now_ms - at);
        let action = match self.is_raised() {
            false if may_tell && lasts(Level::High, holds.raise_after) => Some(AlarmAction::Raise),
            false => None,
            true if lasts(Level::Low, holds.clear_after) => Some(AlarmAction::Clear),
            true => {
                let is_due = holds.remind_after.is_some_and(|after| passed(0, since_told) >= after);
                (is_due && may_tell && level == Level::High).then_some(AlarmAction::Remind)
            }
        };
        self.told.extend(action.map(|action| (now_ms, action, self.seen.len() - 1)));
        action
    }
}

/// Runs both. Returns the alarm, the time, and what was told, with the times.
fn run(steps: &[Step], holds: &AlarmHolds) -> (Alarm, i64, Vec<(i64, AlarmAction)>) {
    let mut alarm = Alarm::default();
    let mut model = Model::default();
    let mut now_ms = 1_000_000;
    for (passed_ms, level, may_tell, silence) in steps {
        // Two looks at the same moment are one.
        now_ms += passed_ms + 1;
        if let Some(seconds) = silence {
            let until = (*seconds > 0).then_some(now_ms + seconds * 1000);
            alarm.silence(until);
            model.silenced_until_ms = until;
        }
        // A restart in between changes nothing.
        let stored = serde_json::to_string(&alarm).unwrap();
        alarm = serde_json::from_str(&stored).unwrap();
        let expected = model.observe(*level, *may_tell, holds, now_ms);
        assert_eq!(alarm.observe(*level, *may_tell, holds, now_ms), expected, "{steps:?}");
        assert_eq!(alarm.is_raised(), model.is_raised());
    }
    (alarm, now_ms, model.told.into_iter().map(|(at, action, _)| (at, action)).collect())
}

proptest! {
    #[test]
    fn an_alarm_is_what_its_history_says(
        steps in prop::collection::vec(step(), 1..80),
        raise_s in 0_u64..40,
        clear_s in 0_u64..40,
        remind_s in prop::option::of(1_u64..90),
    ) {
        let holds = holds(raise_s, clear_s, remind_s);
        let (_, _, told) = run(&steps, &holds);
        let kinds: Vec<_> = told.iter().filter(|(_, action)| *action != AlarmAction::Remind).collect();
        for (at, (_, action)) in kinds.iter().enumerate() {
            let expected = if at % 2 == 0 { AlarmAction::Raise } else { AlarmAction::Clear };
            prop_assert_eq!(*action, expected, "a raise and a clear alternate, and a raise comes first");
        }
        // However the value flaps, raises are at least both holds apart.
        let raises: Vec<_> = told.iter().filter(|(_, action)| *action == AlarmAction::Raise).map(|(at, _)| *at).collect();
        for pair in raises.windows(2) {
            prop_assert!(pair[1] - pair[0] >= i64::try_from((raise_s + clear_s) * 1000).unwrap());
        }
        let mut reminders = told.windows(2).filter(|pair| pair[1].1 == AlarmAction::Remind);
        let least = remind_s.map_or(i64::MAX, |s| i64::try_from(s * 1000).unwrap());
        prop_assert!(reminders.all(|pair| pair[0].1 != AlarmAction::Clear && pair[1].0 - pair[0].0 >= least));
    }

    /// Wherever a clock was set to, an alarm works from then on, also after a restart.
    #[test]
    fn a_clock_that_is_set_disables_no_alarm(steps in jumping(), raise_s in 0_u64..40, clear_s in 0_u64..40) {
        let holds = holds(raise_s, clear_s, None);
        let (mut alarm, mut now_ms, _) = run(&steps, &holds);
        alarm.silence(None);
        let mut last = |level, seconds: u64| {
            (0..=seconds + 11).fold(None, |told, _| {
                now_ms += 1000;
                alarm.observe(level, true, &holds, now_ms).or(told)
            })
        };
        last(Level::Low, clear_s);
        prop_assert_eq!(last(Level::High, raise_s), Some(AlarmAction::Raise));
        prop_assert_eq!(last(Level::Low, clear_s), Some(AlarmAction::Clear));
    }
}

#[test]
fn a_clock_that_goes_back_a_little_moves_nothing_and_one_that_is_set_back_is_the_time() {
    let holds = holds(10, 10, None);
    let mut alarm = Alarm::default();
    assert_eq!(alarm.observe(Level::High, true, &holds, 100_000), None);
    assert_eq!(alarm.observe(Level::High, true, &holds, 90_000), None);
    assert_eq!(alarm.state(), AlarmState::Pending { since_ms: 100_000 });
    alarm.silence(Some(105_000));
    assert_eq!(alarm.observe(Level::High, true, &holds, 50_000), None, "50 seconds back");
    assert_eq!(alarm.state(), AlarmState::Pending { since_ms: 50_000 });
    assert_eq!(alarm.silenced_until_ms(50_000), Some(55_000), "five seconds of the silence were left");
    assert_eq!(alarm.observe(Level::High, true, &holds, 60_000), Some(AlarmAction::Raise));
}

#[test]
fn a_silence_holds_the_raise_back_until_it_ends_and_the_end_of_an_alarm_is_told_in_it() {
    let holds = holds(0, 0, Some(5));
    let mut alarm = Alarm::default();
    alarm.silence(Some(20_000));
    assert_eq!(alarm.observe(Level::High, true, &holds, 10_000), None);
    assert_eq!(alarm.silenced_until_ms(10_000), Some(20_000));
    assert_eq!(alarm.observe(Level::High, true, &holds, 20_000), Some(AlarmAction::Raise));
    assert_eq!(
        alarm.state(),
        AlarmState::Raised { since_ms: 10_000, raised_ms: 20_000, told_ms: 20_000, low_since_ms: None }
    );
    alarm.silence(Some(60_000));
    assert_eq!(alarm.observe(Level::High, true, &holds, 30_000), None, "nobody is reminded");
    assert_eq!(alarm.observe(Level::Low, true, &holds, 31_000), Some(AlarmAction::Clear));
}

#[test]
fn what_cannot_be_judged_neither_raises_nor_clears() {
    let holds = holds(1, 1, None);
    let mut alarm = Alarm::default();
    alarm.observe(Level::High, true, &holds, 1000);
    alarm.observe(Level::Unjudged, true, &holds, 1500);
    assert_eq!(alarm.observe(Level::High, true, &holds, 2100), None, "it is high since 2100 only");
    assert_eq!(alarm.observe(Level::High, true, &holds, 3100), Some(AlarmAction::Raise));
    alarm.observe(Level::Low, true, &holds, 3200);
    assert_eq!(alarm.observe(Level::Unjudged, true, &holds, 9000), None);
    assert_eq!(alarm.observe(Level::Low, true, &holds, 9900), None);
    assert!(alarm.is_raised());
    assert_eq!(alarm.observe(Level::Low, true, &holds, 10_900), Some(AlarmAction::Clear));
}
