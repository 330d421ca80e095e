//! An archive from JSON lines or CSV.

use crate::failure::Failure;
use crate::input::{Fields, input};
use crate::{Format, open, progress, read, table};
use arenamap::fixed::__private::entries;
use arenamap::fixed::described::{Builder, Input, Packed, Type};
use arenamap::fixed::file::publish_archive;
use arenamap::fixed::{FixedError, Refusal};
use clap::{Args, ValueEnum};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct Build {
    /// JSON lines or CSV; `-` is the standard input
    input: PathBuf,
    /// Where the archive goes; a file there is replaced as a whole
    out: PathBuf,
    /// Type of the keys
    #[arg(long, required_unless_present = "schema_of", conflicts_with = "schema_of")]
    key: Option<String>,
    /// Type of the values
    #[arg(long, required_unless_present = "schema_of", conflicts_with = "schema_of")]
    value: Option<String>,
    /// Take the types of this archive
    #[arg(long, value_name = "FILE")]
    schema_of: Option<PathBuf>,
    /// What the input is [default: csv for a name that ends so, else json]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Entries that the archive takes [default: as many as there are]
    #[arg(long)]
    capacity: Option<usize>,
    /// Seed of the hash function [default: random]; another one than of an archive of which this is a part, else searches are long
    #[arg(long)]
    seed: Option<u64>,
    /// Replace a file also if the input has no entry
    #[arg(long)]
    allow_empty: bool,
    /// Which entry of a key that is there several times
    #[arg(long, value_enum, default_value_t = Duplicates::Error)]
    duplicates: Duplicates,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Duplicates {
    /// None: that is an error
    Error,
    /// The first one
    First,
    /// The last one
    Last,
}

/// What a line of JSON looks like.
const LINE: &str = "{\"key\": ..., \"value\": ...}";

/// A line of the input, and its number.
struct Line<'t> {
    number: u64,
    key: Packed<'t>,
    value: Packed<'t>,
}

