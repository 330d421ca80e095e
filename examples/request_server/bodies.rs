//! The request bodies that the driver sends: log lines in bunches, generated or from a file.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use axum::body::Bytes;

use crate::baselines::KnownSizes;
use crate::generate::Generator;
use crate::log_line::{self, Fault};

/// What is sent, again and again.
pub(crate) struct Bodies {
    pub(crate) texts: Vec<Bytes>,
    /// Lines in all of them.
    pub(crate) lines: usize,
    /// Lines of the file that are not in the combined format and are not sent: how many, and the first.
    pub(crate) left_out: usize,
    first_left_out: Option<(usize, Fault)>,
    /// The file has more lines than were read.
    cut_short: bool,
}

/// Different bodies that are made up for a run, unless that would be too many lines.
const GENERATED_BODIES: usize = 64;
const GENERATED_LINES: usize = 200_000;
/// Of a log file, no more than this is read.
const MAX_LOG_BYTES: usize = 64 << 20;
/// A longer line is not a log line, nor is a file without ends of line a log.
const MAX_LINE_BYTES: usize = 64 << 10;

impl Bodies {
    /// Made-up lines.
    pub(crate) fn generated(lines_per_body: usize) -> Self {
        let mut generator = Generator::new(2015);
        let mut bodies = Self::empty();
        let mut text = Vec::new();
        for _ in 0..(GENERATED_LINES / lines_per_body).clamp(4, GENERATED_BODIES) {
            for _ in 0..lines_per_body {
                generator.write_line(&mut text);
            }
            bodies.push(&mut text, lines_per_body);
        }
        bodies
    }

    /// The lines of a log file, from its beginning. Lines that are not in the combined format are
    /// counted and left out: the server would refuse the whole request.
    pub(crate) fn from_file(path: &Path, lines_per_body: usize) -> io::Result<Self> {
        let mut reader = BufReader::new(File::open(path)?);
        let mut bodies = Self::empty();
        let (mut text, mut lines, mut bytes) = (Vec::new(), 0, 0);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let mut bounded = io::Read::take(&mut reader, MAX_LINE_BYTES as u64);
            bytes += bounded.read_until(b'\n', &mut line)?;
            bodies.cut_short = bytes > MAX_LOG_BYTES;
            if line.is_empty() || bodies.cut_short {
                break;
            }
            let Some((_, content)) = log_line::numbered_lines(&line).next() else {
                continue; // a blank line
            };
            if let Err(fault) = log_line::parse(content) {
                bodies.left_out += 1;
                bodies.first_left_out.get_or_insert((number, fault));
                continue;
            }
            text.extend_from_slice(content);
            text.push(b'\n');
            lines += 1;
            if lines == lines_per_body {
                bodies.push(&mut text, lines);
                lines = 0;
            }
        }
        if lines > 0 {
            bodies.push(&mut text, lines);
        }
        Ok(bodies)
    }

    fn empty() -> Self {
        Self {
            texts: Vec::new(),
            lines: 0,
            left_out: 0,
            first_left_out: None,
            cut_short: false,
        }
    }

    fn push(&mut self, text: &mut Vec<u8>, lines: usize) {
        self.texts.push(Bytes::copy_from_slice(text));
        self.lines += lines;
        text.clear();
    }

    /// What to know about the file, in sentences.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let left_out = self.first_left_out.map(|(line, fault)| {
            let all = self.lines + self.left_out;
            format!(
                "Left out, for they are not in the combined format: {} of {all} lines; the first is line {line}, {fault}.",
                self.left_out
            )
        });
        let cut_short = self
            .cut_short
            .then(|| format!("Only the first {} MiB of the log were used.", MAX_LOG_BYTES >> 20));
        left_out.into_iter().chain(cut_short).collect()
    }

    /// Bytes of the longest body.
    pub(crate) fn longest(&self) -> usize {
        self.texts.iter().map(Bytes::len).max().unwrap_or(0)
    }

    /// The sizes that a careful programmer would have found out for the maps with a given capacity:
    /// the largest over all bodies.
    pub(crate) fn known_sizes(&self) -> KnownSizes {
        let mut sizes = KnownSizes::default();
        for body in &self.texts {
            let mut paths = HashMap::<_, HashSet<_>>::new();
            let mut clients = HashSet::new();
            for line in log_line::numbered_lines(body) {
                if let Ok(line) = log_line::parse(line.1) {
                    paths.entry(line.path).or_default().insert(line.status);
                    clients.insert(line.client);
                }
            }
            sizes.paths = sizes.paths.max(paths.len());
            sizes.clients = sizes.clients.max(clients.len());
            let statuses = paths.values().map(HashSet::len).max();
            sizes.statuses = sizes.statuses.max(statuses.unwrap_or(0));
        }
        sizes
    }
}
