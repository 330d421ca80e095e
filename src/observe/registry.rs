//! Feature `registry`: every live arena, pool and map of the process, with its name, the place where it was made, its age, bytes
//! and entries.
//!
//! ```text
//! map, arena, pool      a &'static Node, from its first block to its drop
//!                               |
//! pages   [ 1,024 nodes, static ] [ 1,024 nodes ] [ 2,048 ] ..     made once, never freed
//!           node: bytes, entries (atomic) | a lock: free, or kind, name, place, birth
//! ```
//!
//! All of it is safe code, and nobody looks into a map from outside: whoever has the map writes the numbers into its node, the
//! length at each change, the bytes when a block comes or goes, and [`visit`] reads the nodes.
//!
//! What is listed, from its first block on (an empty map has nothing yet), to its drop:
//!
//! - arenas: owned, pooled, shared, those of workspaces, and those inside maps that own theirs, once they are more than one block;
//! - pools;
//! - the growing maps and sets, [`PathMap`](crate::PathMap) and the bounded maps.
//!
//! Not listed: lists, strings, boxes and `FixedMap`s. Their arenas are.
//!
//! What is leaked stays listed: that is how it is found. So does a map that was put into an arena by `alloc`, whose drop never
//! runs: one in each round of a loop takes a node in each round. Nothing that a global allocator does may use this module: it is
//! called while a page is made.
//!
//! The first 1,024 things that are alive at once take nothing from the heap; beyond, one heap call doubles the room. Nodes are
//! recycled: a load that is repeated makes no heap call. Insertions, removals and lookups never make one.
//!
//! ```
//! use arenamap::ArenaMap;
//! use arenamap::registry::{self, Named};
//!
//! let mut sessions = ArenaMap::new();
//! sessions.set_name("sessions");
//! sessions.insert(1, "one");
//!
//! let mut found = 0;
//! registry::visit(|entry| {
//!     if entry.name == "sessions" {
//!         assert_eq!((entry.kind, entry.entries), ("ArenaMap", 1));
//!         assert!(entry.place.unwrap().file().ends_with(".rs"));
//!         found += 1;
//!     }
//! });
//! assert_eq!(found, 1);
//! ```

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use core::marker::PhantomData;
use core::panic::Location;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread_local;
use std::time::Instant;

use super::watch::{Kind, Place};
pub use crate::observe::named::Named;

/// Nodes of the first page.
const FIRST: usize = 1 << 10;

/// Pages behind the first one: page `n` doubles the number of nodes.
const PAGES: usize = 20;

static FIRST_PAGE: [Node; FIRST] = [const { Node::new() }; FIRST];
static PAGES_BEHIND: [OnceLock<Box<[Node]>>; PAGES] = [const { OnceLock::new() }; PAGES];

/// Nodes that were ever in use: written under the lock of `FREE`, after their page was made.
static USED: AtomicUsize = AtomicUsize::new(0);

/// What found no node.
static UNLISTED: AtomicU64 = AtomicU64::new(0);

static FREE: Mutex<Free> = Mutex::new(Free { head: None, births: 0 });

/// The nodes that wait, and how many things were ever listed.
struct Free {
    head: Option<&'static Node>,
    births: u64,
}

/// What is known of one thing.
pub(crate) struct Node {
    about: Mutex<About>,
    bytes: AtomicUsize,
    bytes_beside: AtomicUsize,
    entries: AtomicUsize,
    waiting: AtomicBool,
}

enum About {
    /// Nothing: the node waits, before this one.
    Free(Option<&'static Node>),
    Live(Live),
}

#[derive(Clone, Copy)]
struct Live {
    kind: Kind,
    name: Option<&'static str>,
    place: Place,
    born: Instant,
    /// One more than the thing before.
    birth: u64,
    /// The thread that made it.
    thread: usize,
}

/// A lock of ours. Nothing that runs under one of them can panic half-way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number that no other thread has meanwhile.
fn this_thread() -> usize {
    thread_local! {
        static HERE: u8 = const { 0 };
    }
    HERE.with(|here| core::ptr::from_ref(here).addr())
}

/// The node of a number, if its page was made.
fn at(number: usize) -> Option<&'static Node> {
    if let Some(node) = FIRST_PAGE.get(number) {
        return Some(node);
    }
    let (page, offset) = page_of(number);
    PAGES_BEHIND.get(page)?.get()?.get(offset)
}

/// In which page behind the first one a node is, and where.
const fn page_of(number: usize) -> (usize, usize) {
    let page = (number / FIRST).ilog2() as usize;
    (page, number - (FIRST << page))
}

/// The node of a number, in a page that is made if need be.
fn at_or_made(number: usize) -> Option<&'static Node> {
    if number >= FIRST {
        let (page, _) = page_of(number);
        let page_lock = PAGES_BEHIND.get(page)?;
        if page_lock.get().is_none() {
            let len = FIRST << page;
            let mut nodes = Vec::new();
            nodes.try_reserve_exact(len).ok()?;
            nodes.resize_with(len, Node::new);
            page_lock.set(nodes.into_boxed_slice()).ok()?;
        }
    }
    at(number)
}

