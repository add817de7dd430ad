//! A whole EB13 file with any number of data records, for the benches.

use fep_codec::files::{FileReader, FileWriter, records};
use fep_tests::generated::kftc_cms::{self, EB13Record};
use fep_tests::golden::Golden;

/// Returns a complete file of these data records, with a header and a trailer with totals.
pub(crate) fn file(data: &[u8]) -> Vec<u8> {
    let golden = Golden::load("kftc-cms-eb13").bytes;
    let read = |bytes| FileReader::new(&kftc_cms::EB13, bytes).expect("a plan").typed::<EB13Record>();
    let (Some(Ok(header)), Some(Ok(EB13Record::Trailer(trailer)))) = (read(&*golden).next(), read(&*golden).last())
    else {
        unreachable!("the golden file is whole")
    };
    let trailer = kftc_cms::Trailer { total: 0, new: 0, ended: 0, ended_by_institution: 0, ..trailer };
    let mut writer = FileWriter::new(&kftc_cms::EB13, Vec::with_capacity(data.len() + 240)).expect("a plan");
    writer.write_any(&header).expect("writes");
    for record in records::<kftc_cms::Data>(data) {
        writer.write_any(&record.expect("reads")).expect("writes");
    }
    writer.write_any(&trailer).expect("writes");
    writer.finish().expect("a whole file")
}
