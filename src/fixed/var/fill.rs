//! Many pairs into a map that was just made: snapshots and copies.
//!
//! ```text
//!  next pairs   ask for their texts | hash the keys, ask for the places in the table | copy the texts, fill the slots
//! ```
//!
//! Several pairs go through each step together, so that their cache misses overlap: texts and places are anywhere in memory.

use super::super::group::Group;
use super::super::layout::Hash;
use super::super::memory::MemoryMut;
use super::super::raw::{Search, prefetch_bytes};
use super::{Refusal, VarKey, VarMap, VarValue};

/// Pairs that go through each step together.
pub(super) const BATCH: usize = 16;

/// Larger pairs go one by one: a batch is on the stack.
const LARGE: usize = 256;

/// Slots whose keys are compared later, all at once, as in `fill.rs` of `FixedMap`.
const DOUBTS: usize = 64;

/// What is known of the keys so far.
struct Repeated {
    count: usize,
    doubts: [usize; DOUBTS],
    doubtful: usize,
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut> VarMap<K, V, M> {
    /// Puts pairs into a map from which nothing was ever removed and whose room may hold anything, and says how many of their keys were
    /// there already: these are in it once or twice. What is left of the room becomes zero.
    pub(super) fn fill<'p>(
        &mut self,
        pairs: impl Iterator<Item = (K::Given<'p>, V::Given<'p>)>,
    ) -> Result<usize, Refusal> {
        let repeated = if size_of::<(K::Given<'p>, V::Given<'p>)>() > LARGE {
            self.fill_by::<1>(pairs)?
        } else {
            self.fill_by::<BATCH>(pairs)?
        };
        let used = self.room_used();
        self.core.room_mut()[used..].fill(0);
        Ok(repeated)
    }

    #[inline(never)] // only one of the two has its batch on the stack
    fn fill_by<'p, const N: usize>(
        &mut self,
        pairs: impl Iterator<Item = (K::Given<'p>, V::Given<'p>)>,
    ) -> Result<usize, Refusal> {
        let mut pairs = pairs.fuse();
        let mut repeated = Repeated {
            count: 0,
            doubts: [0; DOUBTS],
            doubtful: 0,
        };
        let mut batch = [const { None }; N];
        loop {
            for place in &mut batch {
                *place = pairs.next().map(|pair| (pair, Hash(0)));
                if let Some(((key, value), _)) = place {
                    prefetch_bytes(K::text(key).unwrap_or_default());
                    prefetch_bytes(V::text(value).unwrap_or_default());
                }
            }
            for ((key, _), hash) in batch.iter_mut().flatten() {
                *hash = self.hash_given(key);
                self.core.prefetch_home(*hash);
            }
            for place in &mut batch {
                let Some(((key, value), hash)) = place.take() else {
                    self.count_repeated(&mut repeated);
                    return Ok(repeated.count);
                };
                self.add(hash, key, value, &mut repeated)?;
            }
        }
    }

    /// Adds a pair. A key whose tag is in its home group already is looked at later: which ones these are cannot be foreseen, and nothing
    /// waits for them.
    #[inline(always)]
    fn add(
        &mut self,
        hash: Hash,
        key: K::Given<'_>,
        value: V::Given<'_>,
        repeated: &mut Repeated,
    ) -> Result<(), Refusal> {
        let raw = self.core.raw();
        let home = hash.home(raw.groups());
        // Nothing was removed: as long as its home has a free slot, no entry stands elsewhere because home was full.
        let (place, is_doubtful) = if let Some(place) = raw.place_in(home) {
            let alike = Group::load(&raw.group(home)).matching(hash.mark(raw.groups()));
            (place, alike.first().is_some())
        } else {
            let room = self.core.room();
            match self.core.place_further(hash, |other| K::is_given(&key, other, room)) {
                Ok(Search::Found(_)) => {
                    repeated.count += 1;
                    return Ok(());
                }
                Ok(Search::Vacant(place)) => (place, false),
                Err(error) => return Err(self.check_len().err().unwrap_or(Refusal::Corrupt(error))),
            }
        };
        self.check_new(&key, &value)?;
        let slot = self.put(hash, place, key, value);
        repeated.doubts[repeated.doubtful] = slot;
        repeated.doubtful += usize::from(is_doubtful);
        if repeated.doubtful == DOUBTS {
            self.count_repeated(repeated);
        }
        Ok(())
    }

    #[cold] // one insertion in some thousands
    fn count_repeated(&self, repeated: &mut Repeated) {
        let room = self.core.room();
        let doubts = &repeated.doubts[..repeated.doubtful];
        let is_repeated = |&&slot: &&usize| self.core.is_repeated(slot, |one, other| K::same(one, other, room));
        repeated.count += doubts.iter().filter(is_repeated).count();
        repeated.doubtful = 0;
    }
}
