//! Answers that other instances received for requests of this one. They wait in a stream, so that a connection that breaks loses none.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::coordination::{News, RoutedAnswer};
use redis::{Pipeline, RedisResult};
use tokio::time::{sleep, timeout};

use super::Shared;
use super::connection::Link;

/// How long an answer waits for its instance. What is older is of no use to it.
pub(super) const ANSWERS_KEEP: Duration = Duration::from_secs(60);

/// How long one look for answers waits for them.
const BLOCK: Duration = Duration::from_secs(1);

/// How much longer its reply may take.
const BLOCK_PATIENCE: Duration = Duration::from_secs(2);

/// The maximum number of answers that are read at once.
const READ_MAX: usize = 256;

/// The pause before the next connection.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// An entry of the stream: its number, and its fields.
type Entry = (String, HashMap<String, Vec<u8>>);

/// Receives answers for as long as the instance runs.
pub(super) async fn receive(shared: Arc<Shared>) {
    loop {
        // While the other connection is missing, this one would be, too.
        let mut link = shared.link.subscribe();
        if link.wait_for(Option::is_some).await.is_err() {
            return;
        }
        if let Ok(mut link) = shared.connector.connect(BLOCK + BLOCK_PATIENCE).await {
            let _ = read(&shared, &mut link).await;
        }
        sleep(RETRY_PAUSE).await;
    }
}

/// Passes answers on until the connection breaks. Each is deleted then; what was passed on and not deleted comes twice, as on a line.
async fn read(shared: &Shared, link: &mut Link) -> RedisResult<()> {
    let name = shared.names.answers(&shared.instance);
    let mut last = oldest(link).await?;
    loop {
        let mut look = redis::cmd("XREAD");
        look.arg("COUNT").arg(READ_MAX).arg("BLOCK").arg(BLOCK.as_millis().to_string());
        look.arg("STREAMS").arg(&name).arg(&last);
        let Ok(looked) = timeout(BLOCK + BLOCK_PATIENCE, look.query_async(link)).await else { return Ok(()) };
        let looked: Option<Vec<(String, Vec<Entry>)>> = match looked {
            // A value of another type is of no use to anybody.
            Err(error) if error.code() == Some("WRONGTYPE") => {
                redis::cmd("DEL").arg(&name).exec_async(link).await?;
                continue;
            }
            looked => looked?,
        };
        let entries: Vec<Entry> = looked.into_iter().flatten().flat_map(|(_, entries)| entries).collect();
        let Some((newest, _)) = entries.last() else { continue };
        last.clone_from(newest);
        let mut delete = Pipeline::new();
        delete.cmd("XDEL").arg(&name);
        for (number, fields) in entries {
            delete.arg(number);
            pass_on(shared, fields);
        }
        delete.ignore();
        let _: RedisResult<()> = shared.send(&delete).await;
    }
}

/// The number of the oldest entry that is of use, by the clock of the server.
async fn oldest(link: &mut Link) -> RedisResult<String> {
    let (seconds, _): (u64, u64) = redis::cmd("TIME").query_async(link).await?;
    Ok(format!("{}-0", seconds.saturating_sub(ANSWERS_KEEP.as_secs()) * 1000))
}

fn pass_on(shared: &Shared, mut fields: HashMap<String, Vec<u8>>) {
    let mut text = |key| fields.remove(key).and_then(|value| String::from_utf8(value).ok());
    let Some(institution) = text("institution") else { return };
    let Some(line) = text("line") else { return };
    let Some(incarnation) = text("incarnation").and_then(|number| number.parse().ok()) else { return };
    let Some(bytes) = fields.remove("bytes") else { return };
    let answer = RoutedAnswer { line: line.into(), incarnation, bytes: bytes.into() };
    let news = shared.institutions().get(&*institution).map(|institution| institution.news.clone());
    if let Some(news) = news {
        news.send(News::Answer(answer));
    }
}
