//! The keys: in a slot, on their way, and with the user.

use core::borrow::Borrow;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;

use super::super::Reason;
use super::super::core::{Coming, Core, Kept};
use crate::arena::{Arena, Handle, Raw};
use crate::copied::{CopiedKey, Text};
use crate::error::ArenaError;

/// What stands in a slot.
pub(in super::super) struct Pair<Q: ?Sized, V> {
    pub(in super::super) key: Text<Q>,
    pub(in super::super) value: V,
}

impl<Q: CopiedKey + ?Sized, V> Kept for Pair<Q, V> {
    const NEEDS_END: bool = true;

    fn end<H: Handle>(self, raw: Raw<H>) {
        let _key = Loose::new(self.key, raw);
        drop(self.value);
    }
}

/// A key in no map, which gives its block back when it is dropped.
pub(in super::super) struct Loose<Q: CopiedKey + ?Sized, H: Handle> {
    /// `None` from [`into_key`](Self::into_key) on.
    key: Option<Text<Q>>,
    raw: Raw<H>,
}

impl<Q: CopiedKey + ?Sized, H: Handle> Loose<Q, H> {
    const GONE: &'static str = "a key goes into a map once";

    pub(in super::super) const fn new(key: Text<Q>, raw: Raw<H>) -> Self {
        Self { key: Some(key), raw }
    }

    pub(in super::super) fn get(&self) -> &Q {
        self.key.as_ref().expect(Self::GONE).get()
    }

    /// The key, for a map that gives its block back.
    pub(super) fn into_key(mut self) -> Text<Q> {
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

impl<Q: CopiedKey + ?Sized, V, H: Handle> Core<Pair<Q, V>, H> {
    /// A copy of a key, in no map. Where the arena refuses, entries whose time is over give their blocks back first.
    pub(super) fn copy_key(
        &mut self,
        key: &Q,
        tick: u64,
        out: &mut impl FnMut(&Q, V, Reason),
    ) -> Result<Loose<Q, H>, ArenaError> {
        let raw = self.handle_mut().made()?;
        loop {
            let refusal = match Text::copy_in(key, raw) {
                Ok(copy) => return Ok(Loose::new(copy, raw)),
                Err(refusal) => refusal,
            };
            let Pair { key, value } = self.reclaim(tick, self.due_steps(), None).ok_or(refusal)?;
            out(Loose::new(key, raw).get(), value, Reason::Expired);
        }
    }

    /// Puts a pair in, whose key is not there, after room was made.
    pub(super) fn come_with(
        &mut self,
        loose: Loose<Q, H>,
        value: V,
        coming: Coming,
        tick: u64,
        out: &mut impl FnMut(&Q, V, Reason),
    ) -> Option<usize> {
        let raw = loose.raw;
        let entry = || Pair {
            key: loose.into_key(),
            value,
        };
        let mut give = |Pair { key, value }, reason| out(Loose::new(key, raw).get(), value, reason);
        self.come(coming, tick, entry, &mut give)
    }

    /// Takes out what is due, as far as the call has steps left.
    pub(super) fn sweep_pairs(&mut self, tick: u64, spared: Option<usize>, out: &mut impl FnMut(&Q, V, Reason)) {
        let raw = self.handle().raw();
        let mut give = |Pair { key, value }, reason| out(Loose::new(key, raw).get(), value, reason);
        self.sweep(tick, spared, &mut give);
    }
}

/// A key that was removed, with its bytes; its block goes back to the arena when it is dropped.
///
/// The map stays borrowed until then. It is not `Send`; copy it (`key.to_owned()`) to take it elsewhere.
///
/// ```
/// let mut map = arenamap::BoundedStrMap::new(10);
/// map.insert("key", 1, 0);
/// let (key, value) = map.remove_entry("key", 0).unwrap();
/// assert_eq!((&*key, value), ("key", 1));
/// ```
pub struct Key<'a, Q: CopiedKey + ?Sized, H: Handle = Arena> {
    loose: Loose<Q, H>,
    map: PhantomData<&'a mut ()>,
    not_send: PhantomData<*const ()>,
}

impl<Q: CopiedKey + ?Sized, H: Handle> Key<'_, Q, H> {
    pub(super) const fn new(loose: Loose<Q, H>) -> Self {
        Self {
            loose,
            map: PhantomData,
            not_send: PhantomData,
        }
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> Deref for Key<'_, Q, H> {
    type Target = Q;

    fn deref(&self) -> &Q {
        self.loose.get()
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> AsRef<Q> for Key<'_, Q, H> {
    fn as_ref(&self) -> &Q {
        self
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> Borrow<Q> for Key<'_, Q, H> {
    fn borrow(&self) -> &Q {
        self
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> fmt::Debug for Key<'_, Q, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<Q: CopiedKey + fmt::Display + ?Sized, H: Handle> fmt::Display for Key<'_, Q, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
