//! Tells runs: to a webhook by a signed `POST`, and to a gateway that keeps them. What a run found does not depend on it: a receiver that is down is
//! named, the run waits in the folder of the plan, and a later run tells it.
//!
//! A webhook gets this body, and answers with any status from 200 to 299 when it has taken it:
//!
//! | key | meaning |
//! |---|---|
//! | `version` | 1 |
//! | `id` | the name of the message, also in the header `webhook-id`. It is the same each time: by it a service recognises a message that it has |
//! | `institution`, `verification`, `run` | which run |
//! | `report` | what it found: `counts`, `findings`, `more_findings`, as `GET /v1/verifications/{institution}/{verification}/{run}` shows them |

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use fep_protocol::backoff::Backoff;
use fep_protocol::verification::VerificationReport;
use serde::Serialize;
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::collector;
use super::outbox::{Outbox, WAITING_MAX, Waiting};
use super::plan::Plan;
use super::receivers::{TellPlan, WebhookPlan};
use super::report::Report;
use super::told::Told;
use crate::callback::HttpCallback;
use crate::client::{Client, Failed, bearer, segment};
use crate::tls::Party;

/// How often a receiver is told before the run waits for the next one.
const ATTEMPTS: u32 = 4;

/// After how many runs in a row that were not taken the others wait for the next time.
const IN_A_ROW_MAX: usize = 3;

/// The shortest and the longest pause between two attempts.
const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(4);

/// How long a connection to a gateway may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// The longest sentence of a gateway that is repeated, in characters.
const DETAIL_MAX_CHARS: usize = 300;

/// The file with the number of runs that wait, for a collector of such files.
const METRICS: &str = "untold.prom";

/// The receivers of a plan, by the names of their files.
const WEBHOOK: &str = "webhook";
const GATEWAY: &str = "gateway";

/// Why a receiver did not take a run. One line, without a secret.
enum NotTold {
    /// It may take it later.
    Yet(String),
    /// It never will.
    Ever(String),
}

/// Who is told.
enum Receiver<'p> {
    Webhook(&'p WebhookPlan, HttpCallback),
    Gateway(&'p TellPlan, Client),
}

#[derive(Serialize)]
struct Post<'t> {
    version: u32,
    id: &'t str,
    institution: &'t str,
    verification: &'t str,
    run: &'t str,
    report: &'t VerificationReport,
}

/// Lets the run wait for each receiver of the plan, before it counts. Nothing is sent.
///
/// # Errors
/// If the folder of the plan cannot be written.
pub(super) fn keep(plan: &Plan, report: &Report) -> io::Result<()> {
    let Some(outbox) = outbox(plan) else { return Ok(()) };
    let told = Told::of(&plan.name, report);
    let receivers = [(WEBHOOK, plan.webhook.is_some()), (GATEWAY, plan.tell.is_some())];
    receivers.iter().filter(|(_, is_told)| *is_told).try_for_each(|(receiver, _)| outbox.put(receiver, &told))
}

/// Tells the receivers of the plan this run, and those before it that wait. Returns what was not told, and what could not be kept, a sentence each.
/// `stop` ends it early.
pub async fn tell(plan: &Plan, report: &Report, stop: &CancellationToken) -> Vec<String> {
    let mut said = Vec::new();
    let own = Told::of(&plan.name, report);
    let kept = keep(plan, report).inspect_err(|error| said.push(format!("the folder of the plan: {error}")));
    let outbox = outbox(plan).filter(|_| kept.is_ok());
    for receiver in receivers(plan, &mut said) {
        let Some(outbox) = &outbox else {
            receiver.tell_once(&own, stop, &mut said).await;
            continue;
        };
        if let Err(error) = receiver.tell_waiting(outbox, plan, stop, &mut said).await {
            said.push(format!("the {}: the folder of the plan: {error}", receiver.name()));
        }
    }
    if let Some(outbox) = outbox.filter(|_| plan.webhook.is_some() || plan.tell.is_some())
        && let Err(error) = take_stock(&outbox, plan, &mut said)
    {
        said.push(format!("the folder of the plan: {error}"));
    }
    said
}

