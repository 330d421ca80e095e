//! Who was here lately: sixteen bits of each entry that was evicted, so that its return is seen.
//!
//! ```text
//!  bucket   | tag 0 | ... | tag 14 | next | rest 0 | ... | rest 14 | - |     32 bytes; the oldest cell is written over
//!
//!  tag      that of the entry, 0: nobody          rest     bit 7: it came out of the small queue      bits 0 to 6: more of the hash
//! ```

use crate::table::group::{Group as Tags, LANES, Mark};

/// Cells of a bucket.
const CELLS: usize = LANES - 1;

const SMALL: u8 = 1 << 7;

/// Half a line of ghosts. (Zeros are one without ghosts.)
#[repr(C, align(32))]
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    /// The last is the number of the oldest cell.
    tags: [u8; LANES],
    rests: [u8; LANES],
}

/// Buckets for this many ghosts.
pub(super) const fn buckets_for(ghosts: usize) -> usize {
    ghosts.div_ceil(CELLS)
}

/// What is kept of a hash.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ghost {
    /// Its home group, which says the bucket, and a part of the rest.
    pub(super) home: usize,
    /// Buckets of a group, in parts of 2^32.
    pub(super) buckets_a_group: u64,
    pub(super) print: u64,
}

impl Ghost {
    #[allow(clippy::cast_possible_truncation, reason = "seven bits")]
    #[inline]
    const fn rest(self) -> u8 {
        (self.home as u8 & 7) << 4 | self.print as u8 & 15
    }

    #[inline]
    fn bucket(self, buckets: &mut [Bucket]) -> Option<&mut Bucket> {
        let index = (self.home as u64 * self.buckets_a_group) >> 32;
        buckets.get_mut(usize::try_from(index).ok()?)
    }

    /// Remembers an entry that was evicted.
    #[inline]
    pub(super) fn appear(self, buckets: &mut [Bucket], tag: u8, small: bool) {
        if let Some(Bucket { tags, rests }) = self.bucket(buckets) {
            let next = usize::from(tags[CELLS]) % LANES;
            tags[next] = tag;
            rests[next] = self.rest() | if small { SMALL } else { 0 };
            #[allow(clippy::cast_possible_truncation, reason = "less than sixteen")]
            let after = next as u8 + 1;
            tags[CELLS] = if usize::from(after) == CELLS { 0 } else { after };
        }
    }

    /// Whether it was evicted lately, and whether out of the small queue; it is forgotten.
    #[inline]
    pub(super) fn vanish(self, buckets: &mut [Bucket], mark: Mark) -> Option<bool> {
        let rest = self.rest();
        let Bucket { tags, rests } = self.bucket(buckets)?;
        for lane in Tags::of(tags).matches(mark) {
            if lane < CELLS && rests[lane] & !SMALL == rest {
                tags[lane] = 0;
                return Some(rests[lane] & SMALL != 0);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, CELLS, Ghost};
    use crate::table::group::{LANES, Mark};

    #[test]
    fn the_number_of_the_oldest_cell_is_nobodys_tag() {
        let mut buckets = [Bucket {
            tags: [0; LANES],
            rests: [0; LANES],
        }];
        let ghost = Ghost {
            home: 0,
            buckets_a_group: 1 << 32,
            print: 0,
        };
        for oldest in 1..15 {
            buckets[0].tags[CELLS] = oldest;
            assert_eq!(ghost.vanish(&mut buckets, Mark::of(u64::from(oldest))), None);
            assert_eq!(buckets[0].tags[CELLS], oldest);
        }
        ghost.appear(&mut buckets, 7, true);
        assert_eq!(ghost.vanish(&mut buckets, Mark::of(7)), Some(true));
        assert_eq!(ghost.vanish(&mut buckets, Mark::of(7)), None);
    }
}
