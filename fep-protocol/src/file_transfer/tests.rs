//! Both sides against each other over a connection that loses, repeats and breaks; and the numbers at their limits, by hand.

use std::num::NonZeroU32;

use proptest::prelude::*;

use super::*;

fn blocks(size: u64, piece: u32, pieces: u32) -> Blocks {
    Blocks::new(size, NonZeroU32::new(piece).unwrap(), NonZeroU32::new(pieces).unwrap()).unwrap()
}

#[test]
fn a_file_is_divided_without_a_rest_and_with_one() {
    let exact = blocks(600, 100, 3);
    assert_eq!(
        (exact.count(), exact.last_piece(1), exact.last_piece(2), exact.last_piece(3)),
        (2, Some(3), Some(3), None)
    );
    assert_eq!((exact.block(2), exact.piece(2, 3), exact.piece(2, 4)), (Some(300..600), Some(500..600), None));
    let rest = blocks(601, 100, 3);
    assert_eq!((rest.count(), rest.last_piece(3), rest.piece(3, 1)), (3, Some(1), Some(600..601)));
    let empty = blocks(0, 100, 3);
    assert_eq!((empty.count(), empty.last_piece(1), empty.block(1)), (0, None, None));
    assert_eq!((rest.block(0), rest.piece(1, 0), rest.last_piece(0)), (None, None, None));
    let largest = blocks(u64::MAX, 1, 1);
    assert_eq!((largest.count(), largest.block(u64::MAX)), (u64::MAX, Some(u64::MAX - 1..u64::MAX)));
    let one = NonZeroU32::new(1).unwrap();
    let pieces_max = NonZeroU32::new(PIECES_MAX).unwrap();
    assert!(Blocks::new(1, one, pieces_max.saturating_add(1)).is_none());
    let piece_max = u32::try_from(BLOCK_MAX_BYTES / u64::from(PIECES_MAX)).unwrap();
    assert!(Blocks::new(1, NonZeroU32::new(piece_max).unwrap(), pieces_max).is_some());
    assert!(Blocks::new(1, NonZeroU32::new(piece_max + 1).unwrap(), pieces_max).is_none());
}

/// What the receiver has on its disk.
#[derive(Default)]
struct Disk {
    under_way: Option<Vec<u8>>,
    finished: Option<Vec<u8>>,
}

/// What becomes of the next telegram of the connection.
#[derive(Clone, Copy, Debug)]
enum Luck {
    Arrives,
    /// Only a piece can be lost while the connection stays.
    Lost,
    Twice,
    /// The connection breaks before it arrives.
    Breaks,
    /// It arrives, and the connection breaks before its answer does.
    AnswerLost,
}

fn luck() -> impl Strategy<Value = Luck> {
    prop_oneof![
        12 => Just(Luck::Arrives),
        3 => Just(Luck::Lost),
        1 => Just(Luck::Twice),
        1 => Just(Luck::Breaks),
        1 => Just(Luck::AnswerLost),
    ]
}

