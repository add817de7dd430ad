//! Random plans of record files: the readers find the records, strictly and leniently, and the writer writes the same bytes.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use fep_codec::files::{FileLayout, FileReader, FileWriter, Lenient, RawRecord, verify};
use fep_codec::{Layout, Record};
use fep_tests::arbitrary::Random;
use fep_tests::properties;
use fep_tests::random_file::RandomFile;
use proptest::prelude::*;

/// The name and the bytes of each record, and the error at the end.
fn read(plan: &FileLayout, bytes: &[u8], lenient: Lenient) -> (Vec<(String, Vec<u8>)>, Option<String>) {
    let mut reader = FileReader::new(plan, bytes).expect("a plan").lenient(lenient);
    let mut records = Vec::new();
    while let Some(read) = reader.next() {
        match read {
            Ok(RawRecord { layout, bytes, forgiven, .. }) => {
                assert!(lenient != Lenient::STRICT || forgiven.is_empty(), "{forgiven:?}");
                records.push((layout.name.to_string(), bytes.to_vec()));
            }
            Err(error) => return (records, Some(error.to_string())),
        }
    }
    (records, None)
}

fn layout<'p>(layouts: &[&'p Layout], name: &str) -> &'p Layout {
    layouts.iter().find(|layout| layout.name == name).expect("a record of the plan")
}

#[test]
fn random_files_go_both_ways_by_bytes_that_were_put_together_elsewhere() {
    let mut files = 0;
    for seed in 0..4000 {
        let Some(RandomFile { plan, records, bytes }) = RandomFile::of(seed) else { continue };
        files += 1;
        assert_eq!(read(&plan, &bytes, Lenient::STRICT), (records.clone(), None), "seed {seed}: {plan:?}");
        assert_eq!(read(&plan, &bytes, Lenient::ALL), (records.clone(), None), "seed {seed}, leniently: {plan:?}");
        assert_eq!(verify(&plan, &bytes).map(|all| all.records), Ok(records.len() as u64), "seed {seed}");
        let layouts = plan.layouts();
        let mut writer = FileWriter::new(&plan, Vec::new()).expect("a plan");
        for (name, record) in &records {
            writer.write(Record::decode(layout(&layouts, name), record).expect("it reads")).expect("it is written");
        }
        assert_eq!(writer.finish().expect("the end"), bytes, "seed {seed}: {plan:?}");
    }
    assert!(files > 500, "{files} plans were possible");
}

#[test]
fn random_files_that_were_spoilt_are_the_same_in_pieces_and_leniently() {
    for seed in 0..1500 {
        let Some(RandomFile { plan, bytes, .. }) = RandomFile::of(seed) else { continue };
        let mut random = Random(seed);
        for change in 0..4 {
            let mut spoilt = bytes.clone();
            let at = usize::try_from(random.below(bytes.len().max(1) as u64)).expect("a place");
            match change {
                0 => spoilt.truncate(at),
                1 => spoilt.extend_from_slice(&bytes),
                2 => drop(spoilt.get(at).is_some().then(|| spoilt.remove(at))),
                _ => spoilt
                    .iter_mut()
                    .skip(at)
                    .take(1)
                    .for_each(|byte| *byte = *b"\n\r\x15\x1a ".get(at % 5).expect("one of five")),
            }
            properties::any_file(&plan, &spoilt, seed);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_as_a_random_file(seed in 0_u64..4000, bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Some(RandomFile { plan, .. }) = RandomFile::of(seed) {
            properties::any_file(&plan, &bytes, seed);
        }
    }
}
