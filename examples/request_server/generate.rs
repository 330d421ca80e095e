//! Made-up access logs: the same seed gives the same lines, with the skew of a real site.
//!
//! Few paths and clients make most of the requests (a Zipf law), most answers are 200, unmodified
//! pages have no bytes, and some lines carry what parsers trip over: queries, IPv6, quotes in user
//! agents, requests that are no HTTP.

use std::io::Write;

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

fn append(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
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
