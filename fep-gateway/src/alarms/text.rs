//! What a person reads of an alarm: what happened, how high it is, and where to look. No field of a telegram is in it.

use std::time::Duration;

use fep_protocol::alarm::AlarmAction;
use fep_protocol::alarm::measure::{Measured, Measurement};

use crate::alarm_status::{AlarmUnit, MeasuredView};

/// A value with its unit.
pub(super) fn view(of: &Measurement, measured: &Measured) -> MeasuredView {
    let unit = match of {
        Measurement::NoTraffic { .. } | Measurement::UnknownAge { .. } => AlarmUnit::Ms,
        Measurement::ErrorRate { .. } => AlarmUnit::Percent,
        Measurement::Latency { .. } => AlarmUnit::Deviations,
        Measurement::DeadLetters { .. } | Measurement::Conflicts { .. } | Measurement::Amounts { .. } => {
            AlarmUnit::Count
        }
    };
    MeasuredView { value: measured.value, limit: measured.limit, unit }
}

/// What happened, in one sentence.
pub(super) fn sentence(of: &Measurement, institution: &str, measured: &Measured, action: AlarmAction) -> String {
    let said = said(of, institution, measured);
    match action {
        AlarmAction::Raise => said,
        AlarmAction::Remind => format!("still: {said}"),
        AlarmAction::Clear => format!("over: {said}"),
    }
}

fn said(of: &Measurement, institution: &str, measured: &Measured) -> String {
    let Measured { value, limit, usual, .. } = *measured;
    match of {
        Measurement::NoTraffic { .. } => {
            let [value, limit] = [value, limit].map(lasting);
            format!("{institution} sent no telegram of business for {value} while business was open (limit {limit})")
        }
        Measurement::UnknownAge { .. } => {
            let [value, limit] = [value, limit].map(lasting);
            format!("the oldest unknown exchange with {institution} is {value} old and not settled (limit {limit})")
        }
        Measurement::ErrorRate { window, .. } => {
            let usual = usual.map_or(String::new(), |usual| format!(", usual at this hour {usual:.1} %"));
            let window = lasting(ms(*window));
            format!(
                "{value:.1} % of the exchanges with {institution} failed in the last {window} (limit {limit:.1} %{usual})"
            )
        }
        Measurement::Latency { window, .. } => {
            let usual = usual.map_or(String::new(), |usual| format!(", the mean at this hour is {usual:.0} ms"));
            let window = lasting(ms(*window));
            format!(
                "answers of {institution} were slower than usual in the last {window}: {value:.1} standard deviations (limit {limit:.0}{usual})"
            )
        }
        Measurement::DeadLetters { .. } => {
            format!("{value:.0} exchanges and notices of {institution} need a person (limit {limit:.0})")
        }
        Measurement::Conflicts { window, .. } => {
            let window = lasting(ms(*window));
            format!("{value:.0} answers of {institution} contradicted others in the last {window} (limit {limit:.0})")
        }
        Measurement::Amounts { window, .. } => {
            format!("{value:.0} requests to {institution} in the last {} had an unusual amount", lasting(ms(*window)))
        }
    }
}

/// What to look at next.
pub(super) fn next(of: &Measurement, institution: &str) -> String {
    match of {
        Measurement::NoTraffic { .. } => {
            format!("look at the lines of {institution} in the console (GET /v1/lines), and call its contact")
        }
        Measurement::UnknownAge { .. } => format!(
            "look at its unknown exchanges in the console (GET /v1/exchanges?institution={institution}&outcome=unknown), and settle them"
        ),
        Measurement::ErrorRate { .. } => format!(
            "look at its latest exchanges and their codes in the console (GET /v1/exchanges?institution={institution}), and at its lines"
        ),
        Measurement::Latency { .. } => {
            format!(
                "look at its limits and what waits in the console (GET /v1/institutions/{institution}), and at its lines"
            )
        }
        Measurement::DeadLetters { .. } => {
            format!(
                "look at the dead letters in the console (GET /v1/dead-letters?institution={institution}), and decide them"
            )
        }
        Measurement::Conflicts { .. } => {
            format!(
                "look at its latest exchanges in the console (GET /v1/exchanges?institution={institution}), and ask the institution which answer holds"
            )
        }
        Measurement::Amounts { .. } => {
            format!(
                "look at its latest requests in the console (GET /v1/exchanges?institution={institution}), and ask the service that sent them"
            )
        }
    }
}

/// A time for people: `90 s`, `15 min`, `2 h 5 min`.
fn lasting(ms: f64) -> String {
    let s = Duration::try_from_secs_f64(ms.max(0.0) / 1000.0).unwrap_or(Duration::MAX);
    match s.as_secs() {
        0 => format!("{} ms", s.as_millis()),
        s if s < 120 => format!("{s} s"),
        s if s < 7200 => format!("{} min", s / 60),
        s => format!("{} h {} min", s / 3600, s % 3600 / 60),
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_that_a_person_says() {
        let said = [0.0, 999.9, 1000.0, 119_999.0, 120_000.0, 7_199_000.0, 7_500_000.0].map(lasting);
        assert_eq!(said, ["0 ms", "999 ms", "1 s", "119 s", "2 min", "119 min", "2 h 5 min"]);
    }
}
