//! Opens the journal of a simulated gateway that shares it with others. It is `shared`, without what only a database needs.

use std::sync::Arc;

use fep_protocol::reason::JournalError;

use super::by_hand;
use super::home::{Home, Reading};
use super::indexer::{by_hand as index_by_hand, catch_up};
use super::lost::Suspect;
use super::modelled::{JOURNAL, Model, ModelFacts, ModelInstances, ModelReader};
use super::recovery::{Begun, Earlier, OpenOptions, Running, endings, index_of};
use super::seal::Veil;
use super::sealing::Access;
use super::store::{FactReads, FactStore};
use super::whose::Whose;
use super::writer::Writer;
use super::{Opened, Worker, index_path};
use crate::coordinator::Instances;
use crate::fault::{FaultPoint, point};
use crate::ground::{Ground, SharedJournal, SimulatedGround};

/// Takes the right to write the journal, and ends the exchanges that an earlier run left open.
///
/// # Errors
/// If the model cannot be reached, or another gateway with this name has a lease.
pub(super) fn open(
    options: &OpenOptions,
    journal: Arc<dyn SharedJournal>,
    ground: SimulatedGround,
) -> Result<Opened, JournalError> {
    let path = &options.path;
    let model = Arc::new(Model::begin(journal, Arc::clone(&ground.disk), path.clone())?);
    let mut facts = ModelFacts::open(Arc::clone(&model))?;
    let mut source = ModelReader::new(Arc::clone(&model));
    let index_file = index_path(path);
    let suspect = Suspect { path, index: &index_file, goes_on: options.begin_anew, now_ms: options.now_ms };
    let kept = suspect.if_shared("model", JOURNAL, FactReads::last(&source)?)?;
    let mut index = index_of(&index_file, &source)?;
    catch_up(&mut index, &mut source)?;
    let home = Arc::new(Home::Modelled(Arc::clone(&model)));
    let options = &OpenOptions { whose: Whose::of(home.instance()), ..options.clone() };
    let reading = Reading { access: Access::strict(None), veil: Veil::default() };
    let begun = Begun { home, reading, journal: JOURNAL };
    let reader = begun.home.reader(&begun.reading)?;
    let ends: Vec<_> = kept.into_iter().chain(endings(&reader, options)?).collect();
    if !ends.is_empty() {
        facts.append(&ends)?;
        point(FaultPoint::Recovered);
    }
    catch_up(&mut index, &mut source)?;
    let earlier = Earlier::read(&begun, reader, options)?;
    let running = Running::new(&begun, &index, options)?;
    running.parts.index.set_by_hand(index_by_hand(index, source));
    let writer = Writer::new(facts, running.parts.clone());
    let bell = Arc::clone(&running.parts.bell);
    let index = Arc::clone(&running.parts.index);
    let looks = Arc::clone(&index).keep_building();
    let workers = vec![
        Worker::Task(tokio::spawn(by_hand::run(writer, bell, Arc::clone(&ground.disk)))),
        Worker::Task(tokio::spawn(looks)),
    ];
    let instances = Some(Arc::new(ModelInstances { model, index }) as Arc<dyn Instances>);
    Ok(Opened { instances, ..running.opened(begun, earlier, workers, Ground::Simulated(ground)) })
}
