//! From addresses to the user's own lines.

use core::fmt;
use std::borrow::ToOwned;
use std::collections::HashMap;
use std::env;
use std::format;
use std::path::{Path, PathBuf};
use std::ptr;
use std::rc::Rc;
use std::string::String;
use std::vec::Vec;

/// The files of this crate: what it allocates is shown as a call by the user.
const OWN_FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/");

/// std marks with it where the code of a thread or a test begins.
const BEGIN: &str = "__rust_begin_short_backtrace";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) function: String,
    pub(super) file: Option<PathBuf>,
    pub(super) line: Option<u32>,
}

impl Frame {
    /// Whether it is neither of the toolchain, nor of a package that cargo fetched, nor of this crate.
    fn is_users(&self) -> bool {
        if ["__r", "_R", "_Unwind", "rust_"]
            .iter()
            .any(|of| self.function.starts_with(of))
        {
            return false; // the allocator's symbols have the file in which it was installed
        }
        match &self.file {
            Some(file) => is_users_file(&file.to_string_lossy().replace('\\', "/")),
            None => is_users_function(&self.function),
        }
    }
}

fn is_users_file(file: &str) -> bool {
    let fetched = ["/registry/src/", "/git/checkouts/", "/rustlib/src/rust/"];
    Path::new(file).extension().is_some_and(|extension| extension == "rs")
        && !file.starts_with("/rustc/")
        && !file.starts_with(&OWN_FILES.replace('\\', "/"))
        && !fetched.iter().any(|part| file.contains(part))
}

/// By its crate's name, for want of a file.
fn is_users_function(function: &str) -> bool {
    if function.contains(" as core::ops::function::Fn") {
        return false; // how a closure is called
    }
    // `<u8 as alloc::vec::SpecFromElem>::from_elem` stands in the crate that has the type or the trait.
    if let Some((of_type, of_trait)) = function
        .strip_prefix('<')
        .and_then(|function| function.split_once(" as "))
    {
        return is_users_path(of_type) || is_users_path(of_trait);
    }
    is_users_path(function)
}

fn is_users_path(path: &str) -> bool {
    let path = path.trim_start_matches(|c: char| !c.is_alphabetic() && c != '_');
    let path = path.trim_start_matches("dyn ").trim_start_matches("mut ");
    let Some((first, _)) = path.split_once("::") else {
        return false; // of C, or of the program's start
    };
    let others = [
        "std",
        "core",
        "alloc",
        "test",
        "backtrace",
        "hashbrown",
        "bumpalo",
        "arenamap",
    ];
    !others.contains(&first)
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{}:{line}  {}", shown(file).display(), self.function),
            _ => write!(f, "(no file and line)  {}", self.function),
        }
    }
}

/// The path as it can be opened from here, short if it is below the current directory.
fn shown(file: &Path) -> &Path {
    let below = env::current_dir().ok().and_then(|here| file.strip_prefix(here).ok());
    below.unwrap_or(file)
}

/// One stack, innermost frame first, functions that were inlined among them.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    /// The frames of the user's code.
    pub(super) users: Vec<Frame>,
    /// What the innermost of them called.
    pub(super) callee: Option<String>,
    pub(super) all: Vec<Frame>,
}

impl Trace {
    /// Whether the user's code waited in rayon for a job of its own, and its thread ran another one meanwhile, which made this call.
    pub(super) fn within_queued_job(&self) -> bool {
        let waits = |frame: &Frame| {
            ["rayon_core", "wait_until"]
                .iter()
                .all(|part| frame.function.contains(part))
        };
        let at = self.all.iter().position(waits);
        at.is_some_and(|at| self.all[at..].iter().any(Frame::is_users)) // a thread of the pool begins in such a wait, too
    }
}

/// Reads the debug info of the program, once for each address.
#[derive(Default)]
pub(super) struct Resolver {
    known: HashMap<usize, Rc<[Frame]>>,
}

impl Resolver {
    pub(super) fn trace(&mut self, addresses: &[usize]) -> Trace {
        let mut all = Vec::new();
        for address in addresses {
            let frames = self.known.entry(*address).or_insert_with(|| resolve(*address));
            all.extend_from_slice(frames);
        }
        trimmed(all)
    }
}

fn resolve(address: usize) -> Rc<[Frame]> {
    let mut frames = Vec::new();
    backtrace::resolve(ptr::without_provenance_mut(address), |symbol| {
        frames.push(Frame {
            function: symbol.name().map_or_else(|| "?".to_owned(), |name| format!("{name:#}")),
            file: symbol.filename().map(ToOwned::to_owned),
            line: symbol.lineno(),
        });
    });
    frames.into()
}

fn trimmed(all: Vec<Frame>) -> Trace {
    let end = all.iter().position(|frame| frame.function.contains(BEGIN));
    let code = &all[..end.unwrap_or(all.len())];
    let mut users: Vec<Frame> = code.iter().filter(|frame| frame.is_users()).cloned().collect();
    // `#[test]` wraps each function in a closure of its own. (The name of an inlined function may lack its path.)
    if let [.., test, wrapper] = &users[..]
        && end.is_some()
        && let Some((wrapped, closure)) = wrapper.function.rsplit_once("::")
        && ["{{closure}}", "{closure#0}"].contains(&closure)
        && wrapped.ends_with(&test.function)
    {
        users.pop();
    }
    let innermost = code.iter().position(Frame::is_users);
    let callee = innermost.and_then(|at| code.get(at.checked_sub(1)?));
    Trace {
        users,
        callee: callee.map(|frame| frame.function.clone()),
        all,
    }
}

#[cfg(test)]
mod tests {
    use super::is_users_function;

    #[test]
    fn functions_without_a_file_are_told_by_their_crate() {
        for users in [
            "service::handle",
            "<service::Request as core::clone::Clone>::clone",
            "<u8 as service::Encode>::encode",
            "<&mut service::Body as std::io::Read>::read",
            "<dyn service::Handler>::call",
        ] {
            assert!(is_users_function(users), "{users}");
        }
        for others in [
            "alloc::raw_vec::RawVecInner<A>::try_allocate_in",
            "<u8 as alloc::vec::spec_from_elem::SpecFromElem>::from_elem",
            "<alloc::vec::Vec<u8> as core::ops::drop::Drop>::drop",
            "<alloc::boxed::Box<F,A> as core::ops::function::FnOnce<Args>>::call_once",
            "<T as core::convert::Into<U>>::into",
            "<arenamap::Arena as core::default::Default>::default",
            "main",
        ] {
            assert!(!is_users_function(others), "{others}");
        }
    }
}
