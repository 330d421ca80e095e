//! The entries that a caller has, as what an indexed archive is made of.

use super::IndexedMap;
use super::build::{Source, build};
use super::layout::IndexGeometry;
use super::raw::bytes_of_mut;
use crate::fixed::error::{Field, FixedError};
use crate::fixed::header::{Types, write_schema};
use crate::fixed::key::KeySecrets;
use crate::fixed::layout::SlotLayout;
use crate::fixed::memory::{MemoryMut, check_memory};
use crate::fixed::raw::prefetch_bytes;
use crate::fixed::value::Frozen;
use crate::fixed::var::{LONGEST, Span, VarKey, VarMap, VarValue, hash_given};
use core::marker::PhantomData;
use zerocopy::IntoBytes;

/// Entries whose texts are on their way.
const AHEAD: usize = 16;
/// Larger entries go one by one: those on their way are on the stack.
const LARGE: usize = 256;

/// The entries of an archive that is made, of which there are `len`.
pub(super) struct Entries<'p, K: ?Sized, V: ?Sized, I> {
    pairs: I,
    len: usize,
    /// Bytes of all texts.
    room: usize,
    types: PhantomData<(PhantomData<K>, PhantomData<V>, &'p ())>,
}

impl<'p, K, V, I> Entries<'p, K, V, I>
where
    K: VarKey + ?Sized,
    V: VarValue<Slot: Frozen> + ?Sized,
    I: Iterator<Item = (K::Given<'p>, V::Given<'p>)> + Clone,
{
    const SLOT: SlotLayout = IndexedMap::<K, V>::SLOT;

    pub(super) fn new(pairs: I, len: usize) -> Self {
        let room = if IndexedMap::<K, V>::HAS_TEXTS {
            VarMap::<K, V>::measure(pairs.clone()).1
        } else {
            0
        };
        Self {
            pairs,
            len,
            room,
            types: PhantomData,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn room(&self) -> usize {
        self.room
    }

    /// Makes an archive of them, with this seed or one that follows it.
    pub(super) fn build<M: MemoryMut>(
        &self,
        mut memory: M,
        scratch: &mut [u64],
        seed: u64,
    ) -> Result<IndexedMap<K, V, M>, FixedError> {
        let geometry = IndexGeometry::of::<K::Slot, V::Slot>(self.len as u64, self.room as u64)?;
        check_memory(&memory, geometry.bytes, Self::SLOT.archive_align())?;
        let bytes = &mut bytes_of_mut(&mut memory)[..geometry.bytes];
        let seed = build(self, &geometry, bytes, scratch, seed)?;
        Ok(IndexedMap::of(memory, geometry, seed, true))
    }

    /// Walks over the entries with so many of them ahead, whose texts are asked for before they are needed: they are anywhere in memory.
    #[inline(never)] // only one of the two has its entries on the stack
    fn walk<const N: usize>(
        &self,
        mut see: impl FnMut(usize, I::Item) -> Result<(), FixedError>,
    ) -> Result<(), FixedError> {
        let mut pairs = self.pairs.clone().fuse();
        let mut ahead = [const { None }; N];
        let (mut step, mut count) = (0, 0);
        loop {
            let next = pairs.next();
            if let Some((key, value)) = &next {
                prefetch_bytes(K::text(key).unwrap_or_default());
                prefetch_bytes(V::text(value).unwrap_or_default());
            }
            let place = &mut ahead[step % N];
            step += 1;
            match core::mem::replace(place, next) {
                Some(entry) => {
                    see(count, entry)?;
                    count += 1;
                }
                // What comes first comes after `N` steps, and nothing comes after nothing.
                None if step > N => return self.check_count(count),
                None => {}
            }
        }
    }

    fn check_count(&self, count: usize) -> Result<(), FixedError> {
        if count == self.len {
            Ok(())
        } else {
            Err(FixedError::new(Field::Len, count as u64, self.len as u64).of_entries())
        }
    }
}

impl<'p, K, V, I> Source for Entries<'p, K, V, I>
where
    K: VarKey + ?Sized,
    V: VarValue<Slot: Frozen> + ?Sized,
    I: Iterator<Item = (K::Given<'p>, V::Given<'p>)> + Clone,
{
    type Entry = I::Item;

    #[inline(always)]
    fn types(&self) -> &Types {
        const { &Types::of::<K::Slot, V::Slot>() }
    }

    fn write_schema(&self, mut put: &mut dyn FnMut(&[u8])) {
        write_schema::<K::Slot, V::Slot>(&mut put);
    }

    fn for_each(&self, see: impl FnMut(usize, I::Item) -> Result<(), FixedError>) -> Result<(), FixedError> {
        if IndexedMap::<K, V>::HAS_TEXTS && size_of::<I::Item>() <= LARGE {
            self.walk::<AHEAD>(see)
        } else {
            self.walk::<1>(see)
        }
    }

    #[inline(always)]
    fn hash(&self, (key, _): &I::Item, secrets: &KeySecrets) -> u64 {
        hash_given::<K>(key, secrets).0
    }

    fn is_same(&self, (one, _): &I::Item, (other, _): I::Item) -> bool {
        match (K::text(one), K::text(&other)) {
            (Some(one), Some(other)) => one == other,
            _ => K::is_given(one, &K::slot(other, Span::EMPTY), &[]),
        }
    }

    #[inline(always)]
    fn are_texts(&self) -> [bool; 2] {
        [K::IS_TEXT, V::IS_TEXT]
    }

    #[inline(always)]
    fn texts<'e>(&'e self, (key, value): &'e I::Item) -> impl Iterator<Item = &'e [u8]> {
        [K::text(key), V::text(value)].into_iter().flatten()
    }

    #[inline(always)]
    fn write(&self, number: usize, (key, value): I::Item, slot: &mut [u8]) -> Result<(), FixedError> {
        let [at_key, at_value] = [K::text(&key), V::text(&value)].map(|text| length_alone(text, number));
        let (key, value) = (K::slot(key, at_key?), V::slot(value, at_value?));
        slot[..Self::SLOT.key].copy_from_slice(key.as_bytes());
        slot[Self::SLOT.value_at..][..Self::SLOT.value].copy_from_slice(value.as_bytes());
        Ok(())
    }
}

/// The place of a text which has none yet, in an entry of this number.
fn length_alone(text: Option<&[u8]>, entry: usize) -> Result<Span, FixedError> {
    match text.unwrap_or_default().len() {
        len if len <= LONGEST => Ok(Span::new(0, len)),
        len => Err(FixedError::at(Field::Text, entry as u64, LONGEST as u64, len as u64).of_entries()),
    }
}
