//! What an archive says of itself.

use crate::tree::part_of;
use arenamap::fixed::__private::counted;
use arenamap::fixed::described::{Described, Type};
use std::io::{self, Write};
use std::path::Path;

/// What an archive is, in words.
fn kind(archive: &Described<'_>) -> &'static str {
    match archive.tree() {
        Some(_) => "a table, of a tree",
        None if archive.head().kind == 0 => "a table",
        None => "indexed",
    }
}

#[allow(clippy::cast_precision_loss, reason = "percents for people")]
pub(crate) fn show(file: &Path, archive: &Described<'_>, out: &mut impl Write) -> io::Result<()> {
    let (head, stats) = (archive.head(), archive.stats());
    let percent = |part: usize, whole: usize| 100.0 * part as f64 / (whole as f64).max(1.0);
    writeln!(out, "{}", file.display())?;
    let state = if head.sealed { "sealed" } else { "open" };
    writeln!(
        out,
        "  format     version {}, kind {} ({}), hash function {}",
        head.version,
        head.kind,
        kind(archive),
        head.hasher
    )?;
    writeln!(out, "  state      {state}, generation {}", head.generation)?;
    writeln!(
        out,
        "  entries    {} of {} ({:.0} %)",
        head.len,
        head.capacity,
        percent(head.len, head.capacity)
    )?;
    writeln!(
        out,
        "  bytes      {}: header {}, {} {}, slots {} times {}, room for texts {}, schema {}",
        stats.bytes,
        stats.header_bytes,
        if head.kind == 0 { "tags" } else { "index" },
        if head.kind == 0 {
            stats.tag_bytes
        } else {
            head.slots_offset - stats.header_bytes
        },
        head.slots,
        stats.slot_bytes,
        head.room,
        stats.schema_bytes
    )?;
    if let Some(tree) = archive.tree() {
        writeln!(
            out,
            "  tree       {} in {}; links and texts take {} bytes, of these links {}",
            counted(tree.len(), "value", "values"),
            counted(head.len, "level", "levels"),
            head.room_used,
            head.garbage
        )?;
    } else if head.room > 0 {
        writeln!(
            out,
            "  texts      {} of {} bytes used ({:.0} %), of these {} garbage ({:.0} %)",
            head.room_used,
            head.room,
            percent(head.room_used, head.room),
            head.garbage,
            percent(head.garbage, head.room_used)
        )?;
    }
    if head.kind == 0 {
        writeln!(
            out,
            "  searches   groups per hit {:.3}, longest {}; per miss {:.3}, longest {}",
            stats.groups_per_hit, stats.longest_hit, stats.groups_per_miss, stats.longest_miss
        )?;
    } else {
        writeln!(out, "  searches   one slot for each key")?;
    }
    writeln!(out, "  seed       {:#018x}", head.seed)?;
    writeln!(out)?;
    let mut rows = Vec::new();
    tree("key", archive.key_type(), 0, 1, &mut rows);
    tree("value", archive.value_type(), head.value_offset, 1, &mut rows);
    let width = rows.iter().map(|(left, ..)| left.chars().count()).max().unwrap_or(0);
    writeln!(out, "  {:width$}  {:>6}  {:>5}", "a slot", "offset", "bytes")?;
    for (left, offset, size) in rows {
        writeln!(out, "  {left:width$}  {offset:>6}  {size:>5}")?;
    }
    if stats.padding_bytes > 0 {
        writeln!(
            out,
            "  and {} of padding",
            counted(stats.padding_bytes, "byte", "bytes")
        )?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "  layouts    key {:#018x}, value {:#018x}",
        head.key_layout, head.value_layout
    )?;
    let (key, more) = match archive.tree() {
        Some(_) => (part_of(archive), " --tree"),
        None if head.kind == 0 => (archive.key_type(), ""),
        None => (archive.key_type(), " --indexed"),
    };
    writeln!(
        out,
        "  to build   --key '{key}' --value '{}'{more}",
        archive.value_type()
    )
}

/// Adds a type and its parts: what it is, its offset in the slot, its size.
fn tree(name: &str, of: &Type, offset: usize, depth: usize, rows: &mut Vec<(String, usize, usize)>) {
    let indent = "  ".repeat(depth - 1);
    // The names of an archive may have anything in them.
    let name = name.escape_debug();
    let is_struct = !of.members().is_empty();
    let shown = if is_struct {
        of.name().escape_debug().to_string()
    } else if let Some((item, len)) = of.array().filter(|(item, _)| !item.members().is_empty()) {
        format!("[{}; {len}]", item.name().escape_debug())
    } else if of.is_known() {
        of.to_string()
    } else {
        format!("{of} (not known, shown in hexadecimal)")
    };
    rows.push((format!("{indent}{name}: {shown}"), offset, of.size()));
    let mut inner = of;
    while let Some((item, _)) = inner.array() {
        inner = item;
    }
    for member in inner.members() {
        tree(member.name(), member.of(), offset + member.offset(), depth + 1, rows);
    }
}
