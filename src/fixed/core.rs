//! A map without its hash function: an archive in its memory, and the entries by hash.
//!
//! Only references that borrow the core leave this file and `core/`. So nothing outside can name a slot that does not exist.
//!
//! ```text
//!  Core { memory, geometry }      geometry: checked against the header, and the header against the memory's length;
//!            |                    kept here, so that no later change of the bytes can change it
//!            v
//!  | header | groups | slots | room for texts | schema |
//! ```
//!
//! Invariants:
//! - **C1** The memory is aligned for the archive and at least `geometry.bytes` long (`check_memory`): R1 of `raw.rs`
//!   follows, with M1 and M2 of `memory.rs`.
//! - **C2** R2 of `raw.rs`: `prepare` begins with no full slot; `open` takes types of which any bytes are valid;
//!   `open_verified` has checked every full slot; `open_unchecked` leaves it to its caller. `Unverified` holds a core
//!   without C2 and reads nothing from it but checked entries.
//! - **C3** A sealed archive is unsealed before anything can change its content: by `unseal` in each writing call, and by
//!   `lend` before a value with atomics leaves through `&self`. Under `&self`, the state and the content checksum of such a
//!   core are reached atomically only.
//! - **C4** The room for texts lies behind the slots and in front of the schema (`Geometry`), so that no byte of it is one of a slot, a
//!   tag or the header. It has no atomics.
#![allow(
    unsafe_code,
    reason = "reads and writes an archive by address; C1 and the others above"
)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "capacity and groups are of a `Geometry`, which fits the address space"
)]

mod change;

use super::error::{Field, FixedError};
use super::group::Group;
use super::header::Header;
use super::layout::{Geometry, Hash, LANES, OPEN, SEALED, SlotLayout, at};
use super::memory::{Memory, check_memory};
use super::raw::{Hit, Raw, Search};
use super::table::Table;
use super::value::{Checked, FixedValue};
use core::marker::PhantomData;
use core::ops::ControlFlow;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering, compiler_fence};

/// Neither covariant nor contravariant, and `Send` and `Sync`.
type Invariant<K, V> = fn(K, V) -> (K, V);

pub(super) struct Core<K, V, M> {
    memory: M,
    geometry: Geometry,
    /// Whether the bytes still say that they are sealed; every writing call begins with making them say the opposite. With
    /// values that change through `&self`, the bytes may have been unsealed since.
    sealed: bool,
    /// Invariant: a map of one type must not be taken for one of a subtype, whose schema may be another.
    types: PhantomData<(K, V, Invariant<K, V>)>,
}

impl<K: FixedValue, V: FixedValue, M> Core<K, V, M> {
    pub(super) const SLOT: SlotLayout = {
        assert!(
            !core::mem::needs_drop::<K>() && !core::mem::needs_drop::<V>(),
            "keys and values of a FixedMap are bytes in an archive and never dropped: types with Drop have no place there"
        );
        let slot = SlotLayout::of::<K, V>();
        assert!(
            slot.align <= 64,
            "keys and values of a FixedMap are aligned to 64 bytes at most"
        );
        assert!(slot.size <= 1 << 30, "a key and its value take at most 1 GiB");
        slot
    };
}

impl<K: FixedValue, V: FixedValue, M: Memory> Core<K, V, M> {
    /// An archive in this memory, checked as far as O(1) goes. C2 is the caller's.
    pub(super) fn attach(memory: M) -> Result<(Self, Header), FixedError> {
        Self::attach_if(memory, Header::check::<K, V>)
    }

    /// The same, whatever length and state the archive has: for `recover`, which makes them anew.
    pub(super) fn attach_damaged(memory: M) -> Result<(Self, Header), FixedError> {
        Self::attach_if(memory, Header::check_shape::<K, V>)
    }

