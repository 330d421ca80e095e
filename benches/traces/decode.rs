//! Traces of requests, from files: the format is told by the name.
//!
//! | name | bytes |
//! |---|---|
//! | `*.trace.gz` | gzip of text, one key a line; lines end in LF or CRLF; blank lines and `*` are skipped |
//! | `corda*.gz` | gzip of keys of 8 bytes, big-endian |
//! | `*.trace.xz` | xz of keys of 4 bytes, big-endian |
//! | `*.lis.zst` | zstd of text, `first count _ _`: the keys first, first + 1, .. first + count - 1 |

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;

/// A line that asks for more keys than this is damaged.
const LONGEST_RUN: u64 = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// gzip of lines.
    Lines,
    /// gzip of 8-byte keys.
    Eights,
    /// xz of 4-byte keys.
    Fours,
    /// zstd of runs.
    Runs,
}

impl Format {
    fn of(name: &str) -> Option<Self> {
        let ends = |end: &str| name.ends_with(end);
        Some(match name {
            _ if ends(".trace.gz") => Self::Lines,
            _ if ends(".gz") && name.starts_with("corda") => Self::Eights,
            _ if ends(".trace.xz") => Self::Fours,
            _ if ends(".lis.zst") => Self::Runs,
            _ => return None,
        })
    }

    fn decode(self, packed: impl Read) -> Result<Vec<u64>> {
        match self {
            Self::Lines => lines(&text(MultiGzDecoder::new(packed), "gzip")?),
            Self::Eights => {
                let bytes = unpack(MultiGzDecoder::new(packed), "gzip")?;
                numbers::<8>(&bytes, u64::from_be_bytes)
            }
            Self::Fours => {
                let bytes = unpack(XzReader::new(packed, true), "xz")?;
                numbers::<4>(&bytes, |bytes| u32::from_be_bytes(bytes).into())
            }
            Self::Runs => {
                let unpacked = StreamingDecoder::new(packed).context("no valid zstd")?;
                runs(&text(unpacked, "zstd")?)
            }
        }
    }
}

/// The keys that are asked for in the file at `path`, in order.
pub(crate) fn read(path: &Path) -> Result<Vec<u64>> {
    let decode = || {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(format) = Format::of(name) else {
            bail!("a name like *.trace.gz, corda*.gz, *.trace.xz or *.lis.zst expected: it tells the format");
        };
        let keys = format.decode(BufReader::new(File::open(path)?))?;
        ensure!(!keys.is_empty(), "no request in it");
        Ok(keys)
    };
    decode().with_context(|| format!("cannot read the trace {}", path.display()))
}

fn unpack(mut packed: impl Read, kind: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = packed.read_to_end(&mut bytes);
    read.with_context(|| format!("no valid {kind} after {} unpacked bytes", bytes.len()))?;
    Ok(bytes)
}

fn text(packed: impl Read, kind: &str) -> Result<String> {
    String::from_utf8(unpack(packed, kind)?).context("the text is not UTF-8")
}

fn lines(text: &str) -> Result<Vec<u64>> {
    let lines = text.lines().map(str::trim).zip(1..);
    lines
        .filter(|(line, _)| !line.is_empty() && *line != "*")
        .map(|(line, number)| {
            line.parse()
                .with_context(|| format!("line {number}: a key expected, got {line:?}"))
        })
        .collect()
}

fn numbers<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> u64) -> Result<Vec<u64>> {
    let (keys, rest) = bytes.as_chunks::<N>();
    ensure!(
        rest.is_empty(),
        "keys of {N} bytes expected, but {} bytes are left over",
        rest.len()
    );
    Ok(keys.iter().map(|&key| number(key)).collect())
}

fn runs(text: &str) -> Result<Vec<u64>> {
    let mut keys = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let mut fields = line.split_ascii_whitespace();
        let Some(first) = fields.next() else { continue };
        let mut run = || Some((first.parse::<u64>().ok()?, fields.next()?.parse::<u64>().ok()?));
        let Some((first, count)) = run().filter(|&(_, count)| count <= LONGEST_RUN) else {
            bail!("line {number}: `first count _ _` with a count of at most {LONGEST_RUN} expected, got {line:?}");
        };
        let Some(end) = first.checked_add(count) else {
            bail!("line {number}: the run goes beyond the largest key");
        };
        keys.extend(first..end);
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use lzma_rust2::{XzOptions, XzWriter};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("a vector takes all");
        encoder.finish().expect("a vector takes all")
    }

    /// What a file of this name and these bytes holds.
    fn read_as(name: &str, bytes: &[u8]) -> Result<Vec<u64>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(name);
        std::fs::write(&path, bytes)?;
        read(&path)
    }

    fn refused(name: &str, bytes: &[u8]) -> String {
        format!("{:#}", read_as(name, bytes).expect_err("a damaged file"))
    }

    #[test]
    fn lines_in_gzip() {
        let packed = gzip(b"3\r\n\r\n18446744073709551615\r\n*\r\n3\n\n7");
        assert_eq!(read_as("a.trace.gz", &packed).expect("valid"), [3, u64::MAX, 3, 7]);
        let message = refused("a.trace.gz", &gzip(b"1\nx\n"));
        assert!(
            message.contains("a.trace.gz: line 2: a key expected, got \"x\""),
            "{message}"
        );
    }

    #[test]
    fn several_members_of_gzip() {
        let packed = [gzip(b"1\n"), gzip(b"2\n")].concat();
        assert_eq!(read_as("a.trace.gz", &packed).expect("valid"), [1, 2]);
    }

    #[test]
    fn eights_in_gzip() {
        let keys = [7_u64, u64::MAX, 1 << 40];
        let packed = gzip(&keys.map(u64::to_be_bytes).concat());
        assert_eq!(read_as("corda.gz", &packed).expect("valid"), keys);
        assert!(refused("corda.gz", &gzip(&[0; 9])).contains("1 bytes are left over"));
    }

    #[test]
    fn fours_in_xz() {
        let mut encoder = XzWriter::new(Vec::new(), XzOptions::with_preset(1)).expect("valid options");
        for key in [7_u32, u32::MAX, 0] {
            encoder.write_all(&key.to_be_bytes()).expect("a vector takes all");
        }
        let packed = encoder.finish().expect("a vector takes all");
        assert_eq!(
            read_as("a.trace.xz", &packed).expect("valid"),
            [7, u64::from(u32::MAX), 0]
        );
        assert!(refused("a.trace.xz", &packed[..packed.len() / 2]).contains("no valid xz"));
    }

    #[test]
    fn runs_in_zstd() {
        let packed = compress_to_vec(&b"10 3 0 0\n4 1 0 1\n\n"[..], CompressionLevel::Fastest);
        assert_eq!(read_as("a.lis.zst", &packed).expect("valid"), [10, 11, 12, 4]);
        for wrong in ["10\n", "10 x 0 0", "1 99999999999 0 0", "18446744073709551615 2 0 0"] {
            let packed = compress_to_vec(wrong.as_bytes(), CompressionLevel::Fastest);
            assert!(refused("a.lis.zst", &packed).contains("line 1"), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_trace_is_refused_by_name() {
        assert!(refused("a.txt", b"1").contains("a name like"));
        assert!(refused("a.trace.gz", b"no gzip").contains("no valid gzip"));
        assert!(refused("a.lis.zst", b"no zstd at all").contains("no valid zstd"));
        assert!(refused("a.trace.gz", &gzip(b"*\n")).contains("no request"));
        let missing = read(Path::new("missing.trace.gz")).expect_err("no such file");
        assert!(format!("{missing:#}").contains("missing.trace.gz"));
    }
}
