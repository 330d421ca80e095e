//! Archives of paths: their entries are levels, which are shown by their paths.

use crate::failure::Failure;
use crate::{input, json};
use arenamap::fixed::__private::{counted, entries};
use arenamap::fixed::described::{Described, Entry, Input, Packed, Type, View};
use std::io::{self, Write};

/// Whether an entry is shown: of a tree, the levels with a value.
pub(crate) fn is_shown(archive: &Described<'_>, entry: &Entry<'_>) -> bool {
    archive.tree().is_none_or(|tree| tree.has_value(entry))
}

/// How many entries an archive has, or values and levels.
pub(crate) fn counts(archive: &Described<'_>) -> String {
    match archive.tree() {
        Some(tree) => format!(
            "{} at {}",
            counted(tree.len(), "value", "values"),
            counted(archive.len(), "level", "levels")
        ),
        None => entries(archive.len()).to_string(),
    }
}

/// The type of the parts of an archive of paths.
pub(crate) fn part_of<'a>(archive: &'a Described<'_>) -> &'a Type {
    let key = archive.key_type();
    key.members().first().map_or(key, |part| part.of())
}

/// Writes the name and the content of a key: `"key":..`, or `"path":[..]`.
pub(crate) fn write_key<'a>(archive: &'a Described<'a>, entry: &Entry<'a>, out: &mut impl Write) -> io::Result<()> {
    // (In a damaged archive, the parents may lead nowhere.)
    if let Some(path) = archive.tree().and_then(|tree| tree.path(entry).ok()) {
        out.write_all(b"\"path\":")?;
        return list(&path, out);
    }
    out.write_all(b"\"key\":")?;
    json::write(&entry.key, out)
}

/// Writes the parts of a path as a list.
pub(crate) fn list(path: &[View<'_>], out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"[")?;
    for (i, part) in path.iter().enumerate() {
        if i > 0 {
            out.write_all(b",")?;
        }
        json::write(part, out)?;
    }
    out.write_all(b"]")
}

/// The value of the same key or path in another archive of these types.
pub(crate) fn find<'a>(archive: &'a Described<'a>, of: &Described<'_>, entry: &Entry<'_>) -> Option<View<'a>> {
    let (Some(tree), Some(other)) = (archive.tree(), of.tree()) else {
        // (A search that does not end, of a damaged archive, finds nothing.)
        return archive.get(&entry.key).ok().flatten();
    };
    let found = tree.find(other.path(entry).ok()?)?;
    tree.has_value(&found).then_some(found.value)
}

/// The value of the path that an argument is: a list of parts.
pub(crate) fn get<'a>(archive: &'a Described<'a>, text: &str) -> Result<Option<View<'a>>, Failure> {
    let failed = |what: &dyn std::fmt::Display| {
        Failure::usage(format!(
            "KEY, of an archive of paths, is a JSON list of the parts, as [\"service\", \"timeout\"]: {what}"
        ))
    };
    let Some((tree, part)) = archive.tree().zip(archive.key_type().members().first()) else {
        return Ok(None);
    };
    let Input::List(parts) = input::json(text).map_err(|error| failed(&error))? else {
        return Err(failed(&"this is no list"));
    };
    let parts: Vec<_> = parts
        .iter()
        .map(|input| Packed::new(part.of(), input))
        .collect::<Result<_, _>>()
        .map_err(|error| failed(&error))?;
    let found = tree.find(parts.iter().map(Packed::view));
    Ok(found.filter(|entry| tree.has_value(entry)).map(|entry| entry.value))
}
