//! Keys of an archive. They are hashed and compared by their bytes, so that the results are the same on every target
//! and in every version.

use super::value::FixedValue;
use rapidhash::v3::{RapidSecrets, rapidhash_v3_inline};
use zerocopy::Immutable;

/// The secrets that the hashes of one map depend on. They are made from its seed; the archive has the seed only.
///
/// ```
/// use arenamap::fixed::{KeyHasher, KeySecrets};
///
/// let (ours, theirs) = (KeySecrets::seed(42), KeySecrets::seed(43));
/// let hash = |secrets| {
///     let mut hasher = KeyHasher::new(secrets);
///     hasher.write_u64(7);
///     hasher.finish()
/// };
/// assert_ne!(hash(&ours), hash(&theirs));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct KeySecrets(RapidSecrets);

impl KeySecrets {
    /// The secrets of a map with this seed.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn seed(seed: u64) -> Self {
        let mut secrets = RapidSecrets::seed(seed);
        secrets.secrets[1] |= 1; // whoever multiplies by it loses nothing
        Self(secrets)
    }
}

/// The hash function of the format. It takes the parts of a key one after the other.
///
/// A number of up to eight bytes takes one multiplication to 128 bits, whose halves are folded together, as foldhash
/// does it (<https://docs.rs/foldhash>); other parts are hashed by rapidhash v3 (<https://docs.rs/rapidhash>), whose
/// output never changes. The result of one part is the seed of the next. So a key of several parts is hashed without
/// joining them, and parts of different lengths are not mistaken for each other. At the end, the result is multiplied
/// once more, by an odd secret.
///
/// The second multiplication is needed. Without it, under one seed in twenty, sequential numbers met in a few groups: 3
/// times the groups for a hit, 10 times for a miss. With it, 105 patterns of keys cost what random keys cost, under
/// each of 20 seeds (`cargo test --release --features fixed --test fixed_hostile_keys -- --nocapture`).
///
/// ```
/// use arenamap::fixed::{KeyHasher, KeySecrets};
///
/// let secrets = KeySecrets::seed(42);
/// let mut hasher = KeyHasher::new(&secrets);
/// hasher.write_u64(7);
/// hasher.write(b"key");
/// assert_eq!(hasher.finish(), 0x9afb_b444_1595_8a92); // on every target, in every version
/// ```
#[derive(Clone, Debug)]
pub struct KeyHasher<'s> {
    secrets: &'s RapidSecrets,
    state: u64,
}

impl<'s> KeyHasher<'s> {
    /// A new hasher.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    #[must_use]
    pub const fn new(secrets: &'s KeySecrets) -> Self {
        Self {
            secrets: &secrets.0,
            state: secrets.0.seed,
        }
    }

    /// Takes the next part of a key, a number.
    ///
    /// Allocates: never. Time: O(1).
    #[inline(always)] // four instructions
    #[allow(clippy::cast_possible_truncation, reason = "the lower half of the product")]
    pub const fn write_u64(&mut self, number: u64) {
        let product = (number ^ self.state) as u128 * self.secrets.secrets[0] as u128;
        self.state = product as u64 ^ (product >> 64) as u64;
    }

    /// Takes the next part of a key, bytes of any length.
    ///
    /// Allocates: never. Time: O(bytes).
    #[inline(always)] // a part of known size takes few instructions
    pub fn write(&mut self, part: &[u8]) {
        // The first part needs no copy of the secrets; the comparison is gone after inlining.
        self.state = if self.state == self.secrets.seed {
            rapidhash_v3_inline::<true, false, false>(part, self.secrets)
        } else {
            let chained = RapidSecrets {
                seed: self.state,
                secrets: self.secrets.secrets,
            };
            rapidhash_v3_inline::<true, false, false>(part, &chained)
        };
    }

    /// The hash of all parts so far.
    ///
    /// Allocates: never. Time: O(1).
    #[inline(always)]
    #[must_use]
    pub const fn finish(&self) -> u64 {
        self.state.wrapping_mul(self.secrets.secrets[1])
    }
}

