//! Access logs in the combined format: one line read in place, and lines made up.
//!
//! ```text
//! 203.0.113.9 - ann [17/May/2015:10:05:03 +0000] "GET /a?b=c HTTP/1.1" 200 512 "referer" "user agent"
//! client      identity user  time                request              status bytes
//! ```
//!
//! Fields borrow from the line; nothing is copied and nothing allocated. Apache and nginx write a
//! quote inside a quoted field as `\"` and unprintable bytes as `\xhh`; both are left as they stand.
//!
//! Two kinds of logs have more than one word where the client stands, and are read too: a virtual host in front
//! (`shop.example.org:443 203.0.113.9 - -`), and a list of the client and its proxies (`203.0.113.9, 10.0.0.1 - -`). Of a
//! list the first counts, which is what the client says of itself, if it likes.
//!
//! Made-up logs have the skew of a real site, and the same seed gives the same lines. Few paths and clients make most of
//! the requests (a Zipf law), most answers are 200, unmodified pages have no bytes, and some lines carry what parsers trip
//! over: queries, IPv6, quotes in user agents, requests that are no HTTP.

use std::fmt;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use memchr::{memchr_iter, memchr2};

/// A longer line is not a log line.
pub(crate) const MAX_LINE_BYTES: usize = 64 << 10;

/// The fields a report needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogLine<'a> {
    /// Address or host name of the client; `-` where the server wrote that.
    pub(crate) client: &'a str,
    /// What was asked for: the target of the request, or the whole request line when it is not HTTP.
    pub(crate) path: &'a str,
    /// HTTP status; 0 where the server wrote `-` or `000`.
    pub(crate) status: u16,
    /// Bytes of the response body; 0 where the server wrote `-`.
    pub(crate) bytes: u64,
}

/// Why a line is not in the combined format, and where that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The field, as in the drawing above; `line` where it is none of them.
    pub(crate) field: &'static str,
    /// What is wrong, as the end of a sentence.
    pub(crate) what: &'static str,
    /// Byte of the line, counted from 1.
    pub(crate) column: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}, {}: {}", self.column, self.field, self.what)
    }
}

/// The lines of `text` that are not blank, with their numbers from 1. Ends of line are LF or CR LF.
pub(crate) fn numbered_lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut from = 0;
    memchr_iter(b'\n', text)
        .chain((!text.is_empty()).then_some(text.len()))
        .enumerate()
        .map(move |(index, end)| {
            // The iterator never yields an end before its predecessor's.
            let line = &text[from..end];
            from = (end + 1).min(text.len());
            (index + 1, line.strip_suffix(b"\r").unwrap_or(line))
        })
        .filter(|(_, line)| !line.trim_ascii_start().is_empty())
}

/// Reads one line, without its end of line. Blanks at its end are passed over.
///
/// # Errors
///
/// The first thing in it that the combined format does not allow.
pub(crate) fn parse(line: &[u8]) -> Result<LogLine<'_>, Fault> {
    if line.len() > MAX_LINE_BYTES {
        return Err(fault(MAX_LINE_BYTES, "line", "the line is longer than 64 KiB"));
    }
    let mut rest = Cursor {
        line: line.trim_ascii_end(),
        at: 0,
    };
    let client = rest.client_to_user()?;
    rest.time()?;
    let path = target_of(rest.request()?);
    let status = rest.status()?;
    let bytes = rest.byte_count()?;
    rest.quoted(
        "referer",
        "the referer in quotes is missing",
        "the referer has no closing quote",
    )?;
    rest.space("referer")?;
    rest.quoted(
        "user agent",
        "the user agent in quotes is missing",
        "the user agent has no closing quote",
    )?;
    if rest.at < rest.line.len() {
        return Err(fault(rest.at, "line", "there is text after the user agent"));
    }
    Ok(LogLine {
        client,
        path,
        status,
        bytes,
    })
}

/// `/a?b` of `GET /a?b HTTP/1.1`; all of it where it has no such shape (`-`, bytes of a port scan).
fn target_of(request: &str) -> &str {
    let Some((method, after)) = request.trim_end_matches(' ').split_once(' ') else {
        return request;
    };
    let is_method = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let target = match after.rsplit_once(' ') {
        _ if !method.bytes().all(is_method) => "",
        Some((target, version)) if is_version(version) => target.trim_matches(' '),
        // HTTP/0.9 has no version, and some clients send spaces in the target.
        _ if after.starts_with('/') => after,
        _ => "",
    };
    if target.is_empty() { request } else { target }
}

