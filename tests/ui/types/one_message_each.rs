//! A wrong type is used for the layout, for encoding and for decoding, and is one message.

use fep_codec::Telegram;

struct Plain;

struct Row;

struct Word;

struct Member;

#[derive(Telegram)]
struct Groups {
    #[field(group)]
    pair: [Plain; 2],
    #[field(group, rest, max = 3)]
    rows: Vec<Row>,
}

#[derive(Telegram)]
struct Tail {
    #[field(text, tail, max = 9)]
    word: Word,
}

#[derive(Telegram)]
enum Set {
    Member(Member),
}

fn main() {}
