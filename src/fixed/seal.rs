//! The seal of an archive: the checksum of its content, and the state that says so.

use super::core::Core;
#[cfg(feature = "files")]
use super::header::Header;
use super::header::content_checksum;
use super::layout::{Hash, SEALED, at};
use super::memory::MemoryMut;
use super::value::FixedValue;
use core::sync::atomic::{Ordering, compiler_fence};

impl<K: FixedValue, V: FixedValue, M: MemoryMut> Core<K, V, M> {
    /// Says in the bytes what they sum up to, with no counter stuck that need not be.
    pub(super) fn seal(&mut self, hash_of: impl Fn(&K) -> Hash) {
        self.settle(hash_of);
        self.seal_settled();
    }

    /// The first half: no counter is stuck that need not be.
    ///
    /// A hash that panics does so before anything is changed; one that panics only when it is asked again leaves counters
    /// of which none is lower than its entries make it.
    pub(super) fn settle(&mut self, hash_of: impl Fn(&K) -> Hash) {
        let raw = self.raw();
        if !self.is_sealed() && (0..raw.groups()).any(|group| raw.counters(group).has_stuck()) {
            self.for_each_key(|_, key| {
                let _ = hash_of(key);
            });
            self.free_stuck(hash_of);
        }
    }

    /// The other half: checksum and state.
    pub(super) fn seal_settled(&mut self) {
        if self.is_sealed() {
            return;
        }
        let bytes = self.bytes();
        let checksum = content_checksum(&bytes[..at::STATE], &bytes[at::TAGS..]);
        self.put_seal(checksum);
    }

    /// Whether the archive should be sealed, and its bytes do not sum up to what its header says.
    pub(super) fn fails_checksum(&mut self) -> bool {
        let header = self.header();
        header.fails_checksum(self.bytes())
    }

    fn put_seal(&mut self, checksum: u64) {
        self.put(at::CONTENT_CHECKSUM, checksum);
        compiler_fence(Ordering::Release);
        self.put(at::STATE, SEALED);
        self.set_sealed();
    }

    /// Another generation: readers see that what they have is of an earlier one.
    #[cfg(feature = "files")]
    pub(super) fn count_generation(&mut self) {
        self.unseal();
        self.put(at::GENERATION, self.number(at::GENERATION).wrapping_add(1));
    }

    /// Says in the bytes that they are not sealed, whatever they say now.
    #[cfg(feature = "files")]
    pub(super) fn mark_open(&mut self) {
        self.unseal_writable();
    }

    /// The header with which these bytes are a sealed archive of another generation. They were settled, and stay as they are.
    #[cfg(feature = "files")]
    pub(super) fn header_to_publish(&mut self, generation: u64) -> Header {
        let mut header = self.header();
        header.set_generation(generation);
        header.set_seal(content_checksum(&header.0[..at::STATE], &self.bytes()[at::TAGS..]));
        header
    }

    /// Takes over what was published: its generation, and its seal unless the memory is to stay open.
    #[cfg(feature = "files")]
    pub(super) fn published(&mut self, header: &Header) {
        self.unseal();
        self.put(at::GENERATION, header.generation());
        if !M::STAYS_OPEN {
            self.put_seal(header.content_checksum());
        }
    }
}