/// `HTTP/1.1`, `HTTP/2`
fn is_version(word: &str) -> bool {
    let number = word.strip_prefix("HTTP/").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// An address, a host name, or `-`.
fn is_host(word: &str) -> bool {
    if word.contains(':') {
        // The address of a link has its zone behind it: `fe80::1%eth0`.
        let address = word.split_once('%').map_or(word, |(address, _)| address);
        return address.parse::<Ipv6Addr>().is_ok();
    }
    // What ends in a number is no name, but an address or nothing.
    let last = word.rsplit('.').next().unwrap_or_default();
    if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) {
        return word.parse::<Ipv4Addr>().is_ok();
    }
    let is_of_names = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let is_name = word.bytes().all(is_of_names) && word.bytes().any(|byte| byte.is_ascii_alphanumeric());
    word == "-" || (is_name && word.len() < 256)
}

/// `shop.example.org:443`
fn is_virtual_host(word: &[u8]) -> bool {
    let parts = std::str::from_utf8(word).ok().and_then(|word| word.rsplit_once(':'));
    parts.is_some_and(|(name, port)| port.parse::<u16>().is_ok() && !name.contains(':') && is_host(name))
}

fn fault(at: usize, field: &'static str, what: &'static str) -> Fault {
    Fault {
        field,
        what,
        column: at + 1,
    }
}

