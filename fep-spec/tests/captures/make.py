"""Makes the capture files of this folder. They are committed; nobody needs to run this.

Real traffic comes from tcpdump 4.99 on the loopback device, made packets from scapy 2.6 (pip install scapy), both in Debian 12. Run as root:

    python3 make.py

The telegrams are those of tests/golden (bank-a), whose bytes an independent program made. Each capture but `streams.pcap` has one
connection to port 9100 with the request `transfer` from the client, its answer from the server, and the request once more.
"""

import json
import pathlib
import socket
import struct
import subprocess
import threading
import time

from scapy.all import IP, TCP, Ether, IPv6, PcapNgWriter, Raw, raw, wrpcap

HERE = pathlib.Path(__file__).parent
GOLDEN = HERE.parents[2] / "tests" / "golden"
PORT = 9100


def golden(name):
    return bytes.fromhex(json.loads((GOLDEN / f"{name}.json").read_text())["hex"])


REQUEST = golden("bank-a-transfer")
ANSWER = golden("bank-a-transfer-answer")


def real(file, options, address):
    """One connection over the loopback device, seen by tcpdump."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = socket.create_server((address, PORT), family=family)

    def serve():
        link, _ = server.accept()
        with link:
            read = b""
            while len(read) < len(REQUEST):
                read += link.recv(4096)
            # In two pieces, so that a telegram is in two packets.
            link.sendall(ANSWER[:100])
            time.sleep(0.05)
            link.sendall(ANSWER[100:])
            while link.recv(4096):
                pass

    threading.Thread(target=serve, daemon=True).start()
    dump = subprocess.Popen(["tcpdump", "-q", "-U", *options, "-w", str(HERE / file), f"tcp port {PORT}"])
    time.sleep(1)
    with socket.create_connection((address, PORT)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(REQUEST)
        read = b""
        while len(read) < len(ANSWER):
            read += client.recv(4096)
        client.sendall(REQUEST)
    time.sleep(1)
    dump.terminate()
    dump.wait()
    server.close()


CLIENT = ("10.0.0.1", 40000)
SERVER = ("10.0.0.2", PORT)
# The sequence numbers go round inside the stream.
FIRST = {CLIENT: 0xFFFFFFF0, SERVER: 1000}


def packet(source, target, at, payload=b"", flags="A", ip=IP, **more):
    """A packet with the byte `at` of its side's stream as its first one."""
    number = (FIRST[source] + 1 + at) % 2**32
    if flags in ("S", "SA"):
        number = FIRST[source]
    tcp = TCP(sport=source[1], dport=target[1], seq=number, flags=flags)
    made = ip(src=source[0], dst=target[0], **more) / tcp
    return made / Raw(payload) if payload else made


def opened():
    return [packet(CLIENT, SERVER, 0, flags="S"), packet(SERVER, CLIENT, 0, flags="SA"), packet(CLIENT, SERVER, 0)]


def c(at, payload):
    return packet(CLIENT, SERVER, at, payload)


def s(at, payload):
    return packet(SERVER, CLIENT, at, payload)


# Out of order, sent twice, overlapping, and a byte that asks whether the connection lives.
DISORDER = opened() + [
    c(100, REQUEST[100:200]),
    c(0, REQUEST[:100]),
    c(0, REQUEST[:100]),
    c(150, REQUEST[150:300]),
    s(0, ANSWER[:10]),
    s(299, b"\0"),
    s(10, ANSWER[10:]),
    c(299, b"\0"),
    c(300, REQUEST),
    c(250, REQUEST[250:] + REQUEST[:50]),
]


def legacy(file, order, magic, link, packets):
    """A pcap file, byte by byte: other byte orders and link types than scapy writes."""
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for number, data in enumerate(packets):
        out += struct.pack(order + "IIII", 1700000000 + number, 0, len(data), len(data)) + data
    (HERE / file).write_bytes(out)


def block(kind, body):
    """A block of a big-endian pcapng file."""
    length = struct.pack(">I", len(body) + 12)
    return struct.pack(">I", kind) + length + body + length


def made():
    with_link = [Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / p for p in DISORDER]
    with PcapNgWriter(str(HERE / "disorder.pcapng")) as writer:
        for p in with_link:
            writer.write(p)
    # The same packets: raw IP in a big-endian file with nanoseconds, BSD's loopback.
    legacy("raw-big-endian.pcap", ">", 0xA1B23C4D, 101, [raw(p) for p in DISORDER])
    legacy("null.pcap", "<", 0xA1B2C3D4, 0, [struct.pack("<I", 2) + raw(p) for p in DISORDER])
    # The same packets in a big-endian pcapng file: a section, an interface of raw IP, packets with and without a time.
    out = block(0x0A0D0D0A, struct.pack(">IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack(">HHI", 101, 0, 65535))
    for number, p in enumerate(DISORDER):
        data = raw(p)
        padded = data + b"\0" * (-len(data) % 4)
        if number % 2:
            out += block(6, struct.pack(">IIIII", 0, 0, number, len(data), len(data)) + padded)
        else:
            out += block(3, struct.pack(">I", len(data)) + padded)
    (HERE / "big-endian.pcapng").write_bytes(out)
    # The packet with the bytes 100 to 199 of the first request is missing, and the last request is whole.
    lost = opened() + [c(0, REQUEST[:100]), c(200, REQUEST[200:]), s(0, ANSWER), c(300, REQUEST)]
    wrpcap(str(HERE / "gap.pcap"), [Ether() / p for p in lost])
    # The capture began inside the connection and inside a telegram.
    inside = [c(150, REQUEST[150:]), s(0, ANSWER), c(300, REQUEST)]
    wrpcap(str(HERE / "inside.pcap"), [Ether() / p for p in inside])
    # A packet sent twice with other bytes.
    changed = opened() + [c(0, REQUEST), c(0, REQUEST[:50] + b"XX" + REQUEST[52:]), s(0, ANSWER), c(300, REQUEST)]
    wrpcap(str(HERE / "changed.pcap"), [Ether() / p for p in changed])
    # Two connections, one of them on the ports of the other after it, and a packet of UDP.
    global FIRST
    first = [Ether() / p for p in opened() + [c(0, REQUEST)]]
    FIRST = {CLIENT: 5_000_000, SERVER: 9}
    again = [Ether() / p for p in opened() + [c(0, REQUEST), s(0, ANSWER)]]
    wrpcap(str(HERE / "streams.pcap"), first + again)


if __name__ == "__main__":
    real("ethernet.pcap", ["-i", "lo"], "127.0.0.1")
    real("ipv6.pcap", ["-i", "lo"], "::1")
    real("cooked.pcap", ["-i", "any", "-y", "LINUX_SLL"], "127.0.0.1")
    real("cooked2.pcap", ["-i", "any", "-y", "LINUX_SLL2"], "127.0.0.1")
    made()
