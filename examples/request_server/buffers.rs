//! Byte buffers that are used again: request bodies are read into them, responses written into them.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// A bounded stack of buffers, usable as a `static`.
pub(crate) struct BufferPool {
    idle: Mutex<Vec<Vec<u8>>>,
}

/// More idle buffers than this are freed.
const MAX_IDLE: usize = 4096;
/// Buffers that grew beyond this are freed when they come back.
const MAX_KEPT_BYTES: usize = 16 << 20;

impl BufferPool {
    /// An empty pool.
    pub(crate) const fn new() -> Self {
        Self {
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Puts `count` buffers of `bytes` each into the pool, instead of those that are there.
    pub(crate) fn prepare(&self, count: usize, bytes: usize) {
        let fresh = (0..count.min(MAX_IDLE)).map(|_| Vec::with_capacity(bytes)).collect();
        *self.lock() = fresh;
    }

    /// An empty buffer; it comes back by itself when dropped.
    pub(crate) fn checkout(&'static self) -> PooledBuffer {
        PooledBuffer {
            bytes: self.lock().pop().unwrap_or_default(),
            home: self,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        // A list of buffers is whole after every statement, so poison means nothing here.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer on loan.
pub(crate) struct PooledBuffer {
    bytes: Vec<u8>,
    home: &'static BufferPool,
}

impl Drop for PooledBuffer {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        if bytes.capacity() > MAX_KEPT_BYTES {
            return;
        }
        bytes.clear();
        let mut idle = self.home.lock();
        if idle.len() < MAX_IDLE {
            idle.push(bytes);
        }
    }
}

impl Deref for PooledBuffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for PooledBuffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

// What hyper needs to send the bytes without copying them.
impl AsRef<[u8]> for PooledBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
