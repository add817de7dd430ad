//! The coordinator of a gateway that is alone: it has the whole contract and all trace numbers.

use std::sync::Arc;

use fep_protocol::coordination::{Ask, News, Terms};
use fep_protocol::trace::TraceCounter;

use super::{Coordinator, Joining, NewsSender, Seat};

/// One instance, and no store. The journal of the instance is where its trace numbers are durable.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalCoordinator;

#[derive(Debug)]
struct LocalSeat {
    traces: TraceCounter,
    news: NewsSender,
}

impl Coordinator for LocalCoordinator {
    fn instance(&self) -> Arc<str> {
        "".into()
    }

    fn terms(&self) -> Terms {
        Terms::ALONE
    }

    fn join(&self, joining: Joining, news: NewsSender) -> Box<dyn Seat> {
        Box::new(LocalSeat { traces: TraceCounter::new(joining.traces, joining.used), news })
    }
}

impl Seat for LocalSeat {
    fn ask(&mut self, ask: Ask) {
        // A gateway that is alone asks nothing else.
        if let Ask::Traces { day, for_what } = ask {
            let block = self.traces.next(day, for_what);
            self.news.send(block.map_or(News::TracesUsedUp { day, for_what }, News::Traces));
        }
    }
}
