//! How a path is found: up to four of its parts by one search.

use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;

use super::PathMap;
use super::key::PathKey;
use super::slab::{Record, mix};
use super::tree::spread;
use crate::arena::Handle;
use crate::table::KeyShape;

/// Parts of a path that are found by one search, at most.
pub(super) const STRIDE: usize = 4;

/// A node, and its record.
type Reached<'m, K, V> = (u32, &'m Record<<K as super::key::sealed::Keep>::Stored, V>);

/// What is left of the hash of a key: all bits of it matter, also where a hasher hands pairs of numbers through, of which the two halves
/// may be the same.
#[inline(always)]
const fn fold(hash: u64) -> u32 {
    (hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}

/// What is done with the parts of a path, up to [`STRIDE`] at once.
pub(super) trait Stride<'q, Q: ?Sized + 'q> {
    /// Why the walk ends early.
    type Stop;

    fn stride<const N: usize>(&mut self, parts: [&'q Q; N]) -> Result<(), Self::Stop>;

    /// (Written out, so that parts and iterator are where the caller has them: an array that is written and read at once, in
    /// pieces of other sizes, takes longer than a lookup.)
    #[inline(always)] // part of every lookup
    fn along(&mut self, path: &mut impl Iterator<Item = &'q Q>) -> Result<(), Self::Stop> {
        loop {
            let Some(a) = path.next() else { return Ok(()) };
            let Some(b) = path.next() else { return self.stride([a]) };
            let Some(c) = path.next() else {
                return self.stride([a, b]);
            };
            let Some(d) = path.next() else {
                return self.stride([a, b, c]);
            };
            self.stride([a, b, c, d])?;
        }
    }
}

/// A path to a node that is there.
struct Leading<'m, K: PathKey + ?Sized, V, S, H: Handle> {
    map: &'m PathMap<K, V, S, H>,
    at: u32,
    salt: u32,
    record: Option<&'m Record<K::Stored, V>>,
}

impl<'q, K, V, Q, S, H> Stride<'q, Q> for Leading<'_, K, V, S, H>
where
    K: PathKey + ?Sized,
    Q: Hash + Equivalent<K> + ?Sized + 'q,
    S: BuildHasher,
    H: Handle,
{
    type Stop = ();

    #[inline(always)]
    fn stride<const N: usize>(&mut self, parts: [&'q Q; N]) -> Result<(), ()> {
        let (at, record) = self.map.descendant(self.at, self.salt, parts).ok_or(())?;
        if N == STRIDE {
            self.salt = self.map.slab.salt(at); // there may be more parts
        }
        (self.at, self.record) = (at, Some(record));
        Ok(())
    }
}

impl<K: PathKey + ?Sized, V, S: BuildHasher, H: Handle> PathMap<K, V, S, H> {
    /// What is left of the hash of a key.
    #[inline(always)] // part of every lookup
    pub(super) fn key_hash<Q: Hash + ?Sized>(&self, part: &Q) -> u32 {
        fold(self.hash_builder.hash_one(part))
    }

    /// The child of a node with this key.
    #[inline]
    pub(super) fn child<Q: Equivalent<K> + ?Sized>(&self, parent: u32, part: &Q, key_hash: u32) -> Option<u32> {
        let hash = mix(key_hash, self.slab.salt(parent));
        self.find(parent, &[part], hash).map(|(number, _)| number)
    }

    /// The node with this hash at these parts below another one.
    #[inline(always)] // the lookup itself
    fn find<Q: Equivalent<K> + ?Sized>(&self, from: u32, parts: &[&Q], hash: u32) -> Option<Reached<'_, K, V>> {
        self.table.prefetch_slots(spread(hash));
        let entry = self.table.get(
            KeyShape::Whole,
            || spread(hash),
            |entry| entry.hash == hash && self.leads(from, parts, entry.node),
        )?;
        Some((entry.node, self.slab.get(entry.node)))
    }

    /// Whether these parts lead from one node to the other.
    #[inline(always)] // the lookup itself
    fn leads<Q: Equivalent<K> + ?Sized>(&self, from: u32, parts: &[&Q], to: u32) -> bool {
        let mut at = to;
        for part in parts.iter().rev() {
            if at == 0 {
                return false; // the top of a tree that was cut off
            }
            let record = self.slab.get(at);
            if !record.key().is_some_and(|key| part.equivalent(K::of_stored(key))) {
                return false;
            }
            at = record.parent;
        }
        at == from
    }

    /// The salt of the root, which is there.
    #[inline(always)] // part of every lookup
    fn salt_of(&self, from: u32) -> u32 {
        if from == self.root && !self.slab.has_odd() {
            0 // as its hash
        } else {
            self.slab.salt(from)
        }
    }

    /// The node of a path from another one.
    #[inline(always)] // the lookup itself
    pub(super) fn lead<'q, Q, I>(&self, from: u32, path: I) -> Option<u32>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.lead_to(from, path).map(|leading| leading.at)
    }

    /// The record of the node of a path from another one.
    #[inline(always)] // the lookup itself
    pub(super) fn lead_to_record<'q, Q, I>(&self, from: u32, path: I) -> Option<&Record<K::Stored, V>>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        let leading = self.lead_to(from, path)?;
        Some(match leading.record {
            Some(record) => record,
            None => self.slab.get(from),
        })
    }

    #[inline(always)]
    fn lead_to<'q, Q, I>(&self, from: u32, path: I) -> Option<Leading<'_, K, V, S, H>>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        if from == 0 {
            return None;
        }
        let mut leading = Leading {
            map: self,
            at: from,
            salt: self.salt_of(from),
            record: None,
        };
        leading.along(&mut path.into_iter()).ok()?;
        Some(leading)
    }

    /// (No `map`, which is a call for each array.)
    #[inline(always)]
    pub(super) fn key_hashes<Q: Hash + ?Sized, const N: usize>(&self, parts: &[&Q; N]) -> [u32; N] {
        let mut keys = [0; N];
        for (key, part) in keys.iter_mut().zip(parts) {
            *key = self.key_hash(*part);
        }
        keys
    }

    /// The node at these parts below another one.
    #[inline(never)] // so that a lookup is small where it is called
    fn descendant<Q, const N: usize>(&self, from: u32, salt: u32, parts: [&Q; N]) -> Option<Reached<'_, K, V>>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let keys = self.key_hashes(&parts);
        let hash = keys.iter().fold(salt, |salt, &key| mix(key, salt));
        let found = self.find(from, &parts, hash);
        if found.is_none() && N > 1 && self.slab.has_odd() {
            let (at, there) = self.reach_by_steps(from, &parts, &keys);
            return (there == N).then(|| (at, self.slab.get(at)));
        }
        found
    }

    /// As far as these parts lead from a node, and how many of them.
    #[inline(always)] // part of every insertion
    pub(super) fn reach<Q, const N: usize>(&self, from: u32, parts: &[&Q; N], keys: &[u32; N]) -> (u32, usize)
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let mut hashes = [0; N];
        let mut salt = self.salt_of(from);
        for (hash, &key) in hashes.iter_mut().zip(keys) {
            salt = mix(key, salt);
            *hash = salt;
        }
        if let Some((found, _)) = self.find(from, parts, salt) {
            return (found, N);
        }
        if self.slab.has_odd() {
            return self.reach_by_steps(from, parts, keys);
        }
        for there in (1..N).rev() {
            if let Some(found) = self.find_above(from, &parts[..there], hashes[there - 1]) {
                return (found, there);
            }
        }
        (from, 0)
    }

    #[inline(never)]
    fn find_above<Q: Equivalent<K> + ?Sized>(&self, from: u32, parts: &[&Q], hash: u32) -> Option<u32> {
        self.find(from, parts, hash).map(|(number, _)| number)
    }

    /// As [`reach`](Self::reach), also where a node on the way is odd.
    #[cold]
    #[inline(never)]
    fn reach_by_steps<Q: Equivalent<K> + ?Sized>(&self, from: u32, parts: &[&Q], keys: &[u32]) -> (u32, usize) {
        let mut at = from;
        for (there, (part, &key)) in parts.iter().zip(keys).enumerate() {
            match self.child(at, *part, key) {
                Some(child) => at = child,
                None => return (at, there),
            }
        }
        (at, parts.len())
    }
}