/// A node for a new thing, if there is memory for one.
#[inline(never)]
pub(super) fn node(kind: Kind, place: Place) -> Option<&'static Node> {
    let mut free = lock(&FREE);
    let node = if let Some(node) = free.head {
        if let About::Free(next) = *lock(&node.about) {
            free.head = next;
        }
        node
    } else {
        let used = USED.load(Relaxed);
        let Some(node) = at_or_made(used) else {
            UNLISTED.fetch_add(1, Relaxed);
            return None;
        };
        USED.store(used + 1, Release);
        node
    };
    free.births += 1;
    let live = Live::new(kind, place, free.births);
    drop(free);
    node.bytes.store(0, Relaxed);
    node.bytes_beside.store(0, Relaxed);
    node.entries.store(0, Relaxed);
    node.waiting.store(false, Relaxed);
    *lock(&node.about) = About::Live(live);
    Some(node)
}

impl Live {
    fn new(kind: Kind, place: Place, birth: u64) -> Self {
        Self {
            kind,
            name: None,
            place,
            born: Instant::now(),
            birth,
            thread: this_thread(),
        }
    }
}

impl Node {
    const fn new() -> Self {
        Self {
            about: Mutex::new(About::Free(None)),
            bytes: AtomicUsize::new(0),
            bytes_beside: AtomicUsize::new(0),
            entries: AtomicUsize::new(0),
            waiting: AtomicBool::new(false),
        }
    }

    /// The thing is gone.
    #[inline(never)]
    pub(super) fn give_back(&'static self) {
        let mut free = lock(&FREE);
        *lock(&self.about) = About::Free(free.head);
        free.head = Some(self);
    }

    fn change(&self, change: impl FnOnce(&mut Live)) {
        if let About::Live(live) = &mut *lock(&self.about) {
            change(live);
        }
    }

    pub(super) fn turn_into(&self, kind: Kind, place: Option<Place>) {
        let fresh = place.map(|place| {
            let mut free = lock(&FREE);
            free.births += 1;
            (place, free.births)
        });
        self.change(|live| {
            live.kind = kind;
            if let Some((place, birth)) = fresh {
                *live = Live {
                    name: live.name,
                    ..Live::new(kind, place, birth)
                };
            }
        });
    }

    pub(super) fn made_at(&self, place: Place) {
        self.change(|live| live.place.line = live.place.line.or(place.line));
    }

    pub(super) fn set_name(&self, name: &'static str) {
        self.change(|live| live.name = Some(name));
    }

    pub(super) fn set_waiting(&self, waiting: bool) {
        self.waiting.store(waiting, Relaxed);
    }

    #[inline]
    pub(super) fn set_bytes(&self, bytes: usize) {
        self.bytes.store(bytes, Relaxed);
    }

    pub(super) fn set_bytes_beside(&self, bytes: usize) {
        self.bytes_beside.store(bytes, Relaxed);
    }

    #[inline]
    pub(super) fn set_entries(&self, entries: usize) {
        self.entries.store(entries, Relaxed);
    }

    /// What is known at this moment, if there is a thing.
    fn read(&self, now: Instant) -> Option<(Live, Entry)> {
        let live = match &*lock(&self.about) {
            About::Live(live) => *live,
            About::Free(_) => return None,
        };
        let kind = live.kind.name();
        let entry = Entry {
            kind,
            name: live.name.unwrap_or(kind),
            place: live.place.line,
            age: now.saturating_duration_since(live.born),
            bytes: self.bytes.load(Relaxed) + self.bytes_beside.load(Relaxed),
            entries: self.entries.load(Relaxed),
            waiting: self.waiting.load(Relaxed),
        };
        Some((live, entry))
    }
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Arena => "Arena",
            Self::PooledArena => "PooledArena",
            Self::SharedArena => "SharedArena",
            Self::ArenaPool => "ArenaPool",
            Self::ArenaMap => "ArenaMap",
            Self::ArenaSet => "ArenaSet",
            Self::CopiedMap => "CopiedMap",
            Self::PathMap => "PathMap",
            Self::BoundedMap => "BoundedMap",
        }
    }
}

/// What is known of one live arena, pool or map.
///
/// The numbers are those of one moment each, not all of the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its type, without parameters: `Arena`, `PooledArena`, `SharedArena`, `ArenaPool`, `ArenaMap`, `ArenaSet`, `CopiedMap` (which
    /// [`StrMap`](crate::StrMap) is, too), `PathMap` or `BoundedMap` (that of copied keys, too).
    pub kind: &'static str,
    /// The name that it was given, or its type.
    pub name: &'static str,
    /// The line that made it: for an arena out of a pool, that of the checkout; for what generic code or a clone made, a line in there. `None`
    /// if it is not known.
    pub place: Option<&'static Location<'static>>,
    /// Since its first block; for an arena out of a pool, since the checkout.
    pub age: Duration,
    /// Of an arena the bytes that it holds, with those of the maps in it. Of a map those of its tables and nodes, without copied keys. Of
    /// a pool nothing: its arenas are listed.
    pub bytes: usize,
    /// Of a map. Of a `PathMap` its levels, but for that of the empty path, and with those that wait to be recycled.
    pub entries: usize,
    /// An arena that waits in its pool.
    pub waiting: bool,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if self.name != self.kind {
            write!(f, " `{}`", self.name)?;
        }
        write!(
            f,
            ": {} entries, {} bytes, {:.1?} old, made at ",
            self.entries, self.bytes, self.age
        )?;
        match self.place {
            Some(place) => write!(f, "{place}"),
            None => f.write_str("an unknown place"),
        }
    }
}

