//! One archive that many threads read, while one of them follows what is published.
//!
//! ```text
//!   load, load_full ---> current: 6    what readers get
//!            reload: 7 --->  |  ^      roll_back: 5 goes up, 6 is retired, and is not taken again
//!                            v  |
//!                        kept: 5 4 3   as many as `keeping` says
//!                            |
//!                            v
//!                     retired: 2 1     dropped by the next `poll`, `reload`, .. once no reader has it
//! ```
//!
//! Readers touch `current` alone, which is a pointer of arc-swap's. Whoever changes it holds `past` meanwhile. A file is opened under
//! `turn`, and not under `past`, so that nothing but another opening waits for one.

use super::archive::{Archive, Identity, VerifyArchive};
use super::error::at;
use super::read::{Open, Source, read_verified};
use super::{FileCause, FileError};
use crate::fixed::AlignedBytes;
use arc_swap::ArcSwap;
use core::fmt;
use core::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use std::vec::Vec;

#[cfg(doc)]
use super::Snapshot;
#[cfg(doc)]
use crate::fixed::{FixedMap, IndexedMap, VarMap};

/// An archive from a path, read by many threads. [`reload`](Self::reload) replaces it by what was published there since, and
/// [`roll_back`](Self::roll_back) by what was there before.
///
/// `A` is a [`FixedMap`], a [`VarMap`], an [`IndexedMap`] or a [`PathArchive`](crate::fixed::PathArchive). What [`load`](Self::load) returns dereferences to it, and stays the same map for
/// as long as it is held. So all that one guard reads is of one generation.
///
/// Everything is called through `&self`: put it into an [`Arc`] or a `static`. One thread, or a timer, calls `reload` from time to time; a
/// file watcher is in the example `config_snapshot`. Readers wait for nobody: not for `reload`, and not for each other.
///
/// A map that was replaced lives until the last reader lets go of it. Its memory is then given back by the next call of
/// [`poll`](Self::poll), `reload`, `roll_back` or [`roll_forward`](Self::roll_forward), and not by the reader: so readers never call the heap, and
/// never unmap a file. [`retired`](Self::retired) counts such maps.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, file::SharedSnapshot, u64_le};
///
/// type Map = FixedMap<u64_le, u64_le>;
/// let path = tempfile::NamedTempFile::new()?.into_temp_path();
/// let mut map = Map::create(AlignedBytes::zeroed(1024), 10)?;
/// map.insert(7.into(), 49.into())?;
/// map.publish(&path)?;
///
/// let shared = SharedSnapshot::<Map>::read(&path)?.keeping(1);
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| assert!(shared.load().contains_key(&7)));
///     }
///     map.insert(8.into(), 64.into())?;
///     map.publish(&path)?;
///     assert!(shared.reload()?);
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// assert_eq!(shared.load().get(&8), Some(&64.into()));
///
/// let before = shared.roll_back().unwrap();
/// assert_eq!((before.generation(), shared.load().get(&8)), (1, None));
/// assert!(!shared.reload()?); // not what it was rolled back from
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SharedSnapshot<A> {
    current: ArcSwap<Generation<A>>,
    past: Mutex<Past<A>>,
    /// Held by who opens a file.
    turn: Mutex<()>,
    source: Source<A>,
    /// How many earlier generations are kept.
    earlier: usize,
}

struct Past<A> {
    /// Of the current generation.
    current: Identity,
    /// What can be rolled back to, the oldest first.
    kept: Vec<Arc<Generation<A>>>,
    /// What was replaced, until no reader has it. Has room for all of `kept`, so that rolling back needs no memory.
    retired: Vec<Arc<Generation<A>>>,
    /// The newest that was rolled back from, until something else is taken.
    refused: Option<Identity>,
}

impl<A> Past<A> {
    /// Whether `reload`, or else `roll_forward`, takes what is at the path.
    fn is_replaced_by(&self, there: Identity, refused_too: bool) -> bool {
        let refused = self.refused.filter(|_| !refused_too);
        self.current.is_replaced_by(there) && refused.is_none_or(|refused| refused.is_replaced_by(there))
    }

    /// Makes room for one more.
    fn reserve(&mut self) -> Result<(), FileCause> {
        let needed = self.kept.len() + 1;
        let refused = |_| FileCause::OutOfMemory {
            needed: needed * size_of::<Arc<Generation<A>>>(),
        };
        self.kept.try_reserve(1).map_err(refused)?;
        self.retired.try_reserve(needed).map_err(refused)
    }

    /// Adds one that was replaced, and retires what is more than `earlier`.
    fn add(&mut self, replaced: Arc<Generation<A>>, earlier: usize) {
        self.kept.push(replaced);
        let more = self.kept.len().saturating_sub(earlier);
        self.retired.extend(self.kept.drain(..more));
    }

