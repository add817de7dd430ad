//! The alarms of a gateway: what is known of them, and how a person silences one. What they measure, and who is told, is `alarms`.

use std::fmt;

use tokio::sync::{mpsc, oneshot};

use super::Gateway;
use crate::alarm_status::{AlarmsStatus, SilencedBy};

/// What a person wants of an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmSilence {
    /// The rule.
    pub rule: String,
    /// The institution.
    pub institution: String,
    /// Until when nothing is told, in milliseconds since 1970. `None`: the silence ends now.
    pub until_ms: Option<i64>,
    /// Who wants it, and why.
    pub by: SilencedBy,
}

/// Why an alarm was not silenced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSilenced {
    /// This gateway has no alarms.
    NoAlarms,
    /// There is no such alarm.
    UnknownAlarm,
    /// Another gateway judges the alarms. Its name, if it is known.
    Elsewhere(Option<String>),
    /// The silence holds, and a restart forgets it: it cannot be stored.
    NotDurable(String),
}

/// A silence, and where to say what came of it.
pub(crate) type SilenceOrder = (AlarmSilence, oneshot::Sender<Result<(), NotSilenced>>);

/// What the part that judges alarms tells of itself.
pub(crate) trait AlarmPart: Send + 'static {
    /// What `/readyz` notes of it at this time, in milliseconds since 1970.
    fn note(&self, now_ms: i64) -> Option<String>;

    /// What is known of the alarms.
    fn status(&self) -> AlarmsStatus;

    /// Where silences go.
    fn orders(&self) -> mpsc::Sender<SilenceOrder>;
}

impl Gateway {
    /// What is known of the alarms. `None` if none are configured.
    #[must_use]
    pub fn alarms(&self) -> Option<AlarmsStatus> {
        self.inner.alarms.look(|part| part.status())
    }

    /// Silences an alarm until a time, or ends the silence. What is raised already stays raised, and its end is told.
    ///
    /// # Errors
    /// If there is no such alarm here, or the silence cannot be stored.
    pub async fn silence_alarm(&self, silence: AlarmSilence) -> Result<(), NotSilenced> {
        let orders = self.inner.alarms.look(|part| part.orders()).ok_or(NotSilenced::NoAlarms)?;
        let (reply, replied) = oneshot::channel();
        orders.send((silence, reply)).await.map_err(|_| NotSilenced::NoAlarms)?;
        replied.await.map_err(|_| NotSilenced::NoAlarms)?
    }
}

impl fmt::Display for NotSilenced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAlarms => f.write_str("this gateway has no alarms: add a table [alarms] to its configuration"),
            Self::UnknownAlarm => f.write_str("there is no such alarm: GET /v1/alarms has those that there are"),
            Self::Elsewhere(Some(instance)) => write!(f, "the gateway {instance} judges the alarms: silence it there"),
            Self::Elsewhere(None) => f.write_str("another gateway judges the alarms: silence it there"),
            Self::NotDurable(why) => write!(f, "the silence holds until the next restart only: {why}"),
        }
    }
}

impl std::error::Error for NotSilenced {}
