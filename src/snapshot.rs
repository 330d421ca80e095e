//! Makes [`FixedMap`]s of growing maps: in one pass, in memory of the caller, without a heap call.
//!
//! The way back is `try_extend`: it takes the entries of a `FixedMap` as those of any other map.

use crate::arena::Handle;
use crate::bounded::{BoundedCopiedMap, BoundedMap};
use crate::copied::{CopiedKey, CopiedMap};
#[cfg(doc)]
use crate::fixed::FixedStr;
use crate::fixed::{ConvertError, FixedKey, FixedMap, FixedValue, IntoMemory, MemoryMut, SnapshotError, TooLong};
use crate::map::ArenaMap;
use crate::set::ArenaSet;

/// Converts key and value of an entry.
fn convert<K, V, KF: TryFrom<K>, VF: TryFrom<V>>(
    key: K,
    value: V,
) -> Result<(KF, VF), ConvertError<KF::Error, VF::Error>> {
    let key = key.try_into().map_err(ConvertError::Key)?;
    let value = value.try_into().map_err(ConvertError::Value)?;
    Ok((key, value))
}

impl<K, V, S, H: Handle> ArenaMap<K, V, S, H> {
    /// A [`FixedMap`] of the same entries, in the given memory.
    ///
    /// Keys and values are converted by `TryFrom`: `u64` to `u64_le`, `&str` to [`FixedStr`], a struct of your own by
    /// your `impl From`. A type of this kind that is in the map already stays as it is. For keys and values that are
    /// not `Copy`, or have no such conversion, use [`snapshot_with`](Self::snapshot_with).
    ///
    /// `capacity` is the most entries that the snapshot can ever have: [`len`](Self::len), if it is only read. The
    /// memory is anything that is [`IntoMemory`], with at least [`bytes_for`](FixedMap::bytes_for) that capacity.
    ///
    /// The way back is [`try_extend`](Self::try_extend). It is much faster after a [`try_reserve`](Self::try_reserve).
    ///
    /// Allocates: never. Time: O(slots + bytes of the snapshot).
    ///
    /// # Errors
    ///
    /// [`SnapshotError`]: the capacity is below `len`, the memory too short or misaligned, an entry did not convert, or
    /// two keys became the same. In the last two cases the memory holds no archive afterwards. In the others it is as
    /// it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, FixedMap, u32_le, u64_le};
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::new();
    /// let mut hits: ArenaMap<u64, u32, _, _> = ArenaMap::new_in(&arena);
    /// hits.extend([(7, 1), (8, 2)]);
    ///
    /// let need = FixedMap::<u64_le, u32_le>::bytes_for(hits.len());
    /// let mut snapshot: FixedMap<u64_le, u32_le> = hits.snapshot_into(AlignedBytes::zeroed(need), hits.len())?;
    /// let file = snapshot.seal().to_vec();
    ///
    /// // And back. The budget of the arena, if it has one, is all that may refuse.
    /// let file = AlignedBytes::from_slice(&file);
    /// let view = FixedMap::<u64_le, u32_le, _>::open_verified(&file[..])?;
    /// let mut again: ArenaMap<u64, u32, _, _> = ArenaMap::new_in(&arena);
    /// again.try_reserve(view.len())?;
    /// again.try_extend(view.iter().map(|(key, value)| (key.to_native(), value.to_native())))?;
    /// assert_eq!(again, hits);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[allow(clippy::type_complexity, reason = "an alias would hide what the errors are")]
    pub fn snapshot_into<KF, VF, B>(
        &self,
        memory: B,
        capacity: usize,
    ) -> Result<FixedMap<KF, VF, B::Memory>, SnapshotError<ConvertError<KF::Error, VF::Error>>>
    where
        K: Copy,
        V: Copy,
        KF: FixedKey + TryFrom<K>,
        VF: FixedValue + TryFrom<V>,
        B: IntoMemory<Memory: MemoryMut>,
    {
        self.snapshot_with(memory, capacity, |&key, &value| convert(key, value))
    }

