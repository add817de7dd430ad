//! Asks recorded inquiries again, of the candidate and of the old side, and compares the answers. The live side is not touched: the requests
//! come from its journal, which is read beside it.

use std::collections::BTreeMap;
use std::time::Duration;

use fep_protocol::exchange::{Answer, Exchange, ExchangeId};
use fep_protocol::reason::JournalError;
use futures_util::stream::{self, StreamExt as _};
use ring::digest::{SHA256, digest};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::VerifyError;
use super::candidate::{Answered, Asked, Exchanged, Place};
use super::differ::differing;
use super::hours::{Hours, now_ms};
use super::plan::{Plan, ReadsPlan, Side, moves_money};
use super::report::{About, Report};
use super::runs;
use super::tally::{Tally, Why};
use super::telling;
use crate::config::InstitutionConfig;
use crate::journal::filter::ExchangeFilter;
use crate::journal::lookup::Lookup;
use crate::journal::reading::JournalPlace;
use crate::journal::seal::KeyRing;
use crate::telegrams::TelegramCatalogue;

/// How much older than its time-out a request must be: then the journal has its answer.
const SETTLED: Duration = Duration::from_secs(1);

const HOUR_MS: i64 = 3_600_000;

/// The maximum number of exchanges of a telegram that are looked at in one run.
const SEARCH_MAX: usize = 1_000_000;

/// A recorded inquiry with its answer.
struct Sample {
    id: ExchangeId,
    telegram: String,
    /// What was sent and answered then.
    answer: Exchanged,
}

/// What is asked again.
struct Samples {
    samples: Vec<Sample>,
    /// How many more could have been.
    left_out: u64,
}

/// Asks what the plan says of its candidate, and reports. `stop` ends it early: then the report is of what was compared so far, and the next run
/// begins where this one began.
///
/// # Errors
/// If the journal cannot be read, a side cannot be connected, or the folder of the plan cannot be written.
pub async fn reads(plan: &Plan, journal: Option<JournalPlace>, stop: CancellationToken) -> Result<Report, VerifyError> {
    let institution = plan.institution().ok_or(VerifyError::NoInstitution)?;
    let own = plan.reads.as_ref().ok_or(VerifyError::NoReads)?;
    // A plan that was made in code was not checked.
    let sides = [Some(institution), own.candidate.institution(), own.old.as_ref().and_then(Side::institution)];
    let sides: Vec<&InstitutionConfig> = sides.into_iter().flatten().collect();
    if let Some(name) = own.inquiries.keys().find(|name| moves_money(&sides, name)) {
        return Err(VerifyError::MovesMoney(name.clone()));
    }
    let candidate_name = own.candidate.institution.clone();
    let before = runs::read(&own.folder, &plan.digest).map_err(VerifyError::Folder)?;
    let now_ms = now_ms();
    let since_ms = before.until_ms.unwrap_or(now_ms - i64::from(own.look_back_hours) * HOUR_MS);
    let until_ms = (now_ms - settled_ms(own, institution)).max(since_ms);
    let Samples { samples, left_out } = samples(plan, own, journal, (since_ms, until_ms)).await?;
    info!(samples = samples.len(), left_out, candidate = candidate_name, "inquiries are asked again");
    let mut tally = Tally::default();
    let whole = ask_all(plan, own, institution, samples, &mut tally, &stop).await?;
    let about = About {
        kind: "reads",
        institution: plan.institution.clone(),
        of: candidate_name,
        made_at_ms: now_ms,
        compared_min: plan.compared_min,
        noise_percent: own.noise_percent,
        compared_before: before.compared_clean,
        left_out,
    };
    let mut report = Report::new(about, &tally, None);
    let run = report.run(whole);
    report.passed = run.passed;
    report.whole = whole;
    report.span_ms = Some((since_ms, until_ms));
    if !whole {
        report.summary = format!("stopped before its end, the next run repeats it: {}", report.summary);
    }
    report.trend = before.trend;
    report.trend.push(run.clone());
    let done_until_ms = if whole { until_ms } else { since_ms };
    let at = (done_until_ms, now_ms.div_euclid(1000));
    // A run that counts and that nobody was told of would be lost with a crash.
    let kept = telling::keep(plan, &report);
    if let Err(error) = kept.and_then(|()| runs::add(&own.folder, &plan.digest, &report, &run, at)) {
        // What was found is shown nevertheless. The next run asks for it again.
        report.passed = false;
        report.summary = format!(
            "it does not count, because the folder of the plan cannot be written ({error}): {}",
            report.summary
        );
    }
    Ok(report)
}

/// How old a request must be to have its outcome, in milliseconds.
fn settled_ms(own: &ReadsPlan, institution: &InstitutionConfig) -> i64 {
    let limits = own.inquiries.keys().filter_map(|name| institution.telegrams.get(name));
    let longest = limits.map(|limits| limits.answer_timeout).max().unwrap_or_default().max(institution.answer_timeout);
    i64::try_from((longest + SETTLED).as_millis()).unwrap_or(i64::MAX)
}

