//! The rights of the client under whose name requests of topics run: those that the access file gives it, as it is now.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use fep_protocol::exchange::Exchange;
use fep_spec::model::Spec;

use crate::config::{Access, Action, Client};

/// The rights. A file that cannot be read gives none.
#[derive(Debug)]
pub(super) struct Rights {
    caller: String,
    /// `None` if there is no access file: then every client may do everything.
    file: Option<(PathBuf, Mutex<Seen>)>,
}

/// The client as the file of this time says it.
#[derive(Debug, Default)]
struct Seen {
    changed: Option<SystemTime>,
    client: Option<Result<Arc<Client>, String>>,
}

/// The client with this name in an access file.
pub(super) fn client(path: &Path, specs: &BTreeMap<String, Arc<Spec>>, name: &str) -> Result<Arc<Client>, String> {
    let access = Access::load(path, specs).map_err(|error| format!("{}: {error}", path.display()))?;
    access.named(name).ok_or_else(|| format!("{} has no client {name:?}", path.display()))
}

#[cfg_attr(not(feature = "kafka"), expect(dead_code, reason = "only messages of a broker need it"))]
impl Rights {
    pub(super) fn new(caller: &str, access: Option<&Path>) -> Self {
        Self { caller: caller.to_owned(), file: access.map(|path| (path.to_owned(), Mutex::default())) }
    }

    /// The name of the client.
    pub(super) fn caller(&self) -> &str {
        &self.caller
    }

    /// Whether an exchange is the client's own. Without an access file, clients have no names that mean anything.
    pub(super) fn owns(&self, exchange: &Exchange) -> bool {
        let client = exchange.caller.as_ref().and_then(|caller| caller.client.as_deref());
        self.file.is_none() || client == Some(&*self.caller)
    }

    /// Refuses a request that the client may not send.
    pub(super) fn may_send(
        &self,
        institution: &str,
        telegram: &str,
        specs: impl FnOnce() -> BTreeMap<String, Arc<Spec>>,
    ) -> Result<(), String> {
        let Some((path, seen)) = &self.file else { return Ok(()) };
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = std::fs::metadata(path).and_then(|file| file.modified()).ok();
        if seen.client.is_none() || seen.changed != changed {
            *seen = Seen { changed, client: Some(client(path, &specs(), &self.caller)) };
        }
        match &seen.client {
            Some(Ok(client)) if client.may(Action::Send, Some(institution), Some(telegram)) => Ok(()),
            Some(Err(why)) => Err(why.clone()),
            _ => Err(format!("{} has no right to send {telegram:?} of {institution:?}", self.caller)),
        }
    }
}
