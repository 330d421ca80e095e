//! One line of an access log in the combined format, read in place.
//!
//! ```text
//! 203.0.113.9 - ann [17/May/2015:10:05:03 +0000] "GET /a?b=c HTTP/1.1" 200 512 "referer" "user agent"
//! client      ident user  time                    request              status bytes
//! ```
//!
//! Fields borrow from the line; nothing is copied and nothing allocated. Apache and nginx write a
//! quote inside a quoted field as `\"` and unprintable bytes as `\xhh`; both are left as they stand.

use std::fmt;

use memchr::{memchr_iter, memchr2};

/// The fields a report needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogLine<'a> {
    /// Address or host name of the client.
    pub(crate) client: &'a str,
    /// What was asked for: the target of the request, or the whole request line when it is not HTTP.
    pub(crate) path: &'a str,
    /// HTTP status; 0 where the server wrote `-`.
    pub(crate) status: u16,
    /// Bytes of the response body; 0 where the server wrote `-`.
    pub(crate) bytes: u64,
}

/// Why a line is not in the combined format, and where that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What is wrong, as the end of a sentence.
    pub(crate) what: &'static str,
    /// Byte of the line, counted from 1.
    pub(crate) column: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.what)
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
        .filter(|(_, line)| !line.is_empty())
}

/// Reads one line, without its end of line.
///
/// # Errors
///
/// The first thing in it that the combined format does not allow.
pub(crate) fn parse(line: &[u8]) -> Result<LogLine<'_>, Fault> {
    let mut rest = Cursor { line, at: 0 };
    let client = rest.word("the client's address is missing")?;
    let client = rest.text(client, "the client's address is not UTF-8")?;
    rest.word("the identity is missing (`-` when unknown)")?;
    rest.user()?;
    rest.time()?;
    let request = rest.quoted("the request in quotes is missing", "the request has no closing quote")?;
    let path = rest.text(target_of(request), "the request is not UTF-8")?;
    let status = rest.status()?;
    let bytes = rest.byte_count()?;
    rest.quoted("the referer in quotes is missing", "the referer has no closing quote")?;
    rest.quoted(
        "the user agent in quotes is missing",
        "the user agent has no closing quote",
    )?;
    if rest.line[rest.at..].iter().any(|&byte| byte != b' ') {
        return Err(rest.fault("there is text after the user agent"));
    }
    Ok(LogLine {
        client,
        path,
        status,
        bytes,
    })
}

/// `/a?b` of `GET /a?b HTTP/1.1`; all of it where it has no such shape (`-`, bytes of a port scan).
fn target_of(request: &[u8]) -> &[u8] {
    let Some(method) = request.iter().position(|&byte| byte == b' ') else {
        return request;
    };
    let after = &request[method + 1..];
    let target = match after.iter().rposition(|&byte| byte == b' ') {
        Some(space) if after[space + 1..].starts_with(b"HTTP/") => &after[..space],
        _ if after.starts_with(b"HTTP/") => &after[..0],
        _ => after, // HTTP/0.9 has no version, and some clients send spaces in the target
    };
    if target.is_empty() { request } else { target }
}

/// How far a line has been read.
struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn fault(&self, what: &'static str) -> Fault {
        Fault {
            what,
            column: self.at + 1,
        }
    }

    fn text(&self, bytes: &'a [u8], otherwise: &'static str) -> Result<&'a str, Fault> {
        std::str::from_utf8(bytes).map_err(|_| self.fault(otherwise))
    }

    /// Up to the next space, which is passed over.
    fn word(&mut self, otherwise: &'static str) -> Result<&'a [u8], Fault> {
        let rest = &self.line[self.at..];
        // Words are short: a loop is over before `memchr` has begun.
        match rest.iter().position(|&byte| byte == b' ') {
            Some(length) if length > 0 => {
                self.at += length + 1;
                Ok(&rest[..length])
            }
            _ => Err(self.fault(otherwise)),
        }
    }

    /// The user's name, which may hold spaces: it ends where ` [` follows.
    fn user(&mut self) -> Result<(), Fault> {
        self.word("the user is missing (`-` when unknown)")?;
        while self.line.get(self.at) != Some(&b'[') {
            self.word("the time in brackets is missing")?;
        }
        Ok(())
    }

    /// `[17/May/2015:10:05:03 +0000] `, by its shape.
    fn time(&mut self) -> Result<(), Fault> {
        const SHAPE: &[u8; 29] = b"[00/Aaa/0000:00:00:00 +0000] ";
        let Some(time) = self.line[self.at..].first_chunk::<{ SHAPE.len() }>() else {
            return Err(self.fault("the line ends within the time"));
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
            return Err(self.fault("the time is not like [17/May/2015:10:05:03 +0000]"));
        }
        self.at += SHAPE.len();
        Ok(())
    }

    /// A field in quotes and the space behind it, if one is there.
    fn quoted(&mut self, missing: &'static str, unclosed: &'static str) -> Result<&'a [u8], Fault> {
        if self.line.get(self.at) != Some(&b'"') {
            return Err(self.fault(missing));
        }
        let start = self.at + 1;
        let mut end = start;
        loop {
            let rest = self.line.get(end..).unwrap_or_default();
            let found = memchr2(b'"', b'\\', rest).ok_or_else(|| self.fault(unclosed))?;
            end += found;
            if rest[found] == b'"' {
                break;
            }
            end += 2; // a backslash and what it protects
        }
        self.at = end + 1;
        match self.line.get(self.at) {
            Some(b' ') => self.at += 1,
            Some(_) => return Err(self.fault("a quote within quotes must be written as \\\"")),
            None => {}
        }
        Ok(&self.line[start..end])
    }

    /// Three digits, or `-` where the server had none to log.
    fn status(&mut self) -> Result<u16, Fault> {
        let at = self.at;
        let word = self.word("the status is missing")?;
        match *word {
            [b'-'] => Ok(0),
            [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
                let digit = |byte: u8| u16::from(byte - b'0');
                Ok(digit(a) * 100 + digit(b) * 10 + digit(c))
            }
            _ => {
                self.at = at;
                Err(self.fault("the status is not three digits"))
            }
        }
    }

    /// A number, or `-` for none.
    fn byte_count(&mut self) -> Result<u64, Fault> {
        let at = self.at;
        let word = self.word("the byte count is missing")?;
        if word == b"-" {
            return Ok(0);
        }
        let number = word.iter().try_fold(0u64, |number, byte| {
            let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
            number.checked_mul(10)?.checked_add(digit)
        });
        number.ok_or_else(|| {
            self.at = at;
            self.fault("the byte count is neither a number nor `-`")
        })
    }
}
