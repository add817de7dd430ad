//! What passes: every byte, each end, each reset, and no more than a side takes.

use std::io::ErrorKind;

use socket2::{Domain, SockRef, Socket, Type};

use super::*;

/// Numbers that look random, the same for the same seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(below).unwrap()).unwrap()
    }

    /// A stream of frames. From somewhere on it may be rubbish.
    fn stream(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        let rubbish_from = self.next(1200);
        for number in 0..600 {
            if number >= rubbish_from {
                all.extend((0..self.next(200)).map(|_| u8::try_from(self.next(256)).unwrap()));
            } else {
                all.extend_from_slice(format!("0004B{:03}", number % 1000).as_bytes());
            }
        }
        all
    }
}

/// Writes in pieces of any length, then ends this direction.
async fn write_in_pieces(to: &mut (impl AsyncWriteExt + Unpin), mut rest: &[u8], numbers: &mut Numbers) {
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.len().min(1 + numbers.next(700)));
        to.write_all(piece).await.unwrap();
        rest = behind;
    }
    to.shutdown().await.unwrap();
}

async fn cross(near: TcpStream, far: TcpStream, seed: u64) -> (Vec<u8>, Vec<u8>) {
    let mut numbers = Numbers(seed);
    let out = numbers.stream();
    let back = numbers.stream();
    let (mut near_read, mut near_write) = near.into_split();
    let (mut far_read, mut far_write) = far.into_split();
    let mut other = Numbers(seed + 1000);
    let mut got_out = Vec::new();
    let mut got_back = Vec::new();
    let all = async {
        tokio::join!(
            write_in_pieces(&mut near_write, &out, &mut numbers),
            write_in_pieces(&mut far_write, &back, &mut other),
            far_read.read_to_end(&mut got_out),
            near_read.read_to_end(&mut got_back),
        )
    };
    let (_, _, far_ended, near_ended) = soon(all).await;
    far_ended.and(near_ended).unwrap();
    assert!(got_out == out && got_back == back, "other bytes, seed {seed}");
    (out, back)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_in_any_pieces_pass_untouched_and_each_is_recorded_once_in_order() {
    let line = Line::start().await;
    let mut crossing = Vec::new();
    for seed in 1..=24 {
        let (client, bank) = line.connect().await;
        crossing.push(tokio::spawn(cross(client, bank, seed)));
    }
    let mut streams = Vec::new();
    for crossing in crossing {
        streams.push(crossing.await.unwrap());
    }
    let (lines, end) = line.lines().await;
    assert_eq!((end.lost_bytes, end.lost_events, end.failure), (0, 0, None));
    for ((out, back), connection) in streams.into_iter().zip(1..) {
        for (direction, stream) in [("out", out), ("in", back)] {
            let own = lines.iter().filter(|line| line["connection"] == connection && line["direction"] == direction);
            let recorded: Vec<u8> = own.flat_map(|line| bytes(line["bytes"].as_str().unwrap_or_default())).collect();
            assert!(recorded == stream, "connection {connection} {direction}");
        }
    }
    let closed = lines.iter().filter(|line| line["kind"] == "close" && line["reason"].is_null()).count();
    assert_eq!(closed, 24);
}

#[tokio::test]
async fn one_side_can_end_while_the_other_goes_on() {
    let line = Line::start().await;
    let (mut client, mut bank) = line.connect().await;
    send(&mut client, b"0004B001").await;
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut bank).await, b"0004B001");
    for _ in 0..3 {
        send(&mut bank, b"0004B002").await;
        assert_eq!(receive(&mut client, 8).await, b"0004B002");
    }
    drop(bank);
    assert_eq!(rest(&mut client).await, b"");
    let (lines, _) = line.lines().await;
    let words: Vec<_> = lines.iter().map(words).collect();
    let answer = "frame in Tell 002 0004B002";
    let asked = ["open", "frame out Tell 001 0004B001", "end_of_data out", answer, answer, answer];
    assert_eq!(words, [&asked[..], &["end_of_data in", "close"]].concat());
}

