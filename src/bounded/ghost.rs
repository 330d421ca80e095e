//! Who was here lately: sixteen bits of each entry that was evicted, so that its return is seen.
//!
//! ```text
//!  bucket   | cell 0 | cell 1 | ... | cell 14 | next |     32 bytes; the oldest cell is written over
//!
//!  cell     bit 15: it came out of the small queue      bits 0 to 14: print; 0 in all: nobody
//! ```

/// Cells of a bucket.
const CELLS: usize = 15;

const SMALL: u16 = 1 << 15;

/// Half a line of ghosts. (Zeros are one without ghosts.)
#[repr(C, align(32))]
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    cells: [u16; CELLS],
    next: u16,
}

/// Buckets for this many ghosts.
pub(super) const fn buckets_for(ghosts: usize) -> usize {
    ghosts.div_ceil(CELLS)
}

/// What is kept of a hash.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ghost {
    /// Its home group, which says the bucket, and a part of the print.
    pub(super) home: usize,
    /// Buckets of a group, in parts of 2^32.
    pub(super) buckets_a_group: u64,
    pub(super) tag: u8,
    pub(super) print: u64,
}

impl Ghost {
    #[allow(clippy::cast_possible_truncation, reason = "fifteen bits")]
    #[inline]
    fn print(self) -> u16 {
        let print = (self.home as u16 & 15) << 11 | (self.print as u16 & 15) << 7 | u16::from(self.tag & 0x7F);
        print.max(1)
    }

    fn bucket(self, buckets: &mut [Bucket]) -> Option<&mut Bucket> {
        let index = (self.home as u64 * self.buckets_a_group) >> 32;
        buckets.get_mut(usize::try_from(index).ok()?)
    }

    /// Remembers an entry that was evicted.
    #[inline]
    pub(super) fn appear(self, buckets: &mut [Bucket], small: bool) {
        let print = self.print() | if small { SMALL } else { 0 };
        if let Some(bucket) = self.bucket(buckets) {
            let next = usize::from(bucket.next);
            bucket.cells[next] = print;
            bucket.next = if next + 1 == CELLS { 0 } else { bucket.next + 1 };
        }
    }

    /// Whether it was evicted lately, and whether out of the small queue; it is forgotten.
    #[inline]
    pub(super) fn vanish(self, buckets: &mut [Bucket]) -> Option<bool> {
        let print = self.print();
        let bucket = self.bucket(buckets)?;
        // All cells at once, in a few instructions for many lanes.
        let matches = (bucket.cells.iter().enumerate()).fold(0_u32, |matches, (index, &cell)| {
            matches | u32::from(cell & !SMALL == print) << index
        });
        let cell = bucket.cells.get_mut(matches.trailing_zeros() as usize)?;
        let small = *cell & SMALL != 0;
        *cell = 0;
        Some(small)
    }
}