/// Asks all samples. Returns whether all were asked.
async fn ask_all(
    plan: &Plan,
    own: &ReadsPlan,
    institution: &InstitutionConfig,
    samples: Vec<Sample>,
    tally: &mut Tally,
    stop: &CancellationToken,
) -> Result<bool, VerifyError> {
    if samples.is_empty() {
        return Ok(true);
    }
    let sides: Vec<&Side> = [&own.candidate].into_iter().chain(&own.old).collect();
    let hours = match Hours::of(&sides).await {
        Ok(hours) => hours,
        Err(error) => return unreachable(error, tally),
    };
    if !hours.open(stop).await {
        return Ok(false);
    }
    let catalogue = TelegramCatalogue::new(institution).map_err(VerifyError::Unfit)?;
    let key_file = plan.config.journal.key_file.as_deref();
    let place = |name| Place { folder: &own.folder, name, key_file };
    let candidate = match Asked::connect(&own.candidate, &place("candidate"), hours.clock(0)).await {
        Ok(candidate) => candidate,
        Err(error) => return unreachable(error, tally),
    };
    let old = match &own.old {
        None => None,
        Some(side) => match Asked::connect(side, &place("old"), hours.clock(1)).await {
            Ok(old) => Some(old),
            Err(error) => {
                candidate.stop().await;
                return unreachable(error, tally);
            }
        },
    };
    let asking = stream::iter(samples).map(|sample| {
        let candidate = &candidate;
        let old = old.as_ref();
        let hours = &hours;
        async move {
            if !hours.open(stop).await {
                return None;
            }
            let answers = ask(&sample, candidate, old).await;
            Some((sample, answers))
        }
    });
    let mut asked = asking.buffer_unordered(own.in_flight_max);
    let mut whole = true;
    while let Some(done) = asked.next().await {
        match done {
            None => whole = false,
            Some((sample, answers)) => compare(plan, (institution, &catalogue), &sample, answers, &candidate, tally),
        }
    }
    drop(asked);
    candidate.stop().await;
    if let Some(old) = &old {
        old.stop().await;
    }
    Ok(whole)
}

/// A side that cannot be connected is a finding, and the next run asks again. Anything else ends the command.
fn unreachable(error: VerifyError, tally: &mut Tally) -> Result<bool, VerifyError> {
    let VerifyError::Side(name, why) = error else { return Err(error) };
    tally.failed("(connection)", &name, why);
    Ok(false)
}

/// What the sides answered to one request.
struct Answers {
    candidate: Answered,
    /// The two answers of the old side, if it is asked.
    old: Option<(Answered, Answered)>,
}

/// The old side is asked before and after the candidate, so that both its answers are as close to the candidate's as can be.
async fn ask(sample: &Sample, candidate: &Asked, old: Option<&Asked>) -> Answers {
    let body = |asked: &Asked| asked.body(&sample.telegram, &sample.answer.request);
    let ask = async |asked: &Asked, body: Result<Json, String>| asked.ask(&sample.telegram, &body?).await;
    let before = match old {
        None => None,
        Some(old) => Some(ask(old, body(old)).await),
    };
    let answered = ask(candidate, body(candidate)).await;
    let after = match old {
        None => None,
        Some(old) => Some(ask(old, body(old)).await),
    };
    Answers { candidate: answered, old: before.zip(after) }
}

fn compare(
    plan: &Plan,
    (institution, own): (&InstitutionConfig, &TelegramCatalogue),
    sample: &Sample,
    answers: Answers,
    candidate: &Asked,
    tally: &mut Tally,
) {
    let name = &sample.answer.telegram;
    let place = format!("exchange {}", sample.id);
    let Some(spec) = institution.spec.telegram(name) else { return };
    let (reference, again) = match &answers.old {
        None => (Ok(&sample.answer), None),
        Some((first, second)) => (first.as_ref(), Some(second)),
    };
    let (reference, new) = match (reference, &answers.candidate) {
        (Ok(reference), Ok(new)) => (reference, new),
        (Err(why), _) => return tally.failed(name, &place, format!("the old side did not answer: {why}")),
        (_, Err(why)) => return tally.failed(name, &place, format!("the candidate did not answer: {why}")),
    };
    if let Some(other) = [&reference.telegram, &new.telegram].into_iter().find(|other| *other != name) {
        return tally.failed(name, &place, format!("the answer is {other}"));
    }
    let catalogue = candidate.catalogue();
    let differing = |other: &Exchanged| {
        differing(&spec.layout, catalogue.telegram(&reference.answer), catalogue.telegram(&other.answer))
    };
    if let Some(Ok(again)) = again {
        tally.old_twice(name, differing(again));
    }
    let anew = anew(institution, &sample.telegram, own, catalogue);
    tally.compared(name, &place, differing(new), |one| {
        if plan.ignores(name, &one.path) {
            return Some(Why::Ignored);
        }
        let (asked, names_it) = anew.get(&one.path)?;
        // What the old side repeats of its request, the candidate must repeat of its own.
        let repeats = |of: &Exchanged| {
            let value = catalogue.value(name, &of.answer, &one.path);
            value.is_some() && value == catalogue.value(&sample.telegram, &of.request, asked)
        };
        let is_lost = *names_it && repeats(reference) && !repeats(new);
        (!is_lost).then_some(Why::Filled)
    });
}

