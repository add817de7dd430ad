//! Tells a receiver: a line of the log, a signed `POST`, or an e-mail.
//!
//! A webhook gets this body, and answers with any status from 200 to 299 when it has taken it:
//!
//! | key | meaning |
//! |---|---|
//! | `version` | 1 |
//! | `id` | the name of the message, also in the header `webhook-id`. It is the same each time: by it a service recognises a message that it has |
//! | `instance` | the gateway, if several share the journal |
//! | `alarms` | what happened, oldest first, each as in `recent` of `GET /v1/alarms` |

mod mime;

mod mail;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tracing::{error, info};

use super::outbox::Letter;
use crate::alarm_status::AlarmChange;
use crate::callback::HttpCallback;
use crate::config::{AlarmReceiver, AlarmRule, AlarmsConfig, MailConfig, ReceiverKind};
use fep_protocol::alarm::AlarmAction;

/// What tells receivers.
#[derive(Clone, Debug)]
pub(super) struct Teller {
    client: HttpCallback,
    instance: Option<Arc<str>>,
}

/// Why a receiver did not take a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotTold {
    /// One line, without a secret.
    pub(super) why: String,
    /// Whether it had the whole letter, and perhaps takes it.
    pub(super) may_be_taken: bool,
}

impl From<String> for NotTold {
    fn from(why: String) -> Self {
        Self { why, may_be_taken: false }
    }
}

/// One target for each recipient of a mail, so that one who is refused keeps no mail from the others. The name of a target is `RECEIVER <RECIPIENT>`.
pub(super) fn each_recipient_alone(config: &AlarmsConfig) -> AlarmsConfig {
    let targets = |name: &String, receiver: &AlarmReceiver| match &receiver.kind {
        ReceiverKind::Mail(mail) => {
            let one = |to: &String| {
                let mail = Box::new(MailConfig { recipients: vec![to.clone()], ..(**mail).clone() });
                (format!("{name} <{to}>"), AlarmReceiver { kind: ReceiverKind::Mail(mail), ..receiver.clone() })
            };
            mail.recipients.iter().map(one).collect()
        }
        _ => vec![(name.clone(), receiver.clone())],
    };
    let named: BTreeMap<&String, Vec<_>> = config.to.iter().map(|(name, to)| (name, targets(name, to))).collect();
    let names = |rule: &AlarmRule| {
        let all = rule.to.iter().filter_map(|name| named.get(name)).flatten();
        all.map(|(target, _)| target.clone()).collect()
    };
    let rules = config.rules.iter().map(|(name, rule)| (name.clone(), AlarmRule { to: names(rule), ..rule.clone() }));
    AlarmsConfig { rules: rules.collect(), to: named.values().flatten().cloned().collect() }
}

/// The receiver of a target: its name in the configuration, without the address of a person.
pub(super) fn receiver_of(target: &str) -> &str {
    target.rsplit_once(" <").map_or(target, |(receiver, _)| receiver)
}

#[derive(Debug, Serialize)]
struct Post<'p> {
    version: u32,
    id: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'p str>,
    alarms: &'p [AlarmChange],
}

impl Teller {
    pub(super) fn new(instance: Option<Arc<str>>) -> Result<Self, reqwest::Error> {
        Ok(Self { client: HttpCallback::new()?, instance })
    }

    /// Tells a receiver. Returns when it has taken the letter.
    ///
    /// # Errors
    /// Why it did not. One line, without a secret.
    pub(super) async fn tell(&self, receiver: &AlarmReceiver, letter: &Letter) -> Result<(), NotTold> {
        match &receiver.kind {
            ReceiverKind::Log => {
                letter.changes.iter().for_each(log);
                Ok(())
            }
            ReceiverKind::Webhook(callback) => {
                let instance = self.instance.as_deref();
                let post = Post { version: 1, id: &letter.id, instance, alarms: &letter.changes };
                let body = serde_json::to_vec(&post).map_err(|error| error.to_string())?;
                self.client.post_signed(callback, &letter.id, body, receiver.timeout).await.map_err(NotTold::from)
            }
            ReceiverKind::Mail(config) => mail::send(config, receiver.timeout, letter, self.instance.as_deref()).await,
        }
    }
}

/// A line of the log for a change.
pub(super) fn log(change: &AlarmChange) {
    let AlarmChange { id, rule, institution, text, next, .. } = change;
    match change.action {
        AlarmAction::Raise => error!(id, rule, institution, next, "alarm: {text}"),
        AlarmAction::Remind => error!(id, rule, institution, next, "alarm, still: {text}"),
        AlarmAction::Clear => info!(id, rule, institution, "alarm: {text}"),
    }
}