/// Says what nobody tells, and counts what waits.
fn take_stock(outbox: &Outbox, plan: &Plan, said: &mut Vec<String>) -> io::Result<()> {
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    counts.insert((plan.name.clone(), "waiting"), 0);
    let mut strange = BTreeSet::new();
    for file in outbox.files()? {
        let is_told = match file.receiver.as_str() {
            WEBHOOK => plan.webhook.is_some(),
            GATEWAY => plan.tell.is_some(),
            _ => false,
        };
        if !file.is_refused && (!is_told || file.verification != plan.name) {
            strange.insert(format!("{} for the {}", file.verification, file.receiver));
        }
        let state = if file.is_refused { "refused" } else { "waiting" };
        *counts.entry((file.verification, state)).or_default() += 1;
    }
    if !strange.is_empty() {
        let strange = strange.into_iter().collect::<Vec<_>>().join(", ");
        said.push(format!(
            "runs wait that this plan does not tell: {strange}. Another plan with this folder does, or nobody: then give the plan their name or receiver, or remove the files"
        ));
    }
    match &plan.reads {
        Some(reads) => write_metrics(&reads.folder, plan, &counts),
        None => Ok(()),
    }
}

fn outbox(plan: &Plan) -> Option<Outbox> {
    plan.reads.as_ref().map(|reads| Outbox::of(&reads.folder))
}

fn receivers<'p>(plan: &'p Plan, said: &mut Vec<String>) -> Vec<Receiver<'p>> {
    let mut all = Vec::new();
    if let Some(webhook) = &plan.webhook {
        match HttpCallback::new() {
            Ok(client) => all.push(Receiver::Webhook(webhook, client)),
            Err(error) => said.push(format!("the webhook cannot be told: {error}")),
        }
    }
    let client = |tell: &TellPlan| Client::new(&tell.gateway, Party::Gateway, CONNECT_MAX);
    all.extend(plan.tell.as_ref().map(|tell| Receiver::Gateway(tell, client(tell))));
    all
}

impl Receiver<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Webhook(..) => WEBHOOK,
            Self::Gateway(..) => GATEWAY,
        }
    }

    /// Tells the runs that wait, the oldest first. One that is not taken keeps none behind it waiting, until some in a row were not.
    async fn tell_waiting(
        &self,
        outbox: &Outbox,
        plan: &Plan,
        stop: &CancellationToken,
        said: &mut Vec<String>,
    ) -> io::Result<()> {
        let (all, unreadable) = outbox.waiting(&plan.name, self.name())?;
        said.extend(unreadable.iter().map(|path| format!("{}: no run can be read there", path.display())));
        let mut left = Vec::new();
        let mut first_why = None;
        let mut in_a_row = 0;
        for waiting in &all {
            if in_a_row >= IN_A_ROW_MAX {
                left.push(waiting);
                continue;
            }
            let attempts = if first_why.is_some() { 1 } else { ATTEMPTS };
            match self.tell_again(&waiting.told, attempts, stop).await {
                Ok(()) => {
                    in_a_row = 0;
                    waiting.done()?;
                }
                Err(NotTold::Ever(why)) => {
                    let kept = waiting.refused()?;
                    let run = &waiting.told.run;
                    let name = self.name();
                    said.push(format!(
                        "the {name} refused the run {run} for good: {why}. It stays in {}",
                        kept.display()
                    ));
                }
                Err(NotTold::Yet(why)) => {
                    in_a_row += 1;
                    first_why.get_or_insert(why);
                    left.push(waiting);
                }
            }
        }
        let Some(why) = first_why else { return Ok(()) };
        let surplus = left.len().saturating_sub(WAITING_MAX);
        left.drain(..surplus).try_for_each(Waiting::done)?;
        let name = self.name();
        if surplus > 0 {
            said.push(format!(
                "the {surplus} oldest runs for the {name} were dropped, because more than {WAITING_MAX} waited"
            ));
        }
        let count = left.len();
        said.push(format!("the {name} was not told: {why}. Runs that wait: {count}. The next run tells them"));
        Ok(())
    }

    /// Tells a run that nothing keeps.
    async fn tell_once(&self, told: &Told, stop: &CancellationToken, said: &mut Vec<String>) {
        let told = self.tell_again(told, ATTEMPTS, stop).await;
        if let Err(NotTold::Ever(why) | NotTold::Yet(why)) = told {
            said.push(format!(
                "the {} was not told of this run, and will not be: {why}. A plan with [reads] keeps runs in its folder",
                self.name()
            ));
        }
    }

    async fn tell_again(&self, told: &Told, attempts: u32, stop: &CancellationToken) -> Result<(), NotTold> {
        let mut backoff = Backoff::new(PAUSE_MIN, PAUSE_MAX);
        let mut why = String::new();
        for attempt in 1..=attempts {
            let result = tokio::select! {
                result = self.attempt(told) => result,
                () = stop.cancelled() => return Err(NotTold::Yet("it was stopped".to_owned())),
            };
            match result {
                Err(NotTold::Yet(again)) => why = again,
                ended => return ended,
            }
            if attempt < attempts {
                tokio::select! {
                    () = tokio::time::sleep(backoff.failed(u64::from(attempt))) => {}
                    () = stop.cancelled() => return Err(NotTold::Yet(why)),
                }
            }
        }
        Err(NotTold::Yet(format!("{why}, {attempts} times")))
    }

    async fn attempt(&self, told: &Told) -> Result<(), NotTold> {
        match self {
            Self::Webhook(webhook, client) => {
                let Told { institution, verification, run, report } = told;
                let id = format!("verification:{institution}:{verification}:{run}");
                let post = Post { version: 1, id: &id, institution, verification, run, report };
                let body = serde_json::to_vec(&post).map_err(|error| NotTold::Ever(error.to_string()))?;
                client.post_signed(&webhook.callback, &id, body, webhook.timeout).await.map_err(NotTold::Yet)
            }
            Self::Gateway(tell, client) => put(tell, client, told).await,
        }
    }
}

