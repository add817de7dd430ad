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

/// The model looks back over its history each time. It has no states.
#[derive(Default)]
struct Model {
    seen: Vec<(i64, Level)>,
    told: Vec<(i64, AlarmAction)>,
    silenced_until_ms: Option<i64>,
}

impl Model {
    fn is_raised(&self) -> bool {
        self.told.last().is_some_and(|(_, action)| *action != AlarmAction::Clear)
    }

    /// How long the level has been this one, up to the last moment, counted from the last raise or clear.
    fn lasts_ms(&self, level: Level) -> Option<i64> {
        let from =
            self.told.iter().rev().find(|(_, action)| *action != AlarmAction::Remind).map_or(0, |(at, _)| at + 1);
        let (now, _) = *self.seen.last()?;
        let run = self.seen.iter().rev().take_while(|(at, seen)| *seen == level && *at >= from);
        run.last().map(|(at, _)| now - at)
    }

    fn observe(&mut self, level: Level, may_tell: bool, holds: &AlarmHolds, now_ms: i64) -> Option<AlarmAction> {
        self.seen.push((now_ms, level));
        let may_tell = may_tell && self.silenced_until_ms.is_none_or(|until| until <= now_ms);
        let lasts = |level, hold: Duration| self.lasts_ms(level).is_some_and(|ms| passed(0, ms) >= hold);
        let since_told = self.told.last().map_or(0, |(at, _)| now_ms - at);
        let action = match self.is_raised() {
            false if may_tell && lasts(Level::High, holds.raise_after) => Some(AlarmAction::Raise),
            false => None,
            true if lasts(Level::Low, holds.clear_after) => Some(AlarmAction::Clear),
            true => {
                let is_due = holds.remind_after.is_some_and(|after| passed(0, since_told) >= after);
                (is_due && may_tell && level == Level::High).then_some(AlarmAction::Remind)
            }
        };
        self.told.extend(action.map(|action| (now_ms, action)));
        action
    }
}

/// Runs both. Returns what was told, with the times.
fn run(steps: &[Step], holds: &AlarmHolds) -> Vec<(i64, AlarmAction)> {
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
    model.told
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
        let told = run(&steps, &holds);
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
}

#[test]
fn a_clock_that_is_set_back_moves_nothing() {
    let holds = holds(10, 10, None);
    let mut alarm = Alarm::default();
    assert_eq!(alarm.observe(Level::High, true, &holds, 100_000), None);
    assert_eq!(alarm.observe(Level::High, true, &holds, 50_000), None);
    assert_eq!(alarm.state(), AlarmState::Pending { since_ms: 100_000 });
    assert_eq!(alarm.observe(Level::High, true, &holds, 110_000), Some(AlarmAction::Raise));
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
