//! The iterator that takes characters out. It does not allocate.

use core::fmt;
use core::iter::FusedIterator;

use super::ArenaString;
use crate::arena::{Arena, Handle};

/// Characters of a range that leave their string: [`ArenaString::drain`].
pub struct Drain<'a, H: Handle = Arena> {
    text: &'a mut ArenaString<H>,
    /// The range, in bytes.
    start: usize,
    end: usize,
    /// What of it is still to come.
    front: usize,
    back: usize,
}

impl<'a, H: Handle> Drain<'a, H> {
    /// Of bytes from `start` to `end`, which are whole characters.
    pub(super) const fn new(text: &'a mut ArenaString<H>, start: usize, end: usize) -> Self {
        Self {
            text,
            start,
            end,
            front: start,
            back: end,
        }
    }

    /// The characters that are still to come.
    ///
    /// Allocates: never. Time: O(1).
    pub fn as_str(&self) -> &str {
        &self.text[self.front..self.back]
    }
}

impl<H: Handle> Iterator for Drain<'_, H> {
    type Item = char;

    #[inline]
    fn next(&mut self) -> Option<char> {
        let next = self.as_str().chars().next()?;
        self.front += next.len_utf8();
        Some(next)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.as_str().chars().size_hint()
    }
}

impl<H: Handle> DoubleEndedIterator for Drain<'_, H> {
    #[inline]
    fn next_back(&mut self) -> Option<char> {
        let next = self.as_str().chars().next_back()?;
        self.back -= next.len_utf8();
        Some(next)
    }
}

impl<H: Handle> FusedIterator for Drain<'_, H> {}

impl<H: Handle> Drop for Drain<'_, H> {
    fn drop(&mut self) {
        self.text.cut(self.start, self.end);
    }
}

impl<H: Handle> fmt::Debug for Drain<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Drain").field(&self.as_str()).finish()
    }
}