async fn put(tell: &TellPlan, client: &Client, told: &Told) -> Result<(), NotTold> {
    let Told { institution, verification, run, report } = told;
    let path = format!("/v1/verifications/{}/{}/{}", segment(institution), segment(verification), segment(run));
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(file) = &tell.token_file {
        headers.insert(AUTHORIZATION, bearer(file).map_err(NotTold::Yet)?);
    }
    let body = serde_json::to_vec(report).map_err(|error| NotTold::Ever(error.to_string()))?;
    let replied = client.ask((Method::PUT, &path), &headers, &Bytes::from(body), tell.timeout).await;
    let replied = replied.map_err(|failed| match failed {
        Failed::NotSent(why) | Failed::NoReply(why) => NotTold::Yet(why),
    })?;
    if replied.status.is_success() {
        return Ok(());
    }
    let why = format!("it answered {}{}", replied.status, detail(&replied.body));
    // What is wrong with the report itself stays wrong.
    let is_final = matches!(replied.status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY)
        || (replied.status == StatusCode::CONFLICT && code(&replied.body).as_deref() == Some("other_report"));
    Err(if is_final { NotTold::Ever(why) } else { NotTold::Yet(why) })
}

/// What a gateway says about an error, as the end of a sentence.
fn detail(body: &[u8]) -> String {
    let problem: Json = serde_json::from_slice(body).unwrap_or_default();
    let detail = problem.get("detail").and_then(Json::as_str).unwrap_or_default();
    let plain = detail.chars().map(|one| if one.is_control() { ' ' } else { one });
    let line: String = plain.take(DETAIL_MAX_CHARS).collect();
    if line.is_empty() { line } else { format!(": {line}") }
}

fn code(body: &[u8]) -> Option<String> {
    let problem: Json = serde_json::from_slice(body).ok()?;
    Some(problem.get("code")?.as_str()?.to_owned())
}

fn write_metrics(folder: &Path, plan: &Plan, counts: &BTreeMap<(String, &str), usize>) -> io::Result<()> {
    let institution = plan.institution.replace('\\', "\\\\").replace('"', "\\\"");
    let name = "fep_verify_untold";
    let mut text = format!(
        "# HELP {name} How many runs wait until their receivers take them, and how many were refused for good.\n# TYPE {name} gauge\n"
    );
    for ((verification, state), count) in counts {
        text += &format!(
            "{name}{{institution=\"{institution}\",verification=\"{verification}\",state=\"{state}\"}} {count}\n"
        );
    }
    collector::replace(&folder.join(METRICS), &text)
}
