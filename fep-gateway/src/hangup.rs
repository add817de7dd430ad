//! SIGHUP, by which operators ask daemons to read their files again. It never ends this one. The access file is read again by itself; for
//! the configuration, the signal says whether a restart would change something. Nothing here changes the running gateway.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use fep_gateway::Config;
use tracing::{info, warn};

/// The configuration as it was when the daemon started, and the signals since.
#[derive(Debug)]
pub(crate) struct Started {
    path: PathBuf,
    text: Option<Vec<u8>>,
    #[cfg(unix)]
    signals: std::io::Result<tokio::signal::unix::Signal>,
}

impl Started {
    /// Reads the file's text. From now on the signal does not end the process.
    pub(crate) fn with(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            text: std::fs::read(path).ok(),
            #[cfg(unix)]
            signals: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()),
        }
    }

    /// Hears the signal for ever.
    pub(crate) async fn hear(&mut self) -> Infallible {
        #[cfg(unix)]
        if let Err(error) = &self.signals {
            warn!(%error, "SIGHUP cannot be heard");
        }
        #[cfg(unix)]
        while let Ok(signals) = &mut self.signals
            && signals.recv().await.is_some()
        {
            self.say();
        }
        std::future::pending().await
    }

    fn say(&self) {
        let config = self.path.display();
        match Config::load(&self.path) {
            Err(error) => warn!(
                %config,
                %error,
                "SIGHUP: the configuration has mistakes; this gateway goes on with that of its start, and could not start again"
            ),
            Ok(_) if std::fs::read(&self.path).ok() == self.text => {
                info!(%config, "SIGHUP: the configuration is that of the start");
            }
            Ok(_) => warn!(%config, "SIGHUP: the configuration has changed; it holds after a restart"),
        }
    }
}
