//! All entries of an archive, one a line.

use crate::failure::{Failure, OTHER};
use crate::{Format, json, progress, table, tree};
use arenamap::fixed::__private::counted;
use arenamap::fixed::described::{Described, Entry};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

pub(crate) fn dump<'a>(
    file: &Path,
    archive: &'a Described<'a>,
    format: Format,
    out: &mut impl Write,
) -> Result<ExitCode, Failure> {
    let bar = progress::bar("dumping", archive.len());
    let mut left_out = 0_usize;
    let shown = archive.iter().filter(|entry| {
        bar.inc(1);
        tree::is_shown(archive, entry)
    });
    let valid = shown.filter(|entry| {
        let is_valid = entry.key.is_valid() && entry.value.is_valid();
        if !is_valid {
            left_out += 1;
        }
        is_valid
    });
    match format {
        Format::Json => {
            for entry in valid {
                json::entry(archive, &entry, out)?;
                out.write_all(b"\n")?;
            }
        }
        Format::Csv => csv(archive, valid, out)?,
    }
    bar.finish_and_clear();
    if left_out > 0 {
        eprintln!(
            "arenamap: {}: {} not valid for {} types",
            file.display(),
            counted(left_out, "entry left out, which is", "entries left out, which are"),
            if left_out == 1 { "its" } else { "their" },
        );
        return Ok(ExitCode::from(OTHER));
    }
    Ok(ExitCode::SUCCESS)
}

fn csv<'a>(
    archive: &'a Described<'a>,
    entries: impl Iterator<Item = Entry<'a>>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut cells = Vec::new();
    match archive.tree() {
        Some(_) => cells.push("path".to_owned()),
        None => table::columns("key", archive.key_type(), &mut cells),
    }
    table::columns("value", archive.value_type(), &mut cells);
    if cells.is_empty() {
        return Err(Failure::usage(
            "neither key nor value has a byte, so there are no columns; take `--format json`",
        ));
    }
    let mut writer = csv::Writer::from_writer(out);
    let failed = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => Failure::from(error),
        other => Failure::other(format!("failed to write CSV: {other:?}")),
    };
    writer.write_record(&cells).map_err(failed)?;
    for entry in entries {
        cells.clear();
        match archive.tree().and_then(|tree| tree.path(&entry).ok()) {
            Some(path) => {
                let mut list = Vec::new();
                tree::list(&path, &mut list)?;
                cells.push(String::from_utf8_lossy(&list).into_owned());
            }
            None => table::cells(&entry.key, &mut cells),
        }
        table::cells(&entry.value, &mut cells);
        writer.write_record(&cells).map_err(failed)?;
    }
    writer.flush()?;
    Ok(())
}
