//! The public methods of the crate, read from its source: for tests that say how a list, or the docs, are complete.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, Item, Lit, Meta, Visibility};

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The source files below a directory; a directory that is not there has none.
pub(crate) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(directory) else {
        return found;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

pub(crate) fn items_of(path: &Path) -> Vec<Item> {
    let text = fs::read_to_string(path).unwrap();
    let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    parsed.items
}

pub(crate) fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

pub(crate) fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("doc") && list.tokens.to_string() == "hidden",
        _ => false,
    })
}

pub(crate) fn docs(attributes: &[Attribute]) -> String {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    attributes.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

/// The public methods that the macros of a file make, by name, with their docs.
///
/// What stands in a macro is no Rust yet, so it is read line by line, as rustfmt sets it.
pub(crate) fn methods_in_macros(path: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(path).unwrap();
    let mut in_macro = false;
    let (mut docs, mut found) = (String::new(), Vec::new());
    for line in text.lines() {
        if line.starts_with("macro_rules!") {
            in_macro = true;
        } else if line == "}" {
            in_macro = false;
        }
        let line = line.trim_start();
        if let Some(text) = line.strip_prefix("///") {
            docs.push_str(text);
            docs.push('\n');
        } else if !line.starts_with("#[") {
            if let Some(name) = name_of_method(line).filter(|_| in_macro) {
                found.push((name.to_owned(), docs.clone()));
            }
            docs.clear();
        }
    }
    found
}

fn name_of_method(line: &str) -> Option<&str> {
    let mut rest = line.strip_prefix("pub ")?;
    while let Some(after) = ["const ", "unsafe ", "async "]
        .iter()
        .find_map(|word| rest.strip_prefix(word))
    {
        rest = after;
    }
    let name = rest.strip_prefix("fn ")?;
    Some(
        name.split(|c: char| c != '$' && c != '_' && !c.is_alphanumeric())
            .next()
            .unwrap_or(name),
    )
}