/// How far a line has been read.
struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Up to the next space that `ends` it, or the end of the line; the space is passed over. Brackets and quotes begin the fields
    /// behind the words.
    fn word_until(
        &mut self,
        field: &'static str,
        missing: &'static str,
        mut ends: impl FnMut(u8) -> bool,
    ) -> Result<&'a [u8], Fault> {
        let rest = &self.line[self.at..];
        // Words are short: a loop is over before `memchr` has begun.
        let length = rest.iter().position(|&byte| ends(byte)).unwrap_or(rest.len());
        if length == 0 || matches!(rest[0], b'[' | b'"') {
            return Err(fault(self.at, field, missing));
        }
        self.at = (self.at + length + 1).min(self.line.len());
        Ok(&rest[..length])
    }

    fn word(&mut self, field: &'static str, missing: &'static str) -> Result<&'a [u8], Fault> {
        self.word_until(field, missing, |byte| byte == b' ')
    }

    /// The client, and what stands between it and the time.
    fn client_to_user(&mut self) -> Result<&'a str, Fault> {
        const MISSING: &str = "the identity is missing (`-` when unknown)";
        let start = self.at;
        let front = self.word("client", "the client's address is missing")?;
        // Before an unknown identity, it is a client with its port, which is no address.
        if !is_virtual_host(front) || self.line[self.at..].starts_with(b"- ") {
            self.at = start;
        }
        let mut client = self.clients()?;
        let at = self.at;
        let mut identity = self.word("identity", MISSING)?;
        if let Some(address) = address_of(identity) {
            if address_of(client.as_bytes()).is_some() {
                return Err(fault(at, "identity", "an address is no identity"));
            }
            // A name before an address is a virtual host without its port.
            client = address;
            identity = self.word("identity", MISSING)?;
        }
        self.user(identity == b"-")?;
        Ok(client)
    }

    /// A host, or several with commas between: gives the first.
    fn clients(&mut self) -> Result<&'a str, Fault> {
        let mut at = self.at;
        let mut before = 0;
        let list = self.word_until("client", "the client's address is missing", |byte| {
            let ends = byte == b' ' && before != b',';
            before = byte;
            ends
        })?;
        let mut client = None;
        for part in list.split(|&byte| byte == b',') {
            let host = part.trim_ascii_start();
            at += part.len() - host.len();
            let host = std::str::from_utf8(host).ok().filter(|host| is_host(host));
            let Some(host) = host else {
                return Err(fault(at, "client", "the client is neither an address nor a host name"));
            };
            client.get_or_insert(host);
            at += host.len() + 1;
        }
        Ok(client.unwrap_or_default())
    }

    /// The user's name. It may hold spaces where nothing else can be meant: behind an identity of `-`.
    fn user(&mut self, may_have_spaces: bool) -> Result<(), Fault> {
        const NO_NAME: &[u8] = b"\"\" "; // of a user who gave none
        let mut is_name = false;
        if self.line[self.at..].starts_with(NO_NAME) {
            self.at += NO_NAME.len();
        } else {
            is_name = self.word("user", "the user is missing (`-` when unknown)")? != b"-";
        }
        let behind = self.at;
        while self.line.get(self.at) != Some(&b'[') {
            let goes_on = may_have_spaces && is_name && self.word("user", "").is_ok();
            if !goes_on {
                return Err(fault(behind, "time", "the time in brackets is missing"));
            }
        }
        Ok(())
    }

    /// `[17/May/2015:10:05:03 +0000] `
    fn time(&mut self) -> Result<(), Fault> {
        const SHAPE: &[u8; 29] = b"[00/Aaa/0000:00:00:00 +0000] ";
        let Some(time) = self.line[self.at..].first_chunk::<{ SHAPE.len() }>() else {
            return Err(fault(self.at, "time", "the line ends within the time"));
        };
        // No early exit: the compiler makes a few vector instructions of this.
        let misfits = time.iter().zip(SHAPE).fold(0, |misfits, (&byte, &shape)| {
            let (first, last) = match shape {
                b'0' => (b'0', b'9'),
                b'A' => (b'A', b'Z'),
                b'a' => (b'a', b'z'),
                b'+' => (b'+', b'-'),
                _ => (shape, shape),
            };
            misfits + u8::from(byte.wrapping_sub(first) > last - first)
        });
        if misfits > 0 || time[22] == b',' {
            return Err(fault(
                self.at,
                "time",
                "the time is not like [17/May/2015:10:05:03 +0000]",
            ));
        }
        let number = |at: usize| (time[at] - b'0') * 10 + (time[at + 1] - b'0');
        let days = match &time[4..7] {
            b"Jan" | b"Mar" | b"May" | b"Jul" | b"Aug" | b"Oct" | b"Dec" => 31,
            b"Apr" | b"Jun" | b"Sep" | b"Nov" => 30,
            b"Feb" => 29,
            _ => 0,
        };
        let day = (1..=days).contains(&number(1));
        // A leap second is the 61st of its minute.
        let clock = number(13) < 24 && number(16) < 60 && number(19) <= 60;
        if !day || !clock || number(23) >= 24 || number(25) >= 60 {
            return Err(fault(self.at, "time", "there is no such day or time"));
        }
        self.at += SHAPE.len();
        Ok(())
    }

    /// The request line, and the space behind it.
    fn request(&mut self) -> Result<&'a str, Fault> {
        let start = self.at + 1;
        let request = self.quoted(
            "request",
            "the request in quotes is missing",
            "the request has no closing quote",
        )?;
        let text = std::str::from_utf8(request)
            .map_err(|error| fault(start + error.valid_up_to(), "request", "the request is not UTF-8"))?;
        if let Some(place) = request.iter().position(u8::is_ascii_control) {
            let what = "an unprintable byte must be written as \\xhh";
            return Err(fault(start + place, "request", what));
        }
        self.space("request")?;
        Ok(text)
    }

    /// A field in quotes, without them.
    fn quoted(
        &mut self,
        field: &'static str,
        missing: &'static str,
        unclosed: &'static str,
    ) -> Result<&'a [u8], Fault> {
        if self.line.get(self.at) != Some(&b'"') {
            return Err(fault(self.at, field, missing));
        }
        let start = self.at + 1;
        let mut end = start;
        loop {
            let rest = self.line.get(end..).unwrap_or_default();
            let found = memchr2(b'"', b'\\', rest).ok_or_else(|| fault(self.at, field, unclosed))?;
            end += found;
            if rest[found] == b'"' {
                break;
            }
            end += 2; // a backslash and what it protects
        }
        self.at = end + 1;
        Ok(&self.line[start..end])
    }

    /// The space behind a field in quotes; at the end of the line there need be none.
    fn space(&mut self, field: &'static str) -> Result<(), Fault> {
        match self.line.get(self.at) {
            Some(b' ') => self.at += 1,
            Some(_) => {
                let what = "no space follows the closing quote (a quote within quotes is written as \\\")";
                return Err(fault(self.at, field, what));
            }
            None => {}
        }
        Ok(())
    }

    /// Three digits, or `-` where the server had none to log.
    fn status(&mut self) -> Result<u16, Fault> {
        let at = self.at;
        match *self.word("status", "the status is missing")? {
            [b'-'] => Ok(0),
            [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
                let digit = |byte: u8| u16::from(byte - b'0');
                Ok(digit(a) * 100 + digit(b) * 10 + digit(c))
            }
            _ => Err(fault(at, "status", "the status is not three digits")),
        }
    }

    /// A number, or `-` for none.
    fn byte_count(&mut self) -> Result<u64, Fault> {
        let at = self.at;
        let word = self.word("bytes", "the byte count is missing")?;
        if word == b"-" {
            return Ok(0);
        }
        if !word.iter().all(u8::is_ascii_digit) {
            return Err(fault(at, "bytes", "the byte count is neither a number nor `-`"));
        }
        word.iter()
            .try_fold(0u64, |number, byte| {
                number.checked_mul(10)?.checked_add(u64::from(byte - b'0'))
            })
            .ok_or_else(|| fault(at, "bytes", "the byte count is beyond 64 bits"))
    }
}

