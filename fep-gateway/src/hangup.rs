//! SIGHUP, by which operators and the service manager ask daemons to read their files again: the configuration is reloaded. It never ends
//! this process. The access file is read again by itself.

use std::convert::Infallible;

use fep_gateway::Gateway;
use fep_gateway::gateway::reload::{ReloadBy, ReloadError};
use tracing::{error, info, warn};

use crate::systemd::ServiceManager;

/// The signals since the start.
#[derive(Debug)]
pub(crate) struct Hangups {
    #[cfg(unix)]
    signals: std::io::Result<tokio::signal::unix::Signal>,
}

impl Hangups {
    /// From now on the signal does not end the process.
    pub(crate) fn heard() -> Self {
        Self {
            #[cfg(unix)]
            signals: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()),
        }
    }

    /// Hears the signal for ever. Signals that come during a reload make one more.
    pub(crate) async fn obey(&mut self, gateway: &Gateway, manager: &ServiceManager) -> Infallible {
        #[cfg(unix)]
        if let Err(error) = &self.signals {
            warn!(%error, "SIGHUP cannot be heard");
        }
        #[cfg(unix)]
        while let Ok(signals) = &mut self.signals
            && signals.recv().await.is_some()
        {
            manager.reloading();
            reload(gateway).await;
            manager.reloaded();
        }
        std::future::pending().await
    }
}

async fn reload(gateway: &Gateway) {
    let by = ReloadBy { person: "SIGHUP".to_owned(), note: "the process got the signal".to_owned(), caller: None };
    match gateway.reload_file(by, false).await {
        Ok(difference) if difference.is_empty() => info!("SIGHUP: the configuration is the one that holds"),
        Ok(_) => info!("SIGHUP: the new configuration holds"),
        Err(why) => {
            let partly = matches!(why, ReloadError::Partly { .. });
            for reason in why.reasons() {
                error!(reason, "SIGHUP: the configuration is not reloaded");
            }
            match partly {
                true => error!("SIGHUP: a part of the configuration holds: GET /v1/reload says which"),
                false => error!("SIGHUP: nothing has changed"),
            }
        }
    }
}
