//! PostgreSQL and Redis, each a server of its own in a folder of the demo. The scripts of the repository start and kill them.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::Failure;

/// A running server. [`Server::kill`] ends it as a crash does. Dropping it does so, too.
#[derive(Debug)]
pub(super) struct Server {
    script: PathBuf,
    folder: PathBuf,
    /// `host:port`. It stays the same when the server starts again.
    pub(super) address: String,
}

impl Server {
    /// Starts `postgres` or `redis` in a folder of its own below this one.
    ///
    /// # Errors
    /// If it is not installed, with the command that installs it, or does not start.
    pub(super) async fn start(name: &str, below: &Path) -> Result<Self, Failure> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../scripts/{name}.sh"));
        let mut server = Self { script, folder: below.join(name), address: String::new() };
        server.again().await?;
        Ok(server)
    }

    /// Starts it again after it was killed, with what it has on its disk.
    ///
    /// # Errors
    /// If it does not start.
    pub(super) async fn again(&mut self) -> Result<(), Failure> {
        self.address = self.run("start").await?.trim().to_owned();
        Ok(())
    }

    /// Ends it at once. It has no time to store anything.
    ///
    /// # Errors
    /// If it does not run.
    pub(super) async fn kill(&self) -> Result<(), Failure> {
        self.run("kill").await.map(drop)
    }

    async fn run(&self, what: &str) -> Result<String, Failure> {
        let output = Command::new(&self.script).arg(what).arg(&self.folder).output().await?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it does not run.
        let _ = std::process::Command::new(&self.script).arg("kill").arg(&self.folder).output();
    }
}
