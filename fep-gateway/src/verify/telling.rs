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

use std::io::{self, Write as _};
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

/// Tells the receivers of the plan this run, and those before it that wait. Returns what was not told, a sentence each. `stop` ends it early.
///
/// # Errors
/// If the folder of the plan cannot be read or written.
pub async fn tell(plan: &Plan, report: &Report, stop: &CancellationToken) -> io::Result<Vec<String>> {
    keep(plan, report)?;
    let mut said = Vec::new();
    let own = Told::of(&plan.name, report);
    let mut waiting = 0;
    for receiver in receivers(plan, &mut said) {
        waiting += match outbox(plan) {
            Some(outbox) => receiver.tell_waiting(&outbox, plan, stop, &mut said).await?,
            None => receiver.tell_once(&own, stop, &mut said).await,
        };
    }
    if let Some(own) = plan.reads.as_ref().filter(|_| plan.webhook.is_some() || plan.tell.is_some()) {
        write_metrics(&own.folder, plan, waiting)?;
    }
    Ok(said)
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

    /// Tells the runs that wait, the oldest first, until one is not taken. Returns how many wait then.
    async fn tell_waiting(
        &self,
        outbox: &Outbox,
        plan: &Plan,
        stop: &CancellationToken,
        said: &mut Vec<String>,
    ) -> io::Result<usize> {
        let (all, unreadable) = outbox.waiting(&plan.name, self.name())?;
        said.extend(unreadable.iter().map(|path| format!("{}: no run can be read there", path.display())));
        for (at, waiting) in all.iter().enumerate() {
            match self.tell_again(&waiting.told, stop).await {
                Ok(()) => waiting.done()?,
                Err(NotTold::Ever(why)) => {
                    let kept = waiting.refused()?;
                    let run = &waiting.told.run;
                    said.push(format!(
                        "the {} refused the run {run} for good: {why}. It stays in {}",
                        self.name(),
                        kept.display()
                    ));
                }
                Err(NotTold::Yet(why)) => {
                    let surplus = (all.len() - at).saturating_sub(WAITING_MAX);
                    all.iter().skip(at).take(surplus).try_for_each(Waiting::done)?;
                    if surplus > 0 {
                        said.push(format!(
                            "the {surplus} oldest runs for the {} were dropped, because more than {WAITING_MAX} waited",
                            self.name()
                        ));
                    }
                    let left = all.len() - at - surplus;
                    said.push(format!(
                        "the {} was not told: {why}. Runs that wait: {left}. The next run tells them",
                        self.name()
                    ));
                    return Ok(left);
                }
            }
        }
        Ok(0)
    }

    /// Tells a run that nothing keeps. Returns how many were not told.
    async fn tell_once(&self, told: &Told, stop: &CancellationToken, said: &mut Vec<String>) -> usize {
        let Err(NotTold::Ever(why) | NotTold::Yet(why)) = self.tell_again(told, stop).await else { return 0 };
        said.push(format!(
            "the {} was not told of this run, and will not be: {why}. A plan with [reads] keeps runs in its folder",
            self.name()
        ));
        1
    }

    async fn tell_again(&self, told: &Told, stop: &CancellationToken) -> Result<(), NotTold> {
        let mut backoff = Backoff::new(PAUSE_MIN, PAUSE_MAX);
        let mut why = String::new();
        for attempt in 1..=ATTEMPTS {
            let result = tokio::select! {
                result = self.attempt(told) => result,
                () = stop.cancelled() => return Err(NotTold::Yet("it was stopped".to_owned())),
            };
            match result {
                Err(NotTold::Yet(again)) => why = again,
                ended => return ended,
            }
            if attempt < ATTEMPTS {
                tokio::select! {
                    () = tokio::time::sleep(backoff.failed(u64::from(attempt))) => {}
                    () = stop.cancelled() => return Err(NotTold::Yet(why)),
                }
            }
        }
        Err(NotTold::Yet(format!("{why}, {ATTEMPTS} times")))
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

fn write_metrics(folder: &Path, plan: &Plan, waiting: usize) -> io::Result<()> {
    let institution = plan.institution.replace('\\', "\\\\").replace('"', "\\\"");
    let name = "fep_verify_untold";
    let text = format!(
        "# HELP {name} How many runs wait until their receivers take them.\n# TYPE {name} gauge\n\
         {name}{{institution=\"{institution}\",verification=\"{}\"}} {waiting}\n",
        plan.name
    );
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(folder.join(METRICS)).map(drop).map_err(|error| error.error)
}