    /// One that nobody else has. The current one and kept ones, of which readers get more, are not among these.
    fn take_unused(&mut self) -> Option<Arc<Generation<A>>> {
        let unused = self.retired.iter().position(|old| Arc::strong_count(old) == 1)?;
        Some(self.retired.swap_remove(unused))
    }
}

impl<A: VerifyArchive<AlignedBytes>> SharedSnapshot<A> {
    /// Reads the file that is at the path now, as [`FixedMap::read_file`].
    ///
    /// Allocates: heap. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`FixedMap::read_file`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, FileError> {
        at(path, |path| Self::of(path, read_verified))
    }
}

impl<A: Archive> SharedSnapshot<A> {
    pub(super) fn of(path: &Path, open: Open<A>) -> Result<Self, FileCause> {
        let source = Source::of(path, open)?;
        let there = source.look()?;
        let first = Generation::new(source.open(&there)?, there.identity);
        Ok(Self {
            current: ArcSwap::new(first),
            past: Mutex::new(Past {
                current: there.identity,
                kept: Vec::new(),
                retired: Vec::new(),
                refused: None,
            }),
            turn: Mutex::new(()),
            source,
            earlier: 0,
        })
    }

    /// Keeps that many earlier generations, for [`roll_back`](Self::roll_back).
    ///
    /// None are kept unless this says so: of maps that were read, each one takes the memory of an archive. One that is mapped takes addresses,
    /// and its pages are the system's to give to others.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn keeping(mut self, earlier: usize) -> Self {
        self.earlier = earlier;
        self
    }

    /// Whether [`reload`](Self::reload) would open something.
    ///
    /// It never waits for one that runs. Gives back the memory of retired maps, as that does.
    ///
    /// Allocates: never. Time: O(1), reading one header.
    ///
    /// # Errors
    ///
    /// As [`reload`](Self::reload), of the file's header alone.
    pub fn poll(&self) -> Result<bool, FileError> {
        self.release();
        let there = at(self.source.path(), |_| self.source.look())?.identity;
        Ok(self.past().is_replaced_by(there, false))
    }

    /// Opens what was published at the path since, or closed there by a writer. Returns true if there was something new: readers get
    /// that from now on.
    ///
    /// It is new as for [`Snapshot::reload`]. After a [`roll_back`](Self::roll_back), what it was rolled back from is not new, nor is what
    /// readers have; [`roll_forward`](Self::roll_forward) takes it nevertheless.
    ///
    /// Of two threads that call this at once, one waits for the other, and then looks at the path again. So when it returns without an error,
    /// readers get what was at the path when it was called, or something newer.
    ///
    /// Allocates: never if nothing was; else that of opening it, and a small block. Time: O(1) if nothing was, reading one header; else
    /// that of opening it, and O(threads that ever called `load`).
    ///
    /// # Errors
    ///
    /// As the first opening. Readers keep what they have, and the next call tries again.
    pub fn reload(&self) -> Result<bool, FileError> {
        at(self.source.path(), |_| self.take(false))
    }

    /// Opens what is at the path, also if it was rolled back from. Returns false if that is what readers have.
    ///
    /// Allocates: heap, as [`reload`](Self::reload). Time: O(1), and that of opening it.
    ///
    /// # Errors
    ///
    /// As [`reload`](Self::reload).
    ///
    /// ```
    /// # use arenamap::fixed::{VarMap, file::SharedSnapshot};
    /// # let path = tempfile::NamedTempFile::new()?.into_temp_path();
    /// # let mut map = VarMap::<str, str>::from_pairs([("motd", "Hello")].into_iter())?;
    /// # map.publish(&path)?;
    /// let shared = SharedSnapshot::<VarMap<str, str>>::read(&path)?.keeping(1);
    /// # map.publish(&path)?;
    /// assert!(shared.reload()?);
    /// assert_eq!(shared.roll_back().unwrap().generation(), 1);
    /// assert!(!shared.reload()? && shared.rolled_back_from() == Some(2));
    /// assert!(shared.roll_forward()?);
    /// assert_eq!(shared.load().generation(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn roll_forward(&self) -> Result<bool, FileError> {
        at(self.source.path(), |_| self.take(true))
    }

    fn take(&self, refused_too: bool) -> Result<bool, FileCause> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.release();
        let there = self.source.look()?;
        if !self.past().is_replaced_by(there.identity, refused_too) {
            return Ok(false);
        }
        let next = Generation::new(self.source.open(&there)?, there.identity);
        let mut past = self.past();
        past.reserve()?;
        // It may have been rolled back meanwhile, to the one that was opened here.
        if !past.is_replaced_by(there.identity, refused_too) {
            return Ok(false);
        }
        past.refused = None;
        past.current = there.identity;
        let replaced = self.current.swap(next);
        past.add(replaced, self.earlier);
        Ok(true)
    }
}

