//! Methods that add and remove characters. All of it is safe code over the bytes.

use core::ops::RangeBounds;

use super::{ArenaString, Drain};
use crate::arena::Handle;
use crate::error::{ArenaError, fail};
use crate::vec::bounds;

/// The first character of bytes that are whole characters.
fn first(bytes: &[u8]) -> Option<char> {
    let width = match bytes.first()? {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    };
    core::str::from_utf8(bytes.get(..width)?).ok()?.chars().next()
}

impl<H: Handle> ArenaString<H> {
    /// Adds a character at the end.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the string must grow and the arena refuses; the twin is [`try_push`](Self::try_push).
    #[inline]
    #[track_caller]
    pub fn push(&mut self, character: char) {
        if let Err(cause) = self.try_push(character) {
            fail(cause, "ArenaString::try_push");
        }
    }

    /// Like [`push`](Self::push), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// What the arena answered. The string is as it was.
    #[inline]
    pub fn try_push(&mut self, character: char) -> Result<(), ArenaError> {
        match u8::try_from(character) {
            // Without the call that copies bytes.
            Ok(byte) if byte.is_ascii() => self.bytes.try_push(byte).map_err(|refused| refused.cause),
            _ => self.try_push_str(character.encode_utf8(&mut [0; 4])),
        }
    }

    /// Adds a string at the end.
    ///
    /// Allocates: arena. Time: O(new bytes) amortised.
    ///
    /// # Panics
    ///
    /// If the string must grow and the arena refuses; the twin is [`try_push_str`](Self::try_push_str).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut text = arenamap::ArenaString::from("one");
    /// text.push_str(" two");
    /// assert_eq!(text, "one two");
    /// ```
    #[inline]
    #[track_caller]
    pub fn push_str(&mut self, text: &str) {
        if let Err(cause) = self.try_push_str(text) {
            fail(cause, "ArenaString::try_push_str");
        }
    }

    /// Like [`push_str`](Self::push_str), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(new bytes) amortised.
    ///
    /// # Errors
    ///
    /// What the arena answered. The string is as it was.
    #[inline]
    pub fn try_push_str(&mut self, text: &str) -> Result<(), ArenaError> {
        self.bytes.try_extend_from_slice(text.as_bytes())
    }

    /// Puts a character before the byte at `index`.
    ///
    /// Allocates: arena. Time: O(bytes behind it).
    ///
    /// # Panics
    ///
    /// If there is no character at `index`, nor the end. If the string must grow and the arena refuses; the twin for that is
    /// [`try_insert`](Self::try_insert).
    #[track_caller]
    pub fn insert(&mut self, index: usize, character: char) {
        if let Err(cause) = self.try_insert(index, character) {
            fail(cause, "ArenaString::try_insert");
        }
    }

    /// Like [`insert`](Self::insert), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(bytes behind it).
    ///
    /// # Errors
    ///
    /// What the arena answered. The string is as it was.
    ///
    /// # Panics
    ///
    /// If there is no character at `index`, nor the end.
    #[track_caller]
    pub fn try_insert(&mut self, index: usize, character: char) -> Result<(), ArenaError> {
        self.try_insert_str(index, character.encode_utf8(&mut [0; 4]))
    }

    /// Puts a string before the byte at `index`.
    ///
    /// Allocates: arena. Time: O(new bytes and bytes behind them).
    ///
    /// # Panics
    ///
    /// If there is no character at `index`, nor the end. If the string must grow and the arena refuses; the twin for that is
    /// [`try_insert_str`](Self::try_insert_str).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut text = arenamap::ArenaString::from("one three");
    /// text.insert_str(4, "two ");
    /// assert_eq!(text, "one two three");
    /// ```
    #[track_caller]
    pub fn insert_str(&mut self, index: usize, text: &str) {
        if let Err(cause) = self.try_insert_str(index, text) {
            fail(cause, "ArenaString::try_insert_str");
        }
    }

    /// Like [`insert_str`](Self::insert_str), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(new bytes and bytes behind them).
    ///
    /// # Errors
    ///
    /// What the arena answered. The string is as it was.
    ///
    /// # Panics
    ///
    /// If there is no character at `index`, nor the end.
    #[track_caller]
    pub fn try_insert_str(&mut self, index: usize, text: &str) -> Result<(), ArenaError> {
        self.try_replace_range(index..index, text)
    }

    /// Puts a string in the place of a range of bytes.
    ///
    /// Allocates: arena. Time: O(new bytes and bytes behind them).
    ///
    /// # Panics
    ///
    /// If the range ends before it starts, beyond the length, or if one of its ends is inside a character. If the string must
    /// grow and the arena refuses; the twin for that is [`try_replace_range`](Self::try_replace_range).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut text = arenamap::ArenaString::from("one two");
    /// text.replace_range(..3, "1");
    /// assert_eq!(text, "1 two");
    /// ```
    #[track_caller]
    pub fn replace_range(&mut self, range: impl RangeBounds<usize>, text: &str) {
        if let Err(cause) = self.try_replace_range(range, text) {
            fail(cause, "ArenaString::try_replace_range");
        }
    }

    /// Like [`replace_range`](Self::replace_range), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(new bytes and bytes behind them).
    ///
    /// # Errors
    ///
    /// What the arena answered. The string is as it was.
    ///
    /// # Panics
    ///
    /// If the range ends before it starts, beyond the length, or if one of its ends is inside a character.
    #[track_caller]
    pub fn try_replace_range(&mut self, range: impl RangeBounds<usize>, text: &str) -> Result<(), ArenaError> {
        let (start, end) = self.whole_characters(&range);
        if let Some(more) = text.len().checked_sub(end - start) {
            let len = self.len();
            self.bytes.try_reserve(more)?;
            self.bytes.resize(len + more, 0);
            self.bytes.copy_within(end..len, end + more);
        } else {
            self.cut(start + text.len(), end);
        }
        self.bytes[start..start + text.len()].copy_from_slice(text.as_bytes());
        Ok(())
    }