#[tokio::test]
async fn a_reset_is_passed_on_as_one_also_after_the_end_of_one_direction() {
    let line = Line::start().await;
    for (client_resets, ends_first) in [(true, false), (false, false), (true, true), (false, true)] {
        let (mut client, mut bank) = line.connect().await;
        // Now the tap has connected the bank, too.
        send(&mut client, b"0004B001").await;
        receive(&mut bank, 8).await;
        let (mut one, mut other) = if client_resets { (client, bank) } else { (bank, client) };
        if ends_first {
            one.shutdown().await.unwrap();
            assert_eq!(rest(&mut other).await, b"");
        }
        SockRef::from(&one).set_linger(Some(Duration::ZERO)).unwrap();
        drop(one);
        if ends_first {
            // Nothing can be read here any more, so the reset is found by an error of the socket.
            soon(other.ready(tokio::io::Interest::ERROR)).await.unwrap();
        } else {
            let error = soon(other.read_u8()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{client_resets} {ends_first}");
        }
    }
    let (lines, _) = line.lines().await;
    let reasons: Vec<_> = lines.iter().filter_map(|line| line["reason"].as_str()).collect();
    let client = "the client reset the connection";
    let bank = "the institution reset the connection";
    assert_eq!(reasons, [client, bank, client, bank]);
}

#[tokio::test]
async fn a_client_is_disconnected_if_the_institution_refuses_and_the_next_one_is_served() {
    // Bound and not listening: connections are refused, and nobody else gets the port.
    let bank = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    bank.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    let address = bank.local_addr().unwrap().as_socket().unwrap();
    let line = Line::start_as(|options| TapOptions { connect: address.to_string(), ..options }).await;
    for _ in 0..3 {
        let mut client = TcpStream::connect(line.tap.address()).await.unwrap();
        assert_eq!(soon(client.read_u8()).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
    bank.listen(8).unwrap();
    bank.set_nonblocking(true).unwrap();
    let bank = TcpListener::from_std(bank.into()).unwrap();
    let mut client = TcpStream::connect(line.tap.address()).await.unwrap();
    let (mut bank, _) = soon(bank.accept()).await.unwrap();
    send(&mut client, b"0004B007").await;
    assert_eq!(receive(&mut bank, 8).await, b"0004B007");
    let (lines, _) = line.lines().await;
    let refused = lines.iter().filter_map(|line| line["reason"].as_str()).filter(|reason| reason.contains("refused"));
    assert_eq!(refused.count(), 3, "{lines:?}");
}

#[tokio::test]
async fn more_connections_than_the_limit_are_closed_and_the_others_stay() {
    let line = Line::start_as(|options| TapOptions { connections_max: 2, ..options }).await;
    let mut first = line.connect().await;
    let mut second = line.connect().await;
    let mut third = TcpStream::connect(line.tap.address()).await.unwrap();
    assert_eq!(soon(third.read_u8()).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    for (client, bank) in [&mut first, &mut second] {
        send(client, b"0004B001").await;
        assert_eq!(receive(bank, 8).await, b"0004B001");
    }
    let (lines, _) = line.lines().await;
    assert!(lines.iter().any(|line| line["reason"] == "the tap had 2 connections already"), "{lines:?}");
}

#[tokio::test]
async fn a_side_that_does_not_read_stops_the_other_one() {
    /// More than the tap and the buffers of the system take on any usual machine, in bytes.
    const FAR_TOO_MUCH: usize = 256 << 20;
    let line = Line::start().await;
    let (mut client, mut bank) = line.connect().await;
    let piece = vec![b'?'; 64 * 1024];
    let mut sent = 0;
    // A write that does not end within this time waits for the bank.
    while let Ok(written) = timeout(Duration::from_millis(500), client.write(&piece)).await {
        sent += written.unwrap();
        assert!(sent < FAR_TOO_MUCH, "nothing stops the client");
    }
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut bank).await.len(), sent);
}