/// A type that can be the key of a [`FixedMap`](super::FixedMap).
///
/// Two keys are equal if the parts that they are hashed by are equal. For valid keys that means: if their bytes are
/// equal. So `-0.0` and `0.0` are two keys. [`fixed_struct!`](crate::fixed_struct) implements it for structs, part by
/// part in the order of their fields.
///
/// ```
/// use arenamap::fixed::{FixedKey, KeyHasher, KeySecrets, u64_le};
///
/// let secrets = KeySecrets::seed(42);
/// let (mut typed, mut native) = (KeyHasher::new(&secrets), KeyHasher::new(&secrets));
/// u64_le::from(7).hash_key(&mut typed);
/// native.write_u64(7);
/// assert_eq!(typed.finish(), native.finish());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key of a `FixedMap`",
    note = "a key has the same bytes on every target: use `u64_le` and the like, `FixedStr<N>`, `FixedBytes<N>`, arrays of them, or a struct made by `fixed_struct!`"
)]
pub trait FixedKey: FixedValue + Immutable {
    /// Gives the parts of this key to a hasher: a number of up to eight bytes by [`write_u64`](KeyHasher::write_u64), a
    /// longer one eight bytes at a time, texts and arrays by [`write`](KeyHasher::write).
    ///
    /// Allocates: never. Time: O(bytes).
    fn hash_key(&self, hasher: &mut KeyHasher<'_>);

    /// Whether two keys are equal: whether they give the same parts to a hasher.
    ///
    /// The default compares all bytes. If a key has bytes that it does not give to the hasher, as `FixedStr` has after
    /// its end, it must not compare them, either: else keys that differ only in them would collide under every seed.
    ///
    /// Allocates: never. Time: O(bytes).
    #[inline(always)]
    fn same(&self, other: &Self) -> bool {
        self.same_bytes(other)
    }

    #[doc(hidden)]
    #[inline(always)]
    fn same_bytes(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

/// Something by which a key can be looked up without making one: `u64` for `u64_le`, `&str` for `FixedStr<N>`.
///
/// A struct made by [`fixed_struct!`](crate::fixed_struct) is looked up by the borrowed parts of its fields, [`Parts`](crate::Parts): each
/// is a [`KeyPart`](super::KeyPart) of its field. They give the hasher the same parts as the struct does, so nothing is joined.
///
/// ```
/// use arenamap::Parts;
/// use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr, u32_le, u64_le};
///
/// arenamap::fixed_struct! {
///     /// A page of a site.
///     pub struct Page { pub site: u32_le, pub path: FixedStr<60> }
/// }
///
/// let need = FixedMap::<Page, u64_le>::bytes_for(10);
/// let mut hits = FixedMap::<Page, u64_le, _>::create(AlignedBytes::zeroed(need), 10)?;
/// hits.insert(Page { site: 1.into(), path: "/index".try_into()? }, 5.into()).unwrap();
/// assert_eq!(hits.get(&Parts((1_u32, "/index"))), Some(&5.into())); // nothing joined, nothing copied
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Implement it for types of your own: give the same parts in the same order as the key does.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, KeyHasher, Query, u64_le};
///
/// struct UserId(u64);
///
/// impl Query<u64_le> for UserId {
///     fn hash_query(&self, hasher: &mut KeyHasher<'_>) {
///         hasher.write_u64(self.0);
///     }
///     fn is_key(&self, key: &u64_le) -> bool {
///         self.0 == *key
///     }
/// }
///
/// let mut map = FixedMap::<u64_le, (), _>::create(AlignedBytes::zeroed(1024), 10)?;
/// map.insert(7.into(), ()).unwrap();
/// assert!(map.contains_key(&UserId(7)));
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a key `{K}` of a `FixedMap` cannot be looked up by `{Self}`",
    note = "look it up by the key itself, `u64_le` and the like by native integers, `FixedStr<N>` by `str`, `FixedBytes<N>` by `[u8]`, a struct of `fixed_struct!` by `Parts((..))` of all its fields, or implement `Query<{K}>`"
)]
pub trait Query<K> {
    /// Gives the parts that the key would give, by the same calls: a number given as text has another hash.
    ///
    /// Allocates: never. Time: O(bytes).
    fn hash_query(&self, hasher: &mut KeyHasher<'_>);

    /// Whether this is equal to the key.
    ///
    /// Allocates: never. Time: O(bytes).
    fn is_key(&self, key: &K) -> bool;
}

impl<K: FixedKey> Query<K> for K {
    #[inline(always)]
    fn hash_query(&self, hasher: &mut KeyHasher<'_>) {
        self.hash_key(hasher);
    }

    #[inline(always)]
    fn is_key(&self, key: &K) -> bool {
        self.same(key)
    }
}

/// The hash of a key or query under these secrets.
#[inline(always)] // part of every lookup
pub(super) fn hash_of<K, Q: Query<K> + ?Sized>(query: &Q, secrets: &KeySecrets) -> super::layout::Hash {
    let mut hasher = KeyHasher::new(secrets);
    query.hash_query(&mut hasher);
    super::layout::Hash(hasher.finish())
}
