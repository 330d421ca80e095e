//! Keys of an archive: hashed and compared by their bytes, so that every target and every version agrees.

use super::value::FixedValue;
use rapidhash::v3::{RapidSecrets, rapidhash_v3_inline};
use zerocopy::Immutable;

/// The hash function of the format, fed with the parts of a key one after the other.
///
/// It is rapidhash v3 (<https://docs.rs/rapidhash>), whose output never changes, with secrets made from the map's seed.
/// The hash of one part is the seed of the next, so that a key of several parts is hashed without being joined, and parts of
/// different lengths are not mistaken for each other.
///
/// Its final mixing is part of it. Without it, one seed in twenty put sequential numbers into a few homes (3 times the
/// groups per hit, 10 times per miss), and the texts `a`, `aa` and `aaa` had one hash under every seed.
///
/// ```
/// use arenamap::fixed::KeyHasher;
///
/// let secrets = rapidhash::v3::RapidSecrets::seed(42);
/// let mut hasher = KeyHasher::new(&secrets);
/// hasher.write(b"key");
/// let expected = rapidhash::v3::rapidhash_v3_inline::<true, false, false>(b"key", &secrets);
/// assert_eq!(hasher.finish(), expected);
/// ```
#[derive(Clone, Debug)]
pub struct KeyHasher<'s> {
    secrets: &'s RapidSecrets,
    state: u64,
}

impl<'s> KeyHasher<'s> {
    /// A hasher that has seen nothing. Time: O(1). Allocates: never.
    #[inline]
    #[must_use]
    pub const fn new(secrets: &'s RapidSecrets) -> Self {
        Self {
            secrets,
            state: secrets.seed,
        }
    }

    /// Takes the next part of a key. Time: linear in its bytes. Allocates: never.
    #[inline(always)] // a part of known size takes a dozen instructions
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

    /// The hash of all parts so far. Time: O(1). Allocates: never.
    #[inline]
    #[must_use]
    pub const fn finish(&self) -> u64 {
        self.state
    }
}

/// A type that may be the key of a [`FixedMap`](super::FixedMap).
///
/// Two keys are the same if their bytes are: `-0.0` and `0.0` are two keys. [`fixed_struct!`](crate::fixed_struct)
/// implements it for structs, part by part in the order of their fields.
///
/// ```
/// use arenamap::fixed::{FixedKey, KeyHasher, u64_le};
///
/// let secrets = rapidhash::v3::RapidSecrets::seed(42);
/// let (mut typed, mut bytes) = (KeyHasher::new(&secrets), KeyHasher::new(&secrets));
/// u64_le::from(7).hash_key(&mut typed);
/// bytes.write(&7_u64.to_le_bytes());
/// assert_eq!(typed.finish(), bytes.finish());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key of a `FixedMap`",
    note = "a key has the same bytes on every target: use `u64_le` and the like, `FixedStr<N>`, `FixedBytes<N>`, arrays of them, or a struct made by `fixed_struct!`"
)]
pub trait FixedKey: FixedValue + Immutable {
    /// Feeds the bytes of this key. Time: linear in the bytes. Allocates: never.
    fn hash_key(&self, hasher: &mut KeyHasher<'_>);

    /// Whether two keys have the same bytes. Time: linear in the bytes. Allocates: never.
    #[inline(always)]
    fn same(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

/// Something by which a key can be looked up without being built: `u64` for `u64_le`, `&str` for `FixedStr<N>`.
///
/// Implement it for the borrowed parts of a composite key: feed the same parts in the same order as the key does.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedKey, FixedMap, FixedStr, KeyHasher, Query, u32_le, u64_le};
///
/// arenamap::fixed_struct! {
///     /// A page of a site.
///     pub struct Page { pub site: u32_le, pub path: FixedStr<60> }
/// }
///
/// struct ByParts<'a>(u32, &'a str);
///
/// impl Query<Page> for ByParts<'_> {
///     fn hash_query(&self, hasher: &mut KeyHasher<'_>) {
///         Query::<u32_le>::hash_query(&self.0, hasher);
///         Query::<FixedStr<60>>::hash_query(self.1, hasher);
///     }
///     fn is_key(&self, page: &Page) -> bool {
///         self.0 == page.site && *self.1 == *page.path
///     }
/// }
///
/// let need = FixedMap::<Page, u64_le>::bytes_for(10);
/// let mut hits = FixedMap::<Page, u64_le, _>::create(AlignedBytes::zeroed(need), 10)?;
/// hits.insert(Page { site: 1.into(), path: "/index".try_into()? }, 5.into()).unwrap();
/// assert_eq!(hits.get(&ByParts(1, "/index")), Some(&5.into())); // nothing joined, nothing copied
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a key `{K}` of a `FixedMap` cannot be looked up by `{Self}`",
    note = "look it up by the key itself, `u64_le` and the like by native integers, `FixedStr<N>` by `str`, `FixedBytes<N>` by `[u8]`, or implement `Query<{K}>`"
)]
pub trait Query<K> {
    /// Feeds the bytes that the key would feed. Time: linear in them. Allocates: never.
    fn hash_query(&self, hasher: &mut KeyHasher<'_>);

    /// Whether this is that key. Time: linear in the bytes. Allocates: never.
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
pub(super) fn hash_of<K, Q: Query<K> + ?Sized>(query: &Q, secrets: &RapidSecrets) -> super::layout::Hash {
    let mut hasher = KeyHasher::new(secrets);
    query.hash_query(&mut hasher);
    super::layout::Hash(hasher.finish())
}
