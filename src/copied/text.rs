//! Keys that are copied, and short ones not far: those stand in their node or slot, long ones in a block of the arena.
//!
//! ```text
//!  up to 15 bytes    | len | bytes .............................. |
//!  more              | LONG | .  .  .  | len, 32 bits | pointer ---------> block in the arena, rounded up to 8 bytes
//! ```
//!
//! A short key costs no block, and a lookup of one reads no line of memory but that of its node.
//!
//! Invariants:
//!
//! - **C1** The first byte is initialised in both forms; a `Text` is never changed once it is made. Where it is up to 15, the
//!   key is that many of the bytes behind it, which are initialised; where it is `LONG`, the other form is.
//! - **C2** The bytes are those of a `Q`.
//! - **C3** A block is what `try_alloc` returned for `len` bytes of alignment 1, written once, and its pointer never went
//!   through a reference. A `Text` is not `Copy` or `Clone`: its block has no other. It goes back by `end`, with the address of
//!   the arena that it came from, or with the arena; no key outlives the map that has it, which upholds both.

#![allow(unsafe_code, reason = "keys in place or behind a pointer; see C1 to C3")]

use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::slice;

use super::CopiedKey;
use crate::arena::{Handle, Raw};
use crate::error::ArenaError;

/// Bytes of the longest key that stands in its node.
const SHORT: usize = 15;
/// The first byte of the other form.
const LONG: u8 = 0xFF;

#[derive(Clone, Copy)]
#[repr(C)]
struct Short {
    len: u8,
    bytes: [MaybeUninit<u8>; SHORT],
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Long {
    form: u8,
    len: u32,
    block: NonNull<u8>,
}

#[repr(C)]
union Form {
    short: Short,
    long: Long,
    /// How a [`Short`] is made: all bytes of it.
    words: [u64; 2],
}

/// The bytes of a [`Short`], zeros behind the text. (In registers: a copy byte by byte is read back at once, in other pieces than it was
/// written in, which takes longer than all the rest.)
#[inline(always)] // part of every insertion
fn short(bytes: &[u8]) -> [u64; 2] {
    let len = bytes.len();
    let (low, high) = if let (Some(&first), Some(&last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        let high = u64::from_le_bytes(last) >> (8 * (SHORT - len)) >> 8;
        (u64::from_le_bytes(first), high)
    } else if let (Some(&first), Some(&last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let last = u64::from(u32::from_le_bytes(last)) << (8 * (len - 4));
        (u64::from(u32::from_le_bytes(first)) | last, 0)
    } else {
        let byte = |at: usize| bytes.get(at).map_or(0, |&byte| u64::from(byte) << (8 * at));
        (byte(0) | byte(1) | byte(2), 0)
    };
    [(low << 8 | len as u64).to_le(), (low >> 56 | high << 8).to_le()]
}

/// A key of a node of a map of paths, or of a slot of a bounded map.
pub struct Text<Q: ?Sized> {
    form: Form,
    kind: PhantomData<Q>,
}

// SAFETY: the one owner of bytes that nobody writes, like a `Box<Q>` (C3); they go with the arena of their map.
unsafe impl<Q: Send + ?Sized> Send for Text<Q> {}
// SAFETY: as above; `&Text` only reads.
unsafe impl<Q: Sync + ?Sized> Sync for Text<Q> {}

impl<Q: CopiedKey + ?Sized> Text<Q> {
    /// A copy of a key.
    #[inline]
    pub(crate) fn copy_in<H: Handle>(key: &Q, raw: Raw<H>) -> Result<Self, ArenaError> {
        let bytes = key.as_bytes();
        let form = if bytes.len() <= SHORT {
            Form { words: short(bytes) }
        } else {
            Form {
                long: Self::copy_out(bytes, raw)?,
            }
        };
        Ok(Self {
            form,
            kind: PhantomData,
        })
    }

    #[inline(never)]
    fn copy_out<H: Handle>(bytes: &[u8], raw: Raw<H>) -> Result<Long, ArenaError> {
        let len = u32::try_from(bytes.len()).map_err(|_| ArenaError::CapacityOverflow)?;
        let block = raw.try_alloc(Layout::for_value(bytes))?;
        // SAFETY: a fresh block of that length.
        unsafe { block.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) };
        Ok(Long { form: LONG, len, block })
    }

    #[inline(always)] // part of every lookup
    pub(crate) fn get(&self) -> &Q {
        // SAFETY: C1 says which form it is; C2; a block lives as long as the key (C3).
        unsafe {
            let len = self.form.short.len;
            let bytes = if len == LONG {
                let long = &self.form.long;
                slice::from_raw_parts(long.block.as_ptr(), long.len as usize)
            } else {
                slice::from_raw_parts(self.form.short.bytes.as_ptr().cast(), usize::from(len))
            };
            Q::from_bytes(bytes)
        }
    }

    /// The bytes of the key, if they have a block of their own.
    pub(crate) fn in_block(&self) -> Option<&[u8]> {
        Some(self.get().as_bytes()).filter(|bytes| bytes.len() > SHORT)
    }

    /// Gives the block back, if there is one.
    #[inline]
    pub(crate) fn end<H: Handle>(self, raw: Raw<H>) {
        // SAFETY: C1 says which form it is; C3: the block of this key alone, of this arena.
        unsafe {
            if self.form.short.len == LONG {
                let long = self.form.long;
                raw.dealloc(long.block, Layout::from_size_align_unchecked(long.len as usize, 1));
            }
        }
    }
}

/// A key in no map, which gives its block back when it is dropped.
pub(crate) struct Loose<Q: CopiedKey + ?Sized, H: Handle> {
    /// `None` from [`into_key`](Self::into_key) on.
    key: Option<Text<Q>>,
    raw: Raw<H>,
}

impl<Q: CopiedKey + ?Sized, H: Handle> Loose<Q, H> {
    const GONE: &'static str = "a key goes into a map once";

    pub(crate) const fn new(key: Text<Q>, raw: Raw<H>) -> Self {
        Self { key: Some(key), raw }
    }

    pub(crate) fn get(&self) -> &Q {
        self.key.as_ref().expect(Self::GONE).get()
    }

    /// The key, for a map that gives its block back.
    pub(crate) fn into_key(mut self) -> Text<Q> {
        self.key.take().expect(Self::GONE)
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> Drop for Loose<Q, H> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            key.end(self.raw);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SHORT, Text};
    use crate::Arena;
    use crate::arena::Held;

    #[test]
    fn keys_of_all_lengths_come_back() {
        let arena = Arena::new();
        let mut handle = Held::new(&arena);
        let raw = handle.made().unwrap();
        let bytes: [u8; 2 * SHORT] = core::array::from_fn(|at| 0xF0 ^ u8::try_from(at).unwrap());
        for len in 0..=bytes.len() {
            for start in [0, bytes.len() - len] {
                let key = &bytes[start..][..len];
                let text = Text::<[u8]>::copy_in(key, raw).unwrap();
                assert_eq!(text.get(), key);
                assert_eq!(text.in_block().is_some(), len > SHORT);
                text.end(raw);
            }
        }
    }
}
