//! Clients: threads with a connection each, and with sessions, of which they use some often and some too seldom.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

const CLIENTS: u32 = 4;

/// Sends so many requests, and gives their times in microseconds. An answer for a session that is over is an error.
pub(crate) fn drive(address: SocketAddr, requests: u64, idle: Duration) -> io::Result<Histogram<u64>> {
    thread::scope(|scope| {
        let start = |user| scope.spawn(move || Client::open(address)?.run(user, requests / u64::from(CLIENTS), idle));
        let threads: Vec<_> = (0..CLIENTS).map(start).collect();
        let mut all = times()?;
        for thread in threads {
            let times = thread.join().map_err(|_| io::Error::other("a client panicked"))??;
            all.add(times).map_err(io::Error::other)?;
        }
        Ok(all)
    })
}

fn times() -> io::Result<Histogram<u64>> {
    Histogram::new(3).map_err(io::Error::other)
}

pub(crate) fn expect(holds: bool, what: &str) -> io::Result<()> {
    if holds { Ok(()) } else { Err(io::Error::other(what)) }
}

/// A connection of HTTP/1.1, just enough for this server, and the times of its requests.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    times: Histogram<u64>,
}

impl Client {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            stream: BufReader::new(TcpStream::connect(address)?),
            times: times()?,
        })
    }

    fn run(mut self, user: u32, requests: u64, idle: Duration) -> io::Result<Histogram<u64>> {
        // Tokens, and when the last answer to each came.
        let mut sessions: [Option<(String, Instant)>; 64] = [const { None }; 64];
        let mut random = u64::from(user);
        while self.times.len() < requests {
            // Knuth's generator. A product of two bytes: the first sessions are used often, the last ones seldom.
            random = random
                .wrapping_mul(0x5851_F42D_4C95_7F2D)
                .wrapping_add(0x1405_7B7E_F767_814F);
            let [.., c, b, a] = random.to_le_bytes();
            let session = &mut sessions[usize::from(a) * usize::from(b) / 1024];
            let Some((token, last_answer)) = session.take() else {
                let (status, token) = self.ask("/login", "", &user.to_string())?;
                expect(status == 200, "everybody may log in")?;
                *session = Some((token, Instant::now()));
                continue;
            };
            // Longer than it may be left alone, and longer yet when the server sees the request.
            let over = last_answer.elapsed() >= idle;
            let leaves = c < 8;
            let (status, _) = self.ask(if leaves { "/logout" } else { "/use" }, &token, "")?;
            expect(
                status == 401 || status == 200 && !over,
                "a session that is over is refused",
            )?;
            if status == 200 && !leaves {
                *session = Some((token, Instant::now()));
            }
        }
        Ok(self.times)
    }

    /// Status and body of the answer.
    pub(crate) fn ask(&mut self, path: &str, token: &str, body: &str) -> io::Result<(u16, String)> {
        let started = Instant::now();
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {token}\r\n");
        let request = format!("{head}content-length: {length}\r\n\r\n{body}");
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            expect(
                self.stream.read_line(&mut head)? > 0,
                "the server closed the connection",
            )?;
        }
        let status = head.get(9..12).and_then(|digits| digits.parse().ok());
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        self.stream.read_exact(&mut body)?;
        let time = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.times.saturating_record(time);
        Ok((status.unwrap_or(0), String::from_utf8_lossy(&body).into_owned()))
    }
}