    /// The bounds of a range of whole characters.
    #[track_caller]
    pub(super) fn whole_characters(&self, range: &impl RangeBounds<usize>) -> (usize, usize) {
        let (start, end) = bounds(range, self.len());
        assert!(self.is_char_boundary(start), "byte {start} is inside a character");
        assert!(self.is_char_boundary(end), "byte {end} is inside a character");
        (start, end)
    }

    /// Removes the bytes from `start` to `end`.
    pub(super) fn cut(&mut self, start: usize, end: usize) {
        let len = self.len();
        self.bytes.copy_within(end..len, start);
        self.bytes.truncate(len - (end - start));
    }

    /// Removes the last character and returns it.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(arenamap::ArenaString::from("ab").pop(), Some('b'));
    /// ```
    pub fn pop(&mut self) -> Option<char> {
        let last = self.chars().next_back()?;
        self.bytes.truncate(self.len() - last.len_utf8());
        Some(last)
    }

    /// Removes the character whose first byte is at `index`, and returns it.
    ///
    /// Allocates: never. Time: O(bytes behind it).
    ///
    /// # Panics
    ///
    /// If there is no character at `index`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut text = arenamap::ArenaString::from("äb");
    /// assert_eq!(text.remove(0), 'ä');
    /// assert_eq!(text, "b");
    /// ```
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> char {
        let (start, _) = self.whole_characters(&(index..));
        let removed = self[start..].chars().next();
        let removed = removed.expect("there is no character to remove at the end of a string");
        self.cut(start, start + removed.len_utf8());
        removed
    }

    /// Keeps the characters for which `keep` returns true, in their order.
    ///
    /// If `keep` panics, the characters it has not seen stay, and the one it was called with.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut text = arenamap::ArenaString::from("a-b-c");
    /// text.retain(|character| character != '-');
    /// assert_eq!(text, "abc");
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(char) -> bool) {
        /// Closes the gap between what is kept and what was not seen, at the end or when `keep` panics.
        struct Gap<'s, H: Handle> {
            text: &'s mut ArenaString<H>,
            start: usize,
            end: usize,
        }
        impl<H: Handle> Drop for Gap<'_, H> {
            fn drop(&mut self) {
                self.text.cut(self.start, self.end);
            }
        }
        let mut gap = Gap {
            text: self,
            start: 0,
            end: 0,
        };
        // What is behind the gap is whole characters; what is in it need not be.
        while let Some(character) = first(&gap.text.bytes[gap.end..]) {
            let end = gap.end + character.len_utf8();
            if keep(character) {
                gap.text.bytes.copy_within(gap.end..end, gap.start);
                gap.start += character.len_utf8();
            }
            gap.end = end;
        }
    }

    /// Removes the characters of a range of bytes and returns them.
    ///
    /// What is not taken is removed with the iterator. If that is leaked, all of it stays.
    ///
    /// Allocates: never. Time: O(bytes of the range and behind it).
    ///
    /// # Panics
    ///
    /// If the range ends before it starts, beyond the length, or if one of its ends is inside a character.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut text = arenamap::ArenaString::from("abcd");
    /// assert!(text.drain(1..3).eq("bc".chars()));
    /// assert_eq!(text, "ad");
    /// ```
    #[track_caller]
    pub fn drain(&mut self, range: impl RangeBounds<usize>) -> Drain<'_, H> {
        let (start, end) = self.whole_characters(&range);
        Drain::new(self, start, end)
    }

    /// Moves the bytes from `at` on into a new string, that lives where a clone of this one would.
    ///
    /// Allocates: arena. Time: O(moved bytes).
    ///
    /// # Panics
    ///
    /// If `at` is beyond the length, or inside a character. If the arena refuses; the twin for that is
    /// [`try_split_off_in`](Self::try_split_off_in).
    #[must_use = "use `truncate` to drop the characters"]
    #[track_caller]
    pub fn split_off(&mut self, at: usize) -> Self {
        let (at, _) = self.whole_characters(&(at..));
        match self.bytes.try_split_off(at) {
            Ok(bytes) => Self { bytes },
            Err(cause) => fail(cause, "ArenaString::try_split_off_in"),
        }
    }

    /// Moves the bytes from `at` on into a new string in the given arena.
    ///
    /// Allocates: arena. Time: O(moved bytes).
    ///
    /// # Errors
    ///
    /// What the arena answered. Nothing has changed.
    ///
    /// # Panics
    ///
    /// If `at` is beyond the length, or inside a character.
    #[track_caller]
    pub fn try_split_off_in<H2: Handle>(&mut self, at: usize, handle: H2) -> Result<ArenaString<H2>, ArenaError> {
        let (at, _) = self.whole_characters(&(at..));
        let bytes = self.bytes.try_split_off_in(at, handle)?;
        Ok(ArenaString { bytes })
    }

    /// Removes all bytes but the first `len`; does nothing if there are no more.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Panics
    ///
    /// If `len` is inside a character.
    #[track_caller]
    pub fn truncate(&mut self, len: usize) {
        if len < self.len() {
            self.whole_characters(&(len..));
            self.bytes.truncate(len);
        }
    }

    /// Removes every character and keeps the block for the next ones.
    ///
    /// Allocates: never. Time: O(1).
    pub fn clear(&mut self) {
        self.bytes.clear();
    }
}
