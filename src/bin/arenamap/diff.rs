//! What two archives differ in.

use crate::failure::{Failure, OTHER};
use crate::{json, progress, tree};
use arenamap::fixed::described::{Described, Entry, Type};
use std::io::Write;
use std::process::ExitCode;

#[derive(Default)]
struct Counts {
    added: usize,
    removed: usize,
    changed: usize,
    same: usize,
    unreadable: usize,
}

pub(crate) fn diff<'a>(
    old: &'a Described<'a>,
    new: &'a Described<'a>,
    out: &mut impl Write,
) -> Result<ExitCode, Failure> {
    headers(old, new, out)?;
    let same_keys = types("key", old.key_type(), new.key_type(), out)?;
    let same_values = types("value", old.value_type(), new.value_type(), out)?;
    if !same_keys {
        writeln!(out, "the entries are not compared: the keys are of two types")?;
        return Ok(ExitCode::from(OTHER));
    }
    let mut counts = Counts::default();
    let bar = progress::bar("comparing", old.len() + new.len());
    for entry in old.iter() {
        bar.inc(1);
        if !tree::is_shown(old, &entry) {
            continue;
        }
        match tree::find(new, old, &entry) {
            _ if !is_valid(&entry) => counts.unreadable += 1,
            // It is counted below.
            Some(value) if same_values && !value.is_valid() => {}
            Some(value) if !same_values || entry.value.same(&value) => counts.same += 1,
            Some(value) => {
                counts.changed += 1;
                out.write_all(b"~ {")?;
                tree::write_key(old, &entry, out)?;
                out.write_all(b",\"old\":")?;
                json::write(&entry.value, out)?;
                out.write_all(b",\"new\":")?;
                json::write(&value, out)?;
                out.write_all(b"}\n")?;
            }
            None => {
                counts.removed += 1;
                line("- ", old, &entry, out)?;
            }
        }
    }
    for entry in new.iter() {
        bar.inc(1);
        if !tree::is_shown(new, &entry) {
            continue;
        }
        if !is_valid(&entry) {
            counts.unreadable += 1;
        } else if tree::find(old, new, &entry).is_none() {
            counts.added += 1;
            line("+ ", new, &entry, out)?;
        }
    }
    bar.finish_and_clear();
    let Counts {
        added,
        removed,
        changed,
        same,
        unreadable,
    } = counts;
    let in_both = if same_values {
        format!("{changed} changed, {same} the same")
    } else {
        format!("{same} in both, whose values are of two types and not compared")
    };
    writeln!(out, "{added} added, {removed} removed, {in_both}")?;
    if unreadable > 0 {
        writeln!(out, "{unreadable} left out, which are not valid for their types")?;
    }
    let is_same = same_values && added + removed + changed + unreadable == 0;
    Ok(ExitCode::from(if is_same { 0 } else { OTHER }))
}

fn is_valid(entry: &Entry<'_>) -> bool {
    entry.key.is_valid() && entry.value.is_valid()
}

fn line<'a>(mark: &str, archive: &'a Described<'a>, entry: &Entry<'a>, out: &mut impl Write) -> Result<(), Failure> {
    out.write_all(mark.as_bytes())?;
    json::entry(archive, entry, out)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// Shows what the headers differ in, but for what follows from the types and the entries.
fn headers(old: &Described<'_>, new: &Described<'_>, out: &mut impl Write) -> Result<(), Failure> {
    let (old, new) = (old.head(), new.head());
    let state = |sealed| if sealed { "sealed" } else { "open" }.to_owned();
    let rows = [
        ("capacity", old.capacity.to_string(), new.capacity.to_string()),
        ("generation", old.generation.to_string(), new.generation.to_string()),
        ("state", state(old.sealed), state(new.sealed)),
        ("seed", format!("{:#018x}", old.seed), format!("{:#018x}", new.seed)),
        ("room for texts", old.room.to_string(), new.room.to_string()),
        ("garbage", old.garbage.to_string(), new.garbage.to_string()),
    ];
    for (name, old, new) in rows {
        if old != new {
            writeln!(out, "header: {name} {old} -> {new}")?;
        }
    }
    Ok(())
}

/// Shows two types that differ.
fn types(name: &str, old: &Type, new: &Type, out: &mut impl Write) -> Result<bool, Failure> {
    if old != new {
        writeln!(out, "type of the {name}:\n- {old}\n+ {new}")?;
    }
    Ok(old == new)
}
