//! The receiver of a stream, as its configuration says it.

use std::fmt::Display;

use fep_stream::{Ask, BadFrame, Consumer, Plan, Policy, Receiver, ReceiverBuilder, Slow, TcpSource, TcpTerms};

use crate::config::{Framing, StreamConfig, StreamTopicConfig, WhenSlow};

/// The events that wait for the disk. With one more, the recording has a hole, and says so.
const RECORDED_BUFFER: usize = 100_000;

/// A receiver that runs, and the consumers that have everything from its first telegram on.
pub(super) struct Started {
    pub(super) receiver: Receiver,
    /// That of the recording, if there is one.
    pub(super) recorded: Option<Consumer>,
    /// Those of the topics, in the order of the configuration.
    pub(super) topics: Vec<Consumer>,
}

/// What happens to a consumer whose buffer is full.
pub(super) fn slow(when_slow: WhenSlow) -> Slow {
    match when_slow {
        WhenSlow::Latest => Slow::ToLatest,
        WhenSlow::Skip => Slow::Skip,
        WhenSlow::Disconnect => Slow::Disconnect,
    }
}

/// Starts to receive.
pub(super) fn start(config: &StreamConfig) -> Result<Started, String> {
    let plan = config.plan().map_err(text)?;
    let numbering = plan.numbering();
    let terms = numbering.map(|numbering| config.terms(numbering));
    let mut builder = builder(plan, &config.framing)?.instruments_max(config.instruments_max);
    builder = builder.bad_frame(config.skip_to.map_or(BadFrame::Close, BadFrame::SkipTo));
    if let Some(terms) = terms {
        builder = builder.sequence(terms);
    }
    for feed in &config.feeds {
        let terms = TcpTerms { silence_max: Some(config.silence_max), ..TcpTerms::default() };
        builder = builder.source(TcpSource::new(&feed.connect, terms));
    }
    if let (Some(ask), Some(numbering)) = (config.ask.clone(), numbering) {
        let own = config.clone();
        builder = builder.ask(move |missing: Ask| {
            let frames = own.ask_frames(&ask, numbering, missing.first, missing.last);
            frames.unwrap_or_else(|why| {
                tracing::warn!(why, "missing numbers cannot be asked for");
                Vec::new()
            })
        });
    }
    let recorded = config.recording.as_ref().map(|_| builder.consumer(Policy::new(RECORDED_BUFFER, Slow::Skip)));
    let topic = |topic: &StreamTopicConfig| Policy::new(topic.buffer_events, slow(topic.when_slow));
    let topics = config.topics.iter().map(|own| builder.consumer(topic(own))).collect();
    let receiver = builder.start().map_err(text)?;
    Ok(Started { receiver, recorded, topics })
}

/// The receiver owns its framing, whichever it is.
fn builder(plan: Plan, framing: &Framing) -> Result<ReceiverBuilder, String> {
    Ok(match framing.clone() {
        Framing::Length(prefix) => Receiver::builder(plan, prefix),
        Framing::StxEtx(framing) => Receiver::builder(plan, framing),
        Framing::Terminated(framing) => Receiver::builder(plan, framing),
        Framing::Fixed(framing) => Receiver::builder(plan, framing),
        Framing::CodeTable(table) => Receiver::builder(plan, table),
        _ => return Err("streams do not have this framing".to_owned()),
    })
}

fn text(error: impl Display) -> String {
    error.to_string()
}