    fn attach_if(
        memory: M,
        check: impl FnOnce(&Header) -> Result<Geometry, FixedError>,
    ) -> Result<(Self, Header), FixedError> {
        check_memory(&memory, at::TAGS, Self::SLOT.archive_align())?;
        // SAFETY: M1: at least so many bytes, aligned to 16.
        let header = Header(unsafe { memory.ptr().cast().read() });
        Self::attach_to(memory, header, check)
    }

    /// An archive that other processes may open at this moment, by a header that was not read through this memory.
    #[cfg(feature = "files")]
    pub(super) fn attach_shared(memory: M, header: Header) -> Result<(Self, Header), FixedError> {
        Self::attach_to(memory, header, Header::check::<K, V>)
    }

    /// An archive in this memory, of which this is the header.
    fn attach_to(
        memory: M,
        header: Header,
        check: impl FnOnce(&Header) -> Result<Geometry, FixedError>,
    ) -> Result<(Self, Header), FixedError> {
        let geometry = check(&header)?;
        check_memory(&memory, geometry.bytes, Self::SLOT.archive_align())?;
        let core = Self {
            memory,
            geometry,
            sealed: header.state() == SEALED,
            types: PhantomData,
        };
        Ok((core, header))
    }

    /// Whether values may be written through `&self`.
    const SHARED_WRITES: bool = V::SCHEMA.atomic && M::WRITABLE;

    #[inline(always)]
    pub(super) fn raw(&self) -> Raw<K, V> {
        // SAFETY: C1, C2.
        unsafe { Raw::new(self.memory.ptr(), self.geometry.groups, self.geometry.slots_at) }
    }

    pub(super) const fn capacity(&self) -> usize {
        self.geometry.capacity as usize
    }

    pub(super) const fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    #[inline(always)] // nothing but a field, if values do not change through `&self`
    pub(super) fn is_sealed(&self) -> bool {
        if Self::SHARED_WRITES {
            self.shared_number(at::STATE).load(Ordering::Relaxed) == SEALED.to_le()
        } else {
            self.sealed
        }
    }

    /// What comes before a value is lent out through `&self`: whoever has it may write to its atomics.
    #[inline(always)]
    pub(super) fn lend(&self) {
        if Self::SHARED_WRITES && self.is_sealed() {
            self.put_open();
        }
    }

    /// A number of the mutable part of the header, atomically. The memory is writable.
    fn shared_number(&self, at: usize) -> &AtomicU64 {
        debug_assert!(M::WRITABLE && at >= at::LEN);
        // SAFETY: C1 and M2 or M3: writable and aligned, as in `number`; C3: nobody reaches it otherwise under `&self`.
        unsafe { AtomicU64::from_ptr(self.memory.ptr().add(at).cast().as_ptr()) }
    }

    /// Writes into the bytes that they are not sealed. The memory is writable; other threads, and of shared memory other
    /// processes, may do the same meanwhile.
    #[cold]
    fn put_open(&self) {
        for (at, number) in [(at::STATE, OPEN), (at::CONTENT_CHECKSUM, 0)] {
            self.shared_number(at).store(number.to_le(), Ordering::Release);
            compiler_fence(Ordering::Release);
        }
    }

    /// The bytes are marked as sealed: call it after that.
    pub(super) const fn set_sealed(&mut self) {
        self.sealed = true;
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.number(at::LEN) as usize
    }

    /// A number of the mutable part of the header.
    #[inline(always)]
    pub(super) fn number(&self, at: usize) -> u64 {
        // SAFETY: C1: the header is 192 bytes, aligned to 16; the offsets in `at` are multiples of 8 below that.
        u64::from_le(unsafe { self.memory.ptr().add(at).cast::<u64>().read() })
    }

    /// All bytes of the archive, for as long as nobody can change one.
    pub(super) fn bytes(&mut self) -> &[u8] {
        self.bytes_still() // `&mut self` keeps atomics out of reach
    }

    /// The header, copied.
    pub(super) fn header(&self) -> Header {
        // SAFETY: C1.
        Header(unsafe { self.memory.ptr().cast().read() })
    }

