//! Clients: threads with a connection each, and with sessions, of which they use some often and some too seldom.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// Sends so many requests by four clients, and gives their times in microseconds.
pub(crate) fn drive(address: SocketAddr, requests: u64, idle: Duration) -> Histogram<u64> {
    let times = &Mutex::new(Histogram::new(3).expect("three digits are allowed"));
    std::thread::scope(|scope| {
        for user in 1..=4 {
            scope.spawn(move || run_client(address, user, requests / 4, idle, times).expect("the server answers"));
        }
    });
    times.lock().expect("no client panicked").clone()
}

fn run_client(
    to: SocketAddr,
    user: u64,
    requests: u64,
    idle: Duration,
    times: &Mutex<Histogram<u64>>,
) -> io::Result<()> {
    let mut server = BufReader::new(TcpStream::connect(to)?);
    // Tokens, and when the last answer to each came.
    let mut sessions: [Option<(String, Instant)>; 64] = [const { None }; 64];
    let (mut random, user) = (user, user.to_string());
    for _ in 0..requests {
        // Knuth's generator. A product of two bytes: the first sessions are used often, the last ones seldom.
        random = random
            .wrapping_mul(0x5851_F42D_4C95_7F2D)
            .wrapping_add(0x1405_7B7E_F767_814F);
        let [.., c, b, a] = random.to_le_bytes();
        let session = &mut sessions[usize::from(a) * usize::from(b) / 1024];
        let sent = Instant::now();
        let (status, left_alone) = if let Some((token, answered)) = session.take() {
            let path = if c < 8 { "/logout" } else { "/use" };
            let (status, _) = ask(&mut server, path, &token, "")?;
            *session = (status == 200 && path == "/use").then(|| (token, Instant::now()));
            (status, sent - answered)
        } else {
            let (status, token) = ask(&mut server, "/login", "", &user)?;
            *session = Some((token, Instant::now()));
            (status, Duration::ZERO)
        };
        let time = sent.elapsed().as_micros().try_into().unwrap_or(u64::MAX);
        times.lock().expect("no client panicked").saturating_record(time);
        assert!(
            status == 401 || status == 200 && left_alone < idle,
            "a session that is over is refused"
        );
    }
    Ok(())
}

/// Sends a request, and gives status and body of the answer: HTTP/1.1, just enough for this server.
pub(crate) fn ask(server: &mut BufReader<TcpStream>, path: &str, token: &str, body: &str) -> io::Result<(u16, String)> {
    let (length, end) = (body.len(), "\r\n\r\n");
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {token}\r\ncontent-length: {length}");
    server.get_mut().write_all([&head, end, body].concat().as_bytes())?;
    let mut head = String::new();
    while !head.ends_with(end) {
        assert!(server.read_line(&mut head)? > 0, "the server closed the connection");
    }
    let status = head.get(9..12).and_then(|digits| digits.parse().ok());
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    server.read_exact(&mut body)?;
    Ok((status.unwrap_or(0), String::from_utf8_lossy(&body).into_owned()))
}
