//! An archive of paths from JSON: lines as `dump` prints them, or one object of objects.

use super::{Build, Duplicates, Source};
use crate::failure::Failure;
use crate::input::{Fields, input};
use crate::tree;
use arenamap::fixed::described::{Input, Packed, TreeBuilder, Type};
use serde_json::value::RawValue;
use std::io::BufRead;

/// Most objects inside each other: as many as readers of nested maps take.
const MOST_DEPTH: usize = 127;

/// A tree in the making, the types of its parts and values, and the text that it is made of, if that is one.
struct Planting<'t> {
    part: &'t Type,
    value: &'t Type,
    tree: TreeBuilder,
    text: &'t str,
}

/// The line that comes after a text, or goes on there.
fn line_after(text: &str) -> u64 {
    1 + text.matches('\n').count() as u64
}

/// The line of a text where a part of it begins.
fn line_of(text: &str, part: &str) -> u64 {
    let before = part.as_ptr().addr() - text.as_ptr().addr();
    line_after(&text[..before])
}

impl Build {
    /// The values of the input by their paths.
    pub(super) fn tree(
        &self,
        mut source: impl BufRead,
        kind: Source,
        part: &Type,
        value: &Type,
    ) -> Result<TreeBuilder, Failure> {
        let tree = TreeBuilder::new(part.clone(), value.clone());
        let tree = tree.map_err(|error| Failure::usage(format!("--tree: {error}")))?;
        let text = match kind {
            Source::Nested => self.text(&mut source)?,
            Source::Csv | Source::Json => String::new(),
        };
        let mut planting = Planting {
            part,
            value,
            tree,
            text: &text,
        };
        match kind {
            Source::Csv => return Err(self.fail("`--tree` takes no CSV; give JSON lines, as `dump` prints them")),
            Source::Json => self.json(source, |number, fields| {
                let [path, value] = self.named(number, fields, ["path", "value"])?;
                let parts = match path {
                    Some(Input::List(parts)) => parts,
                    Some(_) => return Err(self.fail_at(number, "path: this is no list of parts")),
                    None => return Err(self.fail_at(number, "the field `path` is missing, a list of parts")),
                };
                let parts = parts.into_iter().enumerate();
                let path = parts.map(|(i, input)| self.pack(number, &format!("path[{i}]"), part, Some(input)));
                let path = path.collect::<Result<Vec<_>, _>>()?;
                let value = self.pack(number, "value", planting.value, value)?;
                let planted = self.plant(&mut planting.tree, &path, &value);
                planted.map_err(|what| self.fail_at(number, what))
            })?,
            Source::Nested => {
                let text = text.trim_start_matches('\u{FEFF}');
                if !text.trim().is_empty() {
                    let raw = serde_json::from_str(text).map_err(|error| self.fail(format!("no JSON: {error}")))?;
                    self.level(&mut planting, &mut Vec::new(), raw)?;
                }
            }
        }
        Ok(planting.tree)
    }

    /// All of the input.
    fn text(&self, source: &mut impl BufRead) -> Result<String, Failure> {
        let mut bytes = Vec::new();
        source
            .read_to_end(&mut bytes)
            .map_err(|error| self.fail(format!("failed to read: {error}")))?;
        String::from_utf8(bytes).map_err(|error| {
            let (at, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
            let line = line_after(std::str::from_utf8(&bytes[..at]).unwrap_or_default());
            self.fail_at(
                line,
                format_args!("no UTF-8: byte {at} of the input is {:#04x}", bytes[at]),
            )
        })
    }

    /// What is below a path: levels, or a value.
    fn level<'t>(
        &self,
        planting: &mut Planting<'t>,
        path: &mut Vec<Packed<'t>>,
        raw: &RawValue,
    ) -> Result<(), Failure> {
        let text = planting.text;
        let failed = |raw: &RawValue, path: &[Packed<'_>], what: &dyn std::fmt::Display| {
            let line = line_of(text, raw.get());
            if path.is_empty() {
                self.fail_at(line, what)
            } else {
                self.fail_at(line, format_args!("{}: {what}", shown(path)))
            }
        };
        if !raw.get().starts_with('{') {
            if path.is_empty() {
                let what = "no JSON object, whose fields are the first parts of the paths";
                return Err(failed(raw, path, &what));
            }
            let input = input(raw, 0).map_err(|error| failed(raw, path, &without_place(&error)))?;
            let value = Packed::new(planting.value, &input).map_err(|error| failed(raw, path, &error))?;
            return self
                .plant(&mut planting.tree, path, &value)
                .map_err(|what| failed(raw, &[], &what));
        }
        if path.len() >= MOST_DEPTH {
            let what = format_args!("more than {MOST_DEPTH} objects inside each other");
            return Err(failed(raw, &path[..3], &what));
        }
        let fields = serde_json::from_str(raw.get());
        let Fields(fields) = fields.map_err(|error| failed(raw, path, &without_place(&error)))?;
        if fields.is_empty() && !path.is_empty() && !self.allow_empty {
            let what = "an object without fields, which an archive of paths has no place for: leave it out; `--allow-empty` passes over it";
            return Err(failed(raw, path, &what));
        }
        for (name, raw) in fields {
            let part = Packed::new(planting.part, &Input::Text(name.as_str().into()));
            path.push(part.map_err(|error| failed(raw, path, &format_args!("the part {name:?}: {error}")))?);
            self.level(planting, path, raw)?;
            path.pop();
        }
        Ok(())
    }

    /// Puts a value in at a path, as `--duplicates` says, or says why not.
    fn plant(&self, tree: &mut TreeBuilder, path: &[Packed<'_>], value: &Packed<'_>) -> Result<(), String> {
        let parts: Vec<_> = path.iter().map(Packed::view).collect();
        if self.duplicates != Duplicates::Last && tree.contains(&parts) {
            if self.duplicates == Duplicates::First {
                return Ok(());
            }
            let path = shown(path);
            return Err(format!(
                "the path {path} is there again; `--duplicates first` or `last` takes one of them"
            ));
        }
        tree.insert(&parts, &value.view()).map_err(|error| error.to_string())
    }
}

/// An error of a part of the input, without the place in that part.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// A path as the list that it is.
fn shown(path: &[Packed<'_>]) -> String {
    let parts: Vec<_> = path.iter().map(Packed::view).collect();
    let mut text = Vec::new();
    // (Nothing fails that writes into memory.)
    let _ = tree::list(&parts, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}