/// The fields of an answer that repeat what each sending of the request fills anew: the field of the request, and whether it names the request.
fn anew(
    institution: &InstitutionConfig,
    telegram: &str,
    own: &TelegramCatalogue,
    catalogue: &TelegramCatalogue,
) -> BTreeMap<String, (String, bool)> {
    let filled = catalogue.filled_anew(telegram);
    let key = institution.telegrams.get(telegram).and_then(|own| own.key.as_ref());
    let pairs = key.into_iter().flat_map(|key| key.key.iter().zip(&key.answer_key));
    let elsewhere = pairs.filter_map(|(asked, answer)| Some((answer.clone(), (asked.clone(), *filled.get(asked)?))));
    let same = filled.iter().map(|(path, names_it)| (path.clone(), (path.clone(), *names_it)));
    // What only the gateway of the journal fills is the number of its own request, and no name of the candidate's.
    let theirs = own.filled_anew(telegram).into_keys().map(|path| (path.clone(), (path, false)));
    theirs.chain(same).chain(elsewhere).collect()
}

/// The newest samples of the span, at most as many as the plan allows.
async fn samples(
    plan: &Plan,
    own: &ReadsPlan,
    journal: Option<JournalPlace>,
    (since_ms, until_ms): (i64, i64),
) -> Result<Samples, VerifyError> {
    let keys = plan.config.journal.key_file.as_deref().map(KeyRing::read).transpose();
    let keys = keys.map_err(|error| VerifyError::Unfit(error.to_string()))?;
    let place = journal.unwrap_or_else(|| JournalPlace::configured(&plan.config.journal));
    let name = plan.institution.clone();
    let own = own.clone();
    // A journal in a database is waited for, and a thread of the runtime must not wait.
    let read = std::thread::spawn(move || -> Result<Samples, VerifyError> {
        let lookup = Lookup::open(&place, keys.as_ref()).map_err(VerifyError::Journal)?;
        let mut samples = Vec::new();
        let mut left_out = 0;
        for (telegram, percent) in &own.inquiries {
            let filter = ExchangeFilter {
                since_ms: Some(since_ms),
                until_ms: Some(until_ms),
                institution: Some(name.clone()),
                telegram: Some(telegram.clone()),
                outcome: Some("answered"),
                ..ExchangeFilter::default()
            };
            let mut of_telegram = 0;
            let each = |exchange: Exchange| -> Result<(), JournalError> {
                let client = exchange.caller.as_ref().and_then(|caller| caller.client.as_deref());
                let is_asked = own.callers.is_empty() || client.is_some_and(|client| own.callers.contains(client));
                let Exchange { id, request, answer, .. } = exchange;
                let Some(answer) = answer.filter(|_| is_asked && is_sampled(id, *percent)) else { return Ok(()) };
                if of_telegram >= own.count_max {
                    left_out += 1;
                    return Ok(());
                }
                of_telegram += 1;
                let Answer { telegram: answered_by, bytes } = answer;
                let answer =
                    Exchanged { request: request.to_vec(), telegram: answered_by.to_string(), answer: bytes.to_vec() };
                samples.push(Sample { id, telegram: telegram.clone(), answer });
                Ok(())
            };
            let found = lookup.search(&filter, SEARCH_MAX, each);
            if found.map_err(VerifyError::Journal)? >= SEARCH_MAX {
                return Err(VerifyError::TooMany(telegram.clone(), SEARCH_MAX));
            }
        }
        samples.sort_by_key(|sample| std::cmp::Reverse(sample.id));
        left_out += u64::try_from(samples.len().saturating_sub(own.count_max)).unwrap_or(u64::MAX);
        samples.truncate(own.count_max);
        Ok(Samples { samples, left_out })
    });
    let joined = tokio::task::spawn_blocking(move || read.join()).await;
    match joined {
        Ok(Ok(samples)) => samples,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(error) => Err(VerifyError::Unfit(error.to_string())),
    }
}

/// Whether an exchange is in the sample: its name decides, so that it does not depend on the run.
fn is_sampled(id: ExchangeId, percent: u8) -> bool {
    let hash = digest(&SHA256, id.to_string().as_bytes());
    let number = hash.as_ref().iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    number % 100 < u32::from(percent)
}
