//! Every public method says what it allocates and how long it takes, in the notation of `src/guide/mod.rs`.

#[path = "support/source.rs"]
mod source;

use std::path::Path;

use syn::{ImplItem, Item, Type};

/// What is said of a public method, and where it stands.
struct Method {
    shown: String,
    docs: String,
}

/// The public functions and inherent methods in these items. `pub` is enough to go by: the lint `unreachable_pub` is denied.
fn methods(file: &str, items: Vec<Item>, found: &mut Vec<Method>) {
    let hidden: Vec<String> = items
        .iter()
        .filter_map(|item| match item {
            Item::Struct(item) if source::is_hidden(&item.attrs) => Some(item.ident.to_string()),
            Item::Enum(item) if source::is_hidden(&item.attrs) => Some(item.ident.to_string()),
            _ => None,
        })
        .collect();
    for item in items {
        match item {
            Item::Mod(item) if !source::is_hidden(&item.attrs) => {
                methods(file, item.content.map(|(_, items)| items).unwrap_or_default(), found);
            }
            Item::Fn(item) if source::is_public(&item.vis) && !source::is_hidden(&item.attrs) => found.push(Method {
                shown: format!("{file}: {}", item.sig.ident),
                docs: source::docs(&item.attrs),
            }),
            Item::Impl(item) if item.trait_.is_none() => {
                let Type::Path(of) = &*item.self_ty else { continue };
                let of = of.path.segments.last().unwrap().ident.to_string();
                if hidden.contains(&of) {
                    continue;
                }
                for method in item.items {
                    if let ImplItem::Fn(method) = method
                        && source::is_public(&method.vis)
                        && !source::is_hidden(&method.attrs)
                    {
                        found.push(Method {
                            shown: format!("{file}: {of}::{}", method.sig.ident),
                            docs: source::docs(&method.attrs),
                        });
                    }
                }
            }
            _ => {}
        }
    }
}

/// The public methods of the crate, those that macros make included.
fn all_methods() -> Vec<Method> {
    let mut found = Vec::new();
    for path in source::files_below(&source::root().join("src")) {
        let file = shown(&path);
        methods(&file, source::items_of(&path), &mut found);
        let by_macros = source::methods_in_macros(&path).into_iter();
        found.extend(by_macros.map(|(name, docs)| Method {
            shown: format!("{file}: {name}, made by a macro"),
            docs,
        }));
    }
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(source::root()).unwrap().display().to_string()
}

/// What is wrong with the docs of a method, if anything is.
fn fault(docs: &str) -> Option<&'static str> {
    let text = docs.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((_, note)) = text.split_once("Allocates: ") else {
        return Some("no `Allocates:`");
    };
    if !["never", "arena", "heap", "as the allocator"]
        .iter()
        .any(|what| note.starts_with(what))
    {
        return Some("`Allocates:` says neither never, arena nor heap");
    }
    if !note.contains(" Time: O(") {
        return Some("no `Time: O(..)` after `Allocates:`");
    }
    None
}

#[test]
fn every_public_method_says_what_it_allocates_and_how_long_it_takes() {
    let methods = all_methods();
    assert!(methods.len() > 400, "only {} methods were found", methods.len());
    let by_macros = methods.iter().filter(|method| method.shown.contains("macro")).count();
    assert!(by_macros > 10, "only {by_macros} methods that macros make were found");
    let faults: Vec<String> = methods
        .iter()
        .filter_map(|method| Some(format!("{}: {}", method.shown, fault(&method.docs)?)))
        .collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    println!("{} public methods", methods.len());
}

#[test]
fn a_fault_is_seen() {
    assert_eq!(fault("Allocates: never. Time: O(1)."), None);
    assert_eq!(fault("Allocates: heap, the\nbytes. Time:\nO(bytes)."), None);
    assert!(fault("Time: O(1).").is_some());
    assert!(fault("Allocates: perhaps. Time: O(1).").is_some());
    assert!(fault("Allocates: never. Time: short.").is_some());
}
