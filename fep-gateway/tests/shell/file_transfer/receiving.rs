//! A receiver, against senders whose telegrams are written by hand: some break off, lie, or may not.

use std::sync::Arc;

use fep_gateway::file_transfer::Plan;

use super::peer::{self, Peer, work};
use super::{Desk, FILE, PROTOCOL, served};

#[tokio::test]
async fn a_file_that_came_whole_has_its_name_and_its_bytes() {
    let desk = Desk::new();
    let (receiver, address) = desk.receiver().await;
    let (received, came) = tokio::join!(served(&receiver), async {
        let mut peer = Peer::connect(&address).await;
        peer.asks(&work("001", "s3cret")).await.says("0610", "000");
        peer.asks(&peer::offer("EB131130", 22, 4)).await.says("0640", "000");
        peer.sends(&peer::data(1, 1, b"AAAA")).await;
        peer.sends(&peer::data(1, 3, b"CCCC")).await;
        let answer = peer.asks(&peer::check(1, 3)).await;
        assert_eq!(answer.body(), format!("0001003001{:100}", "101"));
        assert_eq!(desk.received(), [".under-way-EB131130"]);
        peer.sends(&peer::data(1, 2, b"BBBB")).await;
        assert_eq!(peer.asks(&peer::check(1, 3)).await.body(), format!("0001003000{:100}", "111"));
        // The end comes too early, and is not the end.
        peer.asks(&work("003", "")).await.says("0610", "092");
        for (sequence, bytes) in [(1, &b"\xC8\xAB\xB1\xE6"[..]), (2, b"EEEE"), (3, b"FF")] {
            peer.sends(&peer::data(2, sequence, bytes)).await;
        }
        assert_eq!(peer.asks(&peer::check(2, 3)).await.body(), format!("0002003000{:100}", "111"));
        peer.asks(&work("003", "")).await.says("0610", "000");
        let kept = std::fs::read(desk.path("into/EB131130")).unwrap();
        assert_eq!(
            std::fs::read_to_string(desk.path("told")).unwrap(),
            "EB131130 22\n",
            "told before the sender knows"
        );
        // Its name says that it is there; another size says that it is another file.
        peer.asks(&peer::offer("EB131130", 22, 4)).await.says("0640", "630");
        peer.asks(&peer::offer("EB131130", 21, 4)).await.says("0640", "030");
        let end = peer.asks(&work("004", "s3cret")).await;
        end.says("0610", "000");
        assert!(!end.body().contains("s3cret"), "a secret is not sent back");
        kept
    });
    assert_eq!((came.as_slice(), received.files, received.broken), (FILE, 1, None));
    assert_eq!(desk.received(), ["EB131130"]);
    assert_eq!(received.refused, ["EB131130: another file of this name is there, or comes on another connection"]);
}

#[tokio::test]
async fn a_sender_that_may_not_or_lies_leaves_nothing() {
    let desk = Desk::new();
    let (receiver, address) = desk.receiver().await;
    let (received, ()) = tokio::join!(served(&receiver), async {
        let mut peer = Peer::connect(&address).await;
        peer.asks(&work("001", "guess")).await.says("0610", "900");
        assert!(peer.is_closed().await);
    });
    assert_eq!(received.refused, ["a start that does not show what `expect` wants"]);

    let offers = [
        ("../etc", 4, 4, "900", "a file whose name cannot be the name of a file here"),
        (".hidden", 4, 4, "900", "a file whose name cannot be the name of a file here"),
        ("a/b", 4, 4, "900", "a file whose name cannot be the name of a file here"),
        ("", 4, 4, "900", "a file whose name cannot be the name of a file here"),
        ("EB13", 1001, 4, "900", "EB13: 1001 bytes, but `file_max_bytes` is 1000"),
        ("EB13", 4, 5, "900", "EB13: pieces of 5 bytes, but the plan has 4"),
        ("EB13", 4, 0, "900", "EB13: pieces of 0 bytes, but the plan has 4"),
    ];
    let (received, ()) = tokio::join!(served(&receiver), async {
        let mut peer = Peer::connect(&address).await;
        peer.asks(&work("001", "s3cret")).await.says("0610", "000");
        for (name, size, piece, code, _) in offers {
            peer.asks(&peer::offer(name, size, piece)).await.says("0640", code);
        }
        for _ in offers.len()..100 {
            peer.asks(&peer::offer("..", 4, 4)).await.says("0640", "900");
        }
        peer.sends(&peer::offer("..", 4, 4)).await;
        assert!(peer.is_closed().await, "refusals are not kept without a bound");
    });
    let refused = received.refused;
    assert_eq!(refused[..offers.len()], offers.map(|offer| offer.4.to_owned()));
    assert_eq!(desk.received(), [""; 0]);

    for (lie, why) in [
        (peer::data(1, 2, b"AAA"), "piece 2 of block 1 has 3 bytes, but by the size of the file its place has 4"),
        (peer::data(2, 1, b"AAAA"), "block 2 came, but block 1 is not complete"),
        (peer::data(1, 0, b"AAAA"), "piece 0 of block 1 came, which has the pieces 1 to 3 by the size of the file"),
        (peer::check(1, 2), "a check says that block 1 ends with piece 2, but by the size of the file it ends with 3"),
        (work("009", ""), "Work came, which is no telegram of the plan as it is"),
        (work("001", "s3cret"), "a start came before the end of the file"),
    ] {
        let (received, ()) = tokio::join!(served(&receiver), async {
            let mut peer = Peer::connect(&address).await;
            peer.asks(&work("001", "s3cret")).await.says("0610", "000");
            peer.asks(&peer::offer("EB13", 22, 4)).await.says("0640", "000");
            peer.sends(&lie).await;
            assert!(peer.is_closed().await);
        });
        assert_eq!(received.broken.unwrap().to_string(), why);
        assert_eq!((received.files, received.incomplete.as_deref()), (0, Some("EB13")));
    }
    assert_eq!(desk.received(), [""; 0], "what is not complete is not kept");
}