fn address_of(word: &[u8]) -> Option<&str> {
    let word = std::str::from_utf8(word).ok()?;
    word.parse::<IpAddr>().is_ok().then_some(word)
}

/// Writes log lines, one after the other.
pub(crate) struct Generator {
    random: Random,
    paths: Zipf,
    clients: Zipf,
    /// Seconds since the first line's day began.
    clock: u64,
}

const PATHS: usize = 1500;
const CLIENTS: usize = 1800;
/// 10:05:03 in the morning.
const START: u64 = 36_303;

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            paths: Zipf::new(PATHS, 1.05),
            clients: Zipf::new(CLIENTS, 1.15),
            clock: START,
        }
    }

    /// Writes one line, with its end of line, behind what `out` holds.
    pub(crate) fn write_line(&mut self, out: &mut Vec<u8>) {
        let client = self.clients.pick(&mut self.random);
        let path = self.paths.pick(&mut self.random);
        let dice = self.random.below(1000);
        let status = match (path % 40, dice) {
            (_, 0) => 500,
            (17, _) | (_, 1..20) => 404,
            (23, 0..500) => 301,
            (_, 20..65) => 304,
            (31, 65..200) => 206,
            _ => 200,
        };
        let user = if dice.is_multiple_of(97) { "ann" } else { "-" };
        self.clock += self.random.below(3);

        write_client(out, client);
        self.write_time(user, out);
        if dice == 999 {
            // What a port scan leaves behind.
            append(out, format_args!("\"\\x16\\x03\\x01\" 400 226 \"-\" \"-\"\n"));
            return;
        }
        append(out, format_args!("\"{} ", METHODS[usize::from(dice >= 950)]));
        write_path(out, path);
        append(out, format_args!(" HTTP/1.{}\" {status} ", dice % 2));
        if status == 304 {
            out.push(b'-');
        } else {
            let spread = self.random.below(4096);
            append(out, format_args!("{}", 180 + hashed(path) % 60_000 + spread));
        }
        let referer = REFERERS[index(hashed(client ^ path << 16), REFERERS.len())];
        let agent = AGENTS[index(hashed(client), AGENTS.len())];
        append(out, format_args!(" \"{referer}\" \"{agent}\"\n"));
    }

    /// The fields between the client and the request.
    fn write_time(&self, user: &str, out: &mut Vec<u8>) {
        let (day, second) = (self.clock / 86_400, self.clock % 86_400);
        append(
            out,
            format_args!(
                " - {user} [{:02}/May/2015:{:02}:{:02}:{:02} +0000] ",
                17 + day % 12,
                second / 3600,
                second / 60 % 60,
                second % 60
            ),
        );
    }
}

fn append(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    // Writing into a `Vec` cannot fail.
    let _ = out.write_fmt(text);
}