impl<A> SharedSnapshot<A> {
    /// What readers read now. It dereferences to the map, which stays as it is for as long as this is held.
    ///
    /// Takes no lock and does not wait: not for `reload`, and not for other readers. By itself it costs about as much as an uncontended lock,
    /// more than a lookup in a small map does: take one for a request, and not one for each lookup. If a thread holds more than a few of these at
    /// once, the others cost an atomic counter each.
    ///
    /// Allocates: heap, a small block, when a thread calls it for the first time; never after that. Time: O(1).
    #[inline]
    pub fn load(&self) -> Guard<A> {
        Guard(self.current.load())
    }

    /// The same, to be held for long, or to be given to another thread: costs a counter that all threads share.
    ///
    /// Allocates: heap, as [`load`](Self::load): the first time on a thread. Time: O(1).
    #[must_use]
    pub fn load_full(&self) -> Arc<Generation<A>> {
        self.current.load_full()
    }

    /// Goes back to the newest generation that is kept, and returns it: readers get that from now on. `None` if none is kept, and then nothing
    /// changes.
    ///
    /// What was rolled back from is retired, and [`reload`](Self::reload) takes nothing until there is something else at the path.
    ///
    /// Waits for no file that is opened meanwhile. If one is, it becomes the current one when it is open.
    ///
    /// Allocates: heap, as [`load`](Self::load): the first time on a thread. Time: O(threads that ever called `load`).
    pub fn roll_back(&self) -> Option<Arc<Generation<A>>> {
        self.release();
        let mut past = self.past();
        let back = past.kept.pop()?;
        let replaced = self.current.swap(back.clone());
        past.current = back.identity;
        // Of several in a row, the first is what may still be at the path.
        past.refused.get_or_insert(replaced.identity);
        past.retired.push(replaced);
        Some(back)
    }

    /// The generation that was at the path when it was rolled back from, if nothing else was taken since.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn rolled_back_from(&self) -> Option<u64> {
        self.past().refused.map(Identity::generation)
    }

    /// The current generation, and behind it those to which [`roll_back`](Self::roll_back) goes, the newest first.
    ///
    /// Allocates: heap, one block. Time: O(generations).
    ///
    /// # Errors
    ///
    /// [`FileCause::OutOfMemory`] if the heap refuses.
    pub fn kept(&self) -> Result<Vec<Arc<Generation<A>>>, FileError> {
        let past = self.past();
        let all = 1 + past.kept.len();
        let mut list = Vec::new();
        at(self.source.path(), |_| {
            let needed = all * size_of::<Arc<Generation<A>>>();
            let reserved = list.try_reserve_exact(all);
            reserved.map_err(|_| FileCause::OutOfMemory { needed })
        })?;
        list.push(self.load_full());
        list.extend(past.kept.iter().rev().cloned());
        Ok(list)
    }

    /// How many maps were replaced and are not kept, but still take memory: readers have them, or had them at the last call that gives back
    /// memory.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn retired(&self) -> usize {
        self.past().retired.len()
    }

    /// The path, made absolute.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    fn past(&self) -> MutexGuard<'_, Past<A>> {
        // Nothing that is done with it panics half-way.
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops what was retired and is used no more. Nothing is locked meanwhile: unmapping takes time.
    fn release(&self) {
        while let Some(unused) = self.take_unused() {
            drop(unused);
        }
    }

    fn take_unused(&self) -> Option<Arc<Generation<A>>> {
        self.past().take_unused()
    }
}

impl<A> fmt::Debug for SharedSnapshot<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSnapshot")
            .field("path", &self.path())
            .field("current", &*self.load())
            .finish_non_exhaustive()
    }
}

/// What [`SharedSnapshot::load`] returns: holds one generation of the map for a reader.
///
/// For as long as it is held, the memory of that map is not given back. It may be sent to another thread.
#[must_use = "the map may be replaced when this is dropped"]
pub struct Guard<A>(arc_swap::Guard<Arc<Generation<A>>>);

impl<A> Deref for Guard<A> {
    type Target = Generation<A>;

    #[inline]
    fn deref(&self) -> &Generation<A> {
        &self.0
    }
}

impl<A> fmt::Debug for Guard<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guard").field(&**self).finish()
    }
}

/// A map that a [`SharedSnapshot`] opened. It dereferences to the map.
pub struct Generation<A> {
    map: A,
    /// Of what was opened, when it was.
    identity: Identity,
    opened: SystemTime,
}

impl<A> Generation<A> {
    fn new(map: A, identity: Identity) -> Arc<Self> {
        Arc::new(Self {
            map,
            identity,
            opened: SystemTime::now(),
        })
    }

    /// The number of the generation, which `publish` gave.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.identity.generation()
    }

    /// When it was opened here.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn opened(&self) -> SystemTime {
        self.opened
    }
}

impl<A> Deref for Generation<A> {
    type Target = A;

    #[inline]
    fn deref(&self) -> &A {
        &self.map
    }
}

impl<A> fmt::Debug for Generation<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generation")
            .field("generation", &self.generation())
            .field("opened", &self.opened)
            .finish_non_exhaustive()
    }
}
