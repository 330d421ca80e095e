//! The command `arenamap`: shows, checks, compares, builds and repairs archives, whatever the types in them are.

mod build;
mod diff;
mod dump;
mod failure;
mod info;
mod input;
mod json;
mod progress;
mod table;
mod tree;

use arenamap::fixed::described::{Described, Packed, Type, recover};
use arenamap::fixed::file::{publish_archive, read_archive};
use clap::{Args, Parser, Subcommand, ValueEnum};
use failure::Failure;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Look into archives of the crate arenamap, and make them.
///
/// Every archive tells at its end what is in it: names, types and offsets of keys and values. So this command needs no
/// other description of a file. It reads a file whole, into memory, and never changes one, but by `recover --in-place`.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 all is well; 1 damaged, different or not found; 2 wrong usage, or a file that cannot be read.\n\n\
                  `arenamap help COMMAND` has examples.",
    subcommand_required = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show header, schema, fill and lengths of searches
    #[command(after_help = "Example:\n  arenamap info pages.amap")]
    Info {
        /// The archive
        file: PathBuf,
    },
    /// Print the value of a key, as JSON
    #[command(
        after_help = "A key without parts is written as it is, a struct as a JSON object or as a list of its fields, an array as a list.\n\
        Bytes are `hex:` and hexadecimal digits, or a text.\n\n\
        Examples:\n  arenamap get hits.amap /index.html\n  arenamap get pages.amap '{\"site\": 7, \"path\": \"/\"}'\n  \
        arenamap get pages.amap '[7, \"/\"]'\n  arenamap get digests.amap hex:00ff10"
    )]
    Get {
        /// The archive
        file: PathBuf,
        /// The key
        #[arg(allow_hyphen_values = true)]
        key: String,
        #[command(flatten)]
        trust: Trust,
    },
    /// Print all entries, one a line
    #[command(
        after_help = "JSON: {\"key\": ..., \"value\": ...} on each line. Integers of 128 bits, NaN and infinities are strings. Bytes and \
        arrays of u8\nare `hex:` and digits; those of [u8] and FixedBytes that are a readable text are that text.\n\
        CSV: a column for each field, `key.site`, `value.count`; arrays are JSON in their cell.\n\n\
        Examples:\n  arenamap dump pages.amap | jq 'select(.value.count > 9)'\n  arenamap dump --format csv pages.amap > pages.csv"
    )]
    Dump {
        /// The archive
        file: PathBuf,
        /// What to print
        #[arg(long, value_enum, default_value_t = Format::Json)]
        format: Format,
        #[command(flatten)]
        trust: Trust,
    },
    /// Check every byte of archives
    #[command(after_help = "Example:\n  arenamap verify *.amap || echo damaged")]
    Verify {
        /// The archives
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Keep what is whole of a damaged archive
    #[command(
        after_help = "Entries that are not valid are dropped, the others counted again; the new archive is sealed. If the checksum of the damaged one \
        did not match,\nvalues that are kept may have changed, and the output says so.\n\n\
        Examples:\n  arenamap recover broken.amap --out whole.amap\n  arenamap recover broken.amap --in-place"
    )]
    Recover {
        /// The archive
        file: PathBuf,
        /// Where the new archive goes; a file there is replaced
        #[arg(long, required_unless_present = "in_place", conflicts_with = "in_place")]
        out: Option<PathBuf>,
        /// Replace the damaged archive
        #[arg(long)]
        in_place: bool,
    },
    /// Make an archive of JSON lines or CSV, as `dump` prints them, or of nested JSON objects
    #[command(after_help = TYPES)]
    Build(build::Build),
    /// Compare two archives: types, entries, and what the headers say
    #[command(
        after_help = "Lines begin with - (only in the first), + (only in the second) or ~ (another value).\n\
        The exit code is 1 if types or entries differ. Seed, capacity and the like are shown, but do not make a difference.\n\n\
        Example:\n  arenamap diff yesterday.amap today.amap"
    )]
    Diff {
        /// The first archive
        old: PathBuf,
        /// The second archive
        new: PathBuf,
        #[command(flatten)]
        trust: Trust,
    },
}

const TYPES: &str = "\
Types are written as in Rust:
  u8 .. u128  i8 .. i128  f32  f64  bool  char  NonZeroU16 .. NonZeroI64  ()     numbers and the like
  FixedStr<32>  FixedBytes<32>       up to 31 bytes in the slot, UTF-8 or any; one byte is the length
  str  [u8]                          texts of any length, by themselves: the whole key, or the whole value
  [u16; 4]                           arrays
  Page { count: u64, open: bool, gap: [u8; 7] }
                                     structs, with the names that the Rust types have; without padding

Examples:
  arenamap build hits.jsonl hits.amap --key 'FixedStr<64>' --value u64
  arenamap build pages.csv pages.amap --key 'Page { site: u32, path: FixedStr<60> }' --value 'Hits { count: u64 }'
  arenamap dump old.amap | arenamap build - new.amap --schema-of old.amap --capacity 100000
  arenamap build words.csv words.amap --indexed --key str --value str
  arenamap build config.json config.amap --tree --format nested --key str --value str
