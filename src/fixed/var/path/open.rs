//! The ways to open an existing archive of paths, to check it, and to give it away.

use super::check::{Seen, Tree};
use super::links::link_bytes;
use super::{Child, Part, PathArchive, Value};
use crate::fixed::error::{Field, FixedError};
use crate::fixed::layout::at;
use crate::fixed::memory::{Holds, IntoMemory, Memory, MemoryMut};
use crate::fixed::value::AnyBytes;
use crate::fixed::var::{VarMap, VarValue};
use zerocopy::IntoBytes;

impl<K: Part + ?Sized, V: Value + ?Sized, M: Memory> PathArchive<K, V, M> {
    /// Opens an archive. Only its header is read and checked.
    ///
    /// Whatever the bytes are, every call on the archive is safe and ends: each number of a node and each text is looked at before it is used.
    /// Answers are right if the archive is undamaged; [`verify`](Self::verify) checks that. The memory may be longer than the archive.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first field of the header that is wrong, the value that was expected and the value that was found.
    ///
    /// ```
    /// use arenamap::PathMap;
    /// use arenamap::fixed::{Field, PathArchive, VarMap};
    ///
    /// let map: PathMap<str, &str> = [(["one", "two"], "three")].into_iter().collect();
    /// let bytes = PathArchive::<str, str>::from_map(&map)?.into_memory();
    /// assert_eq!(PathArchive::<str, str, _>::open(&bytes[..])?.get(["one", "two"]), Some("three"));
    ///
    /// // It is no map of texts: its keys have a parent.
    /// let error = VarMap::<str, str, _>::open(&bytes[..]).unwrap_err();
    /// assert_eq!(error.field(), Field::SlotSize);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(memory: impl IntoMemory<Memory = M>) -> Result<Self, FixedError>
    where
        V::Slot: AnyBytes,
        M: Holds<V::Slot>,
    {
        Self::open_here(memory.into_memory())
    }

    pub(in crate::fixed) fn open_here(memory: M) -> Result<Self, FixedError>
    where
        V::Slot: AnyBytes,
        M: Holds<V::Slot>,
    {
        Self::of_table(VarMap::open_here(memory))
    }

    /// Opens an archive and verifies all of it.
    ///
    /// Allocates: heap, four bytes a group and a bit for each used byte of the room; [`open_verified_in`](Self::open_verified_in) never. Time:
    /// O(bytes).
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub fn open_verified(memory: impl IntoMemory<Memory = M>) -> Result<Self, FixedError>
    where
        M: Holds<V::Slot>,
    {
        Self::open_verified_here(memory.into_memory())
    }

    pub(in crate::fixed) fn open_verified_here(memory: M) -> Result<Self, FixedError>
    where
        M: Holds<V::Slot>,
    {
        let archive = Self::of_table(VarMap::open_verified_here(memory))?;
        archive.check_tree()?;
        Ok(archive)
    }

    /// Opens an archive and verifies all of it, in scratch memory of the caller.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify); [`Field::Scratch`] says how many words are needed: one for each group, and one for each 32 used bytes of
    /// the room.
    pub fn open_verified_in(memory: impl IntoMemory<Memory = M>, scratch: &mut [u32]) -> Result<Self, FixedError>
    where
        M: Holds<V::Slot>,
    {
        let archive = Self::of_table(VarMap::open_verified_in(memory, scratch))?;
        archive.check_tree()?;
        Ok(archive)
    }

    /// Checks the whole archive: what [`VarMap::verify`](super::super::VarMap::verify) checks; and that the links lead from the empty path to each
    /// level exactly once, by its parent, that no level has neither a value nor levels below, that values are counted right, and
    /// that levels without one have zeros in its place.
    ///
    /// Allocates: heap, four bytes a group and a bit for each used byte of the room; [`verify_in`](Self::verify_in) never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first thing that is wrong; [`Field::Heap`] if there is no memory to verify in.
    ///
    /// ```
    /// use arenamap::PathMap;
    /// use arenamap::fixed::{Field, PathArchive};
    ///
    /// let map: PathMap<str, &str> = [(["one", "two"], "three")].into_iter().collect();
    /// let mut bytes = PathArchive::<str, str>::from_map(&map)?.into_memory();
    /// bytes[496] = 99; // the link to the empty path
    /// let archive = PathArchive::<str, str, _>::open(&bytes[..])?; // does not look there
    /// let error = archive.verify().unwrap_err();
    /// assert_eq!((error.field(), error.found()), (Field::Link, 99));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(&self) -> Result<(), FixedError> {
        self.table.verify().map_err(FixedError::of_tree)?;
        self.check_tree()
    }

    /// [`verify`](Self::verify), in scratch memory of the caller: [`scratch_words`](Self::scratch_words) words with any content.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), and [`Field::Scratch`].
    pub fn verify_in(&self, scratch: &mut [u32]) -> Result<(), FixedError> {
        self.table.verify_in(scratch).map_err(FixedError::of_tree)?;
        self.check_tree()
    }

    /// The words of scratch memory that [`verify_in`](Self::verify_in) needs.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn scratch_words(&self) -> usize {
        self.table.scratch_words()
    }

    /// All bytes of the archive.
    ///
    /// Allocates: never. Time: O(1).
    pub fn as_bytes(&self) -> &[u8] {
        self.table.as_bytes()
    }

    /// The memory, with the archive in it.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_memory(self) -> M {
        self.table.into_memory()
    }

    /// A tree on a table whose header was checked, or why there is none.
    fn of_table(table: Result<VarMap<Child<K>, V, M>, FixedError>) -> Result<Self, FixedError> {
        let table = table.map_err(FixedError::of_tree)?;
        let links = link_bytes(table.core.geometry().slots())? as u64;
        let used = table.core.number(at::ROOM_USED);
        if used < links {
            return Err(FixedError::new(Field::Links, links, used));
        }
        Ok(Self { table })
    }

    /// The links, of a table that was checked.
    fn check_tree(&self) -> Result<(), FixedError> {
        let core = &self.table.core;
        let tree = Tree {
            slots: core.geometry().slots(),
            len: core.number(at::LEN),
            room: core.room(),
            room_used: self.table.room_used(),
            garbage: self.table.garbage(),
            seen: |slot| {
                core.is_full(slot).then(|| {
                    let (key, value) = core.pair(slot);
                    let texts = [Child::<K>::span(key), V::span(value)].into_iter().flatten();
                    Seen {
                        parent: key.parent(),
                        is_canonical: key.is_canonical(),
                        is_zero: key.is_zero(),
                        is_value_zero: value.as_bytes().iter().all(|&byte| byte == 0),
                        text: texts.filter(|text| text.len() > 0).map(|text| text.range().start).min(),
                    }
                })
            },
        };
        tree.check()
    }
}

impl<K: Part + ?Sized, V: Value + ?Sized, M: MemoryMut> PathArchive<K, V, M> {
    /// Writes the checksum of the content into the archive, and returns the bytes of the archive.
    ///
    /// Allocates: never. Time: O(bytes); O(1) if it is sealed already.
    pub fn seal(&mut self) -> &[u8] {
        self.table.seal()
    }
}
