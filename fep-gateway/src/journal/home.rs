//! Where a journal is: whether it is still there, and connections that read it.

use std::path::Path;
#[cfg(feature = "postgres")]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::places::{PlaceKey, PlacesAsked, PlacesSeen};
use fep_protocol::reason::JournalError;

use super::alarms::AlarmKeeper;
use super::archive::Archives;
use super::guard::FileGuard;
use super::mark::Mark;
#[cfg(feature = "simulation")]
use super::modelled::{Model, ModelReader};
#[cfg(feature = "postgres")]
use super::postgres::{self, Database, alarms::AlarmRow, lease::Lease, mark::PublishedRow, sharing::Sharing};
use super::seal::Veil;
use super::sealing::Access;
use super::sqlite::closing;
use super::sqlite::facts::FactReader;
use super::sqlite::index::IndexReader;
use super::store::{FactReads, JournalId};
use super::whose::{InstanceRecord, Over, Whose};
use super::{Reader, index_path, private};
use crate::config::ArchiveConfig;

/// Where the facts are. The index and the marks are files beside [`Home::path`] in each case.
pub(super) enum Home {
    /// In a file that this process has locked.
    File { guard: Arc<FileGuard>, archive: Option<ArchiveConfig> },
    /// In a database, which this gateway may write.
    #[cfg(feature = "postgres")]
    Postgres { database: Arc<Database>, lease: Arc<Lease>, path: PathBuf, sharing: Option<Arc<Sharing>> },
    /// In a model of a database that simulated gateways share.
    #[cfg(feature = "simulation")]
    Modelled(Arc<Model>),
}

/// What readers need besides.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) access: Access,
    pub(super) veil: Veil,
}

impl Home {
    /// Checks that the journal is where it was.
    pub(super) fn check(&self) -> Result<(), JournalError> {
        match self {
            Self::File { guard, .. } => guard.check(),
            #[cfg(feature = "postgres")]
            Self::Postgres { lease, .. } => lease.check(),
            #[cfg(feature = "simulation")]
            Self::Modelled(_) => Ok(()),
        }
    }

    /// The name of this gateway among those that share the journal. `None` if it has a journal of its own.
    pub(super) fn instance(&self) -> Option<Arc<str>> {
        match self {
            Self::File { .. } => None,
            #[cfg(feature = "postgres")]
            Self::Postgres { sharing, lease, .. } => sharing.as_ref().map(|_| lease.instance().into()),
            #[cfg(feature = "simulation")]
            Self::Modelled(model) => Some(model.instance()),
        }
    }

    /// The runs of other gateways from which somebody must take over.
    pub(super) fn over(&self) -> Result<Vec<Over>, JournalError> {
        match self {
            Self::File { .. } => Ok(Vec::new()),
            #[cfg(feature = "postgres")]
            Self::Postgres { sharing, .. } => sharing.as_ref().map_or(Ok(Vec::new()), |sharing| sharing.over()),
            #[cfg(feature = "simulation")]
            Self::Modelled(model) => model.over(),
        }
    }

    /// How long a place belongs to a gateway that does not renew it. `None` if no other gateway shares the journal.
    pub(super) fn place_lease(&self) -> Option<Duration> {
        match self {
            Self::File { .. } => None,
            #[cfg(feature = "postgres")]
            Self::Postgres { sharing, database, .. } => sharing.as_ref().map(|_| database.lease()),
            // The simulation has no lines whose links are shared.
            #[cfg(feature = "simulation")]
            Self::Modelled(_) => None,
        }
    }

    /// Renews places of this gateway, gives some back, and says who has which.
    pub(super) fn look_at_places(
        &self,
        #[cfg_attr(not(feature = "postgres"), expect(unused_variables, reason = "a file has no places"))]
        asked: &PlacesAsked,
    ) -> Result<PlacesSeen, JournalError> {
        match self {
            Self::File { .. } => Ok(PlacesSeen::default()),
            #[cfg(feature = "postgres")]
            Self::Postgres { sharing, .. } => {
                sharing.as_ref().map_or_else(|| Ok(PlacesSeen::default()), |sharing| sharing.look_at_places(asked))
            }
            #[cfg(feature = "simulation")]
            Self::Modelled(_) => Ok(PlacesSeen::default()),
        }
    }

