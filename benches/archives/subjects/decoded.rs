//! Formats that are decoded as a whole before the first lookup.

use std::collections::HashMap;
use std::hint::black_box;

use anyhow::Result;
use foldhash::fast::FixedState;

use super::{Archive, Reader, Sources, Work};

type Decoded = HashMap<String, String, FixedState>;

impl Reader for Decoded {
    #[inline]
    fn get<T>(&mut self, key: &str, see: impl FnOnce(&str) -> T) -> Option<T> {
        HashMap::get(self, key).map(|value| see(value))
    }

    fn walk(&mut self, mut see: impl FnMut(&str, &str)) {
        for (key, value) in self.iter() {
            see(key, value);
        }
    }
}

pub(super) struct Postcard<'s> {
    sources: &'s Sources<'s>,
    bytes: Vec<u8>,
}

impl<'s> Postcard<'s> {
    pub(super) fn new(sources: &'s Sources<'s>) -> Result<Self> {
        let bytes = postcard::to_allocvec(&sources.on_heap)?;
        Ok(Self { sources, bytes })
    }
}

impl Archive for Postcard<'_> {
    fn bytes(&self) -> Result<usize> {
        Ok(self.bytes.len())
    }

    fn write(&mut self) -> Result<()> {
        black_box(postcard::to_allocvec(&self.sources.on_heap)?);
        Ok(())
    }

    fn open<W: Work>(&self, work: W) -> Result<W::Result> {
        let mut map: Decoded = postcard::from_bytes(black_box(&self.bytes))?;
        Ok(work.with(black_box(&mut map)))
    }
}