fn write_client(out: &mut Vec<u8>, client: u64) {
    let [a, b, c, d, id @ ..] = hashed(client + 1).to_le_bytes();
    match client % 16 {
        3 => append(out, format_args!("2001:db8:{a:x}{b:02x}:{c:x}::{d:x}")),
        7 => append(out, format_args!("crawl-{}-{}.search.example", id[0], id[1])),
        _ => append(out, format_args!("{}.{b}.{c}.{d}", 1 + a % 223)),
    }
}

fn write_path(out: &mut Vec<u8>, path: u64) {
    let id = hashed(path) % 10_000;
    let word = WORDS[index(id, WORDS.len())];
    let other = WORDS[index(id / 16, WORDS.len())];
    match path % 8 {
        _ if path == 0 => append(out, format_args!("/")),
        0 => append(out, format_args!("/blog/tags/{word}-{path}?flav=rss20")),
        1 => append(out, format_args!("/images/web/{}/{word}-{id}.png", 2009 + id % 7)),
        2 => append(out, format_args!("/static/{word}.{id:04x}.css")),
        3 => append(out, format_args!("/slides/{word}-{id}/plugin/highlight/highlight.js")),
        4 => append(out, format_args!("/articles/{word}-{other}-{id}/")),
        5 => append(
            out,
            format_args!("/api/v1/items/{id}?fields=name,price&page={}", path % 9),
        ),
        6 => append(
            out,
            format_args!("/files/{word}/{word}-{other}-1.{}.{id}.tar.gz", id % 5),
        ),
        _ => append(out, format_args!("/projects/{word}/{id}.xhtml")),
    }
}

const METHODS: [&str; 2] = ["GET", "HEAD"];

const WORDS: [&str; 16] = [
    "firefox", "puppet", "ssh", "logs", "dns", "kibana", "keyboard", "latency", "banner", "python", "grok", "reset",
    "jquery", "backup", "tcp", "sysadmin",
];

const REFERERS: [&str; 8] = [
    "-",
    "-",
    "-",
    "http://www.example.com/",
    "http://www.example.com/articles/dns-keyboard-1234/",
    "http://www.example.com/blog/tags/puppet?flav=rss20",
    "https://search.example/url?sa=t&rct=j&q=&esrc=s&source=web&cd=3&ved=0CDIQFjAC&url=http%3A%2F%2Fwww.example.com%2F",
    "http://\\xe4\\xe5\\xe3.example/",
];

const AGENTS: [&str; 10] = [
    "-",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.107 Safari/537.36",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:27.0) Gecko/20100101 Firefox/27.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 6_0 like Mac OS X) AppleWebKit/536.26 (KHTML, like Gecko) Version/6.0 Mobile/10A5376e Safari/8536.25 (compatible; Crawler/2.1; +http://search.example/bot.html)",
    "Mozilla/5.0 (compatible; Crawler/2.1; +http://search.example/bot.html)",
    "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)",
    "UniversalFeedParser/4.2-pre-314-svn +http://feedparser.example/",
    "Tiny Tiny RSS/1.11 (\\\"the reader\\\")",
    "curl/7.35.0",
];

/// Random numbers from a seed (`SplitMix64`: each output is a hash of a counter).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        hashed(self.0)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// `SplitMix64`'s scrambling of one number.
fn hashed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

fn index(number: u64, length: usize) -> usize {
    usize::try_from(number % length as u64).unwrap_or(0)
}

/// Ranks from 0, each less likely than the one before.
struct Zipf {
    /// For each rank, how many of 2^53 draws fall on it or on a rank before it.
    up_to: Vec<u64>,
}

impl Zipf {
    fn new(ranks: usize, exponent: f64) -> Self {
        let weight = |rank: usize| f64::from(u32::try_from(rank + 1).unwrap_or(u32::MAX)).powf(-exponent);
        let total: f64 = (0..ranks).map(weight).sum();
        let mut sum = 0.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share between 0 and 1, scaled to 53 bits"
        )]
        let up_to = (0..ranks)
            .map(|rank| {
                sum += weight(rank);
                (sum / total * (1u64 << 53) as f64) as u64
            })
            .collect();
        Self { up_to }
    }

    fn pick(&self, random: &mut Random) -> u64 {
        let draw = random.next() >> 11;
        let rank = self.up_to.partition_point(|&up_to| up_to <= draw);
        rank.min(self.up_to.len() - 1) as u64
    }
}
