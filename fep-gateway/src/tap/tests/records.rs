//! What the record says: frames by the spec, what is no frame, and secrets.

use super::*;

#[tokio::test]
async fn each_frame_has_a_line_however_it_came() {
    let line = Line::start().await;
    let (mut client, mut bank) = line.connect().await;
    for piece in [&b"00"[..], b"08A0017", b"654", b"0008A0021111"] {
        send(&mut client, piece).await;
        // The bank has it, so the tap did not glue the pieces together.
        assert_eq!(receive(&mut bank, piece.len()).await, piece);
    }
    let glued = b"0004B0010004B0020003X990000";
    send(&mut bank, glued).await;
    assert_eq!(receive(&mut client, glued.len()).await, glued);
    send(&mut client, b"0008A00").await;
    receive(&mut bank, 7).await;
    let (lines, _) = line.lines().await;
    let words: Vec<_> = lines.iter().map(words).collect();
    assert_eq!(
        words,
        [
            "open",
            "frame out Ask 001 0008A0017654",
            "frame out Ask 002 0008A0021111",
            "frame in Tell 001 0004B001",
            "frame in Tell 002 0004B002",
            "frame in 0003X99",
            "frame in 0000",
            "raw out the connection ended inside this frame 0008A00",
            "close the tap ended",
        ]
    );
}

#[tokio::test]
async fn what_is_no_frame_is_recorded_raw_until_the_connection_ends() {
    let line = Line::start().await;
    let (mut client, mut bank) = line.connect().await;
    for piece in [&b"0004B001GET / HTTP/1.1"[..], b"0004B002"] {
        send(&mut client, piece).await;
        assert_eq!(receive(&mut bank, piece.len()).await, piece);
    }
    // The other direction can still be read.
    send(&mut bank, b"0004B003").await;
    receive(&mut client, 8).await;
    let (lines, _) = line.lines().await;
    let words: Vec<_> = lines.iter().map(words).collect();
    let fault = "byte 0 is no digit of a frame's length";
    assert_eq!(
        words,
        [
            "open".to_owned(),
            "frame out Tell 001 0004B001".to_owned(),
            format!("raw out {fault} GET / HTTP/1.1"),
            format!("raw out {fault} 0004B002"),
            "frame in Tell 003 0004B003".to_owned(),
            "close the tap ended".to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_masked_record_has_fields_and_neither_secrets_nor_bytes() {
    let line = Line::start_as(|options| TapOptions { masked: true, ..options }).await;
    let (mut client, mut bank) = line.connect().await;
    for piece in [&b"0008A0017654"[..], b"9876 is no frame of the spec"] {
        send(&mut client, piece).await;
        receive(&mut bank, piece.len()).await;
    }
    drop(client);
    rest(&mut bank).await;
    let (lines, _) = line.lines().await;
    let text = lines.iter().map(Json::to_string).collect::<String>();
    assert!(!text.contains("7654") && !text.contains("9876") && !text.contains("\"bytes\""), "{text}");
    let frame = lines.iter().find(|line| line["kind"] == "frame").unwrap();
    assert_eq!((&frame["fields"]["pin"], &frame["fields"]["trace_no"]), (&"<secret>".into(), &"001".into()));
    assert_eq!((&frame["trace"], &frame["len"]), (&"001".into(), &12.into()));
    let raw = lines.iter().find(|line| line["kind"] == "raw").unwrap();
    assert_eq!(raw["len"], 28);
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone_and_new_unless_it_is_appended_to() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record");
    let mut file = RecordFile::create(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!file.others_may_read());
    assert_eq!(Store::write(&mut file, b"half a line").unwrap(), 11);
    assert_eq!(RecordFile::create(&path).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(RecordFile::append(&path).unwrap_err().to_string(), "another tap writes this file");
    drop(file);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let mut file = RecordFile::append(&path).unwrap();
    assert!(file.others_may_read());
    Store::write(&mut file, b"a line\nand ha").unwrap();
    file.take_back(6);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "half a line\na line\n");
}