    /// Takes places that are free.
    pub(super) fn take_places(
        &self,
        #[cfg_attr(not(feature = "postgres"), expect(unused_variables, reason = "a file has no places"))]
        wanted: &[PlaceKey],
    ) -> Result<Vec<PlaceKey>, JournalError> {
        match self {
            Self::File { .. } => Ok(Vec::new()),
            #[cfg(feature = "postgres")]
            Self::Postgres { sharing, .. } => {
                sharing.as_ref().map_or_else(|| Ok(Vec::new()), |sharing| sharing.take_places(wanted))
            }
            #[cfg(feature = "simulation")]
            Self::Modelled(_) => Ok(Vec::new()),
        }
    }

    /// The gateways that share the journal. None if it has a journal of its own.
    pub(super) fn instances(&self) -> Result<Vec<InstanceRecord>, JournalError> {
        match self {
            Self::File { .. } => Ok(Vec::new()),
            #[cfg(feature = "postgres")]
            Self::Postgres { sharing, .. } => sharing.as_ref().map_or(Ok(Vec::new()), |sharing| sharing.instances()),
            #[cfg(feature = "simulation")]
            Self::Modelled(_) => Ok(Vec::new()),
        }
    }

    /// Whether another gateway took over, so that this one writes nothing any more.
    pub(super) fn is_fenced(&self) -> bool {
        match self {
            Self::File { .. } => false,
            #[cfg(feature = "postgres")]
            Self::Postgres { lease, .. } => lease.is_fenced(),
            #[cfg(feature = "simulation")]
            Self::Modelled(model) => model.is_fenced(),
        }
    }

    /// The file of the journal, or what its name would be.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File { guard, .. } => guard.path(),
            #[cfg(feature = "postgres")]
            Self::Postgres { path, .. } => path,
            #[cfg(feature = "simulation")]
            Self::Modelled(model) => model.path(),
        }
    }

    /// Makes the journal whole, so that a copy of its file needs no other file, and gives the right to write back. Nobody writes any more.
    pub(super) fn close(&self) -> Result<(), JournalError> {
        match self {
            Self::File { guard, .. } => closing::close(guard.path()),
            #[cfg(feature = "postgres")]
            Self::Postgres { lease, .. } => lease.give_back(),
            #[cfg(feature = "simulation")]
            Self::Modelled(model) => model.give_back(),
        }
    }

    /// How far the journal, which has this name, has been published.
    pub(super) fn mark(&self, journal: JournalId) -> Result<Mark, JournalError> {
        match self {
            Self::File { guard, .. } => Mark::of(guard.path(), journal),
            #[cfg(feature = "simulation")]
            Self::Modelled(model) => Mark::of(model.path(), journal),
            #[cfg(feature = "postgres")]
            Self::Postgres { database, lease, .. } => {
                Mark::in_database(PublishedRow::new(Arc::clone(database), Arc::clone(lease)))
            }
        }
    }

    /// Where what is known of alarms is kept.
    pub(super) fn alarms(&self) -> AlarmKeeper {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres { database, lease, .. } => {
                AlarmKeeper::Postgres(AlarmRow::new(Arc::clone(database), Arc::clone(lease)))
            }
            _ => AlarmKeeper::File(private::beside(self.path(), ".alarms")),
        }
    }

    /// Connections for queries.
    pub(super) fn reader(&self, reading: &Reading) -> Result<Reader, JournalError> {
        let Reading { access, veil } = reading.clone();
        let index = IndexReader::open(&index_path(self.path()))?;
        let (facts, archives): (Box<dyn FactReads>, _) = match self {
            Self::File { guard, archive } => {
                let journal = guard.path();
                let archives = archive.as_ref().map(|archive| Archives::new(journal, archive, &access)).transpose()?;
                (Box::new(FactReader::open(journal, &access)?), archives)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres { database, .. } => (Box::new(postgres::reader::FactReader::open(database, &access)?), None),
            #[cfg(feature = "simulation")]
            Self::Modelled(model) => (Box::new(ModelReader::new(Arc::clone(model))), None),
        };
        Ok(Reader { facts, index, archives, veil, whose: Whose::of(self.instance()) })
    }
}
