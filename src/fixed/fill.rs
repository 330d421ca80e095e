//! Many entries into a map that was just made: snapshots and copies.

use super::FixedMap;
use super::core::Core;
use super::error::{Field, FixedError, FixedInsertError, SnapshotError};
use super::header::random_seed;
use super::key::{FixedKey, KeySecrets, hash_of};
use super::memory::{IntoMemory, MemoryMut};
use super::value::FixedValue;

/// Slots whose keys are compared later, all at once: their cache misses overlap, and no insertion waits for them.
const DOUBTS: usize = 64;

impl<K: FixedKey, V: FixedValue, M: MemoryMut> Core<K, V, M> {
    /// Puts pairs into a map that was just made, and says how many of their keys were there already: these are in it once
    /// or twice.
    pub(super) fn fill<E: From<FixedError>>(
        &mut self,
        secrets: &KeySecrets,
        pairs: impl Iterator<Item = Result<(K, V), E>>,
    ) -> Result<usize, E> {
        let mut repeated = 0;
        let mut doubts = [0; DOUBTS];
        let mut count = 0;
        for pair in pairs {
            let (key, value) = pair?;
            let hash = hash_of(&key, secrets);
            let (slot, is_doubtful) = self
                .insert_fresh(hash, key, value, K::same, &mut repeated)
                .map_err(|error| match error {
                    FixedInsertError::Full { capacity, .. } => {
                        FixedError::new(Field::Len, capacity as u64, capacity as u64 + 1)
                    }
                    FixedInsertError::Corrupt { error, .. } => error,
                })?;
            // No branch: which keys share a tag cannot be foreseen.
            doubts[count] = slot;
            count += usize::from(is_doubtful);
            if count == DOUBTS {
                repeated += self.count_repeated(&doubts);
                count = 0;
            }
        }
        Ok(repeated + self.count_repeated(&doubts[..count]))
    }

    #[cold] // one insertion in some thousands
    fn count_repeated(&self, doubts: &[usize]) -> usize {
        doubts.iter().filter(|&&slot| self.is_repeated(slot, K::same)).count()
    }
}

impl<K: FixedKey, V: FixedValue, M: MemoryMut> FixedMap<K, V, M> {
    /// A new map, whose memory has no magic number until `finish`: what an error, a panic or a kill leaves behind before
    /// does not open.
    pub(super) fn prepare(memory: impl IntoMemory<Memory = M>, capacity: usize, seed: u64) -> Result<Self, FixedError> {
        Ok(Self {
            core: Core::prepare(memory.into_memory(), capacity, 0, seed)?,
            secrets: KeySecrets::seed(seed),
            seed,
        })
    }

    /// A new map of these pairs, of which there are `len`, with a random seed.
    pub(crate) fn filled<E>(
        memory: impl IntoMemory<Memory = M>,
        capacity: usize,
        len: usize,
        pairs: impl Iterator<Item = Result<(K, V), E>>,
    ) -> Result<Self, SnapshotError<E>> {
        if capacity < len {
            return Err(FixedError::new(Field::TooSmall, len as u64, capacity as u64).into());
        }
        let mut map = Self::prepare(memory, capacity, random_seed())?;
        let pairs = pairs.map(|pair| pair.map_err(SnapshotError::Entry));
        match map.core.fill(&map.secrets, pairs)? {
            0 => {
                map.core.finish();
                Ok(map)
            }
            entries => Err(SnapshotError::Repeated { entries }),
        }
    }
}
