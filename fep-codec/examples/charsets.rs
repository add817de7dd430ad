//! Converts a text to a charset and back: `charsets ibm933 홍길동`. This is also the smallest program with all charsets:
//! BENCHMARKS.md uses it to measure how much they add to a binary.

use std::error::Error;

use fep_codec::Charset;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let label = arguments.next().ok_or("name a charset and a text")?;
    let text = arguments.next().unwrap_or_default();
    let charset = Charset::from_label(&label).map_err(|unknown| unknown.hint)?;
    let mut bytes = vec![0; charset.text_len(&text)];
    let len = charset.encode(&text, &mut bytes).map_err(|error| format!("{error:?}"))?;
    let bytes = bytes.get(..len).unwrap_or_default();
    let read = charset.decode(bytes).map_err(|malformed| malformed.reason.to_string())?;
    eprintln!("{charset}: {len} bytes, {bytes:02x?}, {read}");
    Ok(())
}