#[tokio::test]
async fn a_file_is_known_by_its_name_after_it_was_taken_away_and_no_secret_is_sent_back() {
    let desk = Desk::new();
    let path = desk.path("plan.toml");
    // The password is in the fields of all telegrams.
    let text = PROTOCOL.replace("sent_at =", "password = { file = \"password.txt\" }, sent_at =");
    std::fs::write(&path, format!("listen = \"127.0.0.1:0\"\n{text}")).unwrap();
    let (receiver, address) = desk.receiver_of(&Arc::new(Plan::load(&path).unwrap())).await;
    let brings = async |name: &str, code: &str| {
        let (received, ()) = tokio::join!(served(&receiver), async {
            let mut peer = Peer::connect(&address).await;
            peer.asks(&work("001", "s3cret")).await.says("0610", "000");
            peer.asks(&peer::offer(name, 2, 4)).await.says("0640", code);
            if code == "000" {
                peer.sends(&peer::data(1, 1, b"AA")).await;
                peer.asks(&peer::check(1, 1)).await.says("0300", "000");
                peer.asks(&work("003", "")).await.says("0610", "000");
            }
            let end = peer.asks(&work("004", "")).await;
            assert!(!end.body().contains("s3cret"), "a secret of this side is told to nobody");
        });
        received
    };
    assert_eq!(brings("EB13", "000").await.files, 1);
    std::fs::remove_file(desk.path("into/EB13")).unwrap();
    assert_eq!(brings("EB13", "630").await.files, 0);
    let (refused, ()) = tokio::join!(served(&receiver), async {
        let mut peer = Peer::connect(&address).await;
        let answer = peer.asks(&work("001", "guess")).await;
        assert!(!answer.body().contains("s3cret"));
        answer.says("0610", "900");
    });
    assert_eq!(refused.refused.len(), 1);
    // Nobody forges what a sender knows.
    assert_eq!(brings("E1.sent.jsonl", "900").await.files, 0);
    assert_eq!(desk.received(), [""; 0]);
}

#[tokio::test]
async fn who_says_nothing_keeps_nobody_waiting() {
    let desk = Desk::new();
    let (receiver, address) = desk.receiver().await;
    let receiver = Arc::new(receiver);
    let silent = Peer::connect(&address).await;
    let first = receiver.next().await.unwrap();
    let waits = tokio::spawn({
        let receiver = Arc::clone(&receiver);
        async move { receiver.serve(first).await }
    });
    let (received, ()) = tokio::join!(served(&receiver), async {
        let mut peer = Peer::connect(&address).await;
        peer.asks(&work("001", "s3cret")).await.says("0610", "000");
        peer.asks(&peer::offer("EB13", 22, 4)).await.says("0640", "000");
        // The same name on another connection.
        let other = async {
            let mut other = Peer::connect(&address).await;
            other.asks(&work("001", "s3cret")).await.says("0610", "000");
            other.asks(&peer::offer("EB13", 22, 4)).await.says("0640", "030");
            other.asks(&work("004", "")).await.says("0610", "000");
        };
        let (other, ()) = tokio::join!(served(&receiver), other);
        assert_eq!(other.refused.len(), 1);
        peer.asks(&work("004", "")).await.says("0610", "000");
    });
    assert_eq!((received.files, received.broken), (0, None));
    let silent_one = waits.await.unwrap();
    assert_eq!(silent_one.broken.unwrap().to_string(), "nothing came within 2000 ms");
    drop(silent);
}
