//! Repairs an archive whose writer was killed.

use super::core::Core;
use super::counted::{counted, entries};
use super::layout::Hash;
use super::memory::MemoryMut;
use super::value::Checked;
use core::fmt;

/// What [`FixedMap::recover`](super::FixedMap::recover) kept and lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// Entries that are in the map now.
    pub kept: usize,
    /// Slots with a tag that were not kept: the tag was wrong, the key or the value was invalid, the key was there
    /// twice, or the map was full.
    pub lost: usize,
    /// Slots without a tag whose bytes were not zero: insertions that were not finished, or removals that were.
    pub unfinished: usize,
    /// Number of entries that the header stated.
    pub claimed: usize,
    /// Whether the archive was sealed, and its checksum was not that of its bytes. What is kept is valid then, but may not be what was written:
    /// nothing tells which bits of a value have changed.
    pub checksum_failed: bool,
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} kept of {} claimed, {} lost, {} cleared",
            entries(self.kept),
            self.claimed,
            self.lost,
            counted(self.unfinished, "unfinished write", "unfinished writes")
        )?;
        if self.checksum_failed {
            f.write_str("; the checksum did not match: values may have changed")?;
        }
        Ok(())
    }
}

/// Keeps the entries that are whole: of which key and value are valid, and `is_whole` is true, which asks for the tag. It gets the slot first.
pub(super) fn recover<K: Checked, V: Checked, M: MemoryMut>(
    core: &mut Core<K, V, M>,
    hash: impl Fn(&K) -> Hash,
    same: impl Fn(&K, &K) -> bool,
    is_whole: impl FnMut(usize, &K, &V, &dyn Fn() -> bool) -> bool,
) -> Recovered {
    let claimed = core.len();
    let checksum_failed = core.fails_checksum();
    let (mut lost, unfinished) = core.drop_invalid(&hash, is_whole);
    // Every full slot holds an entry now; with the counters made anew, searches reach them all.
    core.recount(&hash);
    lost += core.drop_duplicates(&hash, same);
    lost += core.drop_beyond_capacity(&hash);
    let kept = core.count();
    core.set_len(kept);
    Recovered {
        kept,
        lost,
        unfinished,
        claimed,
        checksum_failed,
    }
}