/// One connection. Returns what the sender knows then.
fn connection(file: &[u8], division: Blocks, disk: &mut Disk, luck: &mut impl Iterator<Item = Luck>) -> Fate {
    let mut sending = Sending::new(division, 4);
    let mut receiving = Receiving::default();
    loop {
        let step = sending.step();
        let has = match &disk.finished {
            None => Has::Nothing,
            Some(there) if there.len() == file.len() => Has::Same,
            Some(_) => Has::Other,
        };
        let came = match &step {
            SendStep::Ended(fate) => return fate.clone(),
            SendStep::Data { block, sequence, .. } => {
                let place = division.piece(*block, *sequence).unwrap();
                let [start, end] = [place.start, place.end].map(|at| usize::try_from(at).unwrap());
                Came::Data(*block, *sequence, &file[start..end])
            }
            SendStep::Ask(Asked::Start) => Came::Start(true),
            SendStep::Ask(Asked::Offer) => Came::Offer(Offer { name: "f", blocks: Some(division), has }),
            SendStep::Ask(Asked::Check { block, last }) => Came::Check(*block, *last),
            SendStep::Ask(Asked::EndOfFile) => Came::EndOfFile,
            SendStep::Ask(Asked::End) => Came::End,
        };
        let luck = luck.next().unwrap_or(Luck::Arrives);
        let times = match (luck, &step) {
            (Luck::Breaks, _) => return sending.broken_off(),
            (Luck::Lost, SendStep::Data { .. }) => 0,
            (Luck::Twice, SendStep::Data { .. }) => 2,
            _ => 1,
        };
        for _ in 0..times {
            for act in receiving.takes(came).unwrap() {
                match act {
                    ReceiveAct::Open(_) => disk.under_way = Some(Vec::new()),
                    ReceiveAct::Store(bytes) => disk.under_way.as_mut().unwrap().extend(bytes),
                    ReceiveAct::Finish => {
                        assert!(disk.finished.is_none(), "nothing is replaced");
                        disk.finished = disk.under_way.take();
                    }
                    _ if matches!(luck, Luck::AnswerLost) => return sending.broken_off(),
                    ReceiveAct::Answer(Verdict::Ok) => sending.answered(Told::Ok),
                    ReceiveAct::Answer(Verdict::There) => sending.answered(Told::There),
                    ReceiveAct::Answer(verdict) => sending.answered(Told::Refused(format!("{verdict:?}"))),
                    ReceiveAct::AnswerMissing { missing, .. } => sending.checked(&missing),
                    ReceiveAct::Close => {}
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn who_is_told_complete_has_sent_it_and_who_is_told_not_complete_has_not(
        file in prop::collection::vec(any::<u8>(), 0..200),
        piece in 1..20_u32,
        pieces in 1..8_u32,
        luck in prop::collection::vec(luck(), 0..400),
    ) {
        let division = blocks(u64::try_from(file.len()).unwrap(), piece, pieces);
        let mut disk = Disk::default();
        let mut luck = luck.into_iter();
        // When luck is used up, all goes well, so a connection ends it.
        for _ in 0..500 {
            let fate = connection(&file, division, &mut disk, &mut luck);
            match &fate {
                Fate::Complete | Fate::There => prop_assert_eq!(disk.finished.as_ref(), Some(&file)),
                Fate::NotComplete | Fate::Missing { .. } => {
                    // Another connection may have finished it, whose end was unknown.
                    if let Some(there) = &disk.finished {
                        prop_assert_eq!(there, &file);
                    }
                }
                Fate::Unknown { .. } => {}
                Fate::Refused { .. } => prop_assert!(false, "{fate:?}"),
            }
            if matches!(fate, Fate::Complete | Fate::There) {
                return Ok(());
            }
        }
        prop_assert!(false, "it never ends");
    }

    /// Whatever a sender says, the receiver neither panics nor stores more than was offered.
    #[test]
    fn a_receiver_takes_anything(telegrams in prop::collection::vec((0..6_u8, 0..4_u64, 0..5_u32, 0..5_usize), 0..60)) {
        let mut receiving = Receiving::default();
        let mut stored = None;
        for (kind, block, sequence, len) in telegrams {
            let division = blocks(block * 5, 2, 3);
            let bytes = vec![7; len];
            let came = match kind {
                0 => Came::Start(true),
                1 => Came::Offer(Offer { name: "f", blocks: Some(division), has: Has::Nothing }),
                2 => Came::Data(block, sequence, &bytes),
                3 => Came::Check(block, sequence),
                4 => Came::EndOfFile,
                _ => Came::End,
            };
            let offered = matches!(came, Came::Offer(_)).then_some(division.size());
            let Ok(acts) = receiving.takes(came) else { continue };
            if let (Some(size), true) = (offered, matches!(acts.first(), Some(ReceiveAct::Open(_)))) {
                stored = Some((0, size));
            }
            for act in acts {
                match act {
                    ReceiveAct::Store(bytes) => {
                        let (sum, size) = stored.as_mut().unwrap();
                        *sum += u64::try_from(bytes.len()).unwrap();
                        prop_assert!(sum <= size);
                    }
                    ReceiveAct::Finish => {
                        let (sum, size) = stored.take().unwrap();
                        prop_assert_eq!(sum, size, "only what is whole gets its name");
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn a_piece_of_another_length_or_place_is_a_fault_that_says_which() {
    let mut receiving = Receiving::default();
    let offer = Offer { name: "f", blocks: Some(blocks(7, 3, 2)), has: Has::Nothing };
    assert!(matches!(receiving.takes(Came::Offer(offer)), Err(ReceiveFault::OutOfOrder { .. })));
    receiving.takes(Came::Start(true)).unwrap();
    receiving.takes(Came::Offer(offer)).unwrap();
    let wrong = |came| receiving.clone().takes(came).unwrap_err().to_string();
    assert_eq!(
        wrong(Came::Data(1, 2, b"ab")),
        "piece 2 of block 1 has 2 bytes, but by the size of the file its place has 3"
    );
    assert_eq!(
        wrong(Came::Data(1, 3, b"abc")),
        "piece 3 of block 1 came, which has the pieces 1 to 2 by the size of the file"
    );
    assert_eq!(wrong(Came::Data(2, 1, b"a")), "block 2 came, but block 1 is not complete");
    assert_eq!(
        wrong(Came::Check(1, 1)),
        "a check says that block 1 ends with piece 1, but by the size of the file it ends with 2"
    );
    receiving.takes(Came::Data(1, 1, b"abc")).unwrap();
    receiving.takes(Came::Data(1, 1, b"abc")).unwrap();
    assert_eq!(
        receiving.clone().takes(Came::Data(1, 1, b"abd")).unwrap_err().to_string(),
        "piece 1 of block 1 came again with other bytes"
    );
    let answer = receiving.takes(Came::EndOfFile).unwrap();
    assert_eq!(answer, [ReceiveAct::Answer(Verdict::Incomplete)], "a file with missing pieces never gets its name");
}

#[test]
fn a_sender_gives_up_after_its_rounds() {
    let mut sending = Sending::new(blocks(10, 5, 2), 2);
    sending.answered(Told::Ok);
    sending.answered(Told::Ok);
    for again in [false, true] {
        while let SendStep::Data { again: is_again, .. } = sending.step() {
            assert_eq!(is_again, again);
        }
        sending.checked(&[2]);
    }
    assert_eq!(sending.step(), SendStep::Ask(Asked::End));
    sending.answered(Told::Ok);
    assert_eq!(sending.step(), SendStep::Ended(Fate::Missing { block: 1, count: 1 }));
}

#[test]
fn only_a_code_that_means_no_says_that_an_ended_file_is_not_there() {
    let fate = |told: Told| {
        let mut sending = Sending::new(blocks(0, 5, 2), 2);
        sending.answered(Told::Ok);
        sending.answered(Told::Ok);
        assert_eq!(sending.step(), SendStep::Ask(Asked::EndOfFile));
        sending.answered(told);
        sending.broken_off()
    };
    let code = || "092".to_owned();
    assert_eq!(fate(Told::Ok), Fate::Complete);
    assert_eq!(fate(Told::Refused(code())), Fate::Refused { asked: Asked::EndOfFile, code: code() });
    assert_eq!(fate(Told::Unclear(code())), Fate::Unknown { code: Some(code()) });
    assert_eq!(fate(Told::There), Fate::Unknown { code: None });
}