    /// All bytes of the archive, for a caller who knows that nobody can change one while they are lent out: the core is
    /// held exclusively or not shared yet, or its values are frozen.
    pub(super) fn bytes_still(&self) -> &[u8] {
        // SAFETY: C1; stillness is said above.
        unsafe { core::slice::from_raw_parts(self.memory.ptr().as_ptr(), self.geometry.bytes) }
    }

    /// Fails to compile if a lookup through `&self` may write to the state. A `Frozen` type has no atomics, but a schema may
    /// say that it has: without this, the state would change behind a slice of all bytes.
    pub(super) const fn assert_still() {
        const {
            assert!(
                !V::SCHEMA.atomic,
                "the schema of the value says that it has atomics, which the type has not"
            );
        }
    }

    /// The same through a shared reference, of types without atomics.
    pub(super) fn bytes_frozen(&self) -> &[u8]
    where
        V: super::value::Frozen,
    {
        // Without atomics nobody writes values through `&self`, and by the assertion not the state either.
        Self::assert_still();
        self.bytes_still()
    }

    /// The room for texts. Its bytes are nobody's atomics, so they are still under `&self`.
    #[inline(always)]
    pub(super) fn room(&self) -> &[u8] {
        // SAFETY: C1, C4; only `room_mut` gives out bytes of it for writing, through `&mut self`.
        unsafe { self.room_detached() }
    }

    /// The same for closures that are called while slots and tags change.
    ///
    /// # Safety
    ///
    /// As long as it is used, the memory lives, and nobody writes into the room.
    #[inline(always)]
    pub(super) unsafe fn room_detached<'r>(&self) -> &'r [u8] {
        let Geometry { room_at, room, .. } = self.geometry;
        // SAFETY: C1, C4: inside the archive, and no part of what is written meanwhile.
        unsafe { core::slice::from_raw_parts(self.memory.ptr().as_ptr().add(room_at), room) }
    }

    pub(super) fn into_memory(self) -> M {
        self.memory
    }

    #[cfg(feature = "files")]
    pub(super) const fn memory(&self) -> &M {
        &self.memory
    }

    /// The entry of a key.
    #[inline(always)]
    pub(super) fn find(&self, hash: Hash, is_key: impl FnMut(&K) -> bool) -> Option<(&K, &V)> {
        let place = self.search_for(hash, is_key)?;
        self.lend();
        let slot = place.bytes();
        // SAFETY: as in `pair`.
        unsafe { Some((slot.cast().as_ref(), slot.add(Self::SLOT.value_at).cast().as_ref())) }
    }

    /// The value of a key.
    ///
    /// Not `find` without the key: of a pair, the compiler asks again whether there is a key.
    #[inline(always)]
    pub(super) fn find_value(&self, hash: Hash, is_key: impl FnMut(&K) -> bool) -> Option<&V> {
        let place = self.search_for(hash, is_key)?;
        self.lend();
        // SAFETY: as in `pair`.
        Some(unsafe { place.bytes().add(Self::SLOT.value_at).cast().as_ref() })
    }

    /// The slot of a key.
    #[inline(always)]
    pub(super) fn slot_of(&self, hash: Hash, is_key: impl FnMut(&K) -> bool) -> Option<usize> {
        self.search_for(hash, is_key).map(Hit::slot)
    }

    /// The place of a key.
    #[inline(always)] // part of every lookup
    fn search_for(&self, hash: Hash, mut is_key: impl FnMut(&K) -> bool) -> Option<Hit> {
        let raw = self.raw();
        let home = hash.home(raw.groups());
        let mut is_key = |key: NonNull<K>| {
            // SAFETY: C2: the raw search asks about full slots only.
            is_key(unsafe { key.as_ref() })
        };
        match raw.find_in(hash, home, &mut is_key) {
            ControlFlow::Break(found) => found,
            ControlFlow::Continue(()) => {
                cold_path();
                raw.find_behind(hash, home, is_key)
            }
        }
    }