    /// A [`FixedMap`] of what a closure makes of each entry, in the given memory.
    ///
    /// Allocates: never. Time: O(slots + bytes of the snapshot), and the calls of the closure.
    ///
    /// # Errors
    ///
    /// As [`snapshot_into`](Self::snapshot_into); an error of the closure ends the call, as [`SnapshotError::Entry`].
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::ArenaMap;
    /// use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr, TooLong, u64_le};
    ///
    /// let files = ArenaMap::from([("a".to_owned(), vec![1_u8, 2, 3])]);
    ///
    /// let need = FixedMap::<FixedStr<16>, u64_le>::bytes_for(100);
    /// let sizes = files.snapshot_with(AlignedBytes::zeroed(need), 100, |name, content| {
    ///     Ok::<_, TooLong>((FixedStr::<16>::new(name)?, u64_le::from(content.len() as u64)))
    /// })?;
    /// assert_eq!(sizes.get("a"), Some(&3.into()));
    /// # Ok::<(), arenamap::fixed::SnapshotError<TooLong>>(())
    /// ```
    pub fn snapshot_with<KF, VF, B, E>(
        &self,
        memory: B,
        capacity: usize,
        mut entry: impl FnMut(&K, &V) -> Result<(KF, VF), E>,
    ) -> Result<FixedMap<KF, VF, B::Memory>, SnapshotError<E>>
    where
        KF: FixedKey,
        VF: FixedValue,
        B: IntoMemory<Memory: MemoryMut>,
    {
        let entries = self.iter().map(|(key, value)| entry(key, value));
        FixedMap::filled(memory, capacity, self.len(), entries)
    }
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> CopiedMap<Q, V, S, H> {
    /// A [`FixedMap`] of the same entries, in the given memory.
    ///
    /// Keys of a [`StrMap`](crate::StrMap) become a `FixedStr<N>`, and those of a [`BytesMap`](crate::BytesMap) a
    /// `FixedBytes<N>`: at most `N - 1` bytes each.
    ///
    /// Values are converted by `TryFrom`, as by [`ArenaMap::snapshot_into`], which also says what `capacity` and `memory`
    /// are. The way back is [`try_extend`](Self::try_extend).
    ///
    /// Allocates: never. Time: O(slots + bytes of the snapshot).
    ///
    /// # Errors
    ///
    /// As [`ArenaMap::snapshot_into`]. The error for a key that is too long has its length.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::fixed::{Exclusive, FixedMap, FixedStr, u32_le};
    /// use arenamap::{Arena, StrMap};
    ///
    /// let arena = Arena::new();
    /// let mut words: StrMap<u32, _, _> = StrMap::new_in(&arena);
    /// words.extend([("a", 1), ("b", 2)]);
    /// let need = FixedMap::<FixedStr<16>, u32_le>::bytes_for(2);
    /// let snapshot: FixedMap<FixedStr<16>, u32_le, _> = words.snapshot_into(Exclusive::in_arena(&arena, need)?, 2)?;
    /// assert_eq!(snapshot.get("b"), Some(&2.into()));
    ///
    /// let mut again: StrMap<u32, _, _> = StrMap::new_in(&arena);
    /// again.try_reserve(snapshot.len())?;
    /// again
    ///     .try_extend(snapshot.iter().map(|(key, value)| (key.as_str(), value.to_native())))
    ///     .map_err(|error| error.cause)?; // the error itself has the entry, which borrows from the snapshot
    /// assert_eq!(again, words);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[allow(clippy::type_complexity, reason = "an alias would hide what the errors are")]
    pub fn snapshot_into<KF, VF, B>(
        &self,
        memory: B,
        capacity: usize,
    ) -> Result<FixedMap<KF, VF, B::Memory>, SnapshotError<ConvertError<TooLong, VF::Error>>>
    where
        V: Copy,
        KF: FixedKey + for<'q> TryFrom<&'q Q, Error = TooLong>,
        VF: FixedValue + TryFrom<V>,
        B: IntoMemory<Memory: MemoryMut>,
    {
        self.snapshot_with(memory, capacity, |key, &value| convert(key, value))
    }

    /// A [`FixedMap`] of what a closure makes of each entry, in the given memory.
    ///
    /// Allocates: never. Time: O(slots + bytes of the snapshot), and the calls of the closure.
    ///
    /// # Errors
    ///
    /// As [`ArenaMap::snapshot_with`].
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::StrMap;
    /// use arenamap::fixed::{AlignedBytes, FixedBytes, FixedMap, TooLong};
    ///
    /// let names = StrMap::from([("a", String::from("one"))]);
    /// let need = FixedMap::<FixedBytes<8>, FixedBytes<8>>::bytes_for(10);
    /// let snapshot = names.snapshot_with(AlignedBytes::zeroed(need), 10, |key, name| {
    ///     Ok::<_, TooLong>((FixedBytes::<8>::new(key.as_bytes())?, FixedBytes::<8>::new(name.as_bytes())?))
    /// })?;
    /// assert_eq!(&**snapshot.get(&b"a"[..]).unwrap(), b"one");
    /// # Ok::<(), arenamap::fixed::SnapshotError<TooLong>>(())
    /// ```
    pub fn snapshot_with<KF, VF, B, E>(
        &self,
        memory: B,
        capacity: usize,
        mut entry: impl FnMut(&Q, &V) -> Result<(KF, VF), E>,
    ) -> Result<FixedMap<KF, VF, B::Memory>, SnapshotError<E>>
    where
        KF: FixedKey,
        VF: FixedValue,
        B: IntoMemory<Memory: MemoryMut>,
    {
        let entries = self.iter().map(|(key, value)| entry(key, value));
        FixedMap::filled(memory, capacity, self.len(), entries)
    }
}

impl<K, V, S, H: Handle> BoundedMap<K, V, S, H> {
    /// A [`FixedMap`] of what a closure makes of each entry that is in time, in the given memory: a cache that survives a restart.
    ///
    /// The closure is given key, value, and the tick at which the entry expires, if it does. What the map knows of the use of its
    /// entries is not in the snapshot. The way back is an insertion of each: see the example. `capacity` is the most entries that the
    /// snapshot can ever have: [`len`](Self::len) is enough.
    ///
    /// Allocates: never. Time: O(capacity + bytes of the snapshot), and the calls of the closure.
    ///
    /// # Errors
    ///
    /// As [`ArenaMap::snapshot_with`].
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::BoundedMap;
    /// use arenamap::bounded::Terms;
    /// use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    ///
    /// arenamap::fixed_struct! {
    ///     #[derive(Clone, Copy)]
    ///     pub struct Session { pub user: u64_le, pub until: u64_le }
    /// }
    ///
    /// let mut sessions = BoundedMap::new(1_000);
    /// sessions.insert_for(0xC0FFEE, 42, 60, 1_000);
    /// let need = FixedMap::<u64_le, Session>::bytes_for(sessions.len());
    /// let mut snapshot = sessions.snapshot_with(AlignedBytes::zeroed(need), sessions.len(), 1_010, |&token, &user, until| {
    ///     let until = until.unwrap_or(u64::MAX);
    ///     Ok::<_, std::convert::Infallible>((u64_le::from(token), Session { user: u64::into(user), until: until.into() }))
    /// })?;
    /// let file = snapshot.seal().to_vec();
    ///
    /// // After the restart, at 1,020.
    /// let file = AlignedBytes::from_slice(&file);
    /// let view = FixedMap::<u64_le, Session, _>::open_verified(&file[..])?;
    /// let mut sessions = BoundedMap::new(1_000);
    /// for (token, session) in &view {
    ///     let left = session.until.to_native().saturating_sub(1_020);
    ///     sessions.insert_for(token.to_native(), session.user.to_native(), left, 1_020);
    /// }
    /// assert_eq!(sessions.get(&0xC0FFEE, 1_059), Some(&42));
    /// assert_eq!(sessions.get(&0xC0FFEE, 1_060), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot_with<KF, VF, B, E>(
        &self,
        memory: B,
        capacity: usize,
        now: u64,
        mut entry: impl FnMut(&K, &V, Option<u64>) -> Result<(KF, VF), E>,
    ) -> Result<FixedMap<KF, VF, B::Memory>, SnapshotError<E>>
    where
        KF: FixedKey,
        VF: FixedValue,
        B: IntoMemory<Memory: MemoryMut>,
    {
        let entries = self.lives(now).map(|((key, value), until)| entry(key, value, until));
        FixedMap::filled(memory, capacity, self.lives(now).count(), entries)
    }
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> BoundedCopiedMap<Q, V, S, H> {
    /// A [`FixedMap`] of what a closure makes of each entry that is in time, in the given memory: see
    /// [`BoundedMap::snapshot_with`].
    ///
    /// Allocates: never. Time: O(capacity + bytes of the snapshot), and the calls of the closure.
    ///
    /// # Errors
    ///
    /// As [`ArenaMap::snapshot_with`].
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::BoundedStrMap;
    /// use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr, TooLong, u64_le};
    ///
    /// let mut tokens = BoundedStrMap::new(100);
    /// tokens.insert("5f0c-73a1-99d2-e0b4", 42, 0);
    /// let need = FixedMap::<FixedStr<32>, u64_le>::bytes_for(tokens.len());
    /// let snapshot = tokens.snapshot_with(AlignedBytes::zeroed(need), tokens.len(), 0, |token, &user, _until| {
    ///     Ok::<_, TooLong>((FixedStr::<32>::new(token)?, u64_le::from(user)))
    /// })?;
    /// assert_eq!(snapshot.get("5f0c-73a1-99d2-e0b4"), Some(&42.into()));
    /// # Ok::<(), arenamap::fixed::SnapshotError<TooLong>>(())
    /// ```
    pub fn snapshot_with<KF, VF, B, E>(
        &self,
        memory: B,
        capacity: usize,
        now: u64,
        mut entry: impl FnMut(&Q, &V, Option<u64>) -> Result<(KF, VF), E>,
    ) -> Result<FixedMap<KF, VF, B::Memory>, SnapshotError<E>>
    where
        KF: FixedKey,
        VF: FixedValue,
        B: IntoMemory<Memory: MemoryMut>,
    {
        let entries = self.lives(now).map(|(key, value, until)| entry(key, value, until));
        FixedMap::filled(memory, capacity, self.lives(now).count(), entries)
    }
}

impl<T, S, H: Handle> ArenaSet<T, S, H> {
    /// A [`FixedMap`] of the same elements, without values, in the given memory.
    ///
    /// Elements are converted by `TryFrom`, as by [`ArenaMap::snapshot_into`], which also says what `capacity` and `memory`
    /// are. The way back is [`try_extend`](Self::try_extend).
    ///
    /// Allocates: never. Time: O(slots + bytes of the snapshot).
    ///
    /// # Errors
    ///
    /// As [`ArenaMap::snapshot_into`].
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::ArenaSet;
    /// use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    ///
    /// let set = ArenaSet::from([7_u64, 8]);
    /// let need = FixedMap::<u64_le, ()>::bytes_for(2);
    /// let snapshot: FixedMap<u64_le, ()> = set.snapshot_into(AlignedBytes::zeroed(need), 2)?;
    /// assert!(snapshot.contains_key(&8));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot_into<KF, B>(
        &self,
        memory: B,
        capacity: usize,
    ) -> Result<FixedMap<KF, (), B::Memory>, SnapshotError<KF::Error>>
    where
        T: Copy,
        KF: FixedKey + TryFrom<T>,
        B: IntoMemory<Memory: MemoryMut>,
    {
        self.snapshot_with(memory, capacity, |&element| element.try_into())
    }

    /// A [`FixedMap`] of what a closure makes of each element, without values, in the given memory.
    ///
    /// Allocates: never. Time: O(slots + bytes of the snapshot), and the calls of the closure.
    ///
    /// # Errors
    ///
    /// As [`ArenaMap::snapshot_with`].
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::ArenaSet;
    /// use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr};
    ///
    /// let words = ArenaSet::from([String::from("a"), String::from("b")]);
    /// let need = FixedMap::<FixedStr<8>, ()>::bytes_for(2);
    /// let snapshot = words.snapshot_with(AlignedBytes::zeroed(need), 2, |word| FixedStr::<8>::new(word))?;
    /// assert!(snapshot.contains_key("a"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot_with<KF, B, E>(
        &self,
        memory: B,
        capacity: usize,
        mut element: impl FnMut(&T) -> Result<KF, E>,
    ) -> Result<FixedMap<KF, (), B::Memory>, SnapshotError<E>>
    where
        KF: FixedKey,
        B: IntoMemory<Memory: MemoryMut>,
    {
        let entries = self.iter().map(|each| Ok((element(each)?, ())));
        FixedMap::filled(memory, capacity, self.len(), entries)
    }
}