/// Calls `visit` for each thing that is listed.
///
/// No lock is held meanwhile, so that `visit` may make and drop maps. Those that come or go meanwhile may be seen or not.
///
/// Allocates: never. Time: O(the most things that ever were alive at once).
///
/// ```
/// let mut bytes = 0;
/// arenamap::registry::visit(|entry| {
///     if entry.kind.ends_with("Arena") {
///         bytes += entry.bytes; // of all arenas of the process
///     }
/// });
/// ```
pub fn visit(mut visit: impl FnMut(&Entry)) {
    walk(|_, entry| visit(entry));
}

fn walk(mut visit: impl FnMut(&Live, &Entry)) {
    let now = Instant::now();
    for node in (0..USED.load(Acquire)).map_while(at) {
        if let Some((live, entry)) = node.read(now) {
            visit(&live, &entry);
        }
    }
}

/// How many things could not be listed so far, because the heap had no memory for their nodes, or there were too many.
///
/// Allocates: never. Time: O(1).
///
/// ```
/// assert_eq!(arenamap::registry::unlisted(), 0);
/// ```
pub fn unlisted() -> u64 {
    UNLISTED.load(Relaxed)
}

/// Panics if an arena or a map is alive anywhere in the process, and says which and where it was made.
///
/// Pools, and arenas that wait in them, are made to be kept: they are not meant. In a process with several tests at a time use a
/// [`Mark`].
///
/// Allocates: heap, for the text of the panic only. Time: O(the most things that ever were alive at once).
///
/// # Panics
///
/// If something is alive.
///
/// ```
/// let map: arenamap::ArenaMap<u32, u32> = (0..10).map(|n| (n, n)).collect();
/// drop(map);
/// arenamap::registry::assert_none_alive();
/// ```
///
/// ```should_panic
/// let map: arenamap::ArenaMap<u32, u32> = (0..10).map(|n| (n, n)).collect();
/// std::mem::forget(map);
/// arenamap::registry::assert_none_alive();
/// ```
#[track_caller]
pub fn assert_none_alive() {
    assert_none(|_| true);
}

#[track_caller]
fn assert_none(meant: impl Fn(&Live) -> bool) {
    /// The most that the text has lines for.
    const MOST: usize = 20;
    let (mut count, mut text) = (0_usize, String::new());
    walk(|live, entry| {
        if entry.waiting || live.kind == Kind::ArenaPool || !meant(live) {
            return;
        }
        count += 1;
        if count <= MOST {
            let _ = write!(text, "\n  {entry}"); // a string takes it
        }
    });
    if count > MOST {
        let _ = write!(text, "\n  and {} more", count - MOST);
    }
    assert!(count == 0, "{count} arenas and maps are alive, expected none:{text}");
}

/// A moment on one thread: what that thread makes afterwards can be told from what was there and from what others make.
///
/// ```
/// use arenamap::ArenaMap;
/// use arenamap::registry::Mark;
///
/// let before: ArenaMap<u32, u32> = [(1, 2)].into();
/// let mark = Mark::new();
/// {
///     let _work: ArenaMap<u32, u32> = [(3, 4)].into();
///     let mut made = 0;
///     mark.visit(|_| made += 1);
///     assert_eq!(made, 1);
/// }
/// mark.assert_none_alive();
/// drop(before);
/// ```
#[derive(Debug)]
pub struct Mark {
    births: u64,
    thread: usize,
    /// It is of its thread only.
    local: PhantomData<*const ()>,
}

impl Mark {
    /// This moment, on this thread.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn new() -> Self {
        Self {
            births: lock(&FREE).births,
            thread: this_thread(),
            local: PhantomData,
        }
    }

    fn means(&self, live: &Live) -> bool {
        live.birth > self.births && live.thread == self.thread
    }

    /// As [`visit`](self::visit), of what this thread has made since.
    ///
    /// Allocates: never. Time: O(the most things that ever were alive at once).
    pub fn visit(&self, mut visit: impl FnMut(&Entry)) {
        walk(|live, entry| {
            if self.means(live) {
                visit(entry);
            }
        });
    }

    /// As [`assert_none_alive`], of what this thread has made since.
    ///
    /// Allocates: heap, for the text of the panic only. Time: O(the most things that ever were alive at once).
    ///
    /// # Panics
    ///
    /// If something of it is alive.
    #[track_caller]
    pub fn assert_none_alive(&self) {
        assert_none(|live| self.means(live));
    }
}

impl Default for Mark {
    fn default() -> Self {
        Self::new()
    }
}
