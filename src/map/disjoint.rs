//! Several values of one map at once.
//!
//! ```text
//!  keys      k0        k1        k2
//!  buckets  (t0,b0)   (t1,b1)   none      found first, through shared borrows that end
//!  values   &mut v0   &mut v1   None      made afterwards, from pairwise different buckets
//! ```
//!
//! Invariants, upheld by [`ArenaMap::disjoint_buckets`]:
//!
//! - **M1** All buckets are found before the first exclusive pointer is made; nothing searches a table afterwards.
//! - **M2** The buckets are pairwise different, and occupied.

#![allow(
    unsafe_code,
    reason = "exclusive references to different buckets of one table; see M1, M2"
)]

use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;

use super::ArenaMap;
use crate::arena::Handle;

impl<K: Eq + Hash, V, S: BuildHasher, H: Handle> ArenaMap<K, V, S, H> {
    /// Exclusive references to the values of several keys at once; `None` where a key is missing.
    ///
    /// Computes in **O(N)** lookups and **O(N²)** comparisons of places. Allocates: never.
    ///
    /// # Panics
    ///
    /// If two keys name the same entry.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::ArenaMap;
    ///
    /// let mut map = ArenaMap::from([("a", 1), ("b", 2)]);
    /// if let [Some(a), Some(b), None] = map.get_disjoint_mut(["a", "b", "c"]) {
    ///     core::mem::swap(a, b);
    /// }
    /// assert_eq!((map["a"], map["b"]), (2, 1));
    /// ```
    pub fn get_disjoint_mut<Q, const N: usize>(&mut self, keys: [&Q; N]) -> [Option<&'_ mut V>; N]
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        self.get_disjoint_key_value_mut(keys)
            .map(|found| found.map(|(_, value)| value))
    }

    /// Like [`get_disjoint_mut`](Self::get_disjoint_mut), with the stored keys.
    ///
    /// Allocates: never.
    ///
    /// # Panics
    ///
    /// If two keys name the same entry.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::ArenaMap;
    ///
    /// let mut map = ArenaMap::from([("a", 1), ("b", 2)]);
    /// let [a, c] = map.get_disjoint_key_value_mut(["a", "c"]);
    /// assert_eq!(a, Some((&"a", &mut 1)));
    /// assert_eq!(c, None);
    /// ```
    pub fn get_disjoint_key_value_mut<Q, const N: usize>(&mut self, keys: [&Q; N]) -> [Option<(&'_ K, &'_ mut V)>; N]
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let places = self.disjoint_buckets(keys);
        places.map(|place| {
            let (hash, bucket) = place?;
            let entry: *mut (K, V) = self.core.bucket_mut(hash, bucket);
            // SAFETY: M2: no other reference made here is to this bucket; M1: later rounds touch other buckets and
            // the control bytes only. The borrow of `self` is exclusive and lasts as long as the result.
            let (key, value) = unsafe { &mut *entry };
            Some((&*key, value))
        })
    }

    /// The bucket of each key, pairwise different.
    fn disjoint_buckets<Q, const N: usize>(&self, keys: [&Q; N]) -> [Option<(u64, usize)>; N]
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let places = keys.map(|key| {
            let hash = self.hash_of(key);
            let bucket = self.core.find_bucket(hash, |(known, _)| key.equivalent(known))?;
            Some((hash, bucket))
        });
        for (index, place) in places.iter().enumerate() {
            let Some((hash, bucket)) = *place else { continue };
            for (other_hash, other_bucket) in places[..index].iter().flatten() {
                let same_table = || core::ptr::eq(self.core.table(hash), self.core.table(*other_hash));
                assert!(bucket != *other_bucket || !same_table(), "duplicate keys found");
            }
        }
        places
    }
}
