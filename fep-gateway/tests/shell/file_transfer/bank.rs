//! A bank that takes files, with telegrams written by hand. It can lose pieces, refuse, lie and hang up.

use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::peer::{frame, telegram};

/// How the bank behaves beside the protocol.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manner {
    /// It loses these pieces of a block the first time.
    Loses(usize, &'static [usize]),
    /// It never gets a piece of a block.
    LosesAlways(usize, usize),
    /// It hangs up when a telegram with this code, and these bytes of its body, has come.
    HangsUpAt(&'static str),
    /// It does not answer this one.
    Silent(&'static str),
    /// It has the file already.
    Has,
    /// It answers this with 900.
    Refuses(&'static str),
    /// It answers this with this code.
    Says(&'static str, &'static str),
    /// It sends the answer to the end behind that to a check.
    AnswersEarly,
    /// It says that two pieces are missing, and marks none.
    SaysOtherCount,
    /// It answers a check of another block.
    AnswersOtherBlock,
    /// It answers an offer with something else.
    Rubbish,
}

pub(super) struct Bank {
    pub(super) address: String,
    came: Arc<Mutex<Vec<Vec<u8>>>>,
    task: JoinHandle<()>,
}

impl Bank {
    pub(super) async fn start(manners: &[Manner]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let came = Arc::default();
        let kept = Arc::clone(&came);
        let manners = manners.to_vec();
        let task = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            serve(stream, &kept, &manners).await;
        });
        Self { address, came, task }
    }

    /// The telegrams that came.
    pub(super) async fn end(self) -> Vec<Vec<u8>> {
        self.task.await.unwrap();
        std::mem::take(&mut self.came.lock().unwrap())
    }
}

async fn serve(mut stream: TcpStream, came: &Mutex<Vec<Vec<u8>>>, manners: &[Manner]) {
    let mut rounds = [0; 10];
    while let Some(frame) = frame(&mut stream).await {
        came.lock().unwrap().push(frame.clone());
        let code = std::str::from_utf8(&frame[15..19]).unwrap();
        let body = &frame[38..];
        let is = |wanted: &str| {
            let (telegram, begins) = wanted.split_at(4);
            code == telegram && body.starts_with(begins.as_bytes())
        };
        if manners.iter().any(|manner| matches!(manner, Manner::HangsUpAt(wanted) if is(wanted))) {
            return;
        }
        if manners.iter().any(|manner| matches!(manner, Manner::Silent(wanted) if is(wanted))) {
            continue;
        }
        let own = manners.iter().find_map(|manner| match manner {
            Manner::Says(wanted, code) if is(wanted) => Some(*code),
            Manner::Refuses(wanted) if is(wanted) => Some("900"),
            Manner::Has if code == "0630" => Some("630"),
            _ => None,
        });
        let said = own.unwrap_or("000");
        let head = |code: &str| format!("FTE20260001{code}{:16}{said}", "");
        let same = || std::str::from_utf8(body).unwrap().to_owned();
        let answer = match code {
            "0600" => format!("{}{}", head("0610"), same()),
            "0630" if manners.iter().any(|manner| matches!(manner, Manner::Rubbish)) => "rubbish".to_owned(),
            "0630" => format!("{}{}", head("0640"), same()),
            "0620" => format!("{}{}", head("0300"), checked(&same(), &mut rounds, manners)),
            _ => continue,
        };
        let mut answer = telegram(&answer);
        if code == "0620" && manners.iter().any(|manner| matches!(manner, Manner::AnswersEarly)) {
            answer.extend(telegram(&format!("{}003{:46}", head("0610"), "")));
        }
        // The sender may have left.
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

/// The body of the answer to a check.
fn checked(body: &str, rounds: &mut [usize; 10], manners: &[Manner]) -> String {
    let block: usize = body[..4].parse().unwrap();
    let last: usize = body[4..7].parse().unwrap();
    rounds[block] += 1;
    let mut marks = vec![b'1'; last];
    for manner in manners {
        match manner {
            Manner::Loses(of, pieces) if *of == block && rounds[block] == 1 => {
                pieces.iter().for_each(|piece| marks[piece - 1] = b'0');
            }
            Manner::LosesAlways(of, piece) if *of == block => marks[piece - 1] = b'0',
            _ => {}
        }
    }
    let is = |wanted: fn(&Manner) -> bool| manners.iter().any(wanted);
    let count = marks.iter().filter(|mark| **mark == b'0').count();
    let count = if is(|manner| matches!(manner, Manner::SaysOtherCount)) { 2 } else { count };
    let block = if is(|manner| matches!(manner, Manner::AnswersOtherBlock)) { 9 } else { block };
    format!("{block:04}{last:03}{count:03}{:100}", String::from_utf8(marks).unwrap())
}