impl Build {
    pub(crate) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let (key, value) = self.types()?;
        let (source, len): (Box<dyn Read>, u64) = if self.input.as_os_str() == "-" {
            (Box::new(io::stdin()), 0)
        } else {
            let is_out = |input: PathBuf| self.out.canonicalize().is_ok_and(|out| out == input);
            if self.input.canonicalize().is_ok_and(is_out) {
                return Err(self.fail("the archive would replace its own input; give it another name"));
            }
            let opened = File::open(&self.input).and_then(|file| Ok((file.metadata()?, file)));
            match opened {
                Ok((data, _)) if data.is_dir() => return Err(self.fail("a directory; give a file")),
                Ok((data, file)) => (Box::new(file), data.len()),
                Err(error) => return Err(self.fail(format!("failed to open the file: {error}"))),
            }
        };
        let bar = progress::bytes("reading", len);
        let source = BufReader::new(bar.wrap_read(source));
        let ends_csv = self
            .input
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("csv"));
        let lines = match self.format.unwrap_or(if ends_csv { Format::Csv } else { Format::Json }) {
            Format::Json => self.json(source, &key, &value)?,
            Format::Csv => self.csv(source, &key, &value)?,
        };
        bar.finish_and_clear();
        // The usual reason is that whatever was to write the input failed.
        if lines.is_empty() && !self.allow_empty && self.out.exists() {
            let what =
                "no entries, and the archive that is there would be replaced by an empty one; `--allow-empty` does it";
            return Err(self.fail(format!("{}: {what}", self.out.display())));
        }
        let mut bytes = self.fill(&key, &value, &lines)?;
        let generation = publish_archive(&self.out, &mut bytes).map_err(|error| Failure::file(&self.out, error))?;
        let archive = open(&self.out, &bytes)?;
        let head = archive.head();
        writeln!(
            out,
            "{}: {} of {}, {} bytes, generation {generation}",
            self.out.display(),
            entries(head.len),
            head.capacity,
            head.bytes
        )?;
        Ok(())
    }

    fn types(&self) -> Result<(Type, Type), Failure> {
        if let Some(file) = &self.schema_of {
            let bytes = read(file)?;
            let archive = open(file, &bytes)?;
            if archive.tree().is_some() {
                let what = "an archive of paths, of which `build` makes none: a program makes one of a `PathMap`, by `PathArchive::from_map`";
                return Err(Failure::usage(format!("{}: {what}", file.display())));
            }
            return Ok((archive.key_type().clone(), archive.value_type().clone()));
        }
        let parse = |option: &str, text: &Option<String>, unnamed| {
            let text = text.as_deref().unwrap_or_default();
            Type::parse(text, unnamed).map_err(|error| {
                let caret = text[..error.offset()].chars().count();
                Failure::usage(format!("--{option}: {error}\n  {text}\n  {:caret$}^", ""))
            })
        };
        Ok((parse("key", &self.key, "Key")?, parse("value", &self.value, "Value")?))
    }

    fn fail(&self, what: impl std::fmt::Display) -> Failure {
        Failure::usage(format!("{}: {what}", self.shown()))
    }

    fn fail_at(&self, line: u64, what: impl std::fmt::Display) -> Failure {
        Failure::usage(format!("{}: line {line}: {what}", self.shown()))
    }

    fn shown(&self) -> std::path::Display<'_> {
        let name: &Path = &self.input;
        if name.as_os_str() == "-" {
            Path::new("standard input").display()
        } else {
            name.display()
        }
    }

    fn json<'t>(&self, mut source: impl BufRead, key: &'t Type, value: &'t Type) -> Result<Vec<Line<'t>>, Failure> {
        let mut lines = Vec::new();
        let mut bytes = Vec::new();
        for number in 1.. {
            bytes.clear();
            match source.read_until(b'\n', &mut bytes) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return Err(self.fail_at(number, format!("failed to read: {error}"))),
            }
            let text = str::from_utf8(&bytes).map_err(|error| {
                let at = error.valid_up_to() + 1;
                self.fail_at(number, format!("byte {at} is no UTF-8; write bytes as \"hex:00ff\""))
            })?;
            // Some editors put a mark before the first line.
            let text = text.trim_start_matches('\u{FEFF}').trim();
            if text.is_empty() {
                continue;
            }
            if !text.starts_with('{') {
                return Err(self.fail_at(number, format!("no JSON object; a line is {LINE}")));
            }
            let fields = serde_json::from_str(text).and_then(|Fields(fields)| {
                let fields = fields.into_iter().map(|(name, raw)| Ok((name, input(raw, 0)?)));
                fields.collect::<Result<Vec<_>, _>>()
            });
            // (serde_json counts lines, too, and each of ours is its first.)
            let fields = fields.map_err(|error| {
                let what = error.to_string().replace(" at line 1 column", ", column");
                self.fail_at(number, format!("not read as JSON: {what}; a line is {LINE}"))
            })?;
            lines.push(self.line(number, fields, key, value)?);
        }
        Ok(lines)
    }

    /// An entry from the fields of its line.
    fn line<'t>(
        &self,
        number: u64,
        fields: Vec<(String, Input<'_>)>,
        key: &'t Type,
        value: &'t Type,
    ) -> Result<Line<'t>, Failure> {
        let (mut key_input, mut value_input) = (None, None);
        for (name, input) in fields {
            let place = match &*name {
                "key" => &mut key_input,
                "value" => &mut value_input,
                _ => {
                    let what = format!("unknown field `{name}`; a line is {LINE}");
                    return Err(self.fail_at(number, what));
                }
            };
            if place.replace(input).is_some() {
                return Err(self.fail_at(number, format!("the field `{name}` is there twice")));
            }
        }
        let pack = |name: &str, of: &'t Type, input: Option<Input<'_>>| {
            let input = match input {
                Some(input) => input,
                None if of.size() == 0 => Input::Null,
                None => return Err(self.fail_at(number, format!("the field `{name}` is missing, of type {of}"))),
            };
            Packed::new(of, &input).map_err(|error| {
                let join = if error.path().is_empty() { ": " } else { "" };
                self.fail_at(number, format!("{name}{join}{error}"))
            })
        };
        Ok(Line {
            number,
            key: pack("key", key, key_input)?,
            value: pack("value", value, value_input)?,
        })
    }

    fn csv<'t>(&self, source: impl Read, key: &'t Type, value: &'t Type) -> Result<Vec<Line<'t>>, Failure> {
        let mut reader = csv::Reader::from_reader(source);
        let mut names = Vec::new();
        table::columns("key", key, &mut names);
        table::columns("value", value, &mut names);
        let headers = reader.headers().map_err(|error| self.fail(error))?;
        let mut places = table::Places::new();
        for (place, name) in headers.iter().enumerate() {
            if !names.iter().any(|known| known == name) {
                let what = format!("unknown column `{name}`; the types have {}", names.join(", "));
                return Err(self.fail_at(1, what));
            }
            if places.insert(name.to_owned(), place).is_some() {
                return Err(self.fail_at(1, format!("the column `{name}` is there twice")));
            }
        }
        if let Some(missing) = names.iter().find(|&name| !places.contains_key(name)) {
            let what = format!(
                "the column `{missing}` is missing; the first line names the columns: {}",
                names.join(",")
            );
            return Err(self.fail_at(1, what));
        }
        let mut lines = Vec::new();
        let mut record = csv::StringRecord::new();
        loop {
            let number = reader.position().line();
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => return Ok(lines),
                Err(error) => return Err(self.fail(error)),
            }
            let fields = [("key", key), ("value", value)].map(|(name, of)| {
                let input = table::row(name, of, &places, &record);
                let input = input.map_err(|(column, what)| self.fail_at(number, format!("{column}: {what}")))?;
                Ok((name.to_owned(), input))
            });
            let fields = fields.into_iter().collect::<Result<_, Failure>>()?;
            lines.push(self.line(number, fields, key, value)?);
        }
    }

    fn refused(&self, error: &Refusal) -> Failure {
        let out = self.out.display();
        Failure::usage(match error {
            Refusal::Full { capacity } => {
                format!("{out}: there are more entries than the capacity of {capacity}; ask for more by `--capacity`")
            }
            error => format!("{out}: {error}"),
        })
    }

    fn fill(&self, key: &Type, value: &Type, lines: &[Line<'_>]) -> Result<Vec<u8>, Failure> {
        let failed = |error: FixedError| Failure::usage(format!("{}: {error}", self.out.display()));
        let room = lines
            .iter()
            .map(|line| line.key.text_bytes() + line.value.text_bytes())
            .sum();
        let capacity = self.capacity.unwrap_or(lines.len());
        let (key, value) = (key.clone(), value.clone());
        let mut builder = match self.seed {
            Some(seed) => Builder::new_seeded(key, value, capacity, room, seed),
            None => Builder::new(key, value, capacity, room),
        }
        .map_err(failed)?;
        // The line that each slot is from.
        let mut from = std::collections::HashMap::new();
        let bar = progress::bar("building", lines.len());
        for line in lines {
            bar.inc(1);
            let key = line.key.view();
            if self.duplicates != Duplicates::Last
                && let Some(slot) = builder.slot_of(&key)
            {
                if self.duplicates == Duplicates::First {
                    continue;
                }
                let first = from.get(&slot).copied().unwrap_or_default();
                let what =
                    format!("the key of line {first} is there again; `--duplicates first` or `last` takes one of them");
                return Err(self.fail_at(line.number, what));
            }
            let slot = builder
                .insert(&key, &line.value.view())
                .map_err(|error| self.refused(&error))?;
            if self.duplicates == Duplicates::Error {
                from.insert(slot, line.number);
            }
        }
        bar.finish_and_clear();
        Ok(builder.seal())
    }
}
