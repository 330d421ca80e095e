//! Bounded maps that copy their keys into the arena: [`BoundedStrMap`].
//!
//! ```text
//!  names for it    construct.rs  element.rs  entry.rs  bulk.rs  iter.rs  traits.rs
//!  what stands in a slot, and who gives the block of a key back      key.rs
//! ```

mod bulk;
mod construct;
mod element;
mod entry;
mod iter;
mod key;
mod traits;

pub use self::entry::{Entry, OccupiedEntry, VacantEntry};
pub use self::iter::{Drain, Iter};

pub(super) use self::key::Pair;
use super::core::Core;
use crate::arena::{Arena, Handle};
use crate::copied::CopiedKey;
use crate::map::DefaultHashBuilder;

/// A bounded map with string keys, which are copied into its arena: see [`BoundedCopiedMap`].
pub type BoundedStrMap<V, S = DefaultHashBuilder, H = Arena> = BoundedCopiedMap<str, V, S, H>;

/// A bounded map whose keys are bytes, which are copied into its arena: see [`BoundedCopiedMap`].
pub type BoundedBytesMap<V, S = DefaultHashBuilder, H = Arena> = BoundedCopiedMap<[u8], V, S, H>;

/// A [`BoundedMap`](super::BoundedMap) with keys of type `Q`, `str` or `[u8]`, that are copied in when they are new.
///
/// Its names are [`BoundedStrMap`] and [`BoundedBytesMap`]. Keys of up to 15 bytes stand in their slots, and take nothing else.
/// Longer ones take a block of the arena, in multiples of 8 bytes, which goes back when the entry goes, for the next key of that length. So once
/// there were as many keys of each length as ever stand in the map together, nothing is allocated. A mixture of many lengths comes there
/// late, and takes several times the bytes of its keys: a block that waits for its length serves no other.
///
/// To bound the bytes too, give the arena a [budget](Arena::with_budget) of one long key more than the map has: a key is copied before another
/// makes room. Where it refuses, the insertion takes out entries whose time is over, at most four, and then says so; it has changed nothing
/// else. **A budget is for keys of few lengths**: when it went to keys of other lengths, new ones may be refused for long. Where clients choose
/// the lengths, take a digest of the key, of one length.
///
/// What leaves the map is given out without its key, or, by [`insert_with`](Self::insert_with), with the key borrowed.
///
/// # Examples
///
/// ```
/// use arenamap::BoundedStrMap;
/// use arenamap::bounded::Lifetime;
///
/// let mut tokens = BoundedStrMap::new(10_000);
/// tokens.set_lifetime(Lifetime::SinceWrite(3_600));
/// tokens.insert("5f0c-73a1-99d2-e0b4", 42, 0);
/// assert_eq!(tokens.get("5f0c-73a1-99d2-e0b4", 3_599), Some(&42));
/// assert_eq!(tokens.get("5f0c-73a1-99d2-e0b4", 3_600), None);
/// ```
pub struct BoundedCopiedMap<Q: CopiedKey + ?Sized, V, S = DefaultHashBuilder, H: Handle = Arena> {
    pub(super) core: Core<Pair<Q, V>, H>,
    pub(super) hash_builder: S,
}