    /// The slot of a key, or the place where it goes.
    #[inline(always)] // as `slot_of`
    pub(super) fn place_of(&self, hash: Hash, mut is_key: impl FnMut(&K) -> bool) -> Result<Search, FixedError> {
        let raw = self.raw();
        let home = hash.home(raw.groups());
        // SAFETY: C2, as in `slot_of`.
        match raw.find_in(hash, home, &mut |key| is_key(unsafe { key.as_ref() })) {
            ControlFlow::Break(Some(place)) => return Ok(Search::Found(place.slot())),
            ControlFlow::Break(None) => {
                if let Some(place) = raw.place_in(home) {
                    return Ok(Search::Vacant(place));
                }
            }
            ControlFlow::Continue(()) => {}
        }
        self.place_further(hash, is_key)
    }

    /// The same, if the home group did not tell.
    #[cold] // nearly every search ends in its home group
    #[inline(never)]
    pub(super) fn place_further(&self, hash: Hash, mut is_key: impl FnMut(&K) -> bool) -> Result<Search, FixedError> {
        // SAFETY: C2, as in `slot_of`.
        self.raw().find_or_place(hash, |key| is_key(unsafe { key.as_ref() }))
    }

    /// Whether a search for this hash ends by itself, not by the bound.
    pub(super) fn search_ends(&self, hash: Hash) -> Result<(), FixedError> {
        self.raw().search_ends(hash)
    }

    /// The entry of a key in an archive without C2, with key and value checked first.
    pub(super) fn find_checked(
        &self,
        hash: Hash,
        mut is_key: impl FnMut(&K) -> bool,
    ) -> Result<Option<(&K, &V)>, FixedError>
    where
        K: Checked,
        V: Checked,
    {
        let raw = self.raw();
        let mut damaged = None;
        let found = raw.find(hash, |key| {
            // SAFETY: C1: readable, aligned; memory of an `Unverified` is not written to.
            let valid = unsafe { K::is_valid(key.as_ptr()) };
            if !valid {
                damaged = Some(FixedError::at(Field::Key, raw.slot_at(key) as u64, 0, 1));
            }
            // SAFETY: just checked.
            valid && is_key(unsafe { key.as_ref() })
        });
        let Some(slot) = found.map(Hit::slot) else {
            return damaged
                .map_or(Ok(()), Err)
                .and_then(|()| raw.search_ends(hash))
                .map(|()| None);
        };
        // SAFETY: C1, as above.
        if !unsafe { V::is_valid(raw.value_ptr(slot).as_ptr()) } {
            return Err(FixedError::at(Field::Value, slot as u64, 0, 1));
        }
        Ok(Some(self.pair(slot)))
    }

    /// Asks for the cache lines of so many entries, then finds them: the misses overlap.
    pub(super) fn find_batch<'m, Q>(
        &'m self,
        queries: &[Q],
        out: &mut [Option<&'m V>],
        hash_of: impl Fn(&Q) -> Hash,
        is_key: impl Fn(&Q, &K) -> bool,
    ) {
        /// Lookups in flight: more than a core has line-fill buffers, few enough for the first-level cache.
        const BATCH: usize = 32;
        let raw = self.raw();
        for (queries, out) in queries.chunks(BATCH).zip(out.chunks_mut(BATCH)) {
            let mut hashes = [Hash(0); BATCH];
            for (hash, query) in hashes.iter_mut().zip(queries) {
                *hash = hash_of(query);
                raw.prefetch_tags(*hash);
            }
            for &hash in &hashes[..queries.len()] {
                raw.prefetch_slot(hash);
            }
            for ((out, query), &hash) in out.iter_mut().zip(queries).zip(&hashes) {
                *out = self.find_value(hash, |key| is_key(query, key));
            }
        }
    }

    pub(super) fn prefetch(&self, hash: Hash) {
        self.raw().prefetch_tags(hash);
    }