An input without entries does not replace a file, unless by --allow-empty: mostly, what was to write it has failed.
A line of hits.jsonl: {\"key\": \"/index.html\", \"value\": 12}
With --tree: {\"path\": [\"api\", \"motd\"], \"value\": \"Hello\"}; or with --format nested, once: {\"api\": {\"motd\": \"Hello\"}}
In nested objects, a struct that is a value is a list of its fields.";

#[derive(Args)]
struct Trust {
    /// Do not verify the archive first: show what can be read of a damaged one
    #[arg(long)]
    unverified: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// One JSON object a line
    Json,
    /// A line of names, then one line for each entry
    Csv,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = BufWriter::new(io::stdout().lock());
    let done = run(cli.command, &mut out).and_then(|code| out.flush().map(|()| code).map_err(Failure::from));
    match done {
        Ok(code) => code,
        // Whoever reads has seen enough.
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = out.flush();
            eprintln!("arenamap: {failure}");
            failure.code()
        }
    }
}

fn run(command: Command, out: &mut impl Write) -> Result<ExitCode, Failure> {
    match command {
        Command::Info { file } => {
            let bytes = read(&file)?;
            info::show(&file, &open(&file, &bytes)?, out)?;
        }
        Command::Get { file, key, trust } => {
            let bytes = read(&file)?;
            let archive = open_trusted(&file, &bytes, &trust)?;
            let found = if archive.tree().is_some() {
                tree::get(&archive, &key)?
            } else {
                let key = key_of(archive.key_type(), &key)?;
                archive
                    .get(&key.view())
                    .map_err(|error| Failure::archive(&file, error))?
            };
            let Some(value) = found else {
                return Err(Failure::other(format!("{}: the key is not there", file.display())));
            };
            if !value.is_valid() {
                let what = "the value is not valid for its type; `arenamap verify` tells what is damaged";
                return Err(Failure::other(format!("{}: {what}", file.display())));
            }
            json::write(&value, out)?;
            writeln!(out)?;
        }
        Command::Dump { file, format, trust } => {
            let bytes = read(&file)?;
            let archive = open_trusted(&file, &bytes, &trust)?;
            return dump::dump(&file, &archive, format, out);
        }
        Command::Verify { files } => return verify(&files, out),
        Command::Recover { file, out: to, .. } => {
            let mut bytes = read(&file)?;
            let spinner = progress::spinner("recovering");
            let recovered = recover(&mut bytes).map_err(|error| Failure::archive(&file, error))?;
            let to = to.as_ref().unwrap_or(&file);
            publish_archive(to, &mut bytes).map_err(|error| Failure::file(to, error))?;
            spinner.finish_and_clear();
            writeln!(out, "{}: {recovered}", to.display())?;
        }
        Command::Build(build) => build.run(out)?,
        Command::Diff { old, new, trust } => {
            let (old_bytes, new_bytes) = (read(&old)?, read(&new)?);
            let old = open_trusted(&old, &old_bytes, &trust)?;
            let new = open_trusted(&new, &new_bytes, &trust)?;
            return diff::diff(&old, &new, out);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn verify(files: &[PathBuf], out: &mut impl Write) -> Result<ExitCode, Failure> {
    let mut worst = None;
    for file in files {
        let checked = read(file).and_then(|bytes| {
            let archive = open_trusted(file, &bytes, &Trust { unverified: false })?;
            let state = if archive.head().sealed {
                "sealed"
            } else {
                "open: without a checksum, so that a value changed into another valid one is not seen"
            };
            writeln!(out, "{}: good, {}, {state}", file.display(), tree::counts(&archive))?;
            Ok(())
        });
        match checked {
            Ok(()) => {}
            Err(failure) if failure.is_broken_pipe() => return Err(failure),
            Err(failure) => {
                writeln!(out, "{failure}")?;
                worst = failure.worse_of(worst);
            }
        }
    }
    Ok(worst.map_or(ExitCode::SUCCESS, ExitCode::from))
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    read_archive(file).map_err(|error| Failure::file(file, error))
}

fn open<'a>(file: &Path, bytes: &'a [u8]) -> Result<Described<'a>, Failure> {
    Described::open(bytes).map_err(|error| Failure::archive(file, error))
}

fn open_trusted<'a>(file: &Path, bytes: &'a [u8], trust: &Trust) -> Result<Described<'a>, Failure> {
    let archive = open(file, bytes)?;
    if !trust.unverified {
        let spinner = progress::spinner("verifying");
        archive.verify().map_err(|error| Failure::archive(file, error))?;
        spinner.finish_and_clear();
    }
    Ok(archive)
}

/// The key that an argument is.
fn key_of<'t>(of: &'t Type, text: &str) -> Result<Packed<'t>, Failure> {
    let has_parts = !of.members().is_empty() || of.array().is_some();
    let input = if has_parts && !text.starts_with("hex:") {
        input::json(text)
            .map_err(|error| Failure::usage(format!("KEY is no JSON, as a key of type `{of}` is: {error}")))?
    } else {
        text.into()
    };
    Packed::new(of, &input).map_err(|error| Failure::usage(format!("KEY, of type `{of}`: {error}")))
}
