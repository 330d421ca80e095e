//! The keys: in a slot, and on their way.

use core::mem;

use super::super::Reason;
use super::super::core::{Coming, Core, Kept, Renewed};
use crate::arena::{Handle, Raw};
use crate::copied::{CopiedKey, Loose, Text};
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

impl<Q: CopiedKey + ?Sized, V, H: Handle> Core<Pair<Q, V>, H> {
    /// Puts what `make` returns under a key that was found, in time or not, or is copied in; `make` comes back uncalled when the arena
    /// refuses that. The slot, unless the entry can never stand here.
    pub(in super::super) fn place<F: FnOnce() -> V>(
        &mut self,
        found: Option<usize>,
        key: &Q,
        make: F,
        coming: Coming,
        tick: u64,
        out: &mut impl FnMut(&Q, V, Reason),
    ) -> Result<Option<usize>, (ArenaError, F)> {
        let slot = if let Some(slot) = found {
            let value = make();
            match self.renew(slot, coming, tick) {
                Renewed::Stays(reason) => {
                    let old = mem::replace(&mut self.entry_mut(slot).value, value);
                    out(key, old, reason);
                    Some(slot)
                }
                Renewed::Goes(Pair { key: known, value: old }, coming, reason) => {
                    let known = Loose::new(known, self.handle().raw());
                    let slot = self.come_with(known, value, coming, tick, out);
                    out(key, old, reason);
                    slot
                }
            }
        } else {
            match self.copy_key(key, tick, out) {
                Ok(copy) => self.come_with(copy, make(), coming, tick, out),
                Err(cause) => return Err((cause, make)),
            }
        };
        self.sweep_pairs(tick, slot, out);
        Ok(slot)
    }

    /// A copy of a key, in no map. Where the arena refuses, entries whose time is over give their blocks back first.
    pub(in super::super) fn copy_key(
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

    /// Puts a pair in, whose key is not there, and takes out what is due, as far as the call has steps left.
    pub(in super::super) fn come_in(
        &mut self,
        loose: Loose<Q, H>,
        value: V,
        coming: Coming,
        tick: u64,
        out: &mut impl FnMut(&Q, V, Reason),
    ) -> Option<usize> {
        let slot = self.come_with(loose, value, coming, tick, out);
        self.sweep_pairs(tick, slot, out);
        slot
    }

    /// Puts a pair in, whose key is not there, after room was made.
    fn come_with(
        &mut self,
        loose: Loose<Q, H>,
        value: V,
        coming: Coming,
        tick: u64,
        out: &mut impl FnMut(&Q, V, Reason),
    ) -> Option<usize> {
        let raw = self.handle().raw();
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