    /// Asks for everything of a hash's home at once, before the tags have told which slot it is.
    #[inline(always)]
    pub(super) fn prefetch_home(&self, hash: Hash) {
        self.raw().prefetch_home(hash);
    }

    /// The first entry in a hash's home that may be its key's, for whoever wants to ask for more memory ahead of a lookup.
    #[inline(always)]
    pub(super) fn first_alike(&self, hash: Hash) -> Option<(&K, &V)> {
        let raw = self.raw();
        let home = hash.home(raw.groups());
        let lane = Group::load(&raw.group(home))
            .matching(hash.mark(raw.groups()))
            .first()?;
        // (A tag that matches is that of a full slot.)
        Some(self.pair(home as usize * LANES + lane))
    }

    /// Whether there is such a slot, and it is full.
    #[inline(always)]
    pub(super) fn is_full(&self, slot: usize) -> bool {
        slot < self.geometry.slots() && self.raw().tag(slot) != 0
    }

    /// The first full slot from this one on.
    pub(super) fn full_from(&self, from: usize) -> Option<usize> {
        (from..self.geometry.slots()).find(|&slot| self.raw().tag(slot) != 0)
    }

    /// The pairs in the order of their slots.
    pub(super) fn iter(&self) -> super::iter::Iter<'_, K, V> {
        self.lend();
        super::iter::Iter::new(self.raw(), self.len())
    }

    /// Every key with the number of its slot.
    pub(super) fn for_each_key(&self, mut f: impl FnMut(usize, &K)) {
        for slot in 0..self.geometry.slots() {
            if self.raw().tag(slot) != 0 {
                f(slot, self.pair(slot).0);
            }
        }
    }

    /// The same map on a copy of its bytes.
    ///
    /// # Panics
    ///
    /// If the copy is too short or misaligned.
    pub(super) fn with_memory<N: Memory>(&self, memory: N) -> Core<K, V, N> {
        check_memory(&memory, self.geometry.bytes, Self::SLOT.archive_align()).expect("a copy of the whole archive");
        Core {
            memory,
            geometry: self.geometry,
            sealed: self.sealed,
            types: PhantomData,
        }
    }

    pub(super) fn keys(&self) -> super::iter::Keys<'_, K, V> {
        super::iter::Keys::new(self.raw(), self.len())
    }

    pub(super) fn values(&self) -> super::iter::Values<'_, K, V> {
        self.lend();
        super::iter::Values::new(self.raw(), self.len())
    }

    /// Each pair copied out: a pair is plain bytes.
    ///
    /// With atomics this needs `&mut self`, which the callers take.
    pub(super) fn copies(&self) -> impl Iterator<Item = (K, V)> + Clone + '_ {
        // SAFETY: C2; types without Drop, of which a copy of the bytes is another value.
        super::iter::Iter::new(self.raw(), self.len())
            .map(|(key, value)| unsafe { (core::ptr::read(key), core::ptr::read(value)) })
    }

    /// The entry in a full slot. What lends out the value does `lend` first.
    #[inline(always)]
    pub(super) fn pair(&self, slot: usize) -> (&K, &V) {
        let raw = self.raw();
        // SAFETY: R1, R2: the slot is full; `&self` keeps it so.
        unsafe { (raw.key_ptr(slot).as_ref(), raw.value_ptr(slot).as_ref()) }
    }

    /// Says in the bytes that they are not sealed. The memory is writable.
    #[cold]
    pub(super) fn unseal_writable(&mut self) {
        self.put_open();
        self.sealed = false;
    }

    /// Writes a number of the mutable part of the header. The memory is writable.
    #[inline(always)]
    pub(super) fn put(&mut self, at: usize, number: u64) {
        debug_assert!(M::WRITABLE && at >= at::LEN);
        // SAFETY: C1 and M2; as in `number`.
        unsafe { self.memory.ptr().add(at).cast::<u64>().write(number.to_le()) };
    }
}

/// Tells the compiler that a branch is seldom taken.
#[cold]
#[inline(always)]
const fn cold_path() {}
