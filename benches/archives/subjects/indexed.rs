//! Archives in memory that are read in place: rkyv's maps, and fst's automata beside a blob of values.
#![allow(unsafe_code, reason = "`access_unchecked`, on bytes that rkyv itself has just made")]

use std::hint::black_box;

use anyhow::{Context as _, Result};
use fst::Streamer as _;
use rkyv::collections::swiss_table::ArchivedHashMap;
use rkyv::rancor::Error;
use rkyv::string::ArchivedString;
use rkyv::util::AlignedVec;

use super::{Archive, Reader, Sources, Work};

type Archived = ArchivedHashMap<ArchivedString, ArchivedString>;

/// `CHECKED`: every byte is looked at when it is opened.
pub(super) struct Rkyv<'s, const CHECKED: bool> {
    sources: &'s Sources<'s>,
    bytes: AlignedVec,
}

impl<'s, const CHECKED: bool> Rkyv<'s, CHECKED> {
    pub(super) fn new(sources: &'s Sources<'s>) -> Result<Self> {
        let bytes = rkyv::to_bytes::<Error>(&sources.on_heap)?;
        Ok(Self { sources, bytes })
    }
}

impl<const CHECKED: bool> Archive for Rkyv<'_, CHECKED> {
    fn bytes(&self) -> Result<usize> {
        Ok(self.bytes.len())
    }

    fn write(&mut self) -> Result<()> {
        black_box(rkyv::to_bytes::<Error>(&self.sources.on_heap)?);
        Ok(())
    }

    fn open<W: Work>(&self, work: W) -> Result<W::Result> {
        let bytes = black_box(&self.bytes);
        let mut map = if CHECKED {
            rkyv::access::<Archived, Error>(bytes)?
        } else {
            // SAFETY: `to_bytes` made them, of such a map.
            unsafe { rkyv::access_unchecked::<Archived>(bytes) }
        };
        Ok(work.with(black_box(&mut map)))
    }
}

impl Reader for &Archived {
    #[inline]
    fn get<T>(&mut self, key: &str, see: impl FnOnce(&str) -> T) -> Option<T> {
        ArchivedHashMap::get(self, key).map(|value| see(value))
    }

    fn walk(&mut self, mut see: impl FnMut(&str, &str)) {
        for (key, value) in self.iter() {
            see(key, value);
        }
    }
}

/// Bits of the length in what a key leads to; above them is the place in the blob.
const LEN_BITS: u32 = 24;

pub(super) struct Fst<'s> {
    sources: &'s Sources<'s>,
    keys: Vec<u8>,
    values: String,
}

impl<'s> Fst<'s> {
    pub(super) fn new(sources: &'s Sources<'s>) -> Result<Self> {
        let (keys, values) = Self::make(sources)?;
        Ok(Self { sources, keys, values })
    }

    fn make(sources: &Sources<'_>) -> Result<(Vec<u8>, String)> {
        let mut keys = fst::MapBuilder::memory();
        let mut values = String::new();
        for (key, value) in sources.sorted() {
            keys.insert(key, (values.len() as u64) << LEN_BITS | value.len() as u64)?;
            values.push_str(value);
        }
        Ok((keys.into_inner()?, values))
    }
}

impl Archive for Fst<'_> {
    fn bytes(&self) -> Result<usize> {
        Ok(self.keys.len() + self.values.len())
    }

    fn write(&mut self) -> Result<()> {
        black_box(Self::make(self.sources)?);
        Ok(())
    }

    fn open<W: Work>(&self, work: W) -> Result<W::Result> {
        let (keys, values) = (black_box(&self.keys[..]), black_box(&self.values[..]));
        let keys = fst::Map::new(keys).context("fst")?;
        Ok(work.with(black_box(&mut FstReader { keys, values })))
    }
}

struct FstReader<'a> {
    keys: fst::Map<&'a [u8]>,
    values: &'a str,
}

impl FstReader<'_> {
    fn value(&self, place: u64) -> &str {
        let start = usize::try_from(place >> LEN_BITS).unwrap_or(usize::MAX);
        let len = usize::try_from(place & ((1 << LEN_BITS) - 1)).unwrap_or(usize::MAX);
        &self.values[start..start + len]
    }
}

impl Reader for FstReader<'_> {
    #[inline]
    fn get<T>(&mut self, key: &str, see: impl FnOnce(&str) -> T) -> Option<T> {
        self.keys.get(key).map(|place| see(self.value(place)))
    }

    fn walk(&mut self, mut see: impl FnMut(&str, &str)) {
        let mut keys = self.keys.stream();
        while let Some((key, place)) = keys.next() {
            see(str::from_utf8(key).expect("keys are texts"), self.value(place));
        }
    }
}
