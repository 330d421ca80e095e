//! An archive from JSON lines or CSV.

mod tree;

use crate::failure::Failure;
use crate::input::{Fields, input};
use crate::tree::{counts, part_of};
use crate::{open, progress, read, table};
use arenamap::fixed::described::{Builder, Input, Packed, Type};
use arenamap::fixed::file::publish_archive;
use arenamap::fixed::{FixedError, Refusal};
use clap::{Args, ValueEnum};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct Build {
    /// JSON lines, CSV, or with `--tree` nested JSON; `-` is the standard input
    input: PathBuf,
    /// Where the archive goes; a file there is replaced as a whole
    out: PathBuf,
    /// Type of the keys; with `--tree`, of the parts of the paths
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
    format: Option<Source>,
    /// Make an indexed archive, an `IndexedMap`: smaller, one slot a lookup, never written to; not a table
    #[arg(long)]
    indexed: bool,
    /// Make an archive of paths, a `PathArchive`; not a table
    #[arg(long, conflicts_with = "indexed")]
    tree: bool,
    /// Entries that the archive takes [default: as many as there are]
    #[arg(long, conflicts_with_all = ["indexed", "tree"])]
    capacity: Option<usize>,
    /// Seed of the hash function [default: random]; another one than of an archive of which this is a part, else searches are long
    #[arg(long)]
    seed: Option<u64>,
    /// Replace a file also if the input has no entry; pass over nested objects without fields
    #[arg(long)]
    allow_empty: bool,
    /// Which entry of a key that is there several times
    #[arg(long, value_enum, default_value_t = Duplicates::Error)]
    duplicates: Duplicates,
}

/// What the input is.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Source {
    /// One JSON object a line
    Json,
    /// A line of names, then one line for each entry
    Csv,
    /// One JSON object, for `--tree`: objects in it are levels, everything else is a value
    Nested,
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
        let kind = self.format.unwrap_or(if ends_csv { Source::Csv } else { Source::Json });
        let mut bytes = if self.tree {
            let tree = self.tree(source, kind, &key, &value)?;
            bar.finish_and_clear();
            self.check_empty(tree.is_empty())?;
            let made = self.seed.map_or_else(|| tree.seal(), |seed| tree.seal_seeded(seed));
            made.map_err(|error| self.failed(error))?
        } else {
            let lines = match kind {
                Source::Json => {
                    let mut lines = Vec::new();
                    self.json(source, |number, fields| {
                        lines.push(self.line(number, fields, &key, &value)?);
                        Ok(())
                    })?;
                    lines
                }
                Source::Csv => self.csv(source, &key, &value)?,
                Source::Nested => return Err(self.fail("`--format nested` is for `--tree`")),
            };
            bar.finish_and_clear();
            self.check_empty(lines.is_empty())?;
            self.fill(&key, &value, &lines)?
        };
        let generation = publish_archive(&self.out, &mut bytes).map_err(|error| Failure::file(&self.out, error))?;
        let archive = open(&self.out, &bytes)?;
        let head = archive.head();
        let of = if self.tree {
            String::new()
        } else {
            format!(" of {}", head.capacity)
        };
        writeln!(
            out,
            "{}: {}{of}, {} bytes, generation {generation}",
            self.out.display(),
            counts(&archive),
            head.bytes
        )?;
        Ok(())
    }

    /// The usual reason for nothing is that whatever was to write the input failed.
    fn check_empty(&self, is_empty: bool) -> Result<(), Failure> {
        if is_empty && !self.allow_empty && self.out.exists() {
            let what =
                "no entries, and the archive that is there would be replaced by an empty one; `--allow-empty` does it";
            return Err(self.fail(format!("{}: {what}", self.out.display())));
        }
        Ok(())
    }

    fn types(&self) -> Result<(Type, Type), Failure> {
        if let Some(file) = &self.schema_of {
            let bytes = read(file)?;
            let archive = open(file, &bytes)?;
            let mut key = archive.key_type();
            if archive.tree().is_some() {
                if !self.tree {
                    let what = "an archive of paths: `--tree` makes one with the same types";
                    return Err(Failure::usage(format!("{}: {what}", file.display())));
                }
                key = part_of(&archive);
            }
            return Ok((key.clone(), archive.value_type().clone()));
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

    /// What is wrong with the archive that was to be made.
    fn failed(&self, error: FixedError) -> Failure {
        Failure::usage(format!("{}: {error}", self.out.display()))
    }

    /// What a line of JSON looks like.
    const fn form(&self) -> &'static str {
        if self.tree {
            "{\"path\": [...], \"value\": ...}"
        } else {
            "{\"key\": ..., \"value\": ...}"
        }
    }

    /// Gives each line that is not empty: its number and the fields of its object.
    fn json(
        &self,
        mut source: impl BufRead,
        mut see: impl FnMut(u64, Vec<(String, Input<'_>)>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let form = self.form();
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
                return Err(self.fail_at(number, format!("no JSON object; a line is {form}")));
            }
            let fields = serde_json::from_str(text).and_then(|Fields(fields)| {
                let fields = fields.into_iter().map(|(name, raw)| Ok((name, input(raw, 0)?)));
                fields.collect::<Result<Vec<_>, _>>()
            });
            // (serde_json counts lines, too, and each of ours is its first.)
            let fields = fields.map_err(|error| {
                let what = error.to_string().replace(" at line 1 column", ", column");
                self.fail_at(number, format!("not read as JSON: {what}; a line is {form}"))
            })?;
            see(number, fields)?;
        }
        Ok(())
    }

    /// An entry from the fields of its line.
    fn line<'t>(
        &self,
        number: u64,
        fields: Vec<(String, Input<'_>)>,
        key: &'t Type,
        value: &'t Type,
    ) -> Result<Line<'t>, Failure> {
        let [key_input, value_input] = self.named(number, fields, ["key", "value"])?;
        Ok(Line {
            number,
            key: self.pack(number, "key", key, key_input)?,
            value: self.pack(number, "value", value, value_input)?,
        })
    }

    /// The fields of a line that have these names, and no others.
    fn named<'f>(
        &self,
        number: u64,
        fields: Vec<(String, Input<'f>)>,
        names: [&str; 2],
    ) -> Result<[Option<Input<'f>>; 2], Failure> {
        let mut inputs = [None, None];
        for (name, input) in fields {
            let Some(place) = names.iter().position(|known| *known == name) else {
                let what = format!("unknown field `{name}`; a line is {}", self.form());
                return Err(self.fail_at(number, what));
            };
            if inputs[place].replace(input).is_some() {
                return Err(self.fail_at(number, format!("the field `{name}` is there twice")));
            }
        }
        Ok(inputs)
    }

    /// A field of a line as a value of its type.
    fn pack<'t>(&self, number: u64, name: &str, of: &'t Type, input: Option<Input<'_>>) -> Result<Packed<'t>, Failure> {
        let input = match input {
            Some(input) => input,
            None if of.size() == 0 => Input::Null,
            None => return Err(self.fail_at(number, format!("the field `{name}` is missing, of type {of}"))),
        };
        Packed::new(of, &input).map_err(|error| {
            let join = if error.path().is_empty() { ": " } else { "" };
            self.fail_at(number, format!("{name}{join}{error}"))
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
        let failed = |error| self.failed(error);
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
        if !self.indexed {
            return Ok(builder.seal());
        }
        let spinner = progress::spinner("indexing");
        let bytes = builder
            .described()
            .and_then(|table| table.try_index())
            .map_err(failed)?;
        spinner.finish_and_clear();
        Ok(bytes)
    }
}
